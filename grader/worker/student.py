"""The student's implementation as a probe sees it: declared names, wherever they live."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from grader.worker.state import State


class Missing(AttributeError):
    """The submission has no such name: the check's outcome is `missing`, never `error`."""


class Student:
    """Gives `student.NAME` for each name of the assignment's table, and `student.notebook` for the globals."""

    def __init__(self, state: State) -> None:
        self.__state = state

    def __getattr__(self, name: str) -> Any:
        place = find(self.__state, name)
        if place is None:
            raise Missing(f"`{name}` is not defined")
        namespace, key = place
        return namespace[key]

    @property
    def notebook(self) -> Mapping[str, Any]:
        """The notebook's globals at the anchor; asking for one that is not there is `missing`."""
        return _Globals(self.__state.globals)


class _Globals(ChainMap[str, Any]):
    def __missing__(self, name: str) -> Any:
        raise Missing(f"`{name}` is not defined")


def find(state: State, name: str) -> tuple[dict[str, Any], str] | None:
    """The namespace that holds `name`, and its key there; None when no declared place has it.

    Importing a module of the submission may raise whatever its code raises.
    """
    for place in state.places(name):
        if not place.module:
            if place.name in state.globals:
                return state.globals, place.name
            continue
        try:
            module = import_module(place.module)
        except ModuleNotFoundError as error:
            # the module itself is absent: try the next place; one that it imports in turn is the student's error
            if error.name and (place.module + ".").startswith(error.name + "."):
                continue
            raise
        if place.name in vars(module):
            return vars(module), place.name
    return None
