"""What changed between two golden recordings, array by array, for `grade golden diff` to show.

Whether a change lies within a check's tolerance is asked of the caller: the comparison that grades decides it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from grader.assignment.golden.golden import Golden
from grader.model import Plain

Array = npt.NDArray[Any]
Within = Callable[[str, str, Any, Any], bool]
"""`within(check, name, old, new)`: whether `new` would pass where `old` is expected."""


class ArrayChange(Struct, frozen=True, kw_only=True):
    """One array that is not the same in both recordings."""

    check: str
    name: str
    kind: Literal["added", "removed", "shape", "dtype", "values"]
    """The first of these that applies."""
    old_shape: tuple[int, ...] | None = None
    new_shape: tuple[int, ...] | None = None
    old_dtype: str | None = None
    new_dtype: str | None = None
    change: float | None = None
    """max|new - old|; inf where a nan or inf came, went or changed its sign; None where the shapes differ."""
    relative: float | None = None
    """`change` over max|old| of the finite entries; inf where that is 0."""
    index: tuple[int, ...] | None = None
    """The first entry that differs."""
    within: bool | None = None
    """Whether the check would still pass; None when it was not asked, or the array was added or removed."""


def difference(old: Golden, new: Golden, within: Within | None = None) -> list[ArrayChange]:
    """Every array that changed, in the order of the new recording, then those that are gone.

    Entries are equal when they compare equal or are both nan.
    """
    rows: list[ArrayChange] = []
    olds, news = _arrays(old), _arrays(new)
    for (check, name), array in news.items():
        before = olds.get((check, name))
        if before is None:
            shape, dtype = _shape_dtype(array)
            rows.append(ArrayChange(check=check, name=name, kind="added", new_shape=shape, new_dtype=dtype))
        elif row := _change(check, name, before, array, within):
            rows.append(row)
    for (check, name), array in olds.items():
        if (check, name) not in news:
            shape, dtype = _shape_dtype(array)
            rows.append(ArrayChange(check=check, name=name, kind="removed", old_shape=shape, old_dtype=dtype))
    return rows


def _arrays(golden: Golden) -> dict[tuple[str, str], Any]:
    """By check and name; a value that is no array stands as one object, of the dtype that its type's name gives."""
    return {(check, name): a for check, arrays in golden.observations.items() for name, a in arrays.items()}


def _shape_dtype(value: Any) -> tuple[tuple[int, ...], str]:
    return ((), type(value.value).__name__) if isinstance(value, Plain) else (value.shape, value.dtype.name)


def _change(check: str, name: str, old: Any, new: Any, within: Within | None) -> ArrayChange | None:
    change = relative = index = None
    kind: Literal["shape", "dtype", "values"]
    if isinstance(old, Plain) and isinstance(new, Plain) and repr(old.value) == repr(new.value):
        return None
    if isinstance(old, Plain) or isinstance(new, Plain):
        kind = "values" if isinstance(old, Plain) and isinstance(new, Plain) else "dtype"
    elif old.shape != new.shape:
        kind = "shape"
    else:
        differs = ~((old == new) | ((old != old) & (new != new)))
        if not differs.any() and old.dtype == new.dtype:
            return None
        kind = "values" if old.dtype == new.dtype else "dtype"
        change, relative = _size(old, new, differs)
        if differs.any():
            index = tuple(int(i) for i in np.argwhere(differs)[0])
    (old_shape, old_dtype), (new_shape, new_dtype) = _shape_dtype(old), _shape_dtype(new)
    return ArrayChange(
        check=check,
        name=name,
        kind=kind,
        old_shape=old_shape,
        new_shape=new_shape,
        old_dtype=old_dtype,
        new_dtype=new_dtype,
        change=change,
        relative=relative,
        index=index,
        within=None if within is None else within(check, name, old, new),
    )


def _size(old: Array, new: Array, differs: Array) -> tuple[float, float]:
    """Largest change and the same relative to the largest finite old entry."""
    kind = np.result_type(old, new, np.float64)
    before, after = old.astype(kind), new.astype(kind)
    with np.errstate(all="ignore"):
        steps = np.abs(after - before)[differs]
    change = float(np.max(np.where(np.isfinite(steps), steps, np.inf), initial=0.0))
    finite = np.abs(before[np.isfinite(before)])
    scale = float(np.max(finite, initial=0.0))
    return change, change / scale if scale else (float("inf") if change else 0.0)
