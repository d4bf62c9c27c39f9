"""Directional derivatives by finite differences, each with a bound on its own error.

Owns the choice of steps: two at a time, Richardson's extrapolation between them, larger where noise rules, smaller
where curvature or a kink does. Says nothing about any gradient (`grader.numeric.gradcheck`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from grader.numeric.forward import Floats, Forward
from grader.numeric.noise import Roughness

Direction = int | Floats
"""One coordinate by its flat index, or a vector of shape (n,)."""

_FINER = 4.0
"""Ratio of the two steps of one measurement."""
_SIGMAS = 4.0
"""Deviations of one value that count over the finer step. The slope itself has 0.76 of them, so that this stands for
5.3 of its deviations, which thousands of coordinates do not meet by chance."""
_GAIN = 8.0
"""A step changes when truncation or a kink exceeds noise by this much: less, and the bound would hardly improve."""
_FIRST = (3e-6, 3e-2)
"""Smallest and largest first step, in units of the scale; between them the cube root of the relative noise, which
balances noise / h against h**2."""
_ROUNDS = 6
"""Measurements of one direction at most; almost all need one."""
_REACH = 1e6
"""How far beyond the first step a growing one may go: weights of 1e-4 may well belong to a function that is smooth
over a range of 1. It grows only while noise hides the curvature."""
_PILOTS = 5
"""Directions measured first; all others begin with the step that suited most of these."""


class Slopes(NamedTuple):
    """Derivatives along some directions; every array has shape (k,)."""

    value: Floats
    """Extrapolated from two steps; at a kink the mean of the right and the left slope."""
    given: Floats
    """What the gradient under test predicts for the same steps."""
    bound: Floats
    """The true derivative lies within `value` ± `bound`, as long as no two kinks within a step hide each other; inf
    where nothing could be measured."""
    step: Floats
    """The wider of the two steps."""
    kink: npt.NDArray[np.bool_]
    """Whether a jump of the slope makes up most of the bound."""


class Measured(NamedTuple):
    """One measurement, and what its bound is made of; every array has shape (k,)."""

    slopes: Slopes
    noise: Floats
    """Share of rounding in the bound."""
    spread: Floats
    """Difference between the slopes at the two steps."""
    jump: Floats
    """By how much the slope seems to jump at the point itself."""


class Probe(NamedTuple):
    """A point, the function and gradient there, and what is known about its noise."""

    forward: Forward
    x: Floats
    value: Floats
    """Outputs at `x`, shape (outputs,)."""
    gradient: Floats
    """Under test, shape (n,)."""
    rough: Roughness


def measure(probe: Probe, directions: Sequence[Direction], *, target: float) -> Slopes:
    """Derivatives along `directions`, refined until each bound is at most `target` times the largest derivative.

    Costs four evaluations for each direction and round; many directions need one round each.
    """
    first = first_step(probe.rough)
    if len(directions) <= 4 * _PILOTS:
        return _refined(probe, directions, first, target, growing=True)
    spread_out = np.linspace(0, len(directions) - 1, _PILOTS).astype(int)
    pilots = _refined(probe, [directions[int(i)] for i in spread_out], first, target, growing=True)
    return _refined(probe, directions, float(np.median(pilots.step)), target, growing=False)


def first_step(rough: Roughness) -> float:
    """Step to begin with, absolute."""
    relative = rough.noise / rough.size if rough.size else 0.0
    return rough.scale * float(np.clip(relative ** (1 / 3), *_FIRST))


def _refined(probe: Probe, directions: Sequence[Direction], first: float, target: float, *, growing: bool) -> Slopes:
    """Each direction's best measurement, beginning with the step `first`."""
    ceiling = _REACH * first_step(probe.rough)
    count = len(directions)
    best = Slopes(
        np.zeros(count), np.zeros(count), np.full(count, np.inf), np.full(count, first), np.zeros(count, dtype=bool)
    )
    step, live, may_grow = best.step.copy(), np.arange(count), np.full(count, growing)
    for _ in range(_ROUNDS):
        now = measure_once(probe, [directions[int(i)] for i in live], step[live])
        better = now.slopes.bound < best.bound[live]
        for kept, new in zip(best, now.slopes, strict=True):
            kept[live[better]] = new[better]
        wanted = target * largest(best)
        factor = _advice(now, wanted)
        # What was once too wide does not become right again: no to and fro around a kink.
        may_grow[live] &= factor >= 1
        factor = np.where(may_grow[live], factor, np.minimum(factor, 1.0))
        following = np.minimum(step[live] * factor, ceiling)
        again = (best.bound[live] > wanted) & (following != step[live])
        step[live] = following
        live = live[again]
        if not live.size:
            break
    return best


@np.errstate(all="ignore")
def _advice(now: Measured, wanted: float) -> Floats:
    """By what factor each step had better change; 1 where another step would not halve the bound."""
    noise, spread = now.noise, now.spread
    factor = np.ones(len(noise))
    # `noise` is a bound: it stands for 5.5 deviations of the spread and 1.2 of the jump. Within 2.7 and 2.4
    # deviations they are no sign of anything but noise.
    quiet = (spread <= noise / 2) & (now.jump <= 2 * noise)
    factor = np.where(quiet, np.clip(noise / wanted, 2.0, 32.0), factor)
    # Truncation grows with h**2 and noise falls with 1/h: the cube root of their ratio leads to the balance.
    factor = np.where(spread > _GAIN * noise, np.clip(np.cbrt(noise / spread), 1 / 64, 0.5), factor)
    # A kink must be left behind.
    factor = np.where(now.slopes.kink & (now.jump > spread), 1 / _GAIN, factor)
    factor[np.isinf(now.slopes.bound)] = 1 / 64
    return factor


def largest(slopes: Slopes) -> float:
    """Size of the largest derivative that was measured to a tenth of itself; 0 if none was."""
    clear = slopes.bound <= 0.1 * np.abs(slopes.value)
    return float(np.max(np.abs(slopes.value[clear]), initial=0.0))


@np.errstate(all="ignore")
def measure_once(probe: Probe, directions: Sequence[Direction], steps: Floats) -> Measured:
    """One measurement along each direction, with the given steps."""
    parts = []
    at_once = max(1, probe.forward.chunk(probe.x.size) // 4)
    for start in range(0, len(directions), at_once):
        chosen = slice(start, start + at_once)
        parts.append(_differences(probe, directions[chosen], steps[chosen]))
    wide, fine, given_wide, given_fine, bend_wide, bend_fine, weight = (
        np.concatenate(p) for p in zip(*parts, strict=True)
    )

    square = _FINER**2
    value = (square * fine - wide) / (square - 1)
    given = (square * given_fine - given_wide) / (square - 1)
    noise = _SIGMAS * probe.rough.noise * weight / (steps / _FINER)
    spread = np.abs(wide - fine)
    # Right minus left slope is J + h f'' with a jump J of the slope at x: without the part that shrinks with h, J.
    jump = np.abs(_FINER * bend_fine - bend_wide) / (_FINER - 1)
    # Half of the sum bounds what one kink does to the extrapolation, wherever it lies. At t times the finer step
    # (t < 1) that is J |0.5 - 0.525 t|, the spread is 0.375 t J and the jump found |1 - 1.25 t| J; between the two
    # steps the error is a fifteenth of the spread. Smooth functions have a spread of the order of h**2, a jump of h**3.
    bound = (spread + jump) / 2 + noise
    bound[~(np.isfinite(value) & np.isfinite(bound))] = np.inf
    return Measured(Slopes(value, given, bound, steps.copy(), jump > _GAIN * noise), noise, spread, jump)


def _differences(probe: Probe, directions: Sequence[Direction], steps: Floats) -> tuple[Floats, ...]:
    """For each direction, shape (k,): wide and fine slope, the same as the gradient predicts them, the difference
    between right and left slope, wide and fine, and the weight that the noise of one output has in a slope."""
    forward, x, df = probe.forward, probe.x, probe.forward.df
    offsets = np.array([1.0, -1.0, 1 / _FINER, -1 / _FINER])
    points = np.repeat(x[None], 4 * len(directions), axis=0)
    for row, (direction, step) in enumerate(zip(directions, steps, strict=True)):
        block = points[4 * row : 4 * row + 4]
        if isinstance(direction, int | np.integer):
            block[:, direction] += offsets * step
        else:
            block += np.outer(offsets * step, direction)
    if probe.rough.single:
        # Stand on the function's own grid: its steps are then what we take them for.
        points = points.astype(np.float32).astype(np.float64)
    outputs = forward.at(points).reshape(len(directions), 4, -1)
    moved = ((points - x) @ probe.gradient).reshape(len(directions), 4)
    right_wide, left_wide, right_fine, left_fine = outputs.transpose(1, 0, 2)
    fine_step = steps / _FINER
    # Entry by entry before they are added up: what a step leaves alone then cancels exactly.
    wide = (right_wide - left_wide) @ df / (2 * steps)
    fine = (right_fine - left_fine) @ df / (2 * fine_step)
    given_wide = (moved[:, 0] - moved[:, 1]) / (2 * steps)
    given_fine = (moved[:, 2] - moved[:, 3]) / (2 * fine_step)
    # On a grid the step to the right is not quite the one to the left; what that alone makes is no bend.
    uneven = np.stack([moved[:, 0] + moved[:, 1], moved[:, 2] + moved[:, 3]])
    bend_wide = ((right_wide - 2 * probe.value + left_wide) @ df - uneven[0]) / steps
    bend_fine = ((right_fine - 2 * probe.value + left_fine) @ df - uneven[1]) / fine_step
    changed = (right_wide != left_wide) | (right_fine != left_fine)
    weight = np.sqrt(changed @ (df * df))
    weight[~changed.any(axis=1)] = np.max(np.abs(df), initial=0.0)
    return wide, fine, given_wide, given_fine, bend_wide, bend_fine, weight
