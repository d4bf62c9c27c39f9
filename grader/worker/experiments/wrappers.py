"""Runs the reference's functions with an argument, a cached value or a result changed, to compute known mistakes.

`grader.worker.experiments.catalogue` holds the changes, `grader.diagnosis.mutation.wrapper_specs` chooses functions and
places. A change that does not apply to a call leaves the call as it is.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from grader.worker.experiments.catalogue.basics import Array
from grader.worker.experiments.catalogue.effects import IN_ONE_CALL, ON_ARGUMENT, ON_RESULT, WITH_ARGUMENT, WITH_OTHER
from grader.worker.experiments.catalogue.formulas import other
from grader.worker.experiments.layers import parameters

Function = Callable[..., Any]
KEPT = 24
"""Forward passes whose arguments are remembered."""
_forward: dict[str, list[dict[str, Array]]] = {}
_made: list[tuple[Array, Array]] = []
"""What went into forward passes, the first argument, and what came out."""
_running: Counter[str] = Counter()
_calls: Counter[str] = Counter()
"""How often each wrapped function has been called by the marked one that runs."""


def remembered(function: Function, stem: str) -> Function:
    """A forward pass whose arguments can be passed on to the backward pass of the same stem."""
    names, own = parameters(function), _is_method(function)

    @functools.wraps(function)
    def forward(*args: Any, **named: Any) -> Any:
        calls = _forward.setdefault(stem, [])
        calls.append(_arrays({**dict(zip(names, args[own:], strict=False)), **named}))
        del calls[:-KEPT]
        returned = function(*args, **named)
        out = returned[0] if isinstance(returned, tuple) and returned else returned
        arrays = [value for value in (*args[own:], *named.values()) if isinstance(value, np.ndarray)]
        if arrays and isinstance(out, np.ndarray) and out.shape == arrays[0].shape:
            _made.append((arrays[0].copy(), out.copy()))
            del _made[:-KEPT]
        return returned

    return forward


def marked(function: Function, name: str) -> Function:
    """A function during whose calls others are changed."""

    @functools.wraps(function)
    def outer(*args: Any, **named: Any) -> Any:
        _running[name] += 1
        _calls.clear()
        try:
            return function(*args, **named)
        finally:
            _running[name] -= 1

    return outer


def wrapped(
    function: Function, place: str, change: str, *, stem: str = "", within: str = "", call: int | None = None
) -> Function:
    """The function with one change.

    Parameters
    ----------
    place
        `argument:x`, `argument:x>result:1` where only that result is made of it, `kept:x` of what the forward pass
        `stem` was given, `own:W` of the object, `result`, `result:1` of several that are returned, `result:key:W1` of
        a dictionary among them, `result:attribute:dW` of the object.
    change
        A name of `ON_ARGUMENT` or `ON_RESULT`; `times:x` of `WITH_OTHER` with an argument; `is:x`, another argument
        in the place of this one; `formula:family:name`.
    within
        A marked function: the change is made during its calls only.
    call
        Of the calls that such a function makes the one that is changed, counted from 0; None for all.
    """
    names, own = parameters(function), _is_method(function)
    kind, _, which = place.partition(":")

    @functools.wraps(function)
    def changed(*args: Any, **named: Any) -> Any:
        if within and not _running[within]:
            return function(*args, **named)
        _calls[function.__qualname__] += 1
        if call is not None and _calls[function.__qualname__] != call + 1:
            return function(*args, **named)
        itself = args[:own]
        given = {**dict(zip(names, args[own:], strict=False)), **named}
        kept = _kept(stem, [*itself, *given.values()]) if stem else {}
        held = _arrays({f"self.{name}": value for thing in itself for name, value in vars(thing).items()})
        arrays = {**_arrays(given), **kept, **held}
        with np.errstate(all="ignore"):
            if kind == "argument":
                name, _, only = which.partition(">")
                other = _argument(given, name, change, arrays)
                return _with_one_of(function, itself, given, other, only) if only else function(*itself, **other)
            if kind == "kept":
                new = _arg_change(kept.get(which), change, arrays)
                return _with_kept(function, itself, given, kept.get(which), new)
            if kind == "own":
                old = next((vars(thing).get(which) for thing in itself), None)
                new = _arg_change(held.get(f"self.{which}"), change, arrays)
                return _with_kept(function, itself, given, old, new)
            return _with_result(function, itself, given, which, change, arrays)

    return changed


def _is_method(function: Function) -> bool:
    try:
        return next(iter(inspect.signature(function).parameters), "") == "self"
    except (TypeError, ValueError):
        return False


def _arrays(given: Mapping[str, Any]) -> dict[str, Array]:
    """Copies of the arrays and numbers in it."""
    arrays = {}
    for name, value in given.items():
        if isinstance(value, np.ndarray | np.number | float | int) and not isinstance(value, bool):
            array = np.array(value)
            if array.dtype.kind in "fiub" and array.size:
                arrays[name] = array
    return arrays


def _kept(stem: str, places: list[Any]) -> dict[str, Array]:
    """The arguments of that forward pass of which the most is kept in `places`; of several the last one's."""
    inside = _inside(places)

    def common(call: dict[str, Array]) -> int:
        return sum(array.size > 1 and any(_equal(array, other) for other in inside) for array in call.values())

    return max(reversed(_forward.get(stem, [])), key=common, default={})


def _inside(places: list[Any]) -> list[Array]:
    """Arrays in objects and in tuples."""
    arrays: list[Array] = []

    def search(value: Any, depth: int) -> None:
        if isinstance(value, np.ndarray):
            arrays.append(value)
        elif isinstance(value, list | tuple) and depth < 3:
            for item in value:
                search(item, depth + 1)
        elif depth < 2 and hasattr(value, "__dict__"):
            for item in vars(value).values():
                search(item, depth + 1)

    for place in places:
        search(place, 0)
    return arrays


def _equal(one: Any, other: Array) -> bool:
    return isinstance(one, np.ndarray) and one.shape == other.shape and bool(np.array_equal(one, other))


def _arg_change(array: Array | None, change: str, arrays: Mapping[str, Array]) -> Array | None:
    if array is None:
        return None
    name, _, of = change.partition(":")
    try:
        if name == "before":
            return next(entered.copy() for entered, left in reversed(_made) if _equal(left, array))
        if name == "is":
            return arrays[of].copy() if arrays[of].shape == array.shape else None
        if name in WITH_ARGUMENT:
            made = np.asarray(WITH_ARGUMENT[name].apply(array, arrays[of]))
            return made if made.shape == array.shape else None
        return np.asarray((ON_ARGUMENT | IN_ONE_CALL)[name].apply(array, arrays))
    except (ValueError, KeyError, StopIteration, IndexError):
        return None


def _argument(given: dict[str, Any], which: str, change: str, arrays: Mapping[str, Array]) -> dict[str, Any]:
    new = _arg_change(arrays.get(which), change, arrays)
    return given if new is None else {**given, which: new}


def _with_kept(
    function: Function, itself: tuple[Any, ...], given: dict[str, Any], old: Array | None, new: Array | None
) -> Any:
    """Run it where what was kept of `old` is `new`."""
    if old is None or new is None:
        return function(*itself, **given)
    swapped: list[tuple[dict[str, Any], str, Any, Any]] = []
    for thing in itself:
        for name, value in list(vars(thing).items()):
            other = _replaced(value, old, new)
            if other is not value:
                vars(thing)[name] = other
                swapped.append((vars(thing), name, value, other))
    given = {n: _replaced(v, old, new) if isinstance(v, list | tuple) else v for n, v in given.items()}
    try:
        return function(*itself, **given)
    finally:
        for space, name, value, other in swapped:
            if space.get(name) is other:
                space[name] = value


def _replaced(value: Any, old: Array, new: Array) -> Any:
    if _equal(value, old):
        return new
    if isinstance(value, tuple | list):
        items = [_replaced(item, old, new) for item in value]
        if any(a is not b for a, b in zip(items, value, strict=True)):
            return type(value)(items)
    return value


def _with_one_of(
    function: Function, itself: tuple[Any, ...], given: dict[str, Any], changed: dict[str, Any], only: str
) -> Any:
    """Run it as it is, and take one of the results from a run on a copy with changed arguments."""
    aside = copy.deepcopy(itself)
    other, returned = function(*aside, **changed), function(*itself, **given)
    what, _, name = only.removeprefix("result:").partition(":")
    if what == "attribute":
        if itself:
            vars(itself[0])[name] = vars(aside[0]).get(name)
        return returned
    if isinstance(returned, tuple) and what:
        at = int(what)
        return (*returned[:at], other[at], *returned[at + 1 :])
    return other if only == "result" else returned


def _with_result(
    function: Function,
    itself: tuple[Any, ...],
    given: dict[str, Any],
    which: str,
    change: str,
    arrays: Mapping[str, Array],
) -> Any:
    returned = function(*itself, **given)
    what, _, name = which.partition(":")
    if what == "attribute":
        if itself and isinstance(vars(itself[0]).get(name), np.ndarray | float):
            vars(itself[0])[name] = _result_change(vars(itself[0])[name], change, arrays)
        return returned
    if what == "key":
        return _keyed(returned, name, change, arrays)
    if what and isinstance(returned, tuple) and int(what) < len(returned):
        new = _result_change(returned[int(what)], change, arrays)
        return (*returned[: int(what)], new, *returned[int(what) + 1 :])
    return returned if what else _result_change(returned, change, arrays)


def _keyed(returned: Any, name: str, change: str, arrays: Mapping[str, Array]) -> Any:
    if isinstance(returned, tuple):
        return tuple(_keyed(item, name, change, arrays) for item in returned)
    if isinstance(returned, dict) and name in returned:
        return {**returned, name: _result_change(returned[name], change, arrays)}
    return returned


def _result_change(value: Any, change: str, arrays: Mapping[str, Array]) -> Any:
    if not isinstance(value, np.ndarray | np.number | float):
        return value
    array = np.asarray(value)
    kind, _, rest = change.partition(":")
    try:
        if kind == "formula":
            family, _, name = rest.partition(":")
            new = other(array, arrays, family, name)
        elif rest:
            new = np.asarray(WITH_OTHER[kind].apply(array, arrays[rest]))
        else:
            new = np.asarray(ON_RESULT[kind].apply(array, arrays))
        if new.shape != array.shape:
            return value
    except (ValueError, KeyError, StopIteration, IndexError):
        return value
    return new if isinstance(value, np.ndarray) else new.item()
