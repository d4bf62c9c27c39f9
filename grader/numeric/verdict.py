"""From measured slopes to a verdict on a gradient, and the sentence that says why.

Owns the three-valued decision and its words. What is measured, and at which points, is `grader.numeric.gradcheck`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from grader.numeric.directions import locate
from grader.numeric.forward import Floats
from grader.numeric.slopes import Direction, Probe, Slopes, largest, measure, measure_once

RESOLVED = 1e-2
"""Finite differences that are less accurate than this, relative to the largest derivative, decide nothing."""

RESOLVED_MIXED = 0.1
"""The same for random mixtures of all entries, relative to the length of the gradient: they stand beside single
entries that are known more sharply, and have to see what is grossly wrong elsewhere."""

_SEEN = 0.9
"""Share of the entries for which the resolution holds; the others may sit at kinks."""
_DOUBTED_MIXED = 1 / 3
"""Share of the mixtures that may fail in the first measurement and pass the second: all entries move at once in them,
so that a step in float32 often crosses a kink."""

_AGAIN = 0.3
"""Factor on the step when a failure is measured again: not one that a refinement takes, so that a kink which
misled one measurement does not mislead the other in the same way. And never wider than the scale of x: a step that
noise drove beyond it may have leapt over kinks that noise hides."""
_MOST = 64
"""Failures measured again, the largest ones."""


@dataclass(frozen=True, kw_only=True, eq=False)
class GradCheck:
    """What a gradient check found; true only if the verdict is "ok"."""

    verdict: Literal["ok", "bad", "unresolved"]
    """`unresolved`: the finite differences are too inaccurate here to tell right from wrong."""
    error: float
    """Largest difference between the gradient and the finite differences, relative to the largest derivative."""
    resolution: float
    """An error above this, relative to the largest derivative, would have been seen (in nine of ten entries)."""
    worst: tuple[int, ...] | None = None
    """Index of the largest difference; None where there is none to show."""
    analytic: float | None = None
    """The gradient there."""
    numerical: float | None = None
    """The finite difference there."""
    evaluations: int = 0
    """How often f was evaluated."""
    message: str
    """One sentence."""

    def __bool__(self) -> bool:
        return self.verdict == "ok"


class Finding(NamedTuple):
    """One group of directions after measurement."""

    directions: Sequence[Direction]
    slopes: Slopes
    scale: float
    """Largest derivative of the group."""
    wrong: npt.NDArray[np.bool_]
    """Where the gradient lies outside the bounds of two measurements that agree."""
    doubtful: npt.NDArray[np.bool_]
    """Where it lies outside those of the first only, or the two do not agree."""

    @property
    def mixed(self) -> bool:
        """Whether the directions are mixtures of all entries, and not single ones."""
        return not isinstance(self.directions[0], int)

    @property
    def needed(self) -> float:
        """How sharp the measurements of this group must be, relative to `scale`."""
        return RESOLVED_MIXED if self.mixed else RESOLVED

    @property
    def in_doubt(self) -> bool:
        """Whether the doubtful ones matter: a few that a sharp second measurement clears do not."""
        blunt = self.slopes.bound > self.needed * self.scale
        many = np.mean(self.doubtful) > (_DOUBTED_MIXED if self.mixed else 1 - _SEEN)
        return bool(many or (self.doubtful & blunt).any())

    @property
    def off(self) -> Floats:
        """Size of the differences."""
        return np.abs(self.slopes.given - self.slopes.value)


def look(probe: Probe, directions: Sequence[Direction], rtol: float, *, scale: float = 0.0) -> Finding:
    """Measure along `directions`, and what fails once more with another step.

    `scale` is a lower bound of the largest derivative that is known from elsewhere.
    """
    slopes = measure(probe, directions, target=rtol / 3)
    scale = max(largest(slopes), scale)
    off = np.abs(slopes.given - slopes.value)
    wrong = ~(off <= rtol * scale + slopes.bound)
    doubtful = np.zeros_like(wrong)
    suspects = np.flatnonzero(wrong)
    suspects = suspects[np.argsort(-off[suspects], kind="stable")][:_MOST]
    if suspects.size:
        steps = np.minimum(slopes.step[suspects] * _AGAIN, probe.rough.scale)
        again = measure_once(probe, [directions[int(i)] for i in suspects], steps).slopes
        still = np.abs(again.given - again.value)
        passes = still <= rtol * scale + again.bound
        # Both exclude the gradient, and they agree with each other better than with it.
        holds = ~passes & (np.abs(again.value - slopes.value[suspects]) <= 0.5 * np.minimum(still, off[suspects]))
        doubtful[suspects[~holds]] = True
        if not holds.any():  # if the largest do not hold, neither do the rest
            doubtful |= wrong
        wrong &= ~doubtful
        slopes.bound[doubtful] = np.inf
        for kept, new in zip(slopes, again, strict=True):
            kept[suspects[passes]] = new[passes]
    return Finding(directions, slopes, scale, wrong, doubtful)


def conclude(
    probe: Probe, shape: tuple[int, ...], findings: Sequence[Finding], *, repeated: bool | None, rtol: float
) -> GradCheck:
    """The verdict on all findings, the single entries last.

    `repeated` says whether a failure came again at a second point; None if there was no second point to try.
    """
    entries = findings[-1]
    failed = [f for f in findings if f.wrong.any()]
    doubtful = any(f.in_doubt for f in findings)
    # Seen in a mixture is what stands out from the length of the whole gradient; report what one entry's error must be.
    bounds = [_bound(f) for f in findings]
    lengths = [f.scale / entries.scale if entries.scale else 1.0 for f in findings]
    resolution = max((rtol + bound) * length for bound, length in zip(bounds, lengths, strict=True))
    blunt = any(bound > f.needed for bound, f in zip(bounds, findings, strict=True))
    verdict: Literal["ok", "bad", "unresolved"] = "unresolved" if doubtful or blunt else "ok"
    if failed:
        verdict = "unresolved" if repeated is False else "bad"

    if failed and not entries.wrong.any():
        at, analytic, numerical = _behind(probe, failed[0])
    else:
        clear = entries.wrong if entries.wrong.any() else entries.slopes.bound <= RESOLVED * entries.scale
        index = int(np.argmax(np.where(clear, entries.off, -1.0)))
        at = int(entries.directions[index])  # the last group holds single entries
        analytic, numerical = _pair(probe, at, entries.slopes, index)
    off = abs(analytic - numerical)
    error = 0.0 if off == 0 else off / entries.scale if entries.scale else float("inf")
    place = tuple(int(i) for i in np.unravel_index(at, shape))
    return GradCheck(
        verdict=verdict,
        error=error,
        resolution=resolution,
        worst=place,
        analytic=analytic,
        numerical=numerical,
        evaluations=probe.forward.evaluations,
        message={
            "ok": f"agrees with finite differences: error {error:.1e}, and one above {resolution:.1e} would have shown",
            "bad": _bad(entries, place, analytic, numerical),
            "unresolved": _unresolved(bool(failed) or doubtful, resolution, entries),
        }[verdict],
    )


def _behind(probe: Probe, mixtures: Finding) -> tuple[int, float, float]:
    """An entry that makes the worst mixture wrong: its flat index, the gradient and the finite difference there."""
    worst = int(np.argmax(np.where(mixtures.wrong, mixtures.off, 0.0)))
    step = mixtures.slopes.step[worst : worst + 1]
    at = locate(probe, np.asarray(mixtures.directions[worst]), float(step[0]))
    return at, *_pair(probe, at, measure_once(probe, [at], step).slopes, 0)


def _pair(probe: Probe, at: int, slopes: Slopes, index: int) -> tuple[float, float]:
    """The gradient and the finite difference at one entry."""
    analytic = float(probe.gradient[at])
    # On a float32 grid a step is not quite the nominal one; the difference of the two slopes does not mind.
    return analytic, analytic + float(slopes.value[index] - slopes.given[index])


def _bound(finding: Finding) -> float:
    """How far off the finite differences may be, relative to the largest derivative, in nine of ten directions."""
    value, given, kink = finding.slopes.value, finding.slopes.given, finding.slopes.kink
    bound = float(np.quantile(finding.slopes.bound, _SEEN, method="higher"))
    if not finding.scale:
        # Nothing to compare with, unless f does not move at all and the gradient says just that.
        silent = np.isfinite(bound) and not (value.any() or given.any() or kink.any())
        return 0.0 if silent else float("inf")
    return bound / finding.scale


def _bad(entries: Finding, place: tuple[int, ...], analytic: float, numerical: float) -> str:
    where = f"at [{', '.join(map(str, place))}]: " if place else ""
    text = f"wrong {where}the gradient is {analytic:.5g}, finite differences give {numerical:.5g}"
    value, given = entries.slopes.value, entries.slopes.given
    if not value.any():
        return f"{text}; f does not change with x: does it compute from its argument?"
    count = int(entries.wrong.sum())
    factor = float(given @ value / (value @ value))
    # A tenth of a per cent tells a factor from a coincidence, also in float32; one entry off is no factor of 1.
    if (
        abs(factor - 1) > 1e-2
        and (np.abs(given - factor * value) <= 1e-3 * np.max(np.abs(given)) + entries.slopes.bound).all()
        and value.size > 1
    ):
        return f"{text}; everywhere it is {factor:.3g} times what it should be"
    return f"{text}; {count} of {value.size} entries looked at are wrong" if count else text


def _unresolved(differs: bool, resolution: float, entries: Finding) -> str:
    if differs:
        return "differs in one measurement and not in another: check at another point, away from kinks, and in float64"
    kinks = float(np.mean(entries.slopes.kink))
    if kinks > 1 - _SEEN:
        return f"{kinks:.0%} of the entries sit at a kink, where any slope in between is right: check at another point"
    shown = f"{resolution:.1e} of the largest derivative" if np.isfinite(resolution) else "any size"
    return f"f is too noisy or too flat here, so that an error of {shown} could not be seen; compute in float64"
