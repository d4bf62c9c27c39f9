"""Run one notebook cell, or only the definitions in it, and say how it went."""

from __future__ import annotations

import ast
import io
import sys
import warnings
from functools import partial
from typing import Any

from grader.worker.compat.missing_packages import failed_in_library, only_shows, resume_cell
from grader.worker.definitions_only import define
from grader.worker.interrupting import TooLong, interrupted_after
from grader.worker.messages import MAX_ABSENT, MAX_FIGURES, CellDone, RunCell
from grader.worker.shell import NotebookShell, restore_streams
from grader.worker.state import State
from grader.worker.student_error import student_error

PICTURE_DPI = 72
"""Dots per inch: a figure of ordinary size is some 450 pixels wide, which a page on a phone shows in full."""


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
    pictures = _pictures(state.prepared.pictures) if command.draw else ()
    return CellDone(
        error=student_error(error, state.files()) if error is not None else None,
        interrupted=isinstance(error, TooLong),
        through=through,
        absent=tuple(name[:200] for name in state.placeholders.names if name not in known),
        given=tuple(name[:200] for name in given[:MAX_ABSENT]),
        text=shell.sink.text(),
        figures=tuple(sentence[:2000].encode("utf-8", "replace").decode() for sentence in _figures()),
        pictures=pictures,
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


def _pictures(room: int) -> tuple[bytes, ...]:
    """The open figures as PNG, as many as fit into `room` bytes; drawing costs some 50 ms each, so only if asked."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not room:
        return ()
    drawn: list[bytes] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for number in pyplot.get_fignums()[:MAX_FIGURES]:
                figure, picture = pyplot.figure(number), io.BytesIO()
                if any(axes.has_data() for axes in figure.axes):
                    figure.savefig(picture, format="png", dpi=PICTURE_DPI, bbox_inches="tight")
                    data = bytes(picture.getvalue())
                    room -= len(data)
                    if room < 0:
                        break
                    drawn.append(data)
    except Exception:  # as in `_figures`: a figure is evidence, never a verdict
        pass
    return tuple(drawn)


def _figures() -> tuple[str, ...]:
    """Describe the open figures and close them, as a notebook does at the end of a cell."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            figures = tuple(_describe(pyplot.figure(number)) for number in pyplot.get_fignums()[:MAX_FIGURES])
            pyplot.close("all")
    except Exception:  # the student can have patched anything here; a figure is evidence, never a verdict
        return ()
    return tuple(t for t in figures if t)


def _describe(figure: Any) -> str:
    """One sentence on a figure: what is drawn, over how many points, under which labels; empty if nothing is."""
    axes_texts = []
    for axes in figure.axes:
        lines = [n for n in (len(line.get_xdata()) for line in axes.get_lines()) if n]
        drawn = [f"a line of {n} points" for n in lines[:10]]
        if len(lines) > 10:
            drawn.append(f"{len(lines) - 10} more lines")
        for items, one, many in (
            (axes.images, "image", "images"),
            (axes.collections, "collection", "collections"),
            (axes.patches, "patch", "patches"),
        ):
            drawn += [f"{len(items)} {one if len(items) == 1 else many}"] if items else []
        labels = [("title", axes.get_title()), ("x", axes.get_xlabel()), ("y", axes.get_ylabel())]
        named = [f"{what} '{str(text)[:80]}'" for what, text in labels if text]
        if drawn:
            axes_texts.append(", ".join([" and ".join(drawn), *named]))
    return "; ".join(axes_texts)
