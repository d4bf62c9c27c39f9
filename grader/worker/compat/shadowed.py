"""Submission modules that are called like one of the grader's: `import grader` there means `grader.py` beside it.

This process has loaded its own modules before the submission came, and goes on to need them.
"""

from __future__ import annotations

import builtins
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

OURS = ("grader", "msgspec")
"""What this process has loaded that a notebook on the student's machine would not have."""
_PACKAGE = "_hand_in"

_import = builtins.__import__


def give_way(folders: Sequence[str]) -> None:
    """Have the submission's own code import the modules in `folders` that are called like ours."""
    names = {
        name
        for name in OURS
        for folder in folders
        if os.path.isfile(os.path.join(folder, f"{name}.py")) or os.path.isdir(os.path.join(folder, name))
    }
    if not names:
        return
    package = ModuleType(_PACKAGE)
    package.__path__ = list(folders)
    sys.modules[_PACKAGE] = package
    below = tuple(os.path.realpath(folder) + os.sep for folder in folders)

    def chosen(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        first = name.partition(".")[0]
        if level or first not in names or not _is_own(globals or {}, below):
            return _import(name, globals, locals, fromlist or (), level)
        module = importlib.import_module(f"{_PACKAGE}.{name}")
        if fromlist:
            return _import(f"{_PACKAGE}.{name}", globals, locals, fromlist, 0)
        return module if "." not in name else sys.modules[f"{_PACKAGE}.{first}"]

    builtins.__import__ = chosen


def _is_own(globals: Mapping[str, Any], below: tuple[str, ...]) -> bool:
    """Whether code with these globals is the submission's: a cell, or a module from its folder."""
    file = globals.get("__file__")
    if globals.get("__name__") == "__main__":
        return True
    return isinstance(file, str) and os.path.realpath(file).startswith(below)
