"""The verdict on a gradient from values that were tabulated elsewhere: for a check, whose process is the student's.

Owns what a gradient check earns; the measurements and the three-valued decision are those of `check_grad`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from grader.compare.arrays import compare
from grader.gradcheck.forward import Floats, Forward
from grader.gradcheck.noise import Roughness
from grader.gradcheck.slopes import Point, Slopes, largest, measure_once, replace
from grader.gradcheck.stencils import rich
from grader.gradcheck.verdict import GradCheck, MeasuredGroup, conclude
from grader.model import Given, Tolerance, Verdict
from grader.worker.tabulate import ALL_ENTRIES, FORWARD, MIXTURES, NODES, STEPS, directions, unit, upstream

RTOL = 1e-5
"""That of `check_grad`."""
AGREE = 0.5
"""Two measurements that exclude a gradient must agree with each other better than with it, by this factor."""


class _Tabulated(Forward):
    """A forward pass that is known at the nodes of one step alone."""

    def __init__(self, outputs: Floats, df: Floats, single: np.dtype[Any] | None) -> None:
        super().__init__(lambda x: x, (), df)
        self._outputs = outputs
        self.single = single

    def chunk(self, size: int) -> int:
        return 1 << 40  # all lines at once

    def at(self, points: Floats) -> Floats:
        self.evaluations += len(points)
        return self._outputs


def is_derivative(
    seen: Mapping[str, Any], given: Given, *, own_forward: Fraction, tolerance: Tolerance, called: str = "`d_{name}`"
) -> Iterator[Verdict]:
    """Judge of a gradient check: a verdict for each gradient.

    One that fits the student's own forward pass earns all where that is right, and `own_forward` where it is not; the
    reference's, where it is kept, earns all. What finite differences cannot resolve earns as if it fitted: it is the
    comparison with the reference that finds it.
    """
    value = np.asarray(seen[FORWARD])
    right = compare(FORWARD, value, given.golden[FORWARD], tolerance).earned == 1
    for name in (key.removesuffix(": table") for key in seen if key.endswith(": table")):
        gradient = seen.get(f"d_{name}")
        if not isinstance(gradient, np.ndarray):
            yield Verdict(f"d_{name}", False, f"`backward` returns no array for the gradient of `{name}`")
            continue
        expected = given.golden.get(f"d_{name}")
        if expected is not None and compare(f"d_{name}", gradient, expected, tolerance).earned == 1:
            yield Verdict(f"d_{name}", Fraction(1), "", 0.0, RTOL)
            continue
        result = verdict_on(gradient, seen[f"{name}: point"], value, seen[f"{name}: table"])
        fits = result.verdict != "bad"
        words = called.replace("{name}", name)
        sentence = "" if fits else f"{words} is not the derivative of your own forward pass: {result.message}"
        if not np.any(gradient) and not fits:
            table = seen[f"{name}: table"]
            constant = table.shape[3:] == value.shape and bool(np.all(table == value))
            slope = f"your own forward pass does not change with `{name}` here"
            slope = slope if constant else "the derivative of your own forward pass is not"
            sentence = f"{words} is 0 in every entry, and {slope}"
        if result.verdict == "unresolved":
            sentence = f"{words} could not be checked by finite differences: {result.message}"
        elif fits and not right:
            sentence = f"{words} is the derivative of your own forward pass, which is not right"
        earned = Fraction(int(fits)) if right or not fits else own_forward if result.verdict == "ok" else Fraction(0)
        yield Verdict(f"d_{name}", earned, sentence, result.error if np.isfinite(result.error) else None, RTOL)


@np.errstate(all="ignore")
def verdict_on(gradient: Any, point: Any, value: Any, table: Any) -> GradCheck:
    """Whether a gradient fits a table of `grader.worker.tabulate`; anything may stand in these arrays."""
    lines = directions(point.size)
    shape = (len(lines), len(STEPS), NODES.size, *value.shape)
    if table.shape != shape or table.dtype.kind not in "biuf" or gradient.dtype.kind not in "biuf":
        return _flaw("bad", "what came back is no table of real numbers")
    if gradient.shape != point.shape:
        return _flaw("bad", f"it has shape {gradient.shape}, and what it belongs to {point.shape}")
    if not point.size:
        return GradCheck(verdict="ok", error=0.0, resolution=0.0, message="there is nothing to check")
    if not np.isfinite(gradient).all():
        return _flaw("bad", "it holds nan or inf")
    if not np.isfinite(value).all():
        return _flaw("unresolved", "the forward pass is not finite here")
    single = value.dtype if value.dtype.kind == "f" and value.dtype.itemsize < 8 else None
    outputs = table.astype(np.float64).reshape(len(lines), len(STEPS), NODES.size, -1)
    df = upstream(value.shape).reshape(-1)
    size = float(np.max(np.abs(outputs[np.isfinite(outputs)]), initial=0.0))
    flat = gradient.astype(np.float64).reshape(-1)
    eps = float(np.finfo(single or np.float64).eps)
    start = value.astype(np.float64).reshape(-1)
    cut = MIXTURES if point.size > ALL_ENTRIES else 0

    def measured(group: slice, step: int, noise: float) -> tuple[Point, Slopes, float]:
        forward = _Tabulated(outputs[group, step].reshape(-1, start.size), df, single)
        x = point.astype(np.float64).reshape(-1)
        probe = Point(forward, x, start, flat, Roughness(noise, size, single is not None, 1.0))
        chosen = lines[group]
        steps = np.full(len(chosen), STEPS[step] * unit(point))
        measurement = measure_once(probe, list(chosen), steps, rich())
        rest = measurement.rest[np.isfinite(measurement.rest)]
        return probe, measurement.slopes, float(np.median(rest)) if rest.size else np.inf

    findings = []
    for group in ([slice(0, cut)] if cut else []) + [slice(cut, None)]:
        floor = eps / 4 * size
        seen = [measured(group, step, floor)[2] for step in range(len(STEPS))]
        noise = max(floor, min(seen)) if np.isfinite(min(seen)) else floor
        several = [measured(group, step, noise)[1] for step in range(len(STEPS))]
        findings.append(_finding(lines[group], several, single is not None))
    entries = findings[-1]
    if not entries.slopes.value.any() and not flat.any():
        return _flaw("bad", "the forward pass does not change with it")
    at = [int(np.argmax(line)) for line in lines[cut:]]
    entries = entries._replace(directions=at)
    found = conclude(probe_of(flat), point.shape, [entries], repeated=None, rtol=RTOL, elsewhere=False)
    if found.verdict == "ok" and any(f.wrong.any() for f in findings[:-1]):
        return _flaw("bad", "it is wrong in entries that were not looked at one by one")
    return found


def probe_of(gradient: Floats) -> Point:
    """What `conclude` asks of a probe: the gradient, and a count."""
    forward = _Tabulated(np.zeros((0, 1)), np.ones(1), None)
    return Point(forward, gradient, np.zeros(1), gradient, Roughness(0.0, 0.0, False, 1.0))


def _finding(lines: Floats, several: list[Slopes], single: bool) -> MeasuredGroup:
    """The best measurement of each line, and what at least two of them exclude."""
    best = several[0]._replace(value=several[0].value.copy(), bound=several[0].bound.copy())
    best = best._replace(given=best.given.copy(), step=best.step.copy(), kink=best.kink.copy())
    for other in several[1:]:
        replace(best, np.arange(len(lines)), other)
    scale = largest(best)
    off = np.abs(best.given - best.value)
    suspects = ~(off <= RTOL * scale + best.bound)
    again = np.zeros(len(lines), dtype=bool)
    for one in several:
        still = np.abs(one.given - one.value)
        other_step = one.step != best.step
        excluded = ~(still <= RTOL * scale + one.bound) & np.isfinite(one.bound)
        again |= other_step & excluded & (np.abs(one.value - best.value) <= AGREE * np.minimum(still, off))
    wrong = suspects & again
    doubtful = suspects & ~again
    best.bound[doubtful] = np.inf
    return MeasuredGroup(list(lines), best, scale, wrong, doubtful)


def _flaw(verdict: Any, message: str) -> GradCheck:
    infinite = float("inf")
    return GradCheck(verdict=verdict, error=infinite, resolution=infinite, message=message)
