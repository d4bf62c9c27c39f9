"""SciPy's own gradient check, for arrays of any shape; imports SciPy when it is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.compare.arguments import function, numbers


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
    TypeError
        If `f` or `grad` is no function.
    ValueError
        If `grad` does not return the shape of `x`, `f` does not return one number, or `x` is no array of real numbers.

    Notes
    -----
    SciPy steps by 1.5e-8 in every entry and measures ``||grad - difference||``; a usual threshold is 1e-5.
    """
    from scipy.optimize import check_grad

    start = numbers("scipy_check_grad", "x", x).astype(np.float64)
    function("scipy_check_grad", "f", f)
    function("scipy_check_grad", "grad", grad)

    def value(point: npt.NDArray[np.float64]) -> Any:
        result = numbers("scipy_check_grad", "what f returns", f(point.reshape(start.shape)))
        if result.size != 1:
            raise ValueError(f"scipy_check_grad: f returned an array of shape {result.shape}, not a number")
        return result.reshape(())[()]

    def flat_grad(point: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        gradient = numbers("scipy_check_grad", "what grad returns", grad(point.reshape(start.shape)))
        if gradient.shape != start.shape:
            raise ValueError(f"scipy_check_grad: grad returned shape {gradient.shape}, x has shape {start.shape}")
        return gradient.astype(np.float64).reshape(-1)

    return float(check_grad(value, flat_grad, start.reshape(-1), **options))
