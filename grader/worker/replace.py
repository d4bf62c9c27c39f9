"""Follow-through: put the reference in the place of names that a student got wrong.

Every binding of the student's object, in the submission's modules and in the notebook, and every instance of a
replaced class. A module of the student's that cannot be imported at all is replaced as a whole, so that a bracket
missing in it costs no other module. Runs only in a child that is thrown away.
"""

from __future__ import annotations

import ast
import gc
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from grader.worker.definitions_only import define
from grader.worker.messages import Replacement
from grader.worker.state import State
from grader.worker.student import find


def replace(state: State, replacements: list[Replacement]) -> dict[str, int]:
    """Replace each name; returns how many bindings and instances were changed (0: it could not be replaced).

    Nothing keeps the texts: the list is emptied, and no module holds what they define.
    """
    spaces: dict[str, dict[str, Any]] = {}
    done: dict[str, int] = {}
    while replacements:
        wanted = replacements.pop(0)
        if wanted.source not in spaces:
            spaces[wanted.source] = _reference(wanted)
        space = spaces[wanted.source]
        try:
            place = find(state, wanted.name)
        except Exception:  # whatever the student's module raises
            done[wanted.name] = _replace_module(state, wanted.name, space)
        else:
            done[wanted.name] = _replace_one(state, place or _empty_place(state, wanted), space.get(wanted.name))
    return done


def _empty_place(state: State, wanted: Replacement) -> tuple[dict[str, Any], str] | None:
    """Where a name belongs that the submission does not define."""
    for place in state.places(wanted.name):
        if not place.module:
            return state.globals, place.name
        if place.module in sys.modules:
            return vars(sys.modules[place.module]), place.name
    return None


def _reference(wanted: Replacement) -> dict[str, Any]:
    """The reference file's imports, functions and classes, in a namespace of its own."""
    module = ModuleType("__reference__")
    if wanted.module:
        module.__package__ = wanted.module.rpartition(".")[0]
    sys.modules["__reference__"] = module  # dataclasses and pickling look a class's module up
    try:
        define(ast.parse(wanted.source), vars(module), "<reference>")
    finally:
        sys.modules.pop("__reference__", None)
    return vars(module)


def _replace_module(state: State, name: str, space: dict[str, Any]) -> int:
    """Put the reference's file in the place of the module that should hold `name` and cannot be imported."""
    for module in (place.module for place in state.places(name) if place.module):
        try:
            import_module(module)
        except ModuleNotFoundError as error:
            if error.name and (module + ".").startswith(error.name + "."):
                continue  # not there, so that the name lives elsewhere
        except Exception:  # the one
            pass
        else:
            continue
        stand_in = ModuleType(module)
        vars(stand_in).update({key: value for key, value in space.items() if not key.startswith("__")})
        sys.modules[module] = stand_in
        package, _, own = module.rpartition(".")
        if package in sys.modules:
            setattr(sys.modules[package], own, stand_in)
        if name in space:
            state.globals.setdefault(name, space[name])  # the cell that imports it has failed
        return int(name in space)
    return 0


def _replace_one(state: State, place: tuple[dict[str, Any], str] | None, new: Any) -> int:
    if place is None or new is None:
        return 0
    if place[1] not in place[0]:
        place[0][place[1]] = new
        return 1
    old = place[0][place[1]]
    if old is new:  # its module has been replaced already
        return 1
    if isinstance(old, type) != isinstance(new, type):
        return 0
    count = 0
    for space in [state.globals, *(vars(m) for m in state.own_modules())]:
        for key, value in list(space.items()):
            if value is old:
                space[key] = new
                count += 1
    if isinstance(old, type):
        gc.unfreeze()
        for thing in gc.get_objects():
            if type(thing) is old:
                try:
                    thing.__class__ = new
                except TypeError:  # slots or another base: this object stays the student's
                    return 0
                count += 1
    return count
