"""Which prepared hypotheses give what a student's code gives, at more than one point.

A hypothesis counts when every array that it changes agrees with the student's at the graded point and at another, and
no check that the student passed speaks against it. Which of those that are left to name is for
`grader.diagnosis.matching.choose`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.diagnosis.bank import GRADED, MILDER, REPEATED, Bank, Hypothesis, Results
from grader.diagnosis.evidence import names_of
from grader.diagnosis.points import milder
from grader.model import Check
from grader.worker.experiments.fingerprints import ABSENT, CLOSE, Floats, agree, fingerprints, limits

SHARE = 1e-2
"""Of what a hypothesis changes, how much a student's array may differ from it."""
CLOSEST = 1e-10
"""Two float64 programs agree to 1e-12, after several steps to somewhat less; float32 ones to `CLOSE`."""

Values = Mapping[str, Any]
Ask = Callable[[int], Values | None]
"""View -> what the student's code returns there; None if it cannot be asked."""


class Matcher:
    """The hypotheses that are left for a submission after what its passed checks returned."""

    def __init__(self, bank: Bank, right: Set[str] = frozenset()) -> None:
        self._bank = bank
        self.right = right
        """Names whose first checks have passed."""
        self._refuted: set[int] = set()
        self._unused: set[int] = set()
        """Refuted by checks of other names alone: a student need not use there what the solution uses."""
        self._seen: set[int] = set()
        """Those that fit a failed check of their own name."""
        self._contradicted: set[int] = set()
        self._otherwise: set[tuple[int, str, str]] = set()
        """Author's hypotheses with a name and an array of it that an earlier check has seen otherwise."""

    def speaks_of(self, check: str) -> bool:
        """Whether any hypothesis changes what `check` returns."""
        results = self._bank.results(check)
        return results is not None and bool(len(results.which))

    def passed(self, check: Check, values: Values) -> None:
        """Drop the hypotheses under which `check`, which passed with `values`, would return something else.

        A judged check may pass with other arrays than the reference's, of weights that the student drew, say: then it
        says nothing of what a hypothesis would return from there.
        """
        results = self._bank.results(check.id)
        if results is None or not len(results.which):
            return
        if check.judge is not None and self.wrong_arrays(check.id, values).any():
            return
        same = _agreeing(results, GRADED, values).all(axis=1)
        names = names_of(check)
        for number in results.which[~same].tolist():
            (self._refuted if self._top(number) in ("", *names) else self._unused).add(number)

    def _top(self, number: int) -> str:
        """The function or class that a hypothesis is about; empty for an author's."""
        return self._bank.hypotheses[number].function.partition(".")[0]

    def acquitted(self, names: Set[str]) -> None:
        """Drop generated hypotheses in what passed every check of its own: where it is used, the mistake is the user's.

        What an author has named stays: it may show only there.
        """
        generated = (number for number, h in enumerate(self._bank.hypotheses) if not h.named)
        self._refuted |= {number for number in generated if self._top(number) in names}

    def left(self, check: Check, hypotheses: Mapping[int, npt.NDArray[np.bool_]]) -> dict[int, npt.NDArray[np.bool_]]:
        """Those that no other check than `check` speaks against."""
        against = self._refuted | self._contradicted
        names = names_of(check)
        self._seen |= {h for h in hypotheses if h not in against and self._top(h) in names}
        against |= self._unused - self._seen
        return {h: arrays for h, arrays in hypotheses.items() if h not in against}

    def _is_seen_otherwise(self, number: int, check: Check, arrays: npt.NDArray[np.bool_]) -> bool:
        names = [name for name, changed in zip(self.names(check.id), arrays, strict=True) if changed]
        return any((number, use.name, name) in self._otherwise for use in check.uses for name in names)

    def failed(self, check: Check, values: Values) -> None:
        """Note the hypotheses under which a check of one name that failed would return something else than it did.

        They are wrong wherever else they fit, by chance or since all that is left is zero.
        """
        results = self._bank.results(check.id)
        if results is None or not len(results.which) or len(names_of(check)) != 1:
            return
        if milder(check) is not None:  # at the ends of the numbers it matters how a formula is written
            return
        agreeing, changed = _agreeing(results, GRADED, values), _changed(results)
        otherwise, asked = changed & ~agreeing, check.uses[0].name
        against = results.which[otherwise.any(axis=1)].tolist()
        self._contradicted |= {h for h in against if self._top(h) == asked}
        for row, number in enumerate(results.which.tolist()):
            if self._bank.hypotheses[number].named:  # of a whole class, say: it may be right of another of its arrays
                names = (name for name, other in zip(results.names, otherwise[row], strict=True) if other)
                self._otherwise |= {(number, asked, name) for name in names}

    def possible(self, check: Check, values: Values) -> dict[int, npt.NDArray[np.bool_]]:
        """Hypotheses that agree at the graded point; for each the arrays that it changes."""
        results = self._bank.results(check.id)
        if results is None or not len(results.which):
            return {}
        agreeing = _agreeing(results, GRADED, values)
        changed = _changed(results)
        ok: npt.NDArray[np.bool_] = np.asarray(
            (agreeing | ~changed).all(axis=1) & changed.any(axis=1) & ~np.isnan(results.found[:, GRADED]).any((1, 2))
        )
        if milder(check) is None:  # where no large numbers are asked for, nan or None alone shows nothing
            ok &= self._named(results) | (changed & ~_without_numbers(results)).any(axis=1)
        fits = {int(h): changed[row] for row, h in enumerate(results.which) if ok[row]}
        return self.left(check, {h: at for h, at in fits.items() if not self._is_seen_otherwise(h, check, at)})

    def _named(self, results: Results) -> npt.NDArray[np.bool_]:
        """Which hypotheses of a check are an author's."""
        return np.array([self._bank.hypotheses[int(h)].named for h in results.which], dtype=np.bool_)

    def repeated(self, check: str, possible: Mapping[int, npt.NDArray[np.bool_]], ask: Ask) -> dict[int, Any]:
        """Those of `possible` that agree at the other points, too."""
        results = self._bank.results(check)
        assert results is not None  # there were hypotheses
        left = dict(possible)
        for view in (REPEATED, MILDER):
            if not left or np.isnan(results.reference[view]).any():
                continue
            values = ask(view)
            if values is None:
                return {}
            agreeing = _agreeing(results, view, values)
            rows = {int(h): row for row, h in enumerate(results.which)}
            left = {h: arrays for h, arrays in left.items() if agreeing[rows[h]][arrays].all()}
        return left

    def is_close(self, check: str, number: int, values: Values) -> bool:
        """Whether a hypothesis gives the student's arrays to all digits, and not only to those that `CLOSE` compares.

        Of arrays in single precision there are no more.
        """
        results = self._bank.results(check)
        assert results is not None  # there was a hypothesis
        [row] = np.flatnonzero(results.which == number)
        limit = limits(values, results.names)
        prints = fingerprints(values, results.names)
        same = agree(results.found[row, GRADED], prints, np.where(limit == CLOSE, CLOSEST, limit))
        return bool(same[_changed(results)[row]].all())

    def factor(self, check: str, values: Values, ask: Ask) -> float | None:
        """By which the wrong arrays of a check are larger than right, in all entries and at both points."""
        results = self._bank.results(check)
        again = ask(REPEATED) if results is not None and not np.isnan(results.reference[REPEATED]).any() else None
        if results is None or again is None:
            return None
        at = self.wrong_arrays(check, values)
        right = results.reference[:2][:, at]
        zero = right.copy()
        zero[..., 3:] = 0
        return _multiple(_seen(results, values, again)[:, at], right, zero)

    def multiples(self, check: str, values: Values, ask: Ask) -> dict[int, npt.NDArray[np.bool_]]:
        """Hypotheses of a term too many or too few that explain a check where that term is multiplied by a number."""
        results = self._bank.results(check)
        if results is None or np.isnan(results.reference[REPEATED]).any():
            return {}
        terms = [row for row, h in enumerate(results.which) if self._is_term(int(h))]
        again = ask(REPEATED) if terms else None
        if again is None:
            return {}
        seen, right = _seen(results, values, again), results.reference[:2]
        changed, rows = _changed(results), {}
        for row in terms:
            at = changed[row]
            one, other, origin = seen[:, at], results.found[row, :2][:, at], right[:, at]
            if origin[0, :, 1].sum() < 3 or np.array_equal(origin[0], origin[1]):
                continue  # two numbers, and one to choose: chance
            zero = origin.copy()
            zero[..., 3:] = 0
            by = _multiple(one, other, origin)
            if by is None or _multiple(one, origin, zero) is not None:
                continue
            too_many = self._bank.hypotheses[int(results.which[row])].code == "extra-term"
            if by > 0 or not too_many:  # the other way round it is not added
                rows[int(results.which[row])] = at
        return rows

    def beside(
        self, check: str, values: Values, wanted: npt.NDArray[np.bool_], covered: npt.NDArray[np.bool_], ask: Ask
    ) -> list[int]:
        """Single mistakes that give the arrays `wanted` and change others only where another mistake covers theirs."""
        results, again = self._bank.results(check), ask(REPEATED)
        if results is None or again is None or np.isnan(results.reference[REPEATED]).any():
            return []
        changed = _changed(results)
        fits = (changed[:, wanted]).all(axis=1) & ~(changed & ~wanted & ~covered).any(axis=1)
        for view, seen in ((GRADED, values), (REPEATED, again)):
            fits &= _agreeing(results, view, seen)[:, wanted].all(axis=1)
        hypotheses = [int(h) for h in results.which[fits]]
        return [h for h in hypotheses if self._is_single(h)]

    def partly(self, check: str, values: Values, ask: Ask) -> dict[int, npt.NDArray[np.bool_]]:
        """Single mistakes that give several of the wrong arrays and not all that they change: those that give most.

        Another mistake may have changed the others once more. What is zero agrees with too much.
        """
        results, again = self._bank.results(check), ask(REPEATED)
        if results is None or again is None or np.isnan(results.reference[REPEATED]).any():
            return {}
        wrong = self.wrong_arrays(check, values) & [bool(np.any(values.get(name, 0))) for name in results.names]
        fits = _changed(results) & wrong
        for view, seen in ((GRADED, values), (REPEATED, again)):
            fits &= _agreeing(results, view, seen)
        most = fits.sum(axis=1).max(initial=0)
        rows = {int(h): row for h, row in zip(results.which, fits, strict=True) if most > 1 and row.sum() == most}
        rows = {h: row for h, row in rows.items() if self._is_single(h)}
        return rows if len({row.tobytes() for row in rows.values()}) == 1 else {}

    def _is_single(self, number: int) -> bool:
        """Whether it is one mistake that no passed check speaks against."""
        return (
            self._bank.hypotheses[number].mistakes == 1 and number not in self._refuted and number not in self._unused
        )

    def _is_term(self, number: int) -> bool:
        hypothesis = self._bank.hypotheses[number]
        return hypothesis.code in ("extra-term", "missing-term") and not hypothesis.named and self._is_single(number)

    def hypothesis(self, number: int) -> Hypothesis:
        return self._bank.hypotheses[number]

    def wrong_arrays(self, check: str, values: Values) -> npt.NDArray[np.bool_]:
        """Which of a check's arrays are not the reference's."""
        results = self._bank.results(check)
        assert results is not None  # there were hypotheses
        prints = fingerprints(values, results.names)
        return ~agree(prints, results.reference[GRADED], limits(values, results.names))

    def names(self, check: str) -> tuple[str, ...]:
        results = self._bank.results(check)
        return results.names if results is not None else ()


@np.errstate(all="ignore")
def _multiple(one: Floats, other: Floats, origin: Floats) -> float | None:
    """k with one = origin + k (other - origin) for fingerprints of shape (views, arrays, 7); None where there is none.

    Projections of a fingerprint are linear in the array, so that it shows in fingerprints alone.
    """
    if any((some[..., :3] != origin[..., :3]).any() for some in (one, other)):
        return None
    top = np.maximum(np.maximum(one[..., 3:4], other[..., 3:4]), origin[..., 3:4])
    by, to = (some[..., 3:4] * some[..., 4:] - origin[..., 3:4] * origin[..., 4:] for some in (one, other))
    by, to, room = by / top, to / top, 2 * CLOSE * np.sqrt(origin[..., 1:2])
    ratios = (by * to).sum(axis=(1, 2)) / (to * to).sum(axis=(1, 2))
    same = np.isfinite(ratios).all() and np.ptp(ratios) <= 1e-6 * abs(ratios[0])
    if not same or not (np.abs(to).max(axis=2) > 1e-4).all():  # what is smaller leaves too few digits
        return None
    return float(ratios[0]) if (np.abs(by - ratios[0] * to) <= room * (1 + abs(ratios[0]))).all() else None


def _seen(results: Results, graded: Values, repeated: Values) -> Floats:
    """Fingerprints of a student's arrays at two points, of shape (views, arrays, 7)."""
    return np.stack([fingerprints(values, results.names) for values in (graded, repeated)])


def _changed(results: Results) -> npt.NDArray[np.bool_]:
    """Shape (hypotheses, arrays): which arrays are not the reference's at the graded point."""
    return np.asarray(~agree(results.found[:, GRADED], results.reference[GRADED]))


def _without_numbers(results: Results) -> npt.NDArray[np.bool_]:
    """Shape (hypotheses, arrays): which arrays are missing or None, or hold nan or inf and no other number but 0."""
    found = results.found[:, GRADED]
    return np.asarray((found[..., 0] == ABSENT[0]) | ((found[..., 2] != 0) & (found[..., 3] == 0)))


def _agreeing(results: Results, view: int, values: Values) -> npt.NDArray[np.bool_]:
    """Shape (hypotheses, arrays). What a hypothesis changes little is to agree more closely: by chance many do."""
    prints = fingerprints(values, results.names)
    found, right, limit = results.found[:, view], results.reference[view], limits(values, results.names)
    with np.errstate(all="ignore"):
        change = np.abs(found - right)[..., 3:]
        change[..., :1] /= np.maximum(found[..., 3:4], right[..., 3:4])
    closest = np.where(limit == CLOSE, CLOSEST, CLOSE)
    return agree(found, prints, np.fmax(closest, np.fmin(limit, SHARE * change.max(axis=-1))))
