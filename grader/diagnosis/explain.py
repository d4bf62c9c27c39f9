"""The diagnoses of one submission: for each failed check the best-founded sentence, or none.

In this order: how the student's own layers behave, a mistake that the author has named, what a wrong shape shows, nan
for extreme numbers, a change of the solution that names a mistake, a gradient that fits a wrong forward pass, two
mistakes, what the numbers show, an input changed in place, a change that only describes. Every student array may come
along here: nothing of it raises, and what cannot be told within the budget is left unsaid.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence, Set
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from grader.diagnosis.bank import GRADED, MILDER, REPEATED, Bank
from grader.diagnosis.codes import NAMED, Candidate
from grader.diagnosis.conduct import Fact, own_forward, read_facts, state, upstream_bent, upstream_ignored
from grader.diagnosis.matching import Matcher, Named, choose
from grader.diagnosis.rules import changed_input, extreme, value_rule
from grader.diagnosis.shapes import shape_rule
from grader.diagnosis.views import milder, second_seed, watched
from grader.model import Check, Diagnosis, NotArray, Observation, Outcome

Golden = Mapping[str, Mapping[str, npt.NDArray[Any]]]
Probe = Callable[[Check, int], Observation]
"""Observe a check of this submission once more, at a seed."""

PROBES = 80
"""Most further observations of one submission, at some 10 ms each. What is asked depends on this number and on no
clock, so that the same submission gets the same report."""
SECONDS = 30.0
"""After which nothing more is asked all the same; the report says so. Only a submission that is slow in itself, or a
machine at a standstill, gets there."""
CONDUCT = 3
"""View: how the layers of a check behave, at the graded point."""


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


class Explained(Struct, frozen=True):
    """A diagnosis for each check that could be given one, and what to say about the search itself."""

    found: Mapping[str, Diagnosis]
    notes: tuple[str, ...] = ()


def explain(
    cases: Sequence[Case],
    golden: Golden,
    bank: Bank | None,
    seed: int,
    probe: Probe,
) -> Explained:
    """Diagnose the failed checks of one submission.

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
    explained = {_names(c.check) for c in wrong if (n := named.get(c.check.id)) is not None and n.whole}
    found = {}
    for case in wrong:
        expected = golden.get(case.check.id, {})
        candidate = _best(case, expected, named.get(case.check.id), asker, wrong, explained)
        if candidate is not None:
            found[case.check.id] = candidate.diagnosis()
    notes = ("the search for the kinds of mistakes was cut short: it had taken {SECONDS:g} s",) if asker.late else ()
    return Explained(found, tuple(note.format(SECONDS=SECONDS) for note in notes))


def _best(
    case: Case,
    golden: Mapping[str, npt.NDArray[Any]],
    named: Named | None,
    asker: _Asker,
    wrong: Sequence[Case],
    explained: Set[frozenset[str]],
) -> Candidate | None:
    """The sentence whose evidence is the most direct, of those that explain the most."""
    values, check = case.observation.values, case.check
    whole = named is not None and named.whole
    if case.innocent:
        return named.candidate if whole and named is not None else None
    if check.judge is not None:
        if named is not None and named.strong:
            return named.candidate
        return changed_input(case.observation.changed) if case.observation.changed else None
    failed = [array.name for array in case.outcome.arrays if array.earned != 1]
    facts = asker.facts(check, failed)
    direct = upstream_ignored(facts, failed) or state(facts, failed)
    if direct is not None and not (named is not None and whole and named.mistakes > 1):
        return direct
    if named is not None and whole and named.candidate.code == NAMED:
        return named.candidate
    spoilt = _forward_fails(check, wrong)
    by_shape = shape_rule(values, golden, failed) or _extreme(check, values, golden, failed, asker, not spoilt)
    if by_shape is not None:
        return by_shape
    if named is not None and whole and named.strong:
        return named.candidate
    if spoilt and (own := own_forward(facts, failed)) is not None:
        return own
    if named is not None and named.strong:
        return named.candidate
    if _parts_fail(check, wrong) or _names(check) in explained:
        # what a layer alone gets wrong shows there, and what is known of it is known; here are only consequences
        return None
    hidden = check.visibility == "hidden"
    elsewhere = asker.elsewhere(check)
    return (
        value_rule(values, golden, failed, hidden=hidden, elsewhere=elsewhere)
        or upstream_bent(facts, failed)
        or (changed_input(case.observation.changed) if case.observation.changed else None)
        or (named.candidate if named is not None and whole else None)
    )


def _forward_fails(check: Check, wrong: Sequence[Case]) -> bool:
    """Whether another check of nothing but the same names fails by itself: what the forward pass returns is wrong."""
    names = {use.name for use in check.uses}
    return any(
        case.check.id != check.id and {use.name for use in case.check.uses} <= names and not case.innocent
        for case in wrong
    )


def _names(check: Check) -> frozenset[str]:
    return frozenset(use.name for use in check.uses)


def _parts_fail(check: Check, wrong: Sequence[Case]) -> bool:
    """Whether a check of some, but not all, of the names that this one needs fails by itself."""
    names = {use.name for use in check.uses} | set(check.builds_on)
    return any({use.name for use in case.check.uses} < names and not case.innocent for case in wrong)


def _hypotheses(cases: Sequence[Case], wrong: Sequence[Case], bank: Bank, asker: _Asker) -> dict[str, Named]:
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
    otherwise_right: bool,
) -> Candidate | None:
    """Tell an overflow from a logarithm of zero by a point between the two."""
    strange = [n for n in failed if not _finite(values.get(n)) and np.isfinite(golden[n]).all()] if golden else []
    if not strange or milder(check) is None:
        return None
    mild = asker.view(check, MILDER)
    if mild is None or strange[0] not in mild:
        return None
    return extreme(strange[0], overflows=not _finite(mild[strange[0]]), otherwise_right=otherwise_right)


def _finite(value: object) -> bool:
    """Whether it is no array of floats with nan or inf in it."""
    return not isinstance(value, np.ndarray) or value.dtype.kind not in "fc" or bool(np.isfinite(value).all())


def _arrays(observation: Observation) -> dict[str, Any]:
    return {name: value for name, value in observation.values.items() if not isinstance(value, NotArray)}


class _Asker:
    """Further observations of the submission, each made once, within the budget."""

    def __init__(self, bank: Bank | None, seed: int, probe: Probe) -> None:
        self._seeds = bank.seeds if bank is not None else (seed, second_seed(seed))
        self._bank = bank
        self._probe = probe
        self._seen: dict[tuple[str, int], dict[str, Any] | None] = {}
        self._ends = time.monotonic() + SECONDS
        self.late = False
        self.graded_is_prepared = seed == self._seeds[0]

    def view(self, check: Check, view: int) -> dict[str, Any] | None:
        """What a check returns at a prepared point; None if it does not return, or the budget is used up."""
        key = check.id, view
        if key not in self._seen:
            asked = _asked(check, view)
            if asked is None or len(self._seen) >= PROBES or self._is_late():
                return None
            observation = self._probe(asked, self._seeds[1 if view == REPEATED else 0])
            self._seen[key] = _arrays(observation) if observation.ended == "returned" else None
        return self._seen[key]

    def facts(self, check: Check, names: Sequence[str]) -> tuple[Fact, ...]:
        """How the layers that a check uses behave."""
        return read_facts(self.view(check, CONDUCT), names)

    def elsewhere(self, check: Check) -> tuple[dict[str, Any], Mapping[str, npt.NDArray[Any]]] | None:
        """What a check returns at the second point and what is expected there; None where that is not known."""
        results = self._bank.results(check.id) if self._bank is not None else None
        if results is None or not results.expected:
            return None
        values = self.view(check, REPEATED)
        return (values, results.expected) if values is not None else None

    def _is_late(self) -> bool:
        self.late = self.late or time.monotonic() > self._ends
        return self.late


def _asked(check: Check, view: int) -> Check | None:
    """What to probe for a view; None for what is not asked: a check that its author gives time, and has few of."""
    if check.seconds is not None:
        return None
    return milder(check) if view == MILDER else watched(check) if view == CONDUCT else check
