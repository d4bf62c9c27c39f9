"""The diagnoses of one submission: for each failed check the best-founded sentence, or none.

In this order: how the student's own layers behave, a mistake that the author has named, what a wrong shape shows, nan
for extreme numbers, a change of the solution that names a mistake, a gradient that fits a wrong forward pass, two
mistakes, what the numbers show, an input changed in place, a change that only describes. Every
student array may come along here: nothing of it raises, and what cannot be told within the budget is left unsaid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from grader.diagnosis.bank import MILDER, Bank
from grader.diagnosis.codes import NAMED, Candidate
from grader.diagnosis.evidence import SECONDS, Asker, Case, Golden, Probe
from grader.diagnosis.matching.choose import Named, named_mistakes
from grader.diagnosis.points import milder, spreads
from grader.diagnosis.rules.layers import own_forward, state, upstream_bent, upstream_ignored
from grader.diagnosis.rules.shapes import shape_rule
from grader.diagnosis.rules.values import changed_input, extreme, value_rule
from grader.model import Check, Diagnosis

DESCRIBE = ("not-zero", "zero-entries", "one-factor", "upstream-not-a-factor", "underflow", "not-finite", "all-zero")
"""Codes that say what is seen, and name no mistake."""


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
    asker = Asker(bank, seed, probe)
    named = named_mistakes(cases, bank, asker) if bank is not None else {}
    explained = {_names(c.check) for c in wrong if (n := named.get(c.check.id)) is not None and n.whole}
    found: dict[str, Diagnosis] = {}
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
    asker: Asker,
    wrong: Sequence[Case],
    explained: Set[frozenset[str]],
) -> Candidate | None:
    """The sentence whose evidence is the most direct, of those that explain the most."""
    values, check = case.observation.values, case.check
    whole = named is not None and named.whole
    if case.innocent:
        return named.candidate if whole and named is not None else None
    if check.judge is not None:
        if named is not None and named.strong and whole:  # a sentence on what is judged speaks of all of it
            return named.candidate
        return changed_input(case.observation.changed) if case.observation.changed else None
    failed = _failed(case)
    facts = asker.facts(check, failed)
    direct = upstream_ignored(facts, failed) or state(facts, failed)
    if direct is not None and not (named is not None and whole and named.mistakes > 1):
        return direct
    if named is not None and whole and named.candidate.code == NAMED:
        return named.candidate
    spoilt = _forward_fails(check, wrong, asker)
    known = _names(check) in explained or (named is not None and whole and named.strong and named.checks > 1)
    by_shape = shape_rule(values, golden, failed)
    if by_shape is None and not known:
        by_shape = _extreme(check, values, golden, failed, asker, not spoilt)
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


def _forward_fails(check: Check, wrong: Sequence[Case], asker: Asker) -> bool:
    """Whether another check of nothing but the same names fails by itself: what the forward pass returns is wrong.

    One whose wrong arrays are themselves the derivatives of that forward pass says nothing of it.
    """
    names = {use.name for use in check.uses}
    others = [
        case
        for case in wrong
        if case.check.id != check.id and {use.name for use in case.check.uses} <= names and not case.innocent
    ]
    return any(own_forward(asker.facts(case.check, _failed(case)), _failed(case)) is None for case in others)


def _failed(case: Case) -> list[str]:
    return [array.name for array in case.outcome.arrays if array.earned != 1]


def _names(check: Check) -> frozenset[str]:
    return frozenset(use.name for use in check.uses)


def _parts_fail(check: Check, wrong: Sequence[Case]) -> bool:
    """Whether a check of some, but not all, of the names that this one needs fails by itself."""
    own = _names(check)
    names = own | set(check.builds_on)
    return any(_names(case.check) < names and _names(case.check) != own and not case.innocent for case in wrong)


def _extreme(
    check: Check,
    values: Mapping[str, Any],
    golden: Mapping[str, npt.NDArray[Any]],
    failed: Sequence[str],
    asker: Asker,
    otherwise_right: bool,
) -> Candidate | None:
    """Tell an overflow from a logarithm of zero by a point between the two."""
    strange = [n for n in failed if not _finite(values.get(n)) and np.isfinite(golden[n]).all()] if golden else []
    if not strange or milder(check) is None:
        return None
    mild = asker.view(check, MILDER)
    if mild is None or strange[0] not in mild:
        return None
    return extreme(
        strange[0],
        overflows=not _finite(mild[strange[0]]),
        otherwise_right=otherwise_right,
        sure=not spreads(check.source),
    )


def _finite(value: object) -> bool:
    """Whether it is no array of floats with nan or inf in it."""
    return not isinstance(value, np.ndarray) or value.dtype.kind not in "fc" or bool(np.isfinite(value).all())
