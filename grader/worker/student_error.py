"""A student's exception as data: its type, its message, and the lines of the student's own files it passed."""

from __future__ import annotations

import os
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any

from grader.model import MAX_LINE, STUB_ENDING, Frame, StudentError

MAX_FRAMES = 50
MAX_MESSAGE = 10_000
"""Characters kept; a message can be as long as its author likes."""
MAX_FILE = 4096
MAX_SHAPES = 60
MAX_AXES = 8
MAX_ENTRIES = 12
"""Of a list or a dictionary of which the arrays are looked at: the layers of a network."""
CELL_FILE = re.compile(r"^<cell (\d+)>$")


def student_error(error: BaseException, files: Mapping[str, str]) -> StudentError:
    """Describe `error`; `files["root"]` is the real path of the submission's folder, other keys are files of cells.

    A frame is kept when its file is a cell or lies in the submission; its text is read on the trusted side. Never
    raises: `__str__` is student code too.
    """
    frames: list[Frame] = []
    root = files.get("root", "\0")
    try:
        for name, line in _walk(error.__traceback__):
            if CELL_FILE.match(name):
                frames.append(_frame(name.strip("<>"), line))
            elif name in files:
                frames.append(_frame(files[name], line))
            elif is_own(name, root):
                frames.append(_frame(os.path.relpath(os.path.realpath(name), root), line))
        if isinstance(error, SyntaxError) and error.lineno and (not frames or is_own(str(error.filename), root)):
            frames.append(_syntax_frame(error, root))  # of a module: below the line that imports it
    except Exception:
        frames = []  # student code (a poisoned traceback or file name) ran and failed: the type is still reported
    message, kept = _message(error), tuple(frames[-MAX_FRAMES:])
    stub = isinstance(error, NotImplementedError) and message.endswith(STUB_ENDING)
    shapes = _shapes(error, files, root) if isinstance(error, ValueError) else {}
    return StudentError(type=_name(error), message=message, frames=kept, shapes=shapes, kind="stub" if stub else "")


def _shapes(error: BaseException, files: Mapping[str, str], root: str) -> dict[str, tuple[int, ...]]:
    """Shapes of the arrays in the innermost frame of the student's, in lists and dictionaries and in `self` as well."""
    entry, frame = error.__traceback__, None
    while entry is not None:
        name = entry.tb_frame.f_code.co_filename
        if CELL_FILE.match(name) or name in files or os.path.realpath(name).startswith(root + os.sep):
            frame = entry.tb_frame
        entry = entry.tb_next
    numpy = sys.modules.get("numpy")
    if frame is None or numpy is None:
        return {}
    try:
        local = frame.f_locals
        held = getattr(local.get("self"), "__dict__", {})
        used = {name: frame.f_globals[name] for name in frame.f_code.co_names if name in frame.f_globals}
        named = [*local.items(), *((f"self.{name}", value) for name, value in held.items()), *used.items()]
        keys = [(name, value) for name, value in local.items() if type(value) in (int, str)]
        named += [entry for name, value in named for entry in _entries(name, value, keys)]
        # of exactly this type: a class derived from it may answer whatever it likes
        arrays = [(str(name), a) for name, a in named if type(a) is numpy.ndarray and a.ndim <= MAX_AXES]
        shapes = [(name, tuple(map(int, array.shape))) for name, array in arrays if len(name) <= 100]
    except Exception:  # attributes are student code too
        return {}
    return dict(shapes[:MAX_SHAPES])


def _entries(name: str, values: Any, keys: Iterable[tuple[str, int | str]]) -> Iterator[tuple[str, Any]]:
    """The entries of a list or a dictionary as they can be written: by their keys, and by variables that hold one."""
    if type(values) not in (dict, list, tuple) or len(values) > MAX_ENTRIES:
        return
    known = dict(values if type(values) is dict else enumerate(values))
    for text, key in [*((repr(key), key) for key in known if type(key) in (int, str)), *keys]:
        if key in known:
            yield f"{name}[{text}]", known[key]


def is_own(file: str, root: str) -> bool:
    """Whether a file lies in a submission's folder (its real path), and not in an environment of libraries in there."""
    path = os.path.realpath(file)
    if not path.startswith(root + os.sep):
        return False
    return not path.startswith(os.path.realpath(sys.prefix) + os.sep) and "site-packages" not in path.split(os.sep)


def _frame(file: str, line: int) -> Frame:
    """Both as long and as large as a reply may have them; a name is a student's text, a line what it has set."""
    return Frame(file[:MAX_FILE], max(0, min(line, MAX_LINE)))


def _syntax_frame(error: SyntaxError, root: str) -> Frame:
    name = str(error.filename)
    inside = os.path.relpath(os.path.realpath(name), root) if is_own(name, root) else name.strip("<>")
    return _frame(inside, error.lineno if isinstance(error.lineno, int) else 0)


def _walk(entry: TracebackType | None) -> deque[tuple[str, int]]:
    """File and line of the innermost entries (`traceback.extract_tb` takes a second for a deep recursion)."""
    entries: deque[tuple[str, int]] = deque(maxlen=4 * MAX_FRAMES)
    while entry is not None:
        entries.append((entry.tb_frame.f_code.co_filename, entry.tb_lineno or 0))
        entry = entry.tb_next
    return entries


def _name(error: BaseException) -> str:
    name = type.__getattribute__(type(error), "__name__")
    return str(name)[:100].encode("utf-8", "replace").decode()


def _message(error: BaseException) -> str:
    try:
        # the frame says where a syntax error is
        message = str(error.msg if isinstance(error, SyntaxError) else error)[:MAX_MESSAGE]
        return message.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be sent
    except BaseException as second:
        return f"(its message could not be read: {_name(second)})"
