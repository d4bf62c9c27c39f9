"""Runs a submission's notebook cell by cell and keeps forked snapshots to probe checks in.

A copy is forked before each cell that could end its process, and goes on where that happens. Asking the snapshots is
`grader.execution.observe`'s.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal

from msgspec import structs

from grader.errors import WorkerError
from grader.execution.fair_time import Allowance
from grader.execution.names import package_name, type_name
from grader.execution.pictures import is_picture
from grader.execution.process import ANSWER_SECONDS, RootProcess, WorkerProcess
from grader.execution.supervisor import DEAD, Supervisor
from grader.model import Anchor, Assignment, CellRun, Frame, StudentError, Submission
from grader.submission.source.cell_safety import defines, definitions_of, is_harmless
from grader.submission.source.definitions import parse
from grader.submission.source.magics import plain_python
from grader.worker import wire
from grader.worker.messages import CellDone, Done, Failed, Import, Prepare, Prepared, RunCell

log = logging.getLogger(__name__)
NOT_HERE = frozenset({"FileNotFoundError", "NotADirectoryError", "PermissionError", "OSError"})
"""Errors of a line that asks for a folder or a file of the student's own machine."""
NO_PROCESS = "not run: the process had crashed"
"""Said of a cell that could not be run: what ran before has destroyed its process, or the machine stood still."""
LAST_SECONDS = 5.0
"""Of a cell's time, or the last tenth of it: in these it is interrupted, before its process is ended."""
CELL_TEXT = 64 << 10
"""Characters kept of one cell's output."""
CELLS = 0.8
"""Share of the submission's time that cells may use up: what they define is to be probed after them."""
ANSWERS = 2
"""All answers of a submission may be as large as so many of the largest; honest ones together take a megabyte."""
PICTURES = 512 << 10
"""Bytes kept of one cell's figures, when they are drawn: a dozen plots, and less than a frame's header may hold."""


class Session:
    """A submission in its worker: `run_cells` once, then probe its snapshots as often as wanted."""

    def __init__(
        self,
        root: RootProcess,
        assignment: Assignment,
        submission: Submission,
        anchors: Mapping[str, Anchor],
        *,
        seed: int,
        pictures: bool | Collection[int] = False,
    ) -> None:
        self.assignment = assignment
        self.submission = submission
        self.anchors = anchors
        self.seed = seed
        self._pictures = PICTURES if pictures else 0
        self._drawn = None if isinstance(pictures, bool) else frozenset(pictures)
        """The cells whose figures are drawn; None for all or none."""
        self.cells: list[CellRun] = []
        self.notes: list[str] = []
        self.lost_process = False
        """Whether a cell or a check was not run because its process was gone."""
        self.allowance: Allowance | None = Allowance(assignment.limits.submission)
        """Time left to the submission as a whole; None for the course's own code, which is asked as often as needed."""
        self.answered = 0
        """Bytes of arrays that probes have sent: they are kept until the end."""
        self._snapshots: dict[tuple[str, int], WorkerProcess] = {}
        self.import_timeouts: dict[str, float] = {}
        """Modules that did not finish importing, and the seconds they were given."""
        self._data = assignment.data.resolve() if assignment.data is not None else None
        readable = (*assignment.stand_ins, *([self._data] if self._data else []))
        self.supervisor = Supervisor(root, submission.folder, readable, memory=assignment.limits.memory)
        self._main = self.supervisor.process.fork()
        self._prepare()

    def _prepare(self) -> None:
        limits, folder = self.assignment.limits, self.submission.folder
        notebook = self.submission.notebook
        run_folder = (folder / notebook.name).parent if notebook else folder
        link = folder / "data"
        if self._data is not None and not os.path.lexists(link):
            link.symlink_to(self._data, target_is_directory=True)
        command = Prepare(
            folder=str(folder.resolve()),
            run_folder=str(run_folder.resolve()),
            stand_ins=tuple(str(p.resolve()) for p in self.assignment.stand_ins),
            compat=self.assignment.compat,
            names={**self.assignment.names, **self.submission.places},
            seed=self.seed,
            home=str(self.supervisor.home.resolve()),
            output=CELL_TEXT,
            observation=limits.observation,
            pictures=self._pictures,
        )
        try:
            reply, _ = self._main.ask(command, Prepared, seconds=max(limits.cell, ANSWER_SECONDS))
        except (wire.Closed, wire.DeadlineExceeded):
            raise WorkerError(
                f"{self.assignment.id}: the worker did not get ready; is there a loop in the compatibility shim?"
            ) from None
        self.supervisor.register_layers(reply.layers, reply.problems)
        if reply.error is not None:
            self.notes.append(f"the assignment's compatibility shim failed: {reply.error.type}: {reply.error.message}")
        if self._asks_modules():
            self._snapshots["before", -1] = self._main.fork()

    def _asks_modules(self) -> bool:
        """Whether any check is probed before the first cell."""
        return any(anchor.when == "before" for anchor in self.anchors.values())

    def _import_modules(self) -> None:
        """Import the submission's declared modules once, in the snapshot that module checks are probed from."""
        here = self._snapshots["before", -1]
        declared = {p.module for places in self.assignment.names.values() for p in places if p.module}
        for module in sorted(declared):
            if not self._has_module(module):
                continue
            spare = self._fork_snapshot(here)
            if spare is None:
                self.notes.append(f"{module} was not imported: the modules before it had ended the process")
                return
            try:
                reply, _ = here.ask(
                    Import(module), Done, Failed, seconds=self.assignment.limits.check, allowance=self.allowance
                )
                spare.release()
                if isinstance(reply, Done):
                    self._note_missing_packages(reply.absent)
            except DEAD as problem:
                how = here.end()
                here = self._snapshots["before", -1] = spare
                if isinstance(problem, wire.DeadlineExceeded):
                    self.import_timeouts[module] = self.assignment.limits.check
                    how = f"it did not finish within {self.assignment.limits.check:g} s"
                self.notes.append(f"importing {module} failed: {how}")

    def _has_module(self, module: str) -> bool:
        path = Path(*module.split("."))
        return any(str(p) in self.submission.modules for p in (path.with_suffix(".py"), path / "__init__.py"))

    def run_cells(
        self, *, stop_early: bool = False, on_snapshot: Callable[[str, int], None] = lambda when, cell: None
    ) -> None:
        """Run the notebook from top to bottom; every cell ends in a `CellRun`, whatever it does.

        With `stop_early` only as far as the last cell that a check is probed after. `on_snapshot` is called with the
        fields of an `Anchor` as soon as that state can be probed, while the notebook goes on.
        """
        if self._asks_modules():
            self._import_modules()
            on_snapshot("before", -1)
        anchored = {a.cell for a in self.anchors.values() if a.when == "after"}
        last = max(anchored, default=-1) if not any(a.when == "end" for a in self.anchors.values()) else None
        previous = -1
        alive = True
        own = {Path(path).parts[0].removesuffix(".py") for path in self.submission.modules}
        own |= {Path(path).stem for path in self.submission.modules}
        for cell in self.submission.notebook.code if self.submission.notebook else ():
            if stop_early and last is not None and cell.index > last:
                break
            spare: WorkerProcess | None = None
            in_time = self._left(CELLS) > 0
            if alive and (previous in anchored or (in_time and not is_harmless(cell.source, own))):
                spare = self._fork_snapshot(self._main)
                alive = spare is not None
            if previous in anchored and spare is not None:
                self._snapshots["after", previous] = spare
                on_snapshot("after", previous)
            if not alive or not in_time:
                share = CELLS * self.assignment.limits.submission
                why = f"the time for all cells, {share:g} s, was used up" if alive else NO_PROCESS
                self.lost_process = self.lost_process or not alive
                error = StudentError(type="NotRun", message=why)
                self.cells.append(CellRun(index=cell.index, status="skipped", error=error))
                previous = -1
                continue
            alive = self._run_cell(cell.index, cell.source, spare)
            if spare is not None and previous not in anchored and self._main.parent is not spare:
                spare.release()  # one that a new process was forked from stays: only it can end that
            previous = cell.index
        self.supervisor.kill_strays()  # what the cells have left running is not there when the hidden checks are asked
        if alive:
            self._snapshots["end", -1] = self._main
            if previous in anchored:
                self._snapshots["after", previous] = self._main

    def _run_cell(self, index: int, source: str, spare: WorkerProcess | None) -> bool:
        """Run one cell; False when no process is left to go on in."""
        started = time.monotonic()
        seconds = min(self.assignment.limits.cell, max(0.1, self._left(CELLS)))
        log.info("cell %d (limit %s s)", index, _rounded(seconds))
        try:
            draw = self._drawn is None or index in self._drawn
            command = RunCell(index=index, source=source, seconds=seconds - min(LAST_SECONDS, seconds / 10), draw=draw)
            reply, _ = self._main.ask(command, CellDone, seconds=seconds, allowance=self.allowance)
        except DEAD as problem:
            how = self._main.end()
            self.supervisor.kill_strays()
            status: Literal["crashed", "timeout"] = "crashed"
            type_ = "Crashed"
            if isinstance(problem, wire.DeadlineExceeded):
                status, type_, how = "timeout", "Timeout", f"did not finish within {_rounded(seconds)} s"
            error = StudentError(type=type_, message=how)
            self.cells.append(CellRun(index=index, status=status, error=error, seconds=time.monotonic() - started))
            if spare is None:
                return False
            again = self._fork_snapshot(spare)
            if again is None:
                return False
            self._main = again
            self._define(index, source, 0)
            return True
        error_or_none = _located(self.checked(reply.error), index, source)
        here = [f.line for f in error_or_none.frames if f.file == f"cell {index}"] if error_or_none is not None else []
        if reply.interrupted and error_or_none is not None:
            message = f"did not finish within {_rounded(seconds)} s; what it had computed by then was kept"
            error_or_none = StudentError(type="Timeout", message=message)  # at which line it was then is chance
        self.cells.append(
            CellRun(
                index=index,
                status="ok" if error_or_none is None else "timeout" if reply.interrupted else "error",
                error=error_or_none,
                text=reply.text[: 2 * CELL_TEXT],
                figures=reply.figures,
                pictures=tuple(p for p in reply.pictures if is_picture(p)) if self._pictures else (),
                seconds=time.monotonic() - started,
            )
        )
        self._note_missing_packages(reply.absent)
        if reply.through and here and error_or_none is not None and error_or_none.type in NOT_HERE:
            note = f"cell {index}, line {here[0]} asks for a folder or a file that is not here; the rest of the cell"
            self.notes.append(f"{note} was run without it")
        if reply.given:
            names = ", ".join(name for name in sorted(reply.given)[:20] if name.isidentifier())
            self.notes.append(f"cell {index} failed; {names} were taken from the course's own data")
        if here and not reply.through:
            self._define(index, source, here[0])
        return True

    def room_for_answer(self) -> int:
        """Bytes that the next probe may send: what one may, as long as all together are no more than two such."""
        one = self.assignment.limits.observation
        return one if self.allowance is None else max(0, min(one, ANSWERS * one - self.answered))

    def _left(self, share: float) -> float:
        """Seconds left of a share of the submission's time."""
        return self.assignment.limits.cell if self.allowance is None else self.allowance.left(share)

    def _define(self, index: int, source: str, after: int) -> None:
        """Run the imports and definitions that a failed cell did not come to, in a copy that may fail in its turn."""
        if not defines(source, after):
            return
        copy = self._fork_snapshot(self._main)
        if copy is None:
            return
        command = RunCell(index=index, source=source, definitions_after=after)
        try:
            copy.ask(command, CellDone, seconds=self.assignment.limits.cell, allowance=self.allowance)
        except DEAD:
            copy.end()
            return
        self._main = copy
        ended = self.cells[-1].error if self.cells and self.cells[-1].index == index else None
        at_stub = ended is not None and ended.kind == "stub"  # nothing to say: the student has not begun
        if not at_stub and any(node.lineno > after for node in definitions_of(source)):
            self.notes.append(f"cell {index} failed; the functions and classes that it defines were still loaded")

    def _note_missing_packages(self, packages: Sequence[str]) -> None:
        for package in filter(None, map(package_name, packages)):
            note = f"`{package}` is neither a module that was handed in nor a package that is installed where this was"
            note += " graded; what does not need it was run without it"
            if note not in self.notes:
                self.notes.append(note)

    def snapshot(self, anchor: Anchor) -> WorkerProcess | None:
        """The parked process that a check with this anchor is probed from; None when the notebook destroyed it."""
        if anchor.when == "before":
            return self._snapshots["before", -1]
        if anchor.when == "after" and ("after", anchor.cell) in self._snapshots:
            return self._snapshots["after", anchor.cell]
        return self._snapshots.get(("end", -1))

    @property
    def sources(self) -> dict[str, str]:
        """The text of each file that a frame can name: the modules by their path, `cell N` for a code cell."""
        sources = {str(path): text for path, text in self.submission.modules.items()}
        if self.submission.notebook:
            sources |= {f"cell {c.index}": c.source for c in self.submission.notebook.code}
        return sources

    def checked(self, error: StudentError | None) -> StudentError | None:
        """The error with only frames that exist, their text read here: the worker's word is not taken for it."""
        if error is None:
            return None
        sources = self.sources
        frames = []
        for frame in error.frames:
            lines = sources.get(frame.file, "").splitlines()
            if frame.file in sources:
                text = lines[frame.line - 1].strip() if 0 < frame.line <= len(lines) else ""
                frames.append(Frame(frame.file, frame.line, text[:200]))
        kind: Literal["", "stub"] = "stub" if error.kind == "stub" else ""
        return StudentError(
            type=type_name(error.type), message=error.message, frames=tuple(frames), shapes=error.shapes, kind=kind
        )

    def close(self) -> None:
        """End every process of the submission."""
        for process in [self._main, *self._snapshots.values()]:
            process.release()
        self.notes += self.supervisor.close()
        if self.allowance is not None and self.allowance.exceeded:
            self.notes.append(
                f"the submission's time, {self.allowance.seconds:g} s for cells and checks together, was used up; "
                "what came after was not run"
            )

    def _fork_snapshot(self, process: WorkerProcess) -> WorkerProcess | None:
        """A copy of `process`, or None when what ran in it has destroyed it."""
        try:
            return process.fork()
        except WorkerError:
            self.supervisor.kill_strays(hard=True)  # it may lack only the room for one more process
        except DEAD:
            return None
        try:
            return process.fork()
        except DEAD:
            return None


def _rounded(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds >= 1 else f"{seconds:.1f}"


def _located(error: StudentError | None, index: int, source: str) -> StudentError | None:
    """The error with the line of a cell that cannot be read: no line of it ran, so that the worker may know of none."""
    if error is None or error.frames or not (line := parse(plain_python(source)).line):
        return error
    lines = source.splitlines()
    text = lines[line - 1].strip() if line <= len(lines) else ""
    return structs.replace(error, frames=(Frame(f"cell {index}", line, text[:200]),))
