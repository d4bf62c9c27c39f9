"""SciPy's own gradient check, for arrays of any shape; imports SciPy when it is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt


def scipy_check_grad(
    f: Callable[[Any], Any], grad: Callable[[Any], npt.ArrayLike], x: npt.ArrayLike, **options: Any
) -> float:
    """`scipy.optimize.check_grad` at an `x` of any shape.

    Parameters
    ----------
    f, grad
        Take an array of the shape of `x`; return a number, and the gradient in that shape.
    x
        Where to check, float64 or converted to it.
    **options
        Handed on: `epsilon`, `direction`, `rng`.

    Returns
    -------
    float
        The 2-norm of the difference between `grad` and a forward difference: absolute, so that it grows with the
        size of the gradient and with the number of entries.

    Raises
    ------
    ValueError
        If `grad` does not return the shape of `x`.
    """
    from scipy.optimize import check_grad  # type: ignore[import-untyped]

    start = np.array(x, dtype=np.float64)

    def flat_grad(point: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        gradient = np.asarray(grad(point.reshape(start.shape)), dtype=np.float64)
        if gradient.shape != start.shape:
            raise ValueError(f"scipy_check_grad: grad returned shape {gradient.shape}, x has shape {start.shape}")
        return gradient.reshape(-1)

    return float(check_grad(lambda point: f(point.reshape(start.shape)), flat_grad, start.reshape(-1), **options))
