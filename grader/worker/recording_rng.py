"""The random generator that probes draw from, which remembers every array it gave.

So that a student's code that changes its inputs in place is seen without the author doing anything.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import numpy as np

KEPT_BYTES = 32 << 20
"""Copies kept for comparison; a probe that draws more is not watched beyond that."""
_METHODS = (
    *("normal", "standard_normal", "uniform", "random", "integers", "choice", "permutation", "permuted"),
    *("exponential", "gamma", "lognormal", "laplace", "poisson", "binomial", "multinomial", "multivariate_normal"),
)


class Draws(np.random.Generator):
    """A `numpy.random.Generator`; same values as `default_rng(seed)`."""

    def __init__(self, bits: Any) -> None:
        super().__init__(bits)
        self._given: list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]] = []
        self._frames: list[FrameType] = []
        self._bytes = 0

    def _remember(self, value: Any, frame: FrameType) -> Any:
        if isinstance(value, np.ndarray) and self._bytes + value.nbytes <= KEPT_BYTES:
            self._bytes += value.nbytes
            self._given.append((value, value.copy()))
            if not any(frame is f for f in self._frames):
                self._frames.append(frame)
        return value

    def changed(self) -> tuple[str, ...]:
        """Names, in the probe's own words, of the arrays that no longer hold what was drawn."""
        names = []
        for array, before in self._given:
            if not np.array_equal(array, before, equal_nan=array.dtype.kind in "fc"):
                names.append(self._name(array))
        return tuple(dict.fromkeys(names))

    def _name(self, array: np.ndarray[Any, Any]) -> str:
        for frame in self._frames:
            for name, value in frame.f_locals.items():
                if value is array:
                    return name
        return f"an input of shape {array.shape}"


def _watched(name: str) -> Any:
    draw = getattr(np.random.Generator, name)

    def method(self: Draws, *args: Any, **kwargs: Any) -> Any:
        return self._remember(draw(self, *args, **kwargs), sys._getframe(1))

    method.__name__ = name
    return method


for _name in _METHODS:
    setattr(Draws, _name, _watched(_name))


def draws(seed: int, key: int) -> Draws:
    """The generator of one check: independent of every other check's, the same on every run."""
    return Draws(np.random.PCG64(np.random.SeedSequence([seed, key])))
