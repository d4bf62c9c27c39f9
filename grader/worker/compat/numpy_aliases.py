"""Names that NumPy had when a course was given, put back as what they stood for.

Hand-ins of earlier years say `np.product` or `np.float`; today's NumPy has dropped these names, through no fault of the
student. Only names that are gone are put back, each as the value that NumPy's own documentation gives for it.
"""

from __future__ import annotations

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


def put_back() -> None:
    """Give the `numpy` of this process the names that it had; those that it has stay as they are."""
    there = vars(np)  # hasattr would warn about some of the names
    for name, value in _BUILTINS.items():
        there.setdefault(name, value)
    for name, today in _RENAMED.items():
        if today in there:
            there.setdefault(name, there[today])
    there.setdefault("NINF", -np.inf)
