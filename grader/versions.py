"""Versions of what computes: they can move a number, so every report carries them, and a batch's keys."""

from __future__ import annotations

import platform
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import grader
from grader import __version__
from grader.assignment.digest import file_digest, folder_digest, text_digest
from grader.model import Environment

_NO_MATTER = frozenset({"__pycache__", "commands"})
"""Folders of the grader that no stored report or page comes from."""


def environment() -> Environment:
    """The versions here; the worker runs on the same interpreter."""
    return Environment(
        python=platform.python_version(), numpy=_version("numpy"), scipy=_version("scipy"), grader=__version__
    )


@cache
def _version(package: str) -> str:
    """As the package's own file has it: its metadata takes longer to read than all else of a report."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return "not installed"
    file = Path(spec.origin).with_name("version.py")
    match = re.search(r"""^version\s*=\s*["']([^"']+)["']""", file.read_text() if file.is_file() else "", re.MULTILINE)
    if match is not None:
        return match[1]
    from importlib.metadata import version

    return version(package)


@cache
def engine() -> str:
    """Versions that can move a number; the grader's with a digest of its files, since whoever works on it keeps it."""
    versions = environment()
    python = ".".join(versions.python.split(".")[:2])
    ours = f"{versions.grader} ({_source()[:8]})"
    return f"grader {ours}, Python {python}, NumPy {versions.numpy}, SciPy {versions.scipy}"


def _source() -> str:
    """Over the installed package: some 350 files, 2 MB together, read once in a process, in some milliseconds."""
    root = Path(str(grader.__file__)).parent
    folders = [path for path in sorted(root.iterdir()) if path.is_dir() and path.name not in _NO_MATTER]
    loose = [text for path in sorted(root.glob("*.py")) for text in (path.name, file_digest(path))]
    return text_digest(*(text for path in folders for text in (path.name, folder_digest(path))), *loose)
