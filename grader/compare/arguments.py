"""Validates arguments of the public functions: a one-line error says which one is wrong and how.

Owns these errors alone; each is a TypeError or ValueError that begins with the function's name.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def function(where: str, name: str, value: Any) -> None:
    """Refuse what cannot be called."""
    if not callable(value):
        raise TypeError(f"{where}: {name} is {kind(value)}; give a function of x")


def numbers(where: str, name: str, value: Any, *, kinds: str = "biuf") -> npt.NDArray[Any]:
    """`value` as an array of real numbers (or with `kinds` "biufc" complex ones), not copied."""
    what = "real numbers" if "c" not in kinds else "numbers"
    try:
        array = np.asarray(value)
    except ValueError:
        reason = kind(value) if _several(value) else "no array: its rows differ in length"
        raise ValueError(f"{where}: {name} is {reason}; give an array of {what}") from None
    if array.dtype.kind not in kinds:
        raise ValueError(f"{where}: {name} is {kind(value)}; give an array of {what}")
    return array


def finite(where: str, name: str, array: npt.NDArray[Any]) -> None:
    """Refuse nan and infinities, with the index of the first."""
    if not np.isfinite(array).all():
        worst = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        place = f" at [{', '.join(map(str, worst))}]" if worst else ""
        raise ValueError(f"{where}: {name} is {array[worst]}{place}; give finite numbers")


def positive(where: str, name: str, value: Any) -> None:
    """Refuse what is no number above zero."""
    if not (isinstance(value, int | float | np.integer | np.floating) and 0 < value < np.inf):
        raise ValueError(f"{where}: {name} is {value!r}; give a number above 0")


def kind(value: Any) -> str:
    """What a value is, as a message names it after "is"; of a tuple, what each of its members is."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of dtype {value.dtype}"
    if _several(value):
        return f"a {type(value).__name__} of {len(value)} ({', '.join(_member(v) for v in value[:_SHOWN])})"
    return f"of type {type(value).__name__}"


_SHOWN = 4
"""Members of a tuple that a message describes."""


def _several(value: Any) -> bool:
    """Whether a value is several results, as `(loss, grads)` is, and no array written as a list."""
    if not isinstance(value, tuple | list) or not value:
        return False
    return isinstance(value, tuple) or any(v is None or isinstance(v, dict | np.ndarray) for v in value)


def _member(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, bool | int | float | np.number):
        return "a number"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else "a number"
    return f"a {type(value).__name__}"
