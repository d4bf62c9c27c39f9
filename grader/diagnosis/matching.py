"""Which prepared hypotheses give what a student's code gives, at more than one point, and which of them to name.

A hypothesis counts when every array that it changes agrees with the student's at the graded point and at another, and
no check that the student passed speaks against it. Of several that behave alike the author's own name is taken, then
the clause that says most; between authors' names that cannot be told apart none is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from grader.diagnosis.bank import GRADED, MILDER, REPEATED, Bank, Hypothesis, Results
from grader.diagnosis.codes import TWO, Candidate
from grader.diagnosis.fingerprints import agree, fingerprints, limits
from grader.model import Check

Values = Mapping[str, Any]
Ask = Callable[[int], Values | None]
"""View -> what the student's code returns there; None if it cannot be asked."""

SAYS_MOST = (
    "mean-for-sum",
    "sum-for-mean",
    "missing-shift",
    "missing-mask",
    "wrong-mask",
    "missing-function",
    "wrong-function",
    "missing-division",
    "wrong-axis",
    "wrong-reduction",
    "kept-axis",
    "missing-transpose",
    "missing-factor",
    "missing-term",
    "missing-step",
    "wrong-sign",
    "left-out",
    "extra-factor",
    TWO,
)
"""Codes of generated hypotheses that name a mistake, the most telling first; all others only describe one."""
_REST = len(SAYS_MOST)
SAYS_NOTHING = ("a variable stands where another", "an intermediate result")
"""Words of generated clauses that leave a student no wiser."""


class Named(Struct, frozen=True, kw_only=True):
    """What the hypotheses say of one check."""

    candidate: Candidate
    whole: bool
    """Whether it explains every wrong array of the check."""
    strong: bool
    """Whether it names a mistake, and does not only describe one."""
    mistakes: int


class Matcher:
    """The hypotheses that are left for a submission after what its passed checks returned."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._refuted: set[int] = set()

    def speaks_of(self, check: str, hypotheses: Iterable[int]) -> bool:
        """Whether any of these hypotheses changes what `check` returns."""
        results = self._bank.results(check)
        return results is not None and not set(results.which.tolist()).isdisjoint(hypotheses)

    def passed(self, check: str, values: Values) -> None:
        """Drop the hypotheses under which `check`, which passed with `values`, would return something else."""
        results = self._bank.results(check)
        if results is not None and len(results.which):
            same = _agreeing(results, GRADED, values).all(axis=1)
            self._refuted |= set(results.which[~same].tolist())

    def left(self, hypotheses: Mapping[int, npt.NDArray[np.bool_]]) -> dict[int, npt.NDArray[np.bool_]]:
        """Those that no passed check speaks against."""
        return {h: arrays for h, arrays in hypotheses.items() if h not in self._refuted}

    def possible(self, check: str, values: Values) -> dict[int, npt.NDArray[np.bool_]]:
        """Hypotheses that agree at the graded point; for each the arrays that it changes."""
        results = self._bank.results(check)
        if results is None or not len(results.which):
            return {}
        agreeing = _agreeing(results, GRADED, values)
        changed = np.asarray(~agree(results.found[:, GRADED], results.reference[GRADED]))
        ok: npt.NDArray[np.bool_] = np.asarray(
            (agreeing | ~changed).all(axis=1) & changed.any(axis=1) & ~np.isnan(results.found[:, GRADED]).any((1, 2))
        )
        return self.left({int(h): changed[row] for row, h in enumerate(results.which) if ok[row]})

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

    def hypothesis(self, number: int) -> Hypothesis:
        return self._bank.hypotheses[number]

    def wrong_arrays(self, check: str, values: Values) -> npt.NDArray[np.bool_]:
        """Which of a check's arrays are not the reference's."""
        results = self._bank.results(check)
        assert results is not None  # there were hypotheses
        found = fingerprints(values, results.names)
        return ~agree(found, results.reference[GRADED], limits(values, results.names))

    def names(self, check: str) -> tuple[str, ...]:
        results = self._bank.results(check)
        return results.names if results is not None else ()


def choose(
    matcher: Matcher,
    check: Check,
    values: Values,
    left: Mapping[int, npt.NDArray[np.bool_]],
    explains: Mapping[int, int],
) -> Named | None:
    """The sentence for one check out of the hypotheses that are left.

    Parameters
    ----------
    left
        From `Matcher.repeated`.
    explains
        For each hypothesis how many failed checks agree with it.
    """
    wrong = matcher.wrong_arrays(check.id, values)
    whole = [h for h, arrays in left.items() if np.array_equal(arrays, wrong)]
    if whole:
        best = _best(matcher, whole, explains)
        return None if best is None else _said(matcher, check, [(best, wrong)], whole=True)
    chosen: list[tuple[int, npt.NDArray[np.bool_]]] = []
    groups: dict[bytes, list[int]] = {}
    for h, arrays in left.items():
        if matcher.hypothesis(h).mistakes == 1:
            groups.setdefault(arrays.tobytes(), []).append(h)
    covered = np.zeros_like(wrong)
    for key in sorted(groups, key=lambda k: -sum(k)):  # most arrays first
        arrays = np.frombuffer(key, dtype=np.bool_)
        best = None if (covered & arrays).any() else _best(matcher, groups[key], explains)
        if best is not None:
            chosen.append((best, arrays))
            covered |= arrays
    if not chosen:
        return None
    return _said(matcher, check, chosen[:2], whole=len(chosen) <= 2 and bool((covered == wrong).all()))


def _best(matcher: Matcher, numbers: Sequence[int], explains: Mapping[int, int]) -> int | None:
    """The one to name among hypotheses that give the same; None where names of equal weight contradict each other."""
    fewest = min(matcher.hypothesis(h).mistakes for h in numbers)
    numbers = [h for h in numbers if matcher.hypothesis(h).mistakes == fewest]
    named = [h for h in numbers if matcher.hypothesis(h).named]
    if named:
        most = max(explains.get(h, 0) for h in named)
        named = [h for h in named if explains.get(h, 0) == most]
        return named[0] if len(named) == 1 else None
    numbers = [h for h in numbers if not any(word in matcher.hypothesis(h).text for word in SAYS_NOTHING)]
    if not numbers:
        return None
    most = max(explains.get(h, 0) for h in numbers)
    ranked = sorted((h for h in numbers if explains.get(h, 0) == most), key=lambda h: (_rank(matcher.hypothesis(h)), h))
    functions = {matcher.hypothesis(h).function for h in ranked}
    return ranked[0] if len(functions) == 1 else None


def _rank(hypothesis: Hypothesis) -> int:
    return SAYS_MOST.index(hypothesis.code) if hypothesis.code in SAYS_MOST else _REST


def _said(matcher: Matcher, check: Check, chosen: Sequence[tuple[int, npt.NDArray[np.bool_]]], *, whole: bool) -> Named:
    sentences = []
    names = matcher.names(check.id)
    for number, arrays in chosen:
        h = matcher.hypothesis(number)
        told = [f"`{n}`" for n, changed in zip(names, arrays, strict=True) if changed]
        if check.judge is not None:  # its arrays are the probe's own, and the student does not know their names
            subject = "What is seen here is"
        elif len(told) > 3:
            subject = "These results are"
        else:
            subject = " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)
            subject += " is" if len(told) == 1 else " are"
        if h.named and h.mistakes > 1:
            sentences.append(f"{subject} exactly what comes out with these two mistakes: {h.text}.")
        elif h.named:
            sentences.append(f"{subject} exactly what comes out with this mistake: {h.text}.")
        else:
            where = f" in `{h.function}`" if h.function else ""
            sentences.append(f"{subject} exactly what comes out if{where} {h.text}.")
    hypotheses = [matcher.hypothesis(number) for number, _ in chosen]
    mistakes = sum(h.mistakes for h in hypotheses)
    return Named(
        candidate=Candidate(
            hypotheses[0].code if mistakes == 1 else TWO,
            " ".join(sentences),
            {"agrees_at_points": 2, "mistakes": mistakes} if mistakes > 1 else {"agrees_at_points": 2},
        ),
        whole=whole,
        strong=all(h.named or _rank(h) < _REST for h in hypotheses),
        mistakes=mistakes,
    )


def _agreeing(results: Results, view: int, values: Values) -> npt.NDArray[np.bool_]:
    """Shape (hypotheses, arrays)."""
    found = fingerprints(values, results.names)
    return agree(results.found[:, view], found, limits(values, results.names))
