"""Plain centred differences, as course notebooks use them: two evaluations for every entry of x.

Owns the usual functions with their usual meaning, fixed step included. They know nothing about rounding and
kinks: to decide whether a gradient is right, use `check_grad`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.compare.arguments import function, numbers, positive

Floats = npt.NDArray[np.float64]


def numerical_gradient(f: Callable[[Any], npt.ArrayLike], x: npt.ArrayLike, h: float = 1e-5) -> Floats:
    """Gradient of a scalar function by centred differences.

    Parameters
    ----------
    f
        Takes an array like `x` and returns a number.
    x
        Where to differentiate: an array of any shape, or a number. A writeable float64 array is itself handed to
        `f`, with one entry changed at a time, so that `f` may also read it from elsewhere (``lambda _: net.loss()``
        with `x` a weight of `net`); it is put back after every call, also when `f` raises or writes into it.
        Anything else is copied to float64 first.
    h
        Step, absolute. The error is of the order of h**2 and of 1e-16/h times the size of `f`.

    Returns
    -------
    ndarray of float64
        Shape of `x`.

    Raises
    ------
    TypeError
        If `f` is no function.
    ValueError
        If `f` returns anything but one real number, `x` is no array of real numbers, or `h` is not above 0.

    Examples
    --------
    >>> numerical_gradient(lambda x: (x**2).sum(), [1.0, -3.0]).round(6)
    array([ 2., -6.])
    """
    gradient = np.zeros(numbers("numerical_gradient", "x", x).shape)
    for index, plus, minus in _pairs("numerical_gradient", f, x, h):
        if plus.size != 1:
            raise ValueError(
                f"numerical_gradient: f returned an array of shape {plus.shape}, not a number;"
                " use numerical_gradient_array and give the upstream gradient df"
            )
        gradient[index] = (plus.item() - minus.item()) / (2 * h)
    return gradient


def numerical_gradient_array(
    f: Callable[[Any], npt.ArrayLike], x: npt.ArrayLike, df: npt.ArrayLike, h: float = 1e-5
) -> Floats:
    """Gradient of ``sum(df * f(x))`` by centred differences, for a function that returns an array.

    Parameters
    ----------
    f
        Takes an array like `x` and returns an array, the same shape every time.
    x, h
        As for `numerical_gradient`.
    df
        Upstream gradient, the shape of what `f` returns.

    Returns
    -------
    ndarray of float64
        Shape of `x`.

    Raises
    ------
    TypeError
        If `f` is no function.
    ValueError
        If `df` has not the shape of what `f` returns, `x` or either of them is no array of real numbers, or `h` is not
        above 0.

    Examples
    --------
    >>> numerical_gradient_array(lambda x: 3 * x, [1.0, 2.0], df=[1.0, -1.0]).round(6)
    array([ 3., -3.])
    """
    upstream = numbers("numerical_gradient_array", "df", df)
    gradient = np.zeros(numbers("numerical_gradient_array", "x", x).shape)
    for index, plus, minus in _pairs("numerical_gradient_array", f, x, h):
        if plus.shape != upstream.shape:
            raise ValueError(f"numerical_gradient_array: f returned shape {plus.shape}, df has shape {upstream.shape}")
        gradient[index] = np.sum((plus - minus) * upstream) / (2 * h)
    return gradient


def _pairs(
    where: str, f: Callable[[Any], npt.ArrayLike], x: npt.ArrayLike, h: float
) -> Iterator[tuple[tuple[int, ...], npt.NDArray[Any], npt.NDArray[Any]]]:
    """For each entry: its index, f one step above and f one step below, as copies."""
    function(where, "f", f)
    positive(where, "h", h)
    own = isinstance(x, np.ndarray) and x.dtype == np.float64 and x.flags.writeable
    point: npt.NDArray[Any] = x if own else np.array(x, dtype=np.float64)  # type: ignore[assignment]
    kept = point.copy()

    def at(index: tuple[int, ...], step: float) -> npt.NDArray[Any]:
        point[index] = kept[index] + step
        try:
            # Copied, since f may return the same buffer on the next call.
            value = np.array(numbers(where, "what f returns", f(point)))
        finally:
            point[...] = kept
        # bool and unsigned results do not subtract.
        return value if value.dtype.kind == "f" else value.astype(np.float64)

    for index in np.ndindex(point.shape):
        yield index, at(index, h), at(index, -h)
