"""`grade SUBMISSION --watch`: grade again whenever a file is saved, and show what changed.

Owns the loop and one reused worker, which has the assignment's libraries loaded before the file is saved.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path

import msgspec

from grader.assignment.loading.course import find_course
from grader.engine import assignment_of, grade_with, public_only
from grader.errors import GraderError, SubmissionError, UsageError
from grader.execution.process import RootProcess
from grader.model import PartResult, Report
from grader.reference.expected import ExpectedValues
from grader.report.sentences import total
from grader.sandbox.tiers import Policy
from grader.sandbox.watchdog import remove
from grader.submission.files.gather import walk

POLL_S = 0.1
"""Between two looks at the files: a tenth of what a person notices as waiting."""
MAX_ENTRIES = 10_000
"""Files that are looked at, of any kind; a submission has a dozen and perhaps a folder of images."""


class Watch:
    """One submission and the worker that grades it again and again."""

    def __init__(self, path: Path, course: Path | None, assignment: str | None, hidden: bool, policy: Policy) -> None:
        self.path = path
        self._course = course
        self._wanted = assignment
        self._hidden = hidden
        self._policy = policy
        self._root: RootProcess | None = None
        self._libraries: tuple[str, ...] = ()

    def grade(self) -> Report:
        """Grade once in the warm worker; after a problem the next time gets a new one.

        Raises GraderError for whatever keeps this from being graded, an ambiguous submission included.
        """
        try:
            course = find_course(Path.cwd(), self._course, submission=self.path)
            root = self._root = self._root or RootProcess()
            folder = root.new_folder()
            try:
                id, handed = assignment_of(course, self.path, self._wanted, folder / "work" / "unpacked")
                assignment = course.load(id)
                self._libraries = assignment.preload
                if not self._hidden:
                    assignment = public_only(assignment)
                # the same points at each save, so that results compare
                expected = ExpectedValues(assignment, "recorded")
                return grade_with(root, self.path, assignment, folder, expected, handed=handed, policy=self._policy)
            finally:
                remove(folder)
        except GraderError:
            self.close()
            raise

    def warm(self) -> None:
        """Have a worker ready with the libraries of the assignment that was graded last."""
        try:
            root = self._root = self._root or RootProcess()
            root.warm(self._libraries)
        except GraderError:
            self.close()

    def close(self) -> None:
        """End the worker."""
        if self._root is not None:
            self._root.__exit__(None, None, None)
            self._root = None


def watch(one: Watch, show: Callable[[Report], None], tell: Callable[[str], None]) -> None:
    """Grade, show, and again after each save, until it is interrupted.

    `show` takes a report: whole the first time, later what changed; `tell` a line, for what could not be graded. Raises
    UsageError if it was called wrongly.
    """
    before: Report | None = None
    try:
        while True:
            seen = stamps(one.path)
            try:
                report = one.grade()
                if report.status != "graded":
                    raise SubmissionError(report.reason)
                if before is None:
                    show(report)
                else:
                    show_changes(before, report, show, tell)
                before = report
            except UsageError:
                raise  # no save puts that right
            except GraderError as error:
                tell(str(error))
            one.warm()
            while stamps(one.path) == seen:
                time.sleep(POLL_S)
    finally:
        one.close()


def show_changes(before: Report, after: Report, show: Callable[[Report], None], tell: Callable[[str], None]) -> None:
    """Show the parts whose result is another one; in one line when none is."""
    old = {p.part.id: _result(p) for p in before.parts}
    changed = tuple(p for p in after.parts if old.get(p.part.id) != _result(p))
    if changed:
        cells = tuple(c for c in after.cells if c.status != "ok")
        show(msgspec.structs.replace(after, parts=changed, cells=cells, notes=()))
    tell(f"{'all' if changed else 'no change'}: {total(after)}")


def _result(part: PartResult) -> object:
    """What a person would notice of a part: status, points and sentences."""
    return [
        part.status,
        part.score,
        [(o.check.id, o.status, o.score, o.message, o.diagnosis) for o in part.outcomes],
        part.answer,
    ]


def stamps(path: Path) -> dict[str, tuple[int, int]]:
    """Time and size of every file that can change the result: of a notebook also the modules beside it."""
    files, suffixes = ([], (".py", ".ipynb")) if path.is_dir() else ([path], (".py",))
    if path.is_dir() or path.suffix == ".ipynb":
        with suppress(OSError):  # what cannot be read is said where it is graded
            entries = islice(walk(path if path.is_dir() else path.parent), MAX_ENTRIES)
            files += [file for _, file in entries if file.suffix in suffixes]
    times = {}
    for file in files:
        with suppress(OSError):  # being replaced by an editor
            stat = file.stat()
            times[str(file)] = (stat.st_mtime_ns, stat.st_size)
    return times
