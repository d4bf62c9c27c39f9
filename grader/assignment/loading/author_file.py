"""The author's Python files: read as text, and executed in a namespace of their own.

Owns the one way in which an error in such a file becomes an `AuthoringError` with its line. What the files mean is for
`check_source` and `edits`.
"""

from __future__ import annotations

import ast
import errno
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from grader.errors import AuthoringError
from grader.worker.check_files import new_module
from grader.worker.syntax import parse_tree

LITTER = frozenset({"__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".ruff_cache", ".mypy_cache", ".DS_Store"})
"""What tools leave behind among an author's files: neither digested, released nor reported."""


def read_text(path: Path) -> str:
    """An author's text file; raises AuthoringError if it is missing or not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise AuthoringError(f"{str(path)[:300]}: cannot be read ({error.strerror})") from None
        raise AuthoringError(f"{path}: no such file; the assignment needs it") from None
    except UnicodeDecodeError as error:
        raise AuthoringError(f"{path}:1: not UTF-8 text ({error.reason}); save it as UTF-8") from None


def parse(path: Path, text: str) -> ast.Module:
    """The syntax tree of an author's file; an `AuthoringError` where it is no Python."""
    try:
        return parse_tree(text, str(path))
    except SyntaxError as error:
        raise AuthoringError(f"{path}:{error.lineno}: {error.msg}; correct the file") from None


def execute(path: Path, text: str, modules: Mapping[str, ModuleType]) -> ModuleType:
    """Run an author's file as a module that no one else can import.

    `modules` are those that this file alone can import: `hidden.py` sees `checks`. Raises AuthoringError for anything
    that goes wrong in the file, with its line there.
    """
    module = new_module(path.stem, modules)
    module.__file__ = str(path)
    try:
        exec(compile(parse(path, text), str(path), "exec", dont_inherit=True), module.__dict__)
    except AuthoringError:
        raise
    except SyntaxError as error:  # what only a compilation sees, or in a file that this one runs
        at = error.lineno if error.filename == str(path) else _line_in(path, error)
        raise AuthoringError(f"{path}:{at}: {error.msg}; correct the file") from None
    # An author's file is arbitrary code, and whatever it raises means the same: the file must be corrected.
    except (Exception, SystemExit) as error:
        what = str(error).partition("\n")[0]
        raise AuthoringError(f"{path}:{_line_in(path, error)}: {type(error).__name__}: {what}") from error
    return module


def _line_in(path: Path, error: BaseException) -> int:
    """The last line of the author's file that the error passed through."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno or 1 for f in reversed(frames) if f.filename == str(path)), 1)
