"""Directional derivatives by finite differences, each with a bound on its own error.

Owns the choice of steps: larger where noise rules, smaller where curvature or a kink does, and of the stencil: two
steps for a function that is known to ten digits, ten points over a wide step for one with noise. Says nothing about
any gradient (`grader.gradcheck.check`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from grader.gradcheck.forward import Floats, Forward
from grader.gradcheck.noise import Roughness
from grader.gradcheck.stencils import SPREAD, Stencil, lean, rich

Direction = int | Floats
"""One coordinate by its flat index, or a vector of shape (n,)."""

_NOISY = 1e-10
"""Noise, relative to the values, from which two steps are not accurate enough."""
_SIGMAS = 4.0
"""Deviations of a slope that count as noise. What noise leaves in the spread and the rest of a fit comes on top, so
that thousands of coordinates do not exceed the bound by chance."""
_QUIET = 2.0
"""A bound within this factor of what noise alone makes of it is put down to noise: the step may grow."""
_KINKED = 8.0
"""The rest of a fit that exceeds noise by this much is no noise."""
_WIDER = (2.0, 32.0)
"""Least and largest factor of a step that grows."""
_NARROWER = (1 / 8, 1 / 2)
"""The same for one that shrinks."""
_FIRST = {"lean": (1 / 3, 3e-6, 3e-2), "rich": (1 / 8, 1e-2, 0.25)}
"""First step in units of the scale: a power of the relative noise that balances noise / h against the truncation of
the highest order, and its least and largest value."""
_ROUNDS = 10
"""Measurements of one direction at most; almost all need one."""
_SAME = 0.3
"""A step that changes by less than this share stays."""
_GAIN = 1.5
"""A step shrinks further only if the noise that grows with it leaves room for this much smaller a bound."""
_REACH = 1e6
"""How far beyond the first step a growing one may go: weights of 1e-4 may well belong to a function that is smooth
over a range of 1. It grows only while noise hides the curvature."""
_SETTLED = (1 / 8, 1 / 64)
"""Parts of the first step at which the noise along single directions is seen."""
_PILOTS = 5
"""Directions measured first; all others begin with the step that suited most of these."""


class Slopes(NamedTuple):
    """Derivatives along some directions; every array has shape (k,)."""

    value: Floats
    """Of the best fit; at a kink between the right and the left slope."""
    given: Floats
    """What the gradient under test predicts."""
    bound: Floats
    """The true derivative lies within `value` ± `bound`, as long as no two kinks within a step hide each other; inf
    where nothing could be measured."""
    step: Floats
    """Half of the width of the stencil."""
    kink: npt.NDArray[np.bool_]
    """Whether what no smooth function explains makes up most of the bound."""


class Measurement(NamedTuple):
    """One measurement, and what noise has to do with it; shape (k,)."""

    slopes: Slopes
    noise: Floats
    """What noise alone would have made of the bound."""
    hidden: Floats
    """What a kink that noise hides could add to the error."""
    rest: Floats
    """Deviation of one output from the best fit."""


class Point(NamedTuple):
    """A point, the function and gradient there, and what is known about its noise."""

    forward: Forward
    x: Floats
    value: Floats
    """Outputs at `x`, shape (outputs,)."""
    gradient: Floats
    """Under test, shape (n,)."""
    rough: Roughness

    @property
    def relative(self) -> float:
        """Noise in units of the values."""
        return self.rough.noise / self.rough.size if self.rough.size else 0.0

    @property
    def stencil(self) -> Stencil:
        """What suits this noise."""
        return rich() if self.relative > _NOISY else lean()


def measure(probe: Point, directions: Sequence[Direction], *, target: float, scale: float = 0.0) -> Slopes:
    """Derivatives along `directions`, refined until each bound is at most `target` times the largest derivative.

    Costs four or ten evaluations for each direction and round; many directions need one round each. What two steps
    cannot measure is tried with the rich stencil. `scale` is a lower bound of the largest derivative.
    """
    first = first_step(probe)
    if len(directions) > 4 * _PILOTS:
        spread_out = np.linspace(0, len(directions) - 1, _PILOTS).astype(int)
        pilots = _refined(probe, probe.stencil, [directions[int(i)] for i in spread_out], first, target, scale)
        first = float(np.median(pilots.step))
    best = _refined(probe, probe.stencil, directions, first, target, scale)
    scale = max(scale, largest(best))
    blunt = np.flatnonzero(best.bound > target * scale)
    if probe.stencil is not rich() and blunt.size:
        chosen = [directions[int(i)] for i in blunt]
        wide = float(np.clip(probe.relative ** _FIRST["rich"][0], *_FIRST["rich"][1:])) * probe.rough.scale
        replace(best, blunt, _refined(probe, rich(), chosen, wide, target, scale))
    return best


def settled(probe: Point, directions: Sequence[Direction]) -> Point:
    """The probe with the noise that shows along `directions`, a few of them, on the function's own grid.

    Lines on which every entry moves, as `roughness` takes them, show more where f rounds its argument, and less where
    it does so only over longer steps.
    """
    if probe.stencil is not rich():
        return probe
    few = [directions[int(i)] for i in np.linspace(0, len(directions) - 1, min(_PILOTS, len(directions))).astype(int)]
    seen = []
    for part in _SETTLED:
        rest = measure_once(probe, few, np.full(len(few), first_step(probe) * part), rich()).rest
        if np.isfinite(rest).any():
            seen.append(float(np.median(rest[np.isfinite(rest)])))
    # Noise does not go with the step; what kinks and curvature leave does, and must not be taken for noise.
    if not seen or (min(seen) > probe.rough.noise and max(seen) > 3 * min(seen)):
        return probe
    eps = float(np.finfo(probe.forward.single or np.float64).eps)
    return probe._replace(rough=probe.rough._replace(noise=max(min(seen), eps / 4 * probe.rough.size)))


def replace(best: Slopes, at: npt.NDArray[np.intp], new: Slopes) -> npt.NDArray[np.bool_]:
    """Put what is sharper in `new` into the entries `at` of `best`; says which were."""
    better = new.bound < best.bound[at]
    for kept, newer in zip(best, new, strict=True):
        kept[at[better]] = newer[better]
    return better


def first_step(probe: Point) -> float:
    """Step to begin with, absolute."""
    power, low, high = _FIRST["rich" if probe.stencil is rich() else "lean"]
    return probe.rough.scale * float(np.clip(probe.relative**power, low, high))


def step_for(probe: Point, bound: float) -> float:
    """Step at which noise alone leads to this bound, where no kink and no curvature is in the way."""
    return rich().fits[0].gain(_SIGMAS) * probe.rough.noise / bound if bound else np.inf


def _refined(
    probe: Point, stencil: Stencil, directions: Sequence[Direction], first: float, target: float, scale: float
) -> Slopes:
    """Each direction's best measurement, beginning with the step `first`."""
    count = len(directions)
    zeros = np.zeros(count)
    best = Slopes(zeros, zeros.copy(), np.full(count, np.inf), np.full(count, first), np.zeros(count, dtype=bool))
    step, live = best.step.copy(), np.arange(count)
    before, seen = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    too_wide = np.full(count, _REACH * first_step(probe))
    for _ in range(_ROUNDS):
        now = measure_once(probe, [directions[int(i)] for i in live], step[live], stencil)
        # Where a narrower step did not do away with a kink one has to be reckoned with, also when noise hides it.
        now.slopes.bound[seen[live]] += now.hidden[seen[live]]
        seen[live] |= now.slopes.kink & before[live]
        before[live] |= now.slopes.kink
        replace(best, live, now.slopes)
        wanted = target * max(largest(best), scale)
        factor = _advice(now, wanted)
        too_wide[live[factor < 1]] = step[live[factor < 1]]
        with np.errstate(all="ignore"):
            hopeless = (factor < 1) & (_GAIN * now.noise / factor >= best.bound[live])
        # What was once too wide does not become right again: grow to half way there at most.
        following = np.minimum(step[live] * factor, np.sqrt(step[live] * too_wide[live]))
        again = (best.bound[live] > wanted) & ~hopeless & (np.abs(np.log(following / step[live])) > _SAME)
        step[live] = following
        live = live[again]
        if not live.size:
            break
    return best


@np.errstate(all="ignore")
def _advice(now: Measurement, wanted: float) -> Floats:
    """By what factor each step had better change."""
    bound, noise = now.slopes.bound, now.noise
    # Within this, noise explains the bound.
    quiet = bound <= _QUIET * noise + now.hidden
    # Truncation grows at least with h**2 and noise falls with 1/h: the cube root of their ratio leads to the balance.
    factor = np.clip(np.cbrt(noise / bound), *_NARROWER)
    factor = np.where(quiet, np.clip(noise / wanted, *_WIDER), factor)
    factor[np.isinf(bound)] = _NARROWER[0]
    return factor


def largest(slopes: Slopes) -> float:
    """Size of the largest derivative that was measured to a tenth of itself; 0 if none was."""
    clear = slopes.bound <= 0.1 * np.abs(slopes.value)
    return float(np.max(np.abs(slopes.value[clear]), initial=0.0))


@np.errstate(all="ignore")
def measure_once(probe: Point, directions: Sequence[Direction], steps: Floats, stencil: Stencil) -> Measurement:
    """One measurement along each direction, with the given steps."""
    # Nodes a power of two apart, or half as much again, stand on the grid of float32.
    fraction, exponent = np.frexp(steps * stencil.spacing)
    steps = np.ldexp(np.round(4 * fraction) / 4, exponent) / stencil.spacing
    parts = []
    at_once = max(1, probe.forward.chunk(probe.x.size) // stencil.nodes.size)
    for start in range(0, len(directions), at_once):
        chosen = slice(start, start + at_once)
        parts.append(_values(probe, directions[chosen], steps[chosen], stencil))
    values, given, weight, still = (np.concatenate(p) for p in zip(*parts, strict=True))

    count = len(steps)
    best = Slopes(given.copy(), given, np.full(count, np.inf), steps, np.zeros(count, dtype=bool))
    noise, hidden, deviation = (np.full(count, np.inf) for _ in range(3))
    unit = probe.rough.noise * weight / steps
    values_of, bounds_of = [], []
    for fit in stencil.fits:
        left = np.sum((values @ fit.rest) ** 2, axis=1)
        # What noise leaves over is taken off: a kink is what the rest has beyond it.
        beyond = np.sqrt(np.maximum(left - fit.free * (probe.rough.noise * weight) ** 2, 0))
        rest = fit.kink * beyond / steps
        random = _SIGMAS * float(np.linalg.norm(fit.slope)) * unit
        bound = SPREAD * np.abs(values @ fit.spread) / steps + rest + random
        value = np.where(still, 0.0, given + values @ fit.slope / steps)
        bound[~(np.isfinite(value) & np.isfinite(bound))] = np.inf
        values_of.append(value)
        bounds_of.append(bound)
        better = replace(best, np.arange(count), Slopes(value, given, bound, steps, rest > _KINKED * random))
        noise[better] = fit.gain(_SIGMAS) * unit[better]
        hidden[better] = fit.kink * np.sqrt(fit.free) * unit[better]
        deviation[better] = np.sqrt(left[better] / fit.free) / weight[better]
    # Fits that exclude each other are misled by something, several kinks most likely: trust none beyond their distance.
    apart = [np.abs(value - best.value) - bound for value, bound in zip(values_of, bounds_of, strict=True)]
    np.maximum(best.bound, 2 * np.nan_to_num(np.max(apart, axis=0), nan=0.0, neginf=0.0), out=best.bound)
    noise[np.isinf(noise)] = stencil.fits[0].gain(_SIGMAS) * unit[np.isinf(noise)]
    return Measurement(best, noise, hidden, deviation)


def _values(
    probe: Point, directions: Sequence[Direction], steps: Floats, stencil: Stencil
) -> tuple[Floats, Floats, Floats, npt.NDArray[np.bool_]]:
    """For each direction: what is left of the values at the middle and the nodes, shape (k, n), when the value in the
    middle and what the gradient predicts are taken off; the slope that it predicts; the weight that the noise of one
    output has; whether f stands still."""
    forward, x, df = probe.forward, probe.x, probe.forward.df
    count = stencil.nodes.size
    points = np.repeat(x[None], count * len(directions), axis=0)
    given = np.empty(len(directions))
    for row, (direction, step) in enumerate(zip(directions, steps, strict=True)):
        block = points[count * row : count * (row + 1)]
        if isinstance(direction, int | np.integer):
            block[:, direction] += stencil.nodes * step
            given[row] = probe.gradient[direction]
        else:
            block += np.outer(stencil.nodes * step, direction)
            given[row] = probe.gradient @ direction
    if probe.rough.single:
        # Stand on the function's own grid: its steps are then what we take them for.
        points = points.astype(np.float32).astype(np.float64)
    outputs = forward.at(points).reshape(len(directions), count, -1)
    moved = ((points - x) @ probe.gradient).reshape(len(directions), count)
    # Entry by entry before they are added up: what a step leaves alone then cancels exactly.
    changes = outputs - probe.value
    values = np.zeros((len(directions), count + 1))
    values[:, 1:] = changes @ df - moved
    changed = (changes != 0).any(axis=1)
    weight = np.sqrt(changed @ (df * df))
    weight[weight == 0] = np.max(np.abs(df), initial=0.0)
    return values, given, weight, ~changed.any(axis=1)
