"""From measured slopes to a verdict on a gradient, and the sentence that says why.

Owns the three-valued decision and its words. What is measured, and at which points, is `grader.gradcheck.check`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from grader.gradcheck.directions import locate
from grader.gradcheck.forward import Floats
from grader.gradcheck.slopes import Direction, Point, Slopes, largest, measure, measure_once
from grader.gradcheck.stencils import rich

ENTRY = 5e-4
"""An "ok" needs every entry known to lie within this share of the largest derivative. The smallest mistake met in
practice is 8e-4."""
FACTOR = 1e-4
"""And the gradient as a whole known to be no further from the multiple of it that fits best: all entries together show
a wrong factor, the commonest of mistakes, more sharply than each does. It is what the grader allows float32 where it
has a reference."""
MIXTURE = 1e-2
"""The same for random mixtures of all entries, relative to the length of the gradient: they stand beside single
entries that are known more sharply, and have to see what is grossly wrong elsewhere."""
_USUAL = 1e-5
"""The `rtol` that these limits go with; for a smaller one they are smaller, and for a larger one at least three times
as large as it."""

TARGET = 2.0
"""Accuracy that measurements are refined to, in units of `rtol`."""

_FEW = 0.1
"""Share of the entries that may sit at a kink, or be cleared by a second measurement only."""
_DOUBTED_MIXED = 1 / 3
"""Share of the mixtures that may fail in the first measurement and pass the second: all entries move at once in them,
so that a step in float32 often crosses a kink."""

_AGAIN = 0.7
"""Factor on the step when a failure is measured again: not one that a refinement takes, so that a kink which
misled one measurement does not mislead the other in the same way. And never wider than the scale of x: a step that
noise drove beyond it may have leapt over kinks that noise hides."""
_MOST = 64
"""Failures measured again, the largest ones."""


def limit(usual: float, rtol: float) -> float:
    """What `usual` becomes for another `rtol`."""
    return max(usual * min(1.0, rtol / _USUAL), 3 * rtol)


@dataclass(frozen=True, kw_only=True, eq=False)
class GradCheck:
    """What a gradient check found; true only if the verdict is "ok"."""

    verdict: Literal["ok", "bad", "unresolved"]
    """`unresolved`: the finite differences are too inaccurate here to tell right from wrong."""
    error: float
    """Largest difference between the gradient and the finite differences, relative to the largest derivative."""
    resolution: float
    """An error above this, relative to the largest derivative, would have been seen; except that at a kink any slope
    between the right and the left one counts as right."""
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

    def __str__(self) -> str:
        return self.message


class MeasuredGroup(NamedTuple):
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

    def uncertain(self, rtol: float) -> Floats:
        """How far off the gradient may be in each direction, relative to `scale`."""
        within = np.maximum(self.off, rtol * self.scale) + self.slopes.bound
        if self.scale:
            return within / self.scale
        # Nothing to compare with, unless f does not move at all and the gradient says just that.
        silent = ~(self.slopes.value.astype(bool) | self.slopes.given.astype(bool) | self.slopes.kink)
        return np.where(silent & np.isfinite(within), 0.0, np.inf)

    def blunt(self, rtol: float) -> npt.NDArray[np.bool_]:
        """Where the measurements are not sharp enough to call the gradient right."""
        return self.uncertain(rtol) > limit(MIXTURE if self.mixed else ENTRY, rtol)

    def factor(self, rtol: float, but: npt.NDArray[np.bool_]) -> float:
        """By how much a factor on the whole gradient may differ from 1, the entries `but` left out.

        Errors of single entries are independent, their bounds four deviations or more: so they add up in squares.
        """
        kept = ~but & np.isfinite(self.slopes.bound)
        value, bound = self.slopes.value[kept], self.slopes.bound[kept]
        length = float(value @ value)
        if not length:
            return 0.0
        off = (self.slopes.given[kept] - value) @ value / length
        return max(abs(float(off)), rtol) + float(np.linalg.norm(bound * value)) / length

    @property
    def in_doubt(self) -> bool:
        """Whether the doubtful ones matter: a few that a sharp second measurement clears do not."""
        many = np.mean(self.doubtful) > (_DOUBTED_MIXED if self.mixed else _FEW)
        return bool(many or np.isinf(self.slopes.bound[self.doubtful]).any())

    @property
    def off(self) -> Floats:
        """Size of the differences."""
        return np.abs(self.slopes.given - self.slopes.value)


def look(probe: Point, directions: Sequence[Direction], rtol: float, *, scale: float = 0.0) -> MeasuredGroup:
    """Measure along `directions`, and what fails once more with another step.

    `scale` is a lower bound of the largest derivative that is known from elsewhere.
    """
    slopes = measure(probe, directions, target=TARGET * rtol, scale=scale)
    scale = max(largest(slopes), scale)
    off = np.abs(slopes.given - slopes.value)
    wrong = ~(off <= rtol * scale + slopes.bound)
    doubtful = np.zeros_like(wrong)
    suspects = np.flatnonzero(wrong)
    suspects = suspects[np.argsort(-off[suspects], kind="stable")][:_MOST]
    if suspects.size:
        steps = np.minimum(slopes.step[suspects] * _AGAIN, probe.rough.scale)
        again = measure_once(probe, [directions[int(i)] for i in suspects], steps, rich()).slopes
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
    return MeasuredGroup(directions, slopes, scale, wrong, doubtful)


def merge(into: MeasuredGroup, at: npt.NDArray[np.intp], new: MeasuredGroup, of: npt.NDArray[np.intp]) -> None:
    """Put the entries `of` of one finding in the place of the entries `at` of another."""
    for kept, newer in zip(into.slopes, new.slopes, strict=True):
        kept[at] = newer[of]
    into.wrong[at] = new.wrong[of]
    into.doubtful[at] = new.doubtful[of]


def conclude(
    probe: Point,
    shape: tuple[int, ...],
    findings: Sequence[MeasuredGroup],
    *,
    repeated: bool | None,
    rtol: float,
    elsewhere: bool,
    apart: float = 0.0,
) -> GradCheck:
    """The verdict on all findings, the single entries last.

    `repeated` says whether a failure came again at a second point; None if there was no second point to try.
    `elsewhere` says whether what sits at a kink was looked at beside it; if not, a few entries may. `apart` is by how
    much two calls of f at x differ.
    """
    entries = findings[-1]
    failed = [f for f in findings if f.wrong.any()]
    doubtful = any(f.in_doubt for f in findings)
    excused = [_excused(f, rtol, elsewhere=elsewhere) for f in findings]
    blunt = any((f.blunt(rtol) & ~e).any() for f, e in zip(findings, excused, strict=True))
    factor = entries.factor(rtol, excused[-1])
    whole = not blunt and factor > limit(FACTOR, rtol)
    # Seen in a mixture is what stands out from the length of the whole gradient; report what one entry's error must be.
    lengths = [f.scale / entries.scale if entries.scale else 1.0 for f in findings]
    resolution = max(
        float(np.max(f.uncertain(rtol)[~e], initial=0.0)) * length
        for f, e, length in zip(findings, excused, lengths, strict=True)
    )
    verdict: Literal["ok", "bad", "unresolved"] = "unresolved" if doubtful or blunt or whole else "ok"
    if failed:
        verdict = "unresolved" if repeated is False else "bad"

    if failed and not entries.wrong.any():
        at, analytic, numerical = _behind(probe, failed[0])
    else:
        clear = entries.wrong if entries.wrong.any() else ~entries.blunt(rtol)
        index = int(np.argmax(np.where(clear, entries.off, -1.0)))
        at = int(entries.directions[index])  # the last group holds single entries
        analytic, numerical = _pair(probe, at, entries.slopes, index)
    off = abs(analytic - numerical)
    error = 0.0 if off == 0 else off / entries.scale if entries.scale else float("inf")
    place = tuple(int(i) for i in np.unravel_index(at, shape))
    random = _random(apart, probe.rough.size)
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
            "bad": "; ".join(filter(None, (_bad(entries, place, analytic, numerical), random))),
            "unresolved": _unresolved(
                bool(failed) or doubtful, resolution, factor if whole else None, entries, random=random
            ),
        }[verdict],
    )


def _behind(probe: Point, mixtures: MeasuredGroup) -> tuple[int, float, float]:
    """An entry that makes the worst mixture wrong: its flat index, the gradient and the finite difference there."""
    worst = int(np.argmax(np.where(mixtures.wrong, mixtures.off, 0.0)))
    step = mixtures.slopes.step[worst : worst + 1]
    at = locate(probe, np.asarray(mixtures.directions[worst]), float(step[0]))
    return at, *_pair(probe, at, measure_once(probe, [at], step, rich()).slopes, 0)


def _pair(probe: Point, at: int, slopes: Slopes, index: int) -> tuple[float, float]:
    """The gradient and the finite difference at one entry."""
    analytic = float(probe.gradient[at])
    # On a float32 grid a step is not quite the nominal one; the difference of the two slopes does not mind.
    return analytic, analytic + float(slopes.value[index] - slopes.given[index])


def _excused(finding: MeasuredGroup, rtol: float, *, elsewhere: bool) -> npt.NDArray[np.bool_]:
    """Entries at a kink, if they are few: any slope between the right and the left one is right there."""
    kinks = finding.slopes.kink & finding.blunt(rtol) & np.isfinite(finding.slopes.bound)
    return kinks & (not elsewhere and not finding.mixed and np.mean(kinks) <= _FEW)


def _bad(entries: MeasuredGroup, place: tuple[int, ...], analytic: float, numerical: float) -> str:
    where = f"at [{', '.join(map(str, place))}]: " if place else ""
    text = "wrong {}the gradient is {}, finite differences give {}".format(where, *_apart(analytic, numerical))
    value, given = entries.slopes.value, entries.slopes.given
    if not value.any():
        return f"{text}; they are 0 in every entry looked at: does the result depend on this argument?"
    count = int(entries.wrong.sum())
    factor = float(given @ value / (value @ value))
    # A tenth of a per cent tells a factor from a coincidence, also in float32; one entry off is no factor of 1.
    if (
        abs(factor - 1) > 1e-2
        and (np.abs(given - factor * value) <= 1e-3 * np.max(np.abs(given)) + entries.slopes.bound).all()
        and value.size > 1
    ):
        return f"{text}; everywhere it is {factor:.3g} times what it should be"
    are = "is" if count == 1 else "are"
    return f"{text}; {count} of {value.size} entries looked at {are} wrong" if count else text


def _apart(one: float, other: float) -> tuple[str, str]:
    """Both numbers, with as many digits as it takes to tell them apart."""
    texts = [(f"{one:.{digits}g}", f"{other:.{digits}g}") for digits in (5, 7, 9, 13, 17)]
    return next((pair for pair in texts if pair[0] != pair[1]), texts[0])


def _random(apart: float, size: float) -> str:
    """Message for a function that returns another value each time: its noise and kinks are consequences."""
    if not apart:
        return ""
    seen = f"two calls of f at the same x differ by {apart:.2g}, where its values are up to {size:.2g}"
    return f"{seen}: if f draws random numbers (dropout), seed their generator inside f, or switch them off"


def _unresolved(
    differs: bool, resolution: float, factor: float | None, entries: MeasuredGroup, *, random: str = ""
) -> str:
    kinks = float(np.mean(entries.slopes.kink))
    if random and (differs or kinks > _FEW):
        return random
    if differs:
        return "differs in one measurement and not in another: check at another point, away from kinks, and in float64"
    if kinks > _FEW:
        return f"{kinks:.0%} of the entries sit at a kink, where any slope in between is right: check at another point"
    if factor is not None:
        hidden = f"a factor of 1 ± {factor:.1e}"
    else:
        hidden = f"an error of {resolution:.1e} of the largest derivative" if np.isfinite(resolution) else "any error"
    if random:
        return f"{hidden} could not be seen: {random}"
    flat = "" if factor is not None else " or too flat"
    return f"f is too noisy{flat} here, so that {hidden} could not be seen; compute in float64"
