"""Which of the functions that a check forbids or requires the student's code calls while the check runs.

Each is replaced by an object that notes who calls it: in its module, and wherever the submission holds it. The process
ends with the check. A class is left as it is, since `isinstance` is asked about it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Set
from importlib import import_module
from typing import Any

from grader.worker.inputs import is_students
from grader.worker.state import State

_frame, _import = sys._getframe, import_module


def watch_calls(state: State, names: Iterable[str], files: Set[str]) -> dict[str, None]:
    """The names of those that are called from now on by code that is neither the check's (`files`) nor a library's."""
    called: dict[str, None] = {}
    for name in names:
        module, _, attribute = name.rpartition(".")
        try:
            owner = _import(module) if module else None
        except Exception:  # not installed, or broken by the student: nothing calls it
            continue
        original = getattr(owner, attribute, None)
        if not callable(original) or isinstance(original, type):
            continue
        noted = _Noted(original, name, called, files)
        for space in [vars(owner), state.globals, *(vars(m) for m in state.own_modules())]:
            for key in [key for key, value in space.items() if value is original]:
                space[key] = noted
    return called


class _Noted:
    def __init__(self, original: Callable[..., Any], name: str, called: dict[str, None], files: Set[str]) -> None:
        self.__wrapped__, self._name, self._called, self._files = original, name, called, files

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if is_students(_frame(1).f_code.co_filename, self._files):
            self._called[self._name] = None
        return self.__wrapped__(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__wrapped__, name)
