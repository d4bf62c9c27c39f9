"""Versions of what computes: they can move a number, so every report carries them, and a batch's keys."""

from __future__ import annotations

import platform
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from grader import __version__
from grader.model import Environment


def environment() -> Environment:
    """The versions here; the worker runs on the same interpreter."""
    return Environment(
        python=platform.python_version(),
        numpy=_version("numpy"),
        scipy=_version("scipy"),
        grader=__version__,
    )


@cache
def _version(package: str) -> str:
    """As the package's own file has it: its metadata takes longer to read than all else of a report."""
    found = find_spec(package)
    if found is None or found.origin is None:
        return "not installed"
    file = Path(found.origin).with_name("version.py")
    told = re.search(r"""^version\s*=\s*["']([^"']+)["']""", file.read_text() if file.is_file() else "", re.MULTILINE)
    if told is not None:
        return told[1]
    from importlib.metadata import version

    return version(package)
