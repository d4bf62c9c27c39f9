"""How rough a function is at a point: the rounding noise of its values, and whether it rounds its argument.

Owns the difference table of Moré and Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33 (2011). The
steps that follow from the noise are `grader.gradcheck.slopes`'s.
"""

from __future__ import annotations

from math import comb
from typing import NamedTuple

import numpy as np

from grader.gradcheck.forward import Floats, Forward

_POINTS = 8
"""On one line: a table of seven orders of differences, as in the paper's examples."""
_ORDERS = (4, 5, 6)
"""By the fourth difference the smooth part is gone at these spacings, and two or more entries are left."""
_LINES = 3
"""The median of three lines: one of them may cross a kink, which looks like noise."""
_SPACINGS = (1e-11, 1e-8, 1e-5, 1e-3)
"""In units of the scale of x. The first is wide enough to change the last bits at random (1e5 of them) and keeps
clear of kinks; the next are for functions so flat that neighbouring points have equal values."""
_COARSE = 2
"""From here on for a function that rounds its argument to float32."""
_SHORTER = (1.0, 1 / 16, 1 / 256)
"""Tried in turn when f is not finite along the whole line."""
_NUDGE = 1e-12
"""Relative step that any float64 computation notices (1e-16) and that a float32 one (6e-8) does not."""


class Roughness(NamedTuple):
    """What limits a finite difference at a point."""

    noise: float
    """Standard deviation of one output, absolute."""
    size: float
    """Largest output met."""
    single: bool
    """Whether the function rounds its argument to float32."""
    scale: float
    """Typical size of an entry of x: their root mean square, 1 if all are zero."""


def roughness(forward: Forward, x: Floats, rng: np.random.Generator) -> Roughness:
    """Estimate the noise of `forward` near `x`, shape (n,), with about 25 evaluations (75 for a coarse function)."""
    scale = float(np.sqrt(np.mean(x * x))) or 1.0
    value, nudged = forward.at(np.array([x, x + _NUDGE * scale * rng.standard_normal(x.size)]))
    deaf = np.array_equal(value, nudged)
    estimate, size = 0.0, float(np.max(np.abs(value)))
    for spacing in _SPACINGS[_COARSE:] if deaf else _SPACINGS:
        lines = np.array([_line(forward, x, spacing, rng) for _ in range(_LINES)])
        size = max(size, float(np.max(np.abs(lines))))
        estimate = float(np.median([_table(line) for line in lines]))
        if np.mean(np.diff(lines, axis=1) != 0) > 0.5:
            break
    # A value that is rounded to its own last bit is never better than half of that bit.
    eps = float(np.finfo(forward.single or np.float64).eps)
    return Roughness(max(estimate, eps / 2 * size), size, deaf and _rounds_to_single(forward, x, value), scale)


def _rounds_to_single(forward: Forward, x: Floats, value: Floats) -> bool:
    """Whether rounding `x` to float32 changes nothing, in a function that does depend on `x`."""
    rounded, away = forward.at(np.array([x.astype(np.float32).astype(np.float64), 1.01 * x + 0.01]))
    return np.array_equal(value, rounded) and not np.array_equal(value, away)


def _line(forward: Forward, x: Floats, spacing: float, rng: np.random.Generator) -> Floats:
    """Values, shape (points, outputs), at equal steps along a random line through `x`.

    Every entry moves in proportion to itself, which keeps its sign; the line is shorter where f ends nearby.
    """
    reach = np.where(x == 0, np.sqrt(np.mean(x * x)) or 1.0, x)
    direction = reach * rng.uniform(0.5, 1.0, x.size) * rng.choice([-1.0, 1.0], x.size)
    steps = np.arange(_POINTS) - _POINTS // 2
    for shorter in _SHORTER:
        values = forward.at(x + (spacing * shorter * steps)[:, None] * direction)
        if np.isfinite(values).all():
            break
    return values


def _table(values: Floats) -> float:
    """Noise of the roughest output, from the values at equal steps on one line, shape (points, outputs).

    For independent noise of variance s**2 the k-th difference has the variance s**2 * (2k)! / (k!)**2.
    """
    estimates = []
    for order in _ORDERS:
        differences = np.diff(values, order, axis=0)
        estimates.append(np.sqrt(np.mean(differences**2, axis=0) / comb(2 * order, order)))
    return float(np.max(estimates))
