"""Plain `pytest` in a hand-out: one item for each public check, failing with the feedback that `grade` would print.

What is not started is skipped, not failed; pytest's exit code is still 1.

Loaded into every pytest run on a machine that has the grader, so importing it loads nothing of the grader, and without
an `assignment.toml` beside a `checks.py` it does nothing.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from grader.model import Check, Outcome, Report

SHARED = "grader_shared_folder"
"""Of an xdist worker's input: the run's own folder, in which the first worker leaves its result for the others."""
SUMMARY = "grader"
"""Of an item's user properties, which xdist carries to the process that prints: the lines of the summary."""
NOT_STARTED = "grader_not_started"
"""Of the same: the check is skipped because nothing was written for it."""
CELLS_SHOWN = 3


class FolderResult(NamedTuple):
    """The outcome of grading a folder, as plain data."""

    items: dict[str, list[str]]
    """Check -> its status and feedback."""
    summary: list[str]
    failure: str = ""
    """Why there are no items."""


class Graded:
    """One folder's grading, done when the first of its items runs, whichever xdist worker that is in."""

    def __init__(self, folder: Path, assignment: str, shared: str) -> None:
        self.folder = folder
        self.assignment = assignment
        self.explained = False
        """Whether an item has failed with the reason why the whole folder cannot be graded."""
        self._shared = Path(shared) if shared else None
        self._result: FolderResult | None = None

    def get(self) -> FolderResult:
        """The result; whatever grading raises is its failure."""
        if self._result is None:
            with _alone(self._shared):
                self._result = self._left_by_another() or self._grade()
        return self._result

    def _left_by_another(self) -> FolderResult | None:
        if self._shared is None or not (file := self._shared / f"{self.assignment}.json").is_file():
            return None
        return FolderResult(*json.loads(file.read_text(encoding="utf-8")))

    def _grade(self) -> FolderResult:
        from grader import engine
        from grader.errors import GraderError

        try:
            report = engine.grade(self.folder, self.assignment, course=self.folder, hidden=False, keep=True)
            result = _result(report)
        except GraderError as error:
            result = FolderResult({}, [], _safe(f"The grader failed, which is not your mistake: {error}"))
        if self._shared is not None:
            (self._shared / f"{self.assignment}.json").write_text(json.dumps(result), encoding="utf-8")
        return result


@contextlib.contextmanager
def _alone(shared: Path | None) -> Iterator[None]:
    """One worker at a time."""
    if shared is None:
        yield
        return
    import fcntl

    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Unearned(Exception):
    """A check that lost points; the message is all that pytest shows of it."""


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give xdist's workers a folder that they share."""
    if not hasattr(node.config, SHARED):
        folder = tempfile.mkdtemp(prefix="grade-pytest-")
        setattr(node.config, SHARED, folder)
        node.config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    node.workerinput[SHARED] = getattr(node.config, SHARED)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take `assignment.toml` of a hand-out, but not of an instructor's sources (they have a `solution/`)."""
    folder = file_path.parent
    if file_path.name != "assignment.toml" or not (folder / "checks.py").is_file() or (folder / "solution").is_dir():
        return None
    collector: pytest.Collector = Handout.from_parent(parent, path=file_path)
    return collector


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Exit as for a failure where checks are not started, so that no workflow calls an empty submission right."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and session.exitstatus == pytest.ExitCode.OK and _properties(terminal, NOT_STARTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _properties(terminal: Any, name: str) -> list[Any]:
    """The different values of a property in all reports of items."""
    reports = [r for kind in terminal.stats.values() for r in kind if hasattr(r, "user_properties")]
    return list(dict.fromkeys(value for r in reports for key, value in r.user_properties if key == name))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Name the points, and what to look at first, below pytest's own summary."""
    for text in _properties(terminalreporter, SUMMARY):
        title, *lines = text.split("\n")
        terminalreporter.section(title)
        for line in lines:
            terminalreporter.write_line(line)


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
        from grader.errors import GraderError, require_fork

        try:
            require_fork()
        except GraderError as error:
            raise self.CollectError(str(error)) from None
        folder = self.path.parent
        if not _is_own(folder, self.config.invocation_params.dir):
            raise self.CollectError(
                f"{folder}: its checks are not run from here, since a submission could have brought them; "
                f"change into that folder, or set {VARIABLE}={folder}"
            )
        try:
            assignment = load_assignment(folder, folder)
        except GraderError as error:
            raise self.CollectError(str(error)) from None
        shared = getattr(self.config, "workerinput", {}).get(SHARED, "")
        graded = Graded(folder, assignment.id, shared)
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
        result = self.graded.get()
        if result.failure:
            if self.graded.explained:
                pytest.skip("this submission could not be graded")
            self.graded.explained = True
            raise Unearned(result.failure)
        typed = f"For notes and the rest: grade {_typed(self.graded.folder, self.config)}"
        self.user_properties.append((SUMMARY, "\n".join([*result.summary, typed])))
        item = result.items.get(self.check.id)
        if item is None:
            raise Unearned(f"The grader gave no result for {self.check.id}; that is not your mistake.")
        status, text = item
        if status == "missing":
            self.user_properties.append((NOT_STARTED, True))
        if status in ("missing", "skipped", "pending"):
            pytest.skip(text)
        if status != "passed":
            raise Unearned(text)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any, **kw: Any) -> Any:
        """Feedback alone, without a trace of the grader's own frames."""
        return str(excinfo.value) if isinstance(excinfo.value, Unearned) else super().repr_failure(excinfo, *args, **kw)


def _result(report: Report) -> FolderResult:
    from grader.report import order, sentences

    if report.status != "graded":
        return FolderResult({}, [], _safe(f"This submission could not be graded: {report.reason}"))
    outcomes = [o for p in report.parts for o in p.outcomes]
    notebook = report.work.notebook if report.work is not None else None
    summary = [_safe(report.title or report.assignment), sentences.total(report)]
    if notebook is not None:
        summary.append(f"Graded: {_safe(notebook.name)}")
    if not_started := order.sections(report).not_started:
        summary.append(f"Not started: {', '.join(_safe(p.part.id) for p in not_started)}")
    for cell in order.failed_cells(report).own[:CELLS_SHOWN]:
        name = sentences.cell_name(cell)
        summary.append(
            f"{name if cell.notebook else name.capitalize()} has an error: {_safe(sentences.cell_problem(cell))}"
        )
    return FolderResult({o.check.id: [o.status, feedback(o, report)] for o in outcomes}, summary)


def feedback(outcome: Outcome, report: Report) -> str:
    """What is wrong, below it the named mistake, and where the code is, for a module as editors find it."""
    from grader.report import sentences

    texts = sentences.feedback(outcome, limit=1)
    first, *rest = [_safe(line) for line in texts.seen] or [sentences.STATUS[outcome.status]]
    lines = [first, *(f"  {line}" for line in rest)]
    if texts.diagnosis:
        lines.append(f"  > {_safe(texts.diagnosis)}")
    code = report.work.code.get(outcome.check.id, ()) if report.work is not None else ()
    place = f"{_safe(code[0].file)}:{code[0].line}: " if code and not code[0].file.startswith("cell ") else ""
    if code and not place and outcome.status in ("failed", "partial"):  # an error says its cell itself
        lines.append(f"  in {_safe(code[0].file)}, line {code[0].line}")
    return place + "\n".join(lines)


def _safe(text: str) -> str:
    from grader.report.sanitize import one_line

    return one_line(text, 2_000)
