"""What the public functions of this package take, or a one-line error that says which argument is wrong and how.

Owns these errors alone; each is a TypeError or ValueError that begins with the function's name.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def function(where: str, name: str, value: Any) -> None:
    """Refuse what cannot be called."""
    if not callable(value):
        raise TypeError(f"{where}: {name} is {_kind(value)}; give a function of x")


def numbers(where: str, name: str, value: Any, *, kinds: str = "biuf") -> npt.NDArray[Any]:
    """`value` as an array of real numbers (or with `kinds` "biufc" complex ones), not copied."""
    what = "real numbers" if "c" not in kinds else "numbers"
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        raise ValueError(f"{where}: {name} is no array: its rows differ in length; give an array of {what}") from None
    if array.dtype.kind not in kinds:
        raise ValueError(f"{where}: {name} is {_kind(value)}; give an array of {what}")
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


def _kind(value: Any) -> str:
    """A value's type, as a message names it."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of dtype {value.dtype}"
    return f"of type {type(value).__name__}"
