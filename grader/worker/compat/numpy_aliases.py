"""Restores aliases that newer NumPy removed, and makes uninitialised memory the same in every run.

Submissions of earlier years say `np.product` or `np.float`; today's NumPy has dropped these names, through no fault of
the student. Only names that are gone are put back, each as the value that NumPy's own documentation gives for it.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

import numpy as np

_BUILTINS: dict[str, Any] = {"int": int, "float": float, "complex": complex, "object": object, "str": str, "bool": bool}
"""Aliases dropped in NumPy 1.24."""
_RENAMED = {
    "product": "prod",
    "cumproduct": "cumprod",
    "sometrue": "any",
    "alltrue": "all",
    "round_": "round",
    "in1d": "isin",
    "trapz": "trapezoid",
    "row_stack": "vstack",
    "mat": "asmatrix",
    "float_": "float64",
    "complex_": "complex128",
    "string_": "bytes_",
    "unicode_": "str_",
    "Inf": "inf",
    "Infinity": "inf",
    "infty": "inf",
    "PINF": "inf",
    "NaN": "nan",
    "NAN": "nan",
}
"""Second names dropped in NumPy 2.0 to 2.4, by the first."""


_FUNCTIONS: dict[str, Any] = {
    "asfarray": lambda a, dtype=float: np.asarray(a, dtype=dtype),
    "asscalar": lambda a: a.item(),
    "msort": lambda a: np.sort(a, axis=0),
    "rank": np.ndim,
    "alen": len,
}
"""Functions dropped in NumPy 1.18 to 2.0, by what they did."""
_PATTERN = b"\x5a"
"""Every byte of an array that nothing was written into: 2.5e127 as float64, and no value that anybody computes."""


def _reshape(original: Any) -> Any:
    """`np.reshape` with the keyword that it had up to NumPy 2.3."""

    @functools.wraps(original)
    def reshape(a: Any, /, shape: Any = None, order: Any = "C", *, newshape: Any = None, **more: Any) -> Any:
        if shape is None and newshape is None:
            return original(a, order=order, **more)  # says what is missing
        return original(a, shape if newshape is None else newshape, order=order, **more)

    return reshape


def _filled(original: Any) -> Any:
    """`np.empty` or `np.empty_like` with a pattern in it, so that the same code gives the same at every run."""

    @functools.wraps(original)
    def empty(*args: Any, **kwargs: Any) -> Any:
        made = original(*args, **kwargs)
        if made.dtype.kind in "iufc":
            made.fill(np.frombuffer(_PATTERN * made.dtype.itemsize, made.dtype)[0])
        elif made.dtype.kind == "b":
            made.fill(True)
        return made

    return empty


def restore() -> None:
    """Give the `numpy` of this process the names that it had; those that it has stay as they are."""
    for name in ("empty", "empty_like"):
        setattr(np, name, _filled(getattr(np, name)))
    if "newshape" not in inspect.signature(np.reshape).parameters:
        np.reshape = _reshape(np.reshape)
    there = vars(np)  # hasattr would warn about some of the names
    for name, value in _BUILTINS.items():
        there.setdefault(name, value)
    for name, today in _RENAMED.items():
        if today in there:
            there.setdefault(name, there[today])
    for name, value in _FUNCTIONS.items():
        there.setdefault(name, value)
    there.setdefault("NINF", -np.inf)
