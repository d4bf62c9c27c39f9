"""Plain `pytest` in a hand-out: one item for each public check, failing with the feedback that `grade` would print.

Loaded into every pytest run on a machine that has the grader, so importing it loads nothing of the grader, and without
an `assignment.toml` beside a `checks.py` it does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from grader.model import Check, Outcome, Report


class Graded:
    """One folder's grading, done when the first of its items runs; a failure is kept and told to every item."""

    def __init__(self, folder: Path, assignment: str) -> None:
        self.folder = folder
        self.assignment = assignment
        self.told = False
        """Whether an item has failed with the reason why the whole folder cannot be graded."""
        self.report: Report | None = None
        self._failure: Exception | None = None

    def get(self) -> Report:
        """The report; raises what grading raised."""
        if self._failure is not None:
            raise self._failure
        if self.report is None:
            from grader import engine as api

            try:
                self.report = api.grade(self.folder, self.assignment, course=self.folder, hidden=False)
            except Exception as error:  # kept, so that a fault costs one run and not one for each check
                self._failure = error
                raise
        return self.report


ALL = pytest.StashKey[list[Graded]]()
"""Every folder of this run, for the summary."""


class Unearned(Exception):
    """A check that lost points; the message is all that pytest shows of it."""


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take `assignment.toml` of a hand-out, but not of an instructor's sources (they have a `solution/`)."""
    folder = file_path.parent
    if file_path.name != "assignment.toml" or not (folder / "checks.py").is_file() or (folder / "solution").is_dir():
        return None
    collector: pytest.Collector = Handout.from_parent(parent, path=file_path)
    return collector


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Name the points below pytest's own summary."""
    from grader.report.sanitize import points

    for graded in config.stash.get(ALL, []):
        report = graded.report
        if report is None or report.status != "graded":
            continue
        wait = f"; {points(report.pending)} more wait for a person" if report.pending else ""
        terminalreporter.section(report.title or report.assignment)
        terminalreporter.write_line(
            f"{points(report.score)} of {points(report.max_score)} points in public checks{wait}"
        )
        terminalreporter.write_line(f"For failing cells, notes and the rest: grade {_typed(graded.folder, config)}")


def _typed(folder: Path, config: pytest.Config) -> str:
    start = config.invocation_params.dir
    return str(folder.relative_to(start)) if folder.is_relative_to(start) else str(folder)


def _is_own(folder: Path, start: Path) -> bool:
    """Whether a hand-out, whose checks run as the grader, is of the course of the folder that pytest was called in."""
    from grader.assignment.loading.course import HANDOUTS, find_course
    from grader.errors import GraderError

    folder = folder.resolve()
    if start.resolve().is_relative_to(folder):
        return True
    try:
        course = find_course(start)
    except GraderError:
        return False
    return course.root == folder if course.single else folder.parent == course.root / HANDOUTS


class Handout(pytest.File):
    """An `assignment.toml`: its children are the public checks, in printed order."""

    def collect(self) -> Iterator[pytest.Item]:
        from grader.assignment.loading.course import VARIABLE
        from grader.assignment.loading.load import load_assignment
        from grader.errors import GraderError

        folder = self.path.parent
        if not _is_own(folder, self.config.invocation_params.dir):
            raise self.CollectError(
                f"{folder}: its checks are not run from here, since a hand-in could have brought them; "
                f"change into that folder, or set {VARIABLE}={folder}"
            )
        try:
            assignment = load_assignment(folder, folder)
        except GraderError as error:
            raise self.CollectError(str(error)) from None
        graded = Graded(folder, assignment.id)
        self.config.stash.setdefault(ALL, []).append(graded)
        for part in assignment.parts:
            for check in assignment.checks:
                if check.part.id == part.id and check.visibility == "public":
                    yield CheckItem.from_parent(self, name=check.id, check=check, graded=graded)


class CheckItem(pytest.Item):
    """One public check: passes when it earned all of its points."""

    def __init__(self, *, check: Check, graded: Graded, **kw: Any) -> None:
        super().__init__(**kw)
        self.check = check
        self.graded = graded

    def reportinfo(self) -> tuple[Path, None, str]:
        from grader.report.sanitize import one_line

        part = self.check.part
        return self.path, None, one_line(f"[{part.id}] {part.title}: {self.check.title}")

    def runtest(self) -> None:
        report = self.graded.get()
        if report.status != "graded":
            if self.graded.told:
                pytest.skip("this hand-in could not be graded")
            self.graded.told = True
            raise Unearned(_safe(f"This hand-in could not be graded: {report.reason}"))
        outcome = next((o for p in report.parts for o in p.outcomes if o.check.id == self.check.id), None)
        if outcome is None:
            raise Unearned(f"The grader gave no result for {self.check.id}; that is not your mistake.")
        if outcome.status in ("skipped", "pending"):
            pytest.skip(feedback(outcome))
        if outcome.status != "passed":
            raise Unearned(feedback(outcome))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any, **kw: Any) -> Any:
        """Feedback alone, without a trace of the grader's own frames."""
        from grader.errors import GraderError

        if isinstance(excinfo.value, Unearned):
            return str(excinfo.value)
        if isinstance(excinfo.value, GraderError):
            return _safe(f"The grader failed, which is not your mistake: {excinfo.value}")
        return super().repr_failure(excinfo, *args, **kw)


def feedback(outcome: Outcome) -> str:
    """`[part] title: message`, and below it what is known of each array and the diagnosis."""
    check = outcome.check
    said = _safe(outcome.message)
    lines = [f"[{check.part.id}] {_safe(check.title)}: {said or outcome.status}"]
    for array in outcome.arrays:
        sentence, name = _safe(array.message), _safe(array.name)
        if sentence and sentence not in said:
            lines.append(f"  - {sentence}" if name in sentence else f"  - {name}: {sentence}")
    if outcome.diagnosis is not None and _safe(outcome.diagnosis.text) not in said:
        lines.append(f"  > {_safe(outcome.diagnosis.text)}")
    return "\n".join(lines)


def _safe(text: str) -> str:
    from grader.report.sanitize import one_line

    return one_line(text, 2_000)
