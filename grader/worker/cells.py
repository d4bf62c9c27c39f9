"""Run one notebook cell, or only the definitions in it, and say how it went."""

from __future__ import annotations

import ast
from functools import partial

from grader.worker.compat.missing_packages import failed_in_library, only_shows, resume_cell
from grader.worker.definitions_only import define
from grader.worker.drawn import Drawn
from grader.worker.interrupting import TooLong, interrupted_after
from grader.worker.messages import MAX_ABSENT, CellDone, RunCell
from grader.worker.shell import NotebookShell, restore_streams
from grader.worker.state import State
from grader.worker.student_error import student_error


def run_cell(state: State, command: RunCell) -> CellDone:
    """Run the cell in the notebook's shell; nothing that student code raises comes out."""
    state.build_shell()
    shell = state.shell
    assert shell is not None
    assert state.prepared is not None
    shell.sink.limit = state.prepared.output
    shell.sink.begin()
    restore_streams()
    shell.compile.cell = command.index
    drawn = Drawn(state.prepared.pictures if command.draw else 0)
    error: BaseException | None = None
    through, known = False, set(state.placeholders.names)
    try:
        if command.definitions_after is None:
            with interrupted_after(command.seconds):
                result = shell.run_cell(shell.without_unknown_magics(command.source), store_history=True, silent=False)
            error = result.error_before_exec or result.error_in_exec
            if isinstance(error, Exception) and not isinstance(error, SyntaxError):
                tree = ast.parse(shell.transform_cell(command.source))
                file, stand_in = f"<cell {command.index}>", partial(state.placeholders.substitute, own=state.is_own)
                if (
                    isinstance(error, ImportError)
                    or only_shows(error)
                    or failed_in_library(tree, error, file, shell.user_ns)
                ):
                    error, through = resume_cell(tree, error, file, shell.user_ns, stand_in)
        else:
            run_definitions(shell, command.source, command.definitions_after)
    except BaseException as escaped:  # SystemExit or worse, raised from a hook that the student installed
        error = escaped
    given = _made_up(state, shell, command.source) if error is not None else ()
    drawn.finish()
    return CellDone(
        error=student_error(error, state.files()) if error is not None else None,
        interrupted=isinstance(error, TooLong),
        through=through,
        absent=tuple(name[:200] for name in state.placeholders.names if name not in known),
        given=tuple(name[:200] for name in given[:MAX_ABSENT]),
        text=shell.sink.text(),
        figures=tuple(sentence[:2000].encode("utf-8", "replace").decode() for sentence in drawn.figures),
        pictures=tuple(drawn.pictures),
    )


def _made_up(state: State, shell: NotebookShell, source: str) -> tuple[str, ...]:
    try:
        return state.fill_missing_names(ast.parse(shell.transform_cell(source)))
    except SyntaxError:
        return ()


def run_definitions(shell: NotebookShell, source: str, after: int) -> None:
    """Execute the cell's imports, functions and classes that begin below line `after`, each by itself.

    For a cell that failed before it reached them: a training loop that fails must not cost the class above or below.
    """
    try:
        tree = ast.parse(shell.transform_cell(source))
    except SyntaxError:
        return
    define(tree, shell.user_ns, f"<cell {shell.compile.cell}>", after)
