"""Pieces of the command line that several commands share; cheap to import."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands import stdio
from grader.errors import GraderError, UsageError
from grader.report.sanitize import one_line

if TYPE_CHECKING:
    from grader.marks import Rubric
    from grader.model import Assignment

SANDBOXES = ("A", "B", "C")
"""Tiers that can be insisted on."""
FINE, FOUND = 0, 1
"""Exit codes: nothing to say, or something that the author should look at."""
LISTED = 10
"""Names in a message."""


@contextmanager
def writing() -> Iterator[None]:
    """Files of the author's own: one that cannot be written is named, and it is no fault of the grader."""
    try:
        yield
    except OSError as problem:
        raise UsageError(f"{problem.filename or 'a file'}: cannot be written ({problem.strerror})") from problem


def add_course(parser: argparse._ActionsContainer) -> None:
    """The option that names the course's folder."""
    parser.add_argument(
        "--course",
        metavar="DIR",
        type=Path,
        help="the folder with assignments/ or reference/ (default: $GRADE_COURSE, else the nearest above this folder)",
    )


def add_ids(parser: argparse.ArgumentParser) -> None:
    """The assignments that an author's command works on."""
    parser.add_argument("ids", nargs="*", metavar="ID", help="assignments (default: all of the course)")


def seed_number(text: str) -> int | str:
    """A seed as it is written: a number, or `recorded`."""
    if text == "recorded":
        return text
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither a whole number from 0 on nor `recorded`")
    return int(text)


def count(text: str) -> int:
    """How many, at least one."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def chosen_assignments(args: argparse.Namespace) -> Iterator[Assignment]:
    """The assignments that were named, or all of the course; one that is not there is refused before any is touched."""
    from grader.assignment.loading.course import find_course

    course = find_course(Path.cwd(), args.course)
    course.refuse_unknown(args.ids)
    return (course.load(id) for id in args.ids or course.ids())


def report_problems(id: str, problems: Sequence[str], *, fine: str) -> int:
    """Print them, or `fine` where there are none, and return the exit code."""
    stdio.emit("".join(f"{id}: {one_line(p, 2_000)}\n" for p in problems) or f"{id}: {fine}\n")
    return FOUND if problems else FINE


def grader_name() -> str:
    """Who sits here, for a log of marks."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        return "unknown"


def short_path(path: Path) -> str:
    """The path as one would type it from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def listed(names: Iterable[str]) -> str:
    """The names as a list that stays short."""
    all_names = list(names)
    more = f" and {len(all_names) - LISTED} more" if len(all_names) > LISTED else ""
    return ", ".join(all_names[:LISTED]) + more


def author_rubrics(course: Path | None, assignment: str) -> Mapping[str, Rubric]:
    """What the author wrote for the parts that a person marks; nothing where the course is not here.

    The log of marks has it then from where the course was.
    """
    from grader.assignment.loading.course import find_course

    try:
        loaded = find_course(Path.cwd(), course).load(assignment)
    except GraderError as problem:
        if course is not None:
            raise
        stdio.tell(f"without the author's rubrics: {problem}")
        return {}
    if loaded.solution is None:  # a hand-out has none, which does not mean that they were deleted
        return {}
    return {manual.part.id: manual.rubric for manual in loaded.manual}
