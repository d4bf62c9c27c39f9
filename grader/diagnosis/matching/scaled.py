"""A known mistake made by another amount: a term twice or by half, a slope that lets some through, a wrong sign on top.

Projections of a fingerprint are linear in the array. So whether a student's arrays are `right + c (wrong - right)`,
with one number c for all of them and at both points, shows in fingerprints alone; and whether they are `k wrong`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from grader.diagnosis.bank import GRADED, REPEATED, Bank, Hypothesis, Results
from grader.worker.experiments.fingerprints import Floats, agree, fingerprints, limits

Values = Mapping[str, Any]

SMALLEST = 1e-4
"""Of the largest entry: a mistake that changes less than this leaves too few digits to measure its amount by."""
LARGEST = 1e3
"""Amounts beyond this, or below its inverse, are not meant."""
SAME = 1e-6
"""Two measurements of one amount."""
PARTS = {
    "missing-term": "is missing",
    "missing-step": "is missing",
    "missing-mask": "let through",
    "missing-function": "let through",
    "extra-factor": "a factor 2 of",
    "extra-term": ", which is once too often",
}
"""Codes of mistakes that can be made by an amount, with the words of their clauses that give it way."""
TELLING = (0.0, -1.0, 2.0, 0.5, 1 / np.log(2), 1 / np.log(10))
"""Factors whose size says what is wrong."""
SCALES = ("extra-factor", "wrong-sign", "mean-for-sum", "sum-for-mean", "missing-division", "wrong-constant", "scaled")
"""Codes of mistakes that are a factor themselves, so that another on top says nothing."""


class Degree(NamedTuple):
    """A hypothesis by an amount."""

    number: int
    arrays: npt.NDArray[np.bool_]
    """Of the check, those that it changes."""
    clause: str
    mistakes: int


def amounts(results: Results, bank: Bank, student: Mapping[int, Values], possible: Iterable[int]) -> Iterator[Degree]:
    """The hypotheses of `possible` that explain one check by an amount other than the whole.

    Parameters
    ----------
    student
        What the student's code returned at GRADED and at REPEATED.
    """
    wanted = set(possible)
    rows = [row for row, h in enumerate(results.which) if int(h) in wanted]
    if not rows:
        return
    lines = _Lines(results, results.found[rows], student)
    for place, row in enumerate(rows):
        number = int(results.which[row])
        hypothesis = bank.hypotheses[number]
        if hypothesis.mistakes > 1 or not lines.changed[place].any():
            continue
        if hypothesis.code in PARTS and not hypothesis.named:
            share = lines.share(place)
            clause = _by_amount(hypothesis, share) if share is not None else ""
            if hypothesis.code == "extra-factor" and share is not None and lines.only_scaled(place, 1 + share):
                clause = ""
            if clause:
                yield Degree(number, lines.changed[place], clause, 1)
                continue
        if hypothesis.code not in SCALES:
            factor = lines.factor(place)
            words = _factor(factor) if factor is not None else ""
            if words:
                yield Degree(number, lines.changed[place], f"{hypothesis.text}, and {words}", 2)


def factor_of_right(results: Results, student: Mapping[int, Values], wrong: npt.NDArray[np.bool_]) -> float | None:
    """k with student = k right in the arrays of one check that are wrong; None where there is none."""
    lines = _Lines(results, results.reference[None], student)
    return lines.overall(wrong) if wrong.any() else None


class _Lines:
    """Right, wrong and the student's arrays of one check as points of a space; `found` as `Results.found`."""

    def __init__(self, results: Results, found: Floats, student: Mapping[int, Values]) -> None:
        views = [GRADED, REPEATED]
        found = found[:, views]
        seen = np.stack([fingerprints(student[v], results.names) for v in views])
        limit = np.stack([limits(student[v], results.names) for v in views])
        right = results.reference[views]
        self.changed: npt.NDArray[np.bool_] = np.any(~agree(found, right), axis=1)
        alike = (found[..., :2] == right[..., :2]).all(-1) & (seen[..., :2] == right[..., :2]).all(-1)
        whole = (np.abs(found[..., 2] - right[..., 2]) < 1e-9) & (np.abs(seen[..., 2] - right[..., 2]) < 1e-9)
        fits = (alike & whole & np.isfinite(found).all(-1)).all(axis=1)
        self._usable: npt.NDArray[np.bool_] = np.all(fits | ~self.changed, axis=1)
        self._right, self._seen, self._wrong = _vector(right), _vector(seen), _vector(found)
        tops = np.maximum(np.maximum(right[..., 3], seen[..., 3])[None], found[..., 3])
        self._room = 2 * limit * np.maximum(np.sqrt(right[..., 1]), 1.0) * tops
        self._top = np.where(tops > 0, tops, 1.0)
        self._entries = np.minimum(right[0, :, 1], 3)
        shares = self._steady(self._seen - self._right, self._wrong - self._right)
        self._worth_it = shares, self._steady(self._seen, self._wrong)

    @np.errstate(all="ignore")
    def _steady(self, one: Floats, others: Floats) -> npt.NDArray[np.bool_]:
        """For each hypothesis whether one ratio may hold at both points: few do, and only these are looked at."""
        at = self.changed[:, None, :, None] / self._top[..., None] ** 2
        ratios = (at * one * others).sum(axis=(2, 3)) / (at * others * others).sum(axis=(2, 3))
        steady: npt.NDArray[np.bool_] = np.abs(ratios[:, 1] - ratios[:, 0]) <= 2 * SAME * np.abs(ratios[:, 0])
        return steady & self._usable

    def share(self, place: int) -> float | None:
        """c with student = right + c (wrong - right); None where there is none, or where it is 0 or 1."""
        if not self._worth_it[0][place]:
            return None
        return self._ratio(place, self._seen - self._right, self._wrong[place] - self._right)

    def factor(self, place: int) -> float | None:
        """k with student = k wrong; None where there is none, where it is 1, and where wrong is a multiple of right."""
        if not self._worth_it[1][place] or self._parallel(place, self._wrong[place]):
            return None
        return self._ratio(place, self._seen, self._wrong[place])

    def overall(self, wrong: npt.NDArray[np.bool_]) -> float | None:
        """k with student = k right in the arrays `wrong`; None where there is none."""
        self.changed[0] = wrong
        return self._ratio(0, self._seen, self._right)

    def only_scaled(self, place: int, factor: float) -> bool:
        """Whether the student's arrays are `factor` times the right ones, and that says more than where it comes in."""
        known = any(abs(factor - value) < SAME for value in TELLING) or (_round(factor) and abs(factor) != 1)
        return known and self._parallel(place, self._seen)

    @np.errstate(all="ignore")
    def _parallel(self, place: int, arrays: Floats) -> bool:
        at = self.changed[place]
        one, other = arrays[:, at], self._right[:, at]
        ratios = (one * other).sum(axis=-1, keepdims=True) / (other * other).sum(axis=-1, keepdims=True)
        rest = np.abs(one - ratios * other).max(axis=-1)
        return bool((rest <= self._room[place][:, at] * (1 + np.abs(ratios[..., 0]))).all())

    @np.errstate(all="ignore")
    def _ratio(self, place: int, one: Floats, other: Floats) -> float | None:
        if not self._usable[place]:
            return None
        at = self.changed[place]
        one, other, room, top = one[:, at], other[:, at], self._room[place][:, at], self._top[place][:, at]
        if not (np.abs(other).max(axis=-1) > SMALLEST * top).any(axis=1).all():
            return None
        scaled, by = one / top[..., None], other / top[..., None]
        ratios = (scaled * by).sum(axis=(1, 2)) / (by * by).sum(axis=(1, 2))
        ratio = float(ratios[0])
        if not 1 / LARGEST < abs(ratio) < LARGEST or abs(ratio - 1) < SAME:
            return None
        if not abs(ratios[1] - ratio) <= SAME * abs(ratio):
            return None
        if not (np.abs(one - ratio * other).max(axis=-1) <= room * (1 + abs(ratio))).all():
            return None
        if self._entries[at].sum() < 3 and not _round(ratio):
            return None  # two numbers, and one to choose: only a likely one proves anything
        return ratio


def _vector(found: Floats) -> Floats:
    """The projections of the entries themselves."""
    vector: Floats = found[..., 3:4] * found[..., 4:]
    return vector


def _round(number: float) -> bool:
    """Whether it is a whole number or one over such."""
    number = abs(number)
    return min(abs(number - round(number)), abs(1 / number - round(1 / number))) < 1e-7 * max(number, 1 / number)


def _by_amount(hypothesis: Hypothesis, share: float) -> str:
    """The clause of a mistake that is made by `share`, 1 being the whole; empty where it cannot be said."""
    words = PARTS[hypothesis.code]
    if words not in hypothesis.text:
        return ""
    if hypothesis.code == "extra-term":
        return hypothesis.text.replace(words, f", multiplied by {_number(share)}, which has no place there")
    if words == "let through":
        return f"{hypothesis.text}, multiplied by {share:.4g}" if 0 < share < 1 else ""
    if hypothesis.code == "extra-factor":
        # a quotient of two lengths, say, is another one in the next check
        if abs(1 + share) < SAME or not _round(1 + share):
            return ""
        return hypothesis.text.replace(words, f"a factor {_number(1 + share)} of")
    return hypothesis.text.replace(words, _times(1 - share))


def _times(weight: float) -> str:
    known = {-1.0: "has the wrong sign", 2.0: "comes in twice", 0.5: "comes in by half only"}
    for value, words in known.items():
        if abs(weight - value) < SAME:
            return words
    if weight > 2.5 and _round(weight):
        return f"is {weight:.0f} times too large, as if a division by a count were missing"
    if 0 < weight < 0.4 and _round(weight):
        return f"is {1 / weight:.0f} times too small, as if it were divided by a count once too often"
    return f"is multiplied by {_number(weight)}"


def _number(value: float) -> str:
    for count in range(2, 200):
        if abs(value * count - 1) < SAME:
            return f"1/{count}"
    return f"{value:.4g}"


def _factor(value: float) -> str:
    """What a factor on top of a mistake amounts to; empty for one that nobody meant."""
    known = {-1.0: "the sign is wrong", 2.0: "there is a factor 2 too many", 0.5: "there is a factor 1/2 too many"}
    for number, words in known.items():
        if abs(value / number - 1) < SAME:
            return words
    if value > 2.5 and _round(value):
        return "a division by a count is missing"
    if 0 < value < 0.4 and _round(value):
        return "a division by a count is too many"
    return ""
