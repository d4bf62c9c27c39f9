"""`grade new`: start an assignment that works."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands import stdio
from grader.commands.shared import FINE, add_course, short_path, writing
from grader.errors import UsageError
from grader.report.sanitize import plural

if TYPE_CHECKING:
    from grader.convert.draft import Draft

DESCRIPTION = "Start an assignment in reference/NAME that works: two parts, three checks, a solution, mistakes to see."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    add_course(parser)
    parser.add_argument("name", metavar="NAME", help="the new assignment's id, for example week03_softmax")
    parser.add_argument(
        "--from",
        dest="solution",
        metavar="FILE",
        type=Path,
        help="a solution with `### BEGIN SOLUTION` regions to start from: a notebook, its percent text, or a module",
    )


def run(args: argparse.Namespace) -> int:
    """Start an assignment, from nothing or from a solution."""
    from grader.assignment.release.new import free_folder, make_new

    root = course_root(args)
    if args.solution is not None:
        from grader.convert.from_solution import draft_of

        folder = free_folder(root, args.name)
        write_draft(draft_of(args.solution, args.name), folder)
        return FINE
    with writing():
        made = make_new(root, args.name)
    stdio.emit("".join(f"{short_path(path)}\n" for path in made))
    stdio.emit(f"\nNext: edit these, then `grade golden record {args.name}` and `grade release {args.name}`.\n")
    return FINE


def course_root(args: argparse.Namespace) -> Path:
    """The folder for `reference/`: the course's, or this one, which the first assignment makes a course."""
    from grader.assignment.loading.course import find_course

    explicit = args.course or os.environ.get("GRADE_COURSE")
    try:
        return find_course(Path.cwd(), None).root if explicit is None else Path(explicit)
    except UsageError:
        return Path.cwd()


def write_draft(draft: Draft, folder: Path) -> None:
    """Write a converted assignment and say what is left to its author."""
    from grader.convert.draft import LIST, write

    with writing():
        made = write(draft, folder)
    stdio.emit("".join(f"{short_path(path)}\n" for path in made))
    stdio.emit(f"\n{plural(len(draft.checks), 'check')}, {plural(len(draft.manual), 'part')} for a person.\n")
    for left in draft.left:
        stdio.emit(f"look at {left.where}: {left.what}\n")
    id = draft.id
    stdio.emit(f"Next: read {short_path(folder / LIST)}, then `grade golden record {id}` and `grade release {id}`.\n")
