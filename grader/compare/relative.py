"""The elementwise relative error that course notebooks print; nothing else."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from grader.compare.arguments import numbers

FLOOR = 1e-8
"""Smallest denominator: keeps two near-zero entries from looking different (the value that course hand-outs use)."""


def rel_error(x: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Largest elementwise relative error, ``max |x - y| / max(1e-8, |x| + |y|)``.

    Parameters
    ----------
    x, y
        Numbers or arrays of one shape, of any real or complex dtype.

    Returns
    -------
    float
        From 0 (equal) to 1 (opposite signs, or one of them zero); 0 for empty arrays, nan where either array holds
        a nan or an inf.

    Raises
    ------
    ValueError
        If the shapes differ (broadcasting (4, 1) against (4,) would compare the wrong entries), or either is no array
        of numbers.

    Examples
    --------
    >>> round(rel_error([1.0, 2.0], [1.0, 2.1]), 6)
    0.02439
    """
    a, b = (numbers("rel_error", name, value, kinds="biufc") for name, value in (("x", x), ("y", y)))
    if a.shape != b.shape:
        raise ValueError(f"rel_error: the arrays have shapes {a.shape} and {b.shape}; give two of the same shape")
    # At least float64: bool and unsigned integers do not subtract, and float16 would overflow.
    wide = np.result_type(a, b, np.float64)
    with np.errstate(all="ignore"):
        # Halving is exact and keeps the sum of two of the largest numbers finite.
        a, b = a.astype(wide) / 2, b.astype(wide) / 2
        return float(np.max(np.abs(a - b) / np.maximum(FLOOR / 2, np.abs(a) + np.abs(b)), initial=0.0))
