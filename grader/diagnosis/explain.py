"""The diagnoses of one submission: for each failed check the best-founded sentence, or none.

In this order: a mistake that the author has named, what a wrong shape shows, nan for extreme numbers, a change of the
solution that names a mistake, what the numbers show, an input changed in place, a change that only describes. Every
student array may come along here: nothing of it raises, and what cannot be told within the budget is left unsaid.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from grader.diagnosis.bank import GRADED, MILDER, Bank
from grader.diagnosis.codes import NAMED, Candidate
from grader.diagnosis.matching import Matcher, choose
from grader.diagnosis.rules import changed_input, extreme, shape_rule, value_rule
from grader.diagnosis.views import milder
from grader.model import Check, Diagnosis, NotArray, Observation, Outcome

Golden = Mapping[str, Mapping[str, npt.NDArray[Any]]]
Probe = Callable[[Check, int], Observation]
"""Observe a check of this submission once more, at a seed."""

SECONDS = 5.0
"""After which nothing more is asked of the submission: a diagnosis is worth a moment's waiting."""
PROBES = 40
"""Most further observations of one submission."""


class Case(Struct, frozen=True):
    """One check of the submission with its outcome."""

    outcome: Outcome
    observation: Observation
    innocent: bool = False
    """Whether it passes once the reference stands in for earlier parts: the mistake is in those."""

    @property
    def check(self) -> Check:
        return self.outcome.check

    @property
    def wrong(self) -> bool:
        """Whether there are arrays to explain; an exception or a missing name speaks for itself."""
        return self.outcome.status in ("failed", "partial") and self.observation.ended == "returned"


def explain(cases: Sequence[Case], golden: Golden, bank: Bank | None, seed: int, probe: Probe) -> dict[str, Diagnosis]:
    """A diagnosis for each check that can be given one.

    Parameters
    ----------
    cases
        Every check that was probed.
    golden
        Expected arrays at `seed`.
    bank
        The assignment's prepared hypotheses, if they are here.
    seed
        The graded one.
    probe
        Observes the submission again; used for failed checks only.
    """
    wrong = [case for case in cases if case.wrong]
    asker = _Asker(bank, seed, probe)
    named = _hypotheses(cases, wrong, bank, asker) if bank is not None else {}
    found = {}
    for case in wrong:
        candidate = _best(case, golden.get(case.check.id, {}), named.get(case.check.id), asker)
        if candidate is not None:
            found[case.check.id] = candidate.diagnosis()
    return found


def _best(
    case: Case, golden: Mapping[str, npt.NDArray[Any]], named: tuple[Candidate, bool] | None, asker: _Asker
) -> Candidate | None:
    values, check = case.observation.values, case.check
    if case.innocent or (named is not None and named[0].code == NAMED):
        return named[0] if named is not None else None
    by_shape = by_value = None
    if check.judge is None:
        failed = [array.name for array in case.outcome.arrays if array.earned != 1]
        by_shape = shape_rule(values, golden, failed) or _extreme(check, values, golden, failed, asker)
        by_value = value_rule(values, golden, failed, hidden=check.visibility == "hidden")
    if by_shape is not None:
        return by_shape
    if named is not None and named[1]:
        return named[0]
    if by_value is not None:
        return by_value
    if case.observation.changed:
        return changed_input(case.observation.changed)
    return named[0] if named is not None else None


def _hypotheses(
    cases: Sequence[Case], wrong: Sequence[Case], bank: Bank, asker: _Asker
) -> dict[str, tuple[Candidate, bool]]:
    passed = [case for case in cases if case.outcome.status == "passed"]
    matcher = Matcher(bank)
    for case in passed if asker.graded_is_prepared else ():
        matcher.passed(case.check.id, _arrays(case.observation))
    possible: dict[str, tuple[Mapping[str, Any], dict[int, Any]]] = {}
    explains: dict[int, int] = {}
    at_fault: set[int] = set()
    """Hypotheses that agree with a check which fails by itself."""
    for case in wrong:
        seen = _arrays(case.observation) if asker.graded_is_prepared else asker.view(case.check, GRADED)
        if seen is None:
            continue
        left = matcher.possible(case.check.id, seen)
        possible[case.check.id] = (seen, left)
        for number in left:
            explains[number] = explains.get(number, 0) + 1
        at_fault |= set() if case.innocent else left.keys()
    for case in passed if not asker.graded_is_prepared else ():
        if matcher.speaks_of(case.check.id, explains):
            again = asker.view(case.check, GRADED)
            if again is not None:
                matcher.passed(case.check.id, again)
    found = {}
    for case in wrong:
        values, agreeing = possible.get(case.check.id, ({}, {}))
        left = matcher.left(agreeing)
        if case.innocent:
            left = {h: arrays for h, arrays in left.items() if h in at_fault}
        if left:
            left = matcher.repeated(case.check.id, left, partial(asker.view, case.check))
        chosen = choose(matcher, case.check, values, left, explains) if left else None
        if chosen is not None:
            found[case.check.id] = chosen
    return found


def _extreme(
    check: Check,
    values: Mapping[str, Any],
    golden: Mapping[str, npt.NDArray[Any]],
    failed: Sequence[str],
    asker: _Asker,
) -> Candidate | None:
    """Tell an overflow from a logarithm of zero by a point between the two."""
    strange = [n for n in failed if not _finite(values.get(n)) and np.isfinite(golden[n]).all()] if golden else []
    if not strange or milder(check) is None:
        return None
    mild = asker.view(check, MILDER)
    if mild is None or strange[0] not in mild:
        return None
    return extreme(strange[0], overflows=not _finite(mild[strange[0]]))


def _finite(value: object) -> bool:
    """Whether it is no array of floats with nan or inf in it."""
    return not isinstance(value, np.ndarray) or value.dtype.kind not in "fc" or bool(np.isfinite(value).all())


def _arrays(observation: Observation) -> dict[str, Any]:
    return {name: value for name, value in observation.values.items() if not isinstance(value, NotArray)}


class _Asker:
    """Further observations of the submission, each made once, within the budget."""

    def __init__(self, bank: Bank | None, seed: int, probe: Probe) -> None:
        self._seeds = bank.seeds if bank is not None else (seed, seed)
        self._probe = probe
        self._seen: dict[tuple[str, int], dict[str, Any] | None] = {}
        self._ends = time.monotonic() + SECONDS
        self.graded_is_prepared = seed == self._seeds[0]

    def view(self, check: Check, view: int) -> dict[str, Any] | None:
        """What a check returns at a prepared point; None if it does not return, or the budget is used up."""
        key = check.id, view
        if key not in self._seen:
            if len(self._seen) >= PROBES or time.monotonic() > self._ends:
                return None
            asked: Check | None = milder(check) if view == MILDER else check
            if asked is None:
                return None
            observation = self._probe(asked, self._seeds[0 if view == MILDER else view])
            self._seen[key] = _arrays(observation) if observation.ended == "returned" else None
        return self._seen[key]
