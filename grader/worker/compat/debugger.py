"""Disables breakpoints that were left in the code: nobody is at the debugger while grading.

With no input to read, `pdb.set_trace()` would end whatever function it stands in, and with it every check of that one.
"""

from __future__ import annotations

import importlib.machinery
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from types import ModuleType
from typing import Any

DEBUGGERS = frozenset({"pdb", "ipdb", "pudb"})
"""Those that students stop in; the last two are hardly ever installed here, and hold `set_trace` alone then."""


def disable() -> None:
    """Make `breakpoint()` and every debugger's `set_trace()` do nothing, loading none before it is asked for."""
    sys.breakpointhook = _go_on
    for name in DEBUGGERS & sys.modules.keys():
        _quieten(sys.modules[name])
    sys.meta_path.insert(0, _Finder())


def _go_on(*args: Any, **kwargs: Any) -> None:
    """In the place of a debugger."""


def _quieten(module: ModuleType) -> None:
    module.set_trace = _go_on  # type: ignore[attr-defined]  # a debugger has it
    debugger = getattr(module, "Pdb", None)
    if isinstance(debugger, type):
        debugger.set_trace = _go_on  # type: ignore[attr-defined]  # the same


class _Finder(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> Any:
        if name not in DEBUGGERS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        return importlib.machinery.ModuleSpec(name, _Quiet(spec), origin=spec.origin if spec else None)


class _Quiet(Loader):
    """Loads the real module, where there is one, and quietens it."""

    def __init__(self, real: importlib.machinery.ModuleSpec | None) -> None:
        self._real = real

    def exec_module(self, module: ModuleType) -> None:
        if self._real is not None and self._real.loader is not None:
            module.__file__ = self._real.origin
            self._real.loader.exec_module(module)
        _quieten(module)
