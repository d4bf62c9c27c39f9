"""The function under a gradient check, as a map from rows of points to rows of outputs.

Owns calling it (copies in, float64 out, counted), and nothing about what the numbers mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.compare.arguments import kind

Floats = npt.NDArray[np.float64]

_ROWS = 1 << 21
"""Numbers held at a time, of points or of outputs: 16 MB."""


class Forward:
    """`sum(df * f(x))` with its parts kept apart.

    Parameters
    ----------
    f
        Takes one array of shape `shape`, float64; with `batched` a list of them, and returns a list.
    shape
        Of `x`.
    df
        Upstream gradient, the shape of what `f` returns; None for a function that returns one number.
    """

    def __init__(
        self, f: Callable[[Any], Any], shape: tuple[int, ...], df: npt.ArrayLike | None, *, batched: bool = False
    ) -> None:
        self._f = f
        self._shape = shape
        self._df = None if df is None else np.array(df, dtype=np.float64)
        self._batched = batched
        self.evaluations = 0
        """Points evaluated so far."""
        self.single: np.dtype[Any] | None = None
        """float32 or float16, if `f` was seen to return it."""

    @property
    def df(self) -> Floats:
        """Upstream gradient, flat; one 1.0 for a scalar function."""
        return np.ones(1) if self._df is None else self._df.reshape(-1)

    def chunk(self, size: int) -> int:
        """How many points of `size` numbers fit into memory at a time."""
        return max(1, _ROWS // max(size, self.df.size))

    def at(self, points: Floats) -> Floats:
        """Outputs, shape (k, outputs), at the rows of `points`, shape (k, x.size).

        Raises ValueError if `f` returns an array and there is no `df`, or one of another shape, or anything but real
        numbers; or, with `batched`, not one value for each point.
        """
        self.evaluations += len(points)
        # Copies: code under test that writes into its argument must not move the next point.
        arrays = [row.reshape(self._shape).copy() for row in points]
        # Lazily, one by one: f may hand out the same buffer again and again.
        values: Iterable[Any] = self._f(arrays) if self._batched else map(self._f, arrays)
        outputs = [self._output(v) for v in values]
        if len(outputs) != len(points):
            raise ValueError(f"check_grad: f got {len(points)} points and returned {len(outputs)} values (batched)")
        return np.array(outputs).reshape(len(points), -1)

    def _output(self, value: Any) -> Floats:
        try:
            array = np.asarray(value)
        except ValueError:  # rows of different lengths, or several results
            array = np.array(None)
        if array.dtype.kind not in "biuf":
            asked = "a number alone" if self._df is None else f"one array of shape {self._df.shape}"
            raise ValueError(f"check_grad: f returned {_returned(value, array)}; it has to return {asked}")
        if self._df is None and isinstance(value, tuple) and len(value) > 1:
            raise ValueError(f"check_grad: f returned {kind(value)}; it has to return a number alone")
        if self._df is None and array.size != 1:
            raise ValueError(
                f"check_grad: f returned an array of shape {array.shape}; give the upstream gradient df of that shape"
            )
        if self._df is not None and array.shape != self._df.shape:
            raise ValueError(f"check_grad: f returned shape {array.shape}, but df has shape {self._df.shape}")
        if array.dtype.kind == "f" and array.dtype.itemsize < 8:
            self.single = array.dtype
        return np.array(array, dtype=np.float64).reshape(-1)


def _returned(value: Any, array: npt.NDArray[Any]) -> str:
    """What `f` returned, as a message names it."""
    if array.dtype.kind == "c":
        return "complex numbers"
    if isinstance(value, list) and not array.ndim:
        return "a list that is no array: its members differ in shape"
    return kind(value).removeprefix("of type ")
