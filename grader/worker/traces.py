"""A student's exception as data: its type, its message, and the lines of the student's own files it passed."""

from __future__ import annotations

import linecache
import os
import re
import traceback
from collections.abc import Mapping

from grader.model import Frame, StudentError

MAX_FRAMES = 50
MAX_MESSAGE = 10_000
MAX_LINE = 200
"""Characters kept; a message or a source line can be as long as its author likes."""
CELL_FILE = re.compile(r"^<cell (\d+)>$")


def student_error(error: BaseException, files: Mapping[str, str]) -> StudentError:
    """Describe `error`; `files` maps the real folder prefix of the submission to nothing but itself.

    A frame is kept when its file is a cell or lies in the submission. Never raises: `__str__` is student code too.
    """
    frames: list[Frame] = []
    root = files.get("root", "\0")
    try:
        for entry in traceback.extract_tb(error.__traceback__, limit=-400):
            name, line = entry.filename, entry.lineno or 0
            if CELL_FILE.match(name):
                frames.append(Frame(name.strip("<>"), line, _text(name, line, entry.line)))
            elif os.path.realpath(name).startswith(root + os.sep):
                inside = os.path.relpath(os.path.realpath(name), root)
                frames.append(Frame(inside, line, _text(name, line, entry.line)))
        if isinstance(error, SyntaxError) and not frames and error.lineno:
            frames.append(_syntax_frame(error, root))
    except Exception:
        frames = []  # student code (a poisoned traceback or file name) ran and failed: the type is still told
    return StudentError(type=_name(error), message=_message(error), frames=tuple(frames[-MAX_FRAMES:]))


def _syntax_frame(error: SyntaxError, root: str) -> Frame:
    name = str(error.filename)
    inside = os.path.relpath(name, root) if name.startswith(root + os.sep) else name.strip("<>")
    return Frame(inside, error.lineno or 0, str(error.text or "").strip()[:MAX_LINE])


def _text(file: str, line: int, known: str | None) -> str:
    return (known or linecache.getline(file, line)).strip()[:MAX_LINE]


def _name(error: BaseException) -> str:
    name = type.__getattribute__(type(error), "__name__")
    return str(name)[:100]


def _message(error: BaseException) -> str:
    try:
        return str(error)[:MAX_MESSAGE]
    except BaseException as second:
        return f"(its message could not be read: {_name(second)})"
