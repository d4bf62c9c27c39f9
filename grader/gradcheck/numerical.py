"""Plain centred differences, as course notebooks use them: two evaluations for every entry of x.

Owns the usual functions with their usual meaning, fixed step included. They know nothing about rounding and
kinks: to decide whether a gradient is right, use `check_grad`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.compare.arguments import function, kind, numbers, positive

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
        Anything else (float32, integers, a list, a read-only array) is copied to float64 first, and `f` has to
        compute from its argument: a step of 1e-5 would be lost in float32.
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
        If `f` returns anything but one real number, `x` is no array of real numbers, `h` is not above 0, or `x` was
        copied and `f` returns the same value wherever it is asked.

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
        If `df` has not the shape of what `f` returns, `x` or either of them is no array of real numbers, `h` is not
        above 0, or `x` was copied and `f` returns the same value wherever it is asked.

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
    point: npt.NDArray[Any] = np.asanyarray(x) if own else np.array(x, dtype=np.float64)
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

    still = True
    for index in np.ndindex(point.shape):
        plus, minus = at(index, h), at(index, -h)
        still = still and np.array_equal(plus, minus)
        yield index, plus, minus
    if still and not own and point.size and _deaf(f, kept):
        raise ValueError(
            f"{where}: f does not change with its argument. x is {_copied(x)}, so f was given a copy of it in float64:"
            " let f compute from its argument, or make x a writeable float64 array where f reads it"
        )


def _deaf(f: Callable[[Any], npt.ArrayLike], x: Floats) -> bool:
    """Whether `f` takes no notice of its argument anywhere, where a flat place of it alone would give zeros too."""
    try:
        with np.errstate(all="ignore"):
            value, *others = [np.array(f(point)) for point in (x.copy(), 2 * x + 1, -3 * x - 2)]
    except Exception:  # it cannot be computed elsewhere, so it depends on where it is
        return False
    return all(np.array_equal(value, other) for other in others)


def _copied(x: npt.ArrayLike) -> str:
    """Why `x` was not handed to `f` itself."""
    if not isinstance(x, np.ndarray):
        return kind(x).removeprefix("of type ")
    return kind(x) if x.dtype != np.float64 else "a read-only array"
