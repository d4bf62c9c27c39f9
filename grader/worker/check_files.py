"""An assignment's check files as modules that nobody else can import: not student code, and no other assignment.

They import each other by an `__import__` of their own, and are in no `sys.modules`. Owns how they are executed, in the
child of a probe and where an author's files are loaded.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from types import CodeType, ModuleType
from typing import Any

from grader.worker.inputs import CALL

_exec = builtins.exec  # bound before the first cell: student code may replace it


def new_module(name: str, importable: Mapping[str, ModuleType]) -> ModuleType:
    """An empty module whose code can import `importable` in addition to what everybody can."""

    def import_(name: str, *rest: Any) -> Any:
        return importable[name] if name in importable else builtins.__import__(name, *rest)

    module = ModuleType(name)
    vars(module)["__builtins__"] = {**vars(builtins), "__import__": import_}
    return module


def run_files(files: Mapping[str, CodeType], call: Callable[..., Any] | None = None) -> dict[str, Any]:
    """Execute check files by file name, each after those that it imports; returns what the last one defines.

    `call` is what their calls are led through, where they are compiled so.
    """
    modules: dict[str, ModuleType] = {}
    for file, code in files.items():
        name = file.removesuffix(".py")
        module = new_module(name, modules)
        vars(module)[CALL] = call
        _exec(code, vars(module))
        modules[name] = module
    return vars(module)
