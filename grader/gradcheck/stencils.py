"""Stencils: where a function is evaluated on a line, and what slope its values have in the middle, how surely.

Owns the fits of polynomials to the values at its nodes and what a kink or noise can do to each. Which step suits a
function is `grader.gradcheck.slopes`'s.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from grader.gradcheck.forward import Floats

SPREAD = 0.5
"""Weight in a bound of the difference between the fit of one odd order and the next lower one: on smooth functions
the higher one is off by far less than that."""
_KINKS = 401
"""Places of a kink tried between the outermost nodes, the middle among them, to see what it does to a fit."""


class PolynomialFit(NamedTuple):
    """A polynomial of one order, as linear maps of the values at the middle and at all nodes (n of them)."""

    slope: Floats
    """Weights of the slope in the middle, shape (n,)."""
    spread: Floats
    """By how much it differs from the fit of the next lower odd order, shape (n,)."""
    rest: Floats
    """What the fit leaves over, shape (n, n)."""
    kink: float
    """Bounds the error of the slope when multiplied with the length of the rest, wherever one kink lies."""
    free: int
    """Number of values that the fit leaves over."""

    def gain(self, sigmas: float) -> float:
        """Bound that noise of deviation 1 alone leads to at step 1, when `sigmas` deviations of the slope count."""
        return sigmas * float(np.linalg.norm(self.slope)) + SPREAD * float(np.linalg.norm(self.spread))


class Stencil(NamedTuple):
    """Nodes on both sides of a point, and the fits to the values there."""

    nodes: Floats
    """In steps, the middle left out."""
    spacing: float
    """Distance of the innermost node; the others are multiples of it."""
    fits: tuple[PolynomialFit, ...]


@cache
def lean() -> Stencil:
    """Two steps and Richardson's extrapolation: four evaluations, enough where values have ten digits or more."""
    return _stencil(np.array([1.0, 0.25]), (3,))


@cache
def rich() -> Stencil:
    """Ten evaluations over a wide step, for float32 and other noise.

    With values known to a share e, an order k allows steps of e**(1/(k+1)) and an accuracy of e**(k/(k+1)): 4e-7 for
    float32 at order 7, where two steps reach 4e-6. Lower orders stand noise better where a kink forbids wide steps.
    """
    return _stencil(np.arange(1.0, 6.0) / 5, (3, 5, 7))


def _stencil(right: Floats, orders: tuple[int, ...]) -> Stencil:
    nodes = np.concatenate([right, -right])
    where = np.concatenate([[0.0], nodes])
    return Stencil(nodes, float(right.min()), tuple(_fit(where, order) for order in orders))


def _fit(where: Floats, order: int) -> PolynomialFit:
    powers = np.vander(where, order + 1, increasing=True)
    inverse = np.linalg.pinv(powers)
    slope = inverse[1]
    spread = slope - np.linalg.pinv(powers[:, : order - 1])[1]
    rest = np.eye(where.size) - powers @ inverse
    return PolynomialFit(slope, spread, rest, _kink(where, slope, spread, rest), where.size - order - 1)


def _kink(where: Floats, slope: Floats, spread: Floats, rest: Floats) -> float:
    """Largest error that one kink makes beyond the spread, in lengths of the rest; at a kink both slopes are true."""
    largest = 0.0
    for at in np.linspace(-1, 1, _KINKS):
        values = np.maximum(where - at, 0)
        for true in {float(at <= 0), float(at < 0)}:
            beyond = abs(slope @ values - true) - SPREAD * abs(spread @ values)
            if beyond > 1e-9:
                largest = max(largest, float(beyond / np.linalg.norm(rest @ values)))
    return largest
