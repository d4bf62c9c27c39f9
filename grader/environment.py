"""Versions of what computes: they can move a number, so every report carries them, and a batch's keys."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

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
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
