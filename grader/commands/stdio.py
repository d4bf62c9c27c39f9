"""Where text goes: results to stdout or a file, all else to stderr, in any encoding, also when nobody reads it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from grader.report.sanitize import one_line

_SIGNS = "✓◐✗○…─→·–│"
"""What a page of text needs; an encoding without one of them gets ASCII."""


def emit(text: str) -> None:
    """Write a result to stdout; what the encoding lacks becomes `?`, and a closed pipe is no error."""
    encoding = sys.stdout.encoding or "utf-8"
    _write(text.encode(encoding, "replace").decode(encoding))


def emit_utf8(text: str) -> None:
    """Write JSON to stdout: always UTF-8, as other programs expect."""
    emit_bytes(text.encode("utf-8"))


def emit_bytes(data: bytes) -> None:
    """Write a file's content to stdout as it is."""
    _write(data if hasattr(sys.stdout, "buffer") else data.decode("utf-8", "replace"))


def _write(content: str | bytes) -> None:
    try:
        if isinstance(content, bytes):
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
        else:
            sys.stdout.write(content)
        sys.stdout.flush()
    except BrokenPipeError:
        # `grade … | head`: the verdict stays the exit code. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_file(file: Path, data: bytes) -> None:
    """Write it whole or not at all: a reader never sees half of it. A pipe or a device stays what it is.

    Raises OSError if it cannot be written.
    """
    if file.exists() and not file.is_file():
        file.write_bytes(data)  # of a folder the error says that it is one
        return
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def tell(text: str) -> None:
    """One line to stderr, under the command's name."""
    encoding = sys.stderr.encoding or "utf-8"
    line = f"grade: {one_line(text, 2_000)}\n"
    try:
        sys.stderr.write(line.encode(encoding, "replace").decode(encoding))
        sys.stderr.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def colour() -> bool:
    """Whether stdout shows colours: a terminal that can, and nobody who asked for none (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns of the terminal; 80 where there is none."""
    return shutil.get_terminal_size((80, 24)).columns


def ascii_only() -> bool:
    """Whether stdout's encoding lacks the signs of a report."""
    try:
        _SIGNS.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return True
    return False
