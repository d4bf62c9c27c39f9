"""What the tables of mistakes have in common: formulas with words, textbook functions, the labels of a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Arguments = Mapping[str, Array]
"""The arrays of one call by the names of the parameters, those of the forward pass and of the object included."""


class Formula(NamedTuple):
    """What would come out of the arguments that a family of formulas has found."""

    code: str
    words: str
    of: Callable[..., Array]
    mistakes: int = 1


def same(one: Array, other: Array) -> bool:
    """Whether two arrays are equal but for rounding."""
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-9, atol=1e-12))


def rows_of(arguments: Arguments) -> int:
    """The number of rows of a call: that of the first array with rows."""
    for array in arguments.values():
        if array.ndim > 1:
            return len(array)
    raise ValueError("no array with rows")


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), entry by entry."""
    result: Array = 1 / (1 + np.exp(-x))
    return result


def softmax(x: Array) -> Array:
    """Of each row."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    result: Array = powers / powers.sum(axis=-1, keepdims=True)
    return result


def positive(x: Array) -> Array:
    """The larger of each entry and 0."""
    return np.maximum(x, 0)


def classes(labels: Array, arguments: Arguments) -> tuple[Array, int]:
    """The class of each row, and how many there are: of labels as numbers, or as rows of zeros with a one."""
    if labels.ndim == 2 and np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all():
        return labels.argmax(axis=1), labels.shape[1]
    if labels.ndim == 1 and labels.dtype.kind in "iu":
        for array in arguments.values():
            if array.ndim == 2 and array.dtype.kind == "f" and len(array) == len(labels):
                return labels, array.shape[1]
    raise ValueError("no labels")
