"""Points where a gradient can be looked at: the one that was asked for, and others nearby if it is a function.

Owns what must hold at each (shapes, finite numbers), the way past a kink, and the second point at which a failure has
to repeat. What is measured there is `grader.gradcheck.verdict`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from grader.compare.arguments import kind
from grader.gradcheck.forward import Floats, Forward
from grader.gradcheck.noise import roughness
from grader.gradcheck.slopes import Point, first_step, settled, step_for
from grader.gradcheck.stencils import rich
from grader.gradcheck.verdict import ENTRY, GradCheck, MeasuredGroup, limit, look, merge

_ASIDE = 1e-3
"""How far the second point lies from the first at least, relative to each entry of x."""
_STEPS_ASIDE = 5.0
"""And in first steps: far enough to leave behind a kink that the steps crossed."""
_CLOSER = tuple(32.0**-k for k in range(5))
"""Tried in turn where f is not finite at the second point: x may lie at the edge of what f can take."""
_REPEATED = 16
"""Directions that are looked at again at the second point: so many wrong ones, and as many large ones for the scale."""

_POINTS_NOISY = 2
"""Points at which a failure has to repeat where f is noisy."""

_TRIES = (1.0, 1.0, 3.0, 3.0)
"""Points on each side of a kink, the last ones farther away: in a ReLU net there may be further kinks beside it."""
_PAST = (3.0, 10.0)
"""How far an entry at a kink is moved, in steps: past the half of a stencil, and not two tries alike."""


def as_gradient(value: Any) -> npt.NDArray[Any]:
    """What a gradient function returned as an array; of dtype object where it is none."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths, or several results
        array = np.empty((), dtype=object)
    if array.dtype.kind == "O" and not isinstance(value, np.ndarray):
        array = np.empty((), dtype=object)
        array[()] = value
    return array


def flaw_of(gradient: npt.NDArray[Any], shape: tuple[int, ...]) -> GradCheck | None:
    """What can be said against a gradient without evaluating f."""
    worst = None
    if gradient.dtype.kind == "O" and not gradient.ndim:
        value = gradient.item()
        what = "a list that is no array" if isinstance(value, list) else kind(value)
        message = f"the gradient is {what}: expected an array of shape {shape}"
    elif gradient.dtype.kind not in "biuf":
        message = f"the gradient has dtype {gradient.dtype}: expected an array of real numbers of shape {shape}"
    elif gradient.shape != shape:
        message = f"the gradient has shape {gradient.shape}, x has shape {shape}"
    elif not np.isfinite(gradient).all():
        worst = tuple(int(i) for i in np.argwhere(~np.isfinite(gradient))[0])
        message = f"the gradient is {gradient[worst]} at [{', '.join(map(str, worst))}]"
    else:
        return None
    return GradCheck(verdict="bad", error=float("inf"), resolution=0.0, worst=worst, message=message)


def probe_at(forward: Forward, x: Floats, gradient: npt.NDArray[Any], rng: np.random.Generator) -> Point | None:
    """Everything known about f at the flat point `x`; None where it is not finite."""
    with np.errstate(all="ignore"):
        rough = roughness(forward, x, rng)
        if rough.single:
            x = x.astype(np.float32).astype(np.float64)
        value = forward.at(x[None])[0]
    if not (np.isfinite(value).all() and np.isfinite(rough.noise)):
        return None
    return Point(forward, x, value, gradient.astype(np.float64).reshape(-1), rough)


class Nearby(NamedTuple):
    """A point that was looked at, and the means to look at others."""

    probe: Point
    grad: Callable[[Any], npt.ArrayLike]
    shape: tuple[int, ...]
    rtol: float
    rng: np.random.Generator

    def look_beside(self, entries: MeasuredGroup) -> None:
        """Look at entries that a kink keeps from being measured once more, on both sides of it; changes `entries`.

        On both, since on one of them the entry may do nothing at all, as a ReLU does.
        """
        blunt = entries.blunt(self.rtol)
        if blunt.all():
            return  # noise is to blame, or the scale of x says nothing about f
        # Past the kink by as much as it takes to measure there, and no further than f is known to be smooth.
        usual = float(np.median(entries.slopes.step[~blunt]))
        step = min(usual, step_for(self.probe, limit(ENTRY, self.rtol) / 4 * entries.scale))
        held = entries.slopes.kink | (entries.slopes.step < usual / 2)
        stuck = np.flatnonzero(blunt & held & ~entries.wrong)
        if not stuck.size:
            return
        right, left = (self._side(side * step, entries, stuck) for side in (1.0, -1.0))
        if right is not None and left is not None:
            worse = np.flatnonzero(left.wrong | (left.uncertain(self.rtol) > right.uncertain(self.rtol)))
            merge(right, worse, left, worse)
            sharper = np.flatnonzero(right.wrong | (right.slopes.bound < entries.slopes.bound[stuck]))
            merge(entries, stuck[sharper], right, sharper)

    def _side(self, step: float, entries: MeasuredGroup, stuck: npt.NDArray[np.intp]) -> MeasuredGroup | None:
        """The entries `stuck`, moved by several times `step`: the sharpest of a few looks; None if there is none."""
        best: MeasuredGroup | None = None
        todo = np.arange(stuck.size)
        for farther in _TRIES:
            moved = [int(entries.directions[int(i)]) for i in stuck[todo]]  # single entries
            x = self.probe.x.copy()
            x[moved] += farther * step * self.rng.uniform(*_PAST, todo.size)
            if self.probe.rough.single:
                x = x.astype(np.float32).astype(np.float64)
            gradient = as_gradient(self.grad(x.reshape(self.shape).copy()))
            with np.errstate(all="ignore"):
                value = self.probe.forward.at(x[None])[0]
            if flaw_of(gradient, self.shape) is not None or not np.isfinite(value).all():
                continue
            there = self.probe._replace(x=x, value=value, gradient=gradient.astype(np.float64).reshape(-1))
            finding = look(there, moved, self.rtol, scale=entries.scale)
            if best is None:
                best = finding
            else:
                sharper = np.flatnonzero(finding.wrong | (finding.slopes.bound < best.slopes.bound[todo]))
                merge(best, todo[sharper], finding, sharper)
            todo = np.flatnonzero(best.blunt(self.rtol) & ~best.wrong)
            if not todo.size:
                break
        return best

    def repeats(self, findings: list[MeasuredGroup]) -> bool | None:
        """Whether the gradient fails at further points too, along directions that failed at the first.

        At one, or at two where there is noise, which may hide several kinks. None if f or the gradient is not finite
        anywhere nearby.
        """
        for _ in range(_POINTS_NOISY if self.probe.stencil is rich() else 1):
            second = self._second()
            if second is None:
                return None
            if not any(self._fails(second, finding) for finding in findings):
                return False
        return True

    def _second(self) -> Point | None:
        """Another point, every entry a little aside."""
        probe, rng = self.probe, self.rng
        aside = max(_ASIDE, _STEPS_ASIDE * first_step(probe) / probe.rough.scale)
        away = aside * rng.uniform(0.5, 1.0, probe.x.size) * rng.choice([-1.0, 1.0], probe.x.size)
        for closer in _CLOSER:
            x = np.where(probe.x == 0, probe.rough.scale, probe.x) * away * closer + probe.x
            gradient = as_gradient(self.grad(x.reshape(self.shape).copy()))
            if flaw_of(gradient, self.shape) is None:
                second = probe_at(probe.forward, x, gradient, rng)
                if second is not None:
                    return second
        return None

    def _fails(self, second: Point, finding: MeasuredGroup) -> bool:
        """Whether the gradient fails at `second` along a direction that failed before."""
        failed = np.flatnonzero(finding.wrong)
        failed = failed[np.argsort(-finding.off[failed], kind="stable")][:_REPEATED]
        if not failed.size:
            return False
        large = np.argsort(-np.abs(finding.slopes.value), kind="stable")[:_REPEATED]
        kept = np.union1d(failed, large)
        directions = [finding.directions[int(i)] for i in kept]
        again = look(settled(second, directions), directions, self.rtol)
        return bool(again.wrong[np.isin(kept, failed)].any())
