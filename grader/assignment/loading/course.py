"""Find the course that a path belongs to, and its assignments by id.

A course is a folder with `reference/<id>/` (the sources), `assignments/<id>/` (the hand-outs) or both; inside a
student's repository the hand-out itself is a course with one assignment.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from grader.assignment.loading.load import is_assignment, load_assignment
from grader.assignment.loading.manifest import FILE, read_manifest
from grader.errors import AuthoringError, UsageError
from grader.model import Assignment

REFERENCE = "reference"
HANDOUTS = "assignments"
VARIABLE = "GRADE_COURSE"
"""The environment variable that names the course root."""


class Course(Struct, frozen=True, kw_only=True):
    """A course root, or a hand-out alone."""

    root: Path
    single: bool = False
    """`root` is itself a hand-out, in a folder of any name."""

    def ids(self) -> tuple[str, ...]:
        """The ids of all assignments, sorted.

        Raises AuthoringError if a hand-out alone has a damaged `assignment.toml`.
        """
        if self.single:
            return (read_manifest(self.root).id,)
        tomls = (path for folder in (REFERENCE, HANDOUTS) for path in self.root.glob(f"{folder}/*/{FILE}"))
        return tuple(sorted({path.parent.name for path in tomls}))

    def handout(self, id: str) -> Path:
        """Where the hand-out of `id` is, or will be after its first release."""
        return self.root if self.single else self.root / HANDOUTS / id

    def load(self, id: str) -> Assignment:
        """Load an assignment from its sources, or from its hand-out where the sources are not here.

        Raises UsageError if there is no such id, with the nearest one; AuthoringError if its files are inconsistent.
        """
        self.refuse_unknown([id])
        handout = self.handout(id)
        source = self.root / REFERENCE / id
        assignment = load_assignment(source if not self.single and (source / FILE).is_file() else handout, handout)
        if assignment.id != id:
            raise AuthoringError(
                f"{assignment.root / FILE}: id is {assignment.id!r} in the folder {id}; make them equal"
            )
        return assignment

    def refuse_unknown(self, wanted: Sequence[str]) -> None:
        """Raise `UsageError`, with the nearest id, where one is no assignment's."""
        ids = self.ids() if wanted else ()
        for id in wanted:
            if id not in ids:
                near = difflib.get_close_matches(id, ids, n=1, cutoff=0.4)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(ids)}"
                raise UsageError(f"no assignment {id!r} in {self.root}; {hint}")


def find_course(start: Path, explicit: Path | None = None, *, submission: Path | None = None) -> Course:
    """The course that `start` lies in.

    Parameters
    ----------
    start
        A file or folder, usually the working directory.
    explicit
        The root as the caller gave it (`--course`); it wins over the environment variable GRADE_COURSE, which wins
        over the nearest parent of `start` that holds `reference/` or `assignments/` with an assignment, which wins
        over the nearest parent that is a hand-out.
    submission
        What is to be graded. A course brings code that runs as the grader, so none is looked for above this path or
        taken from inside it; only a hand-out that `start` lies in may be graded as it is (`grade .`).

    Raises
    ------
    UsageError
        If no course is found, or the given root holds none.
    """
    variable = os.environ.get(VARIABLE)
    for given, name in ((explicit, "--course"), (Path(variable) if variable else None, VARIABLE)):
        if given is not None:
            course = _course_at(given.resolve()) or _single_at(given.resolve())
            if course is None:
                raise UsageError(
                    f"{name} {given}: holds neither {REFERENCE}/*/{FILE} nor {HANDOUTS}/*/{FILE}, nor is it a hand-out"
                )
            return course
    start = start.resolve()
    parents = (start, *start.parents)
    submitted = submission.resolve() if submission is not None else None
    for at in (_course_at, _single_at):
        for folder in parents:
            course = at(folder)
            if course is not None and (submitted is None or not _inside(course, submitted)):
                return course
    beside = _beside(submitted) if submitted is not None else None
    hint = f"; {beside} looks like one: if it is yours and no submission, name that" if beside is not None else ""
    raise UsageError(
        f"no course above {start}: run inside a folder with {HANDOUTS}/ or {REFERENCE}/, inside a hand-out, "
        f"or name one with --course DIR or {VARIABLE}{hint}"
    )


def _beside(submission: Path) -> Path | None:
    """The course or hand-out that a submission lies in or is, for a message alone."""
    for folder in (submission, *submission.parents):
        if _course_at(folder) or _single_at(folder):
            return folder
    return None


def _inside(course: Course, submission: Path) -> bool:
    """Whether the course would come from the submission itself."""
    if course.root == submission:
        return not course.single
    return course.root.is_relative_to(submission)


def _course_at(folder: Path) -> Course | None:
    has_assignments = any(True for name in (REFERENCE, HANDOUTS) for _ in folder.glob(f"{name}/*/{FILE}"))
    return Course(root=folder) if has_assignments else None


def _single_at(folder: Path) -> Course | None:
    return Course(root=folder, single=True) if is_assignment(folder) else None
