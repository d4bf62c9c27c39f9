"""Which of the hypotheses that explain a failed check to name, and the sentence for it.

Of several that behave alike the author's own name is taken, then the clause that says most; between authors' names that
cannot be distinguished none is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from grader.compare.messages import enumerated
from grader.diagnosis.bank import GRADED, REPEATED, Bank, Hypothesis
from grader.diagnosis.codes import TWO, UNRANKED, Candidate
from grader.diagnosis.evidence import Asker, Case, Named, arrays_of, failed_arrays, follows_own_forward, names_of
from grader.diagnosis.matching.match import Ask, Matcher, Values
from grader.diagnosis.matching.ranking import order, rank
from grader.diagnosis.mutation.mutation import Weakness
from grader.diagnosis.rules.values import known_factor
from grader.model import Check

MAX_NAMES = 3
"""Author's mistakes with the same results that are listed together; a longer list helps nobody."""


DIGITS = 7
"""In which a fingerprint agrees at least, by `grader.worker.experiments.fingerprints.CLOSE`."""


class BankMatch(NamedTuple):
    """A hypothesis that explains the arrays of one check which it changes."""

    hypothesis: Hypothesis
    number: int
    arrays: npt.NDArray[np.bool_]
    multiple: bool = False
    """Whether its term is there multiplied by a number, and not as it is."""
    alternatives: tuple[str, ...] = ()
    """Other mistakes that the author has named, and that give the same in every check that can tell."""
    close: bool = True
    """Whether it gives the student's arrays to all their digits."""

    @property
    def clause(self) -> str:
        if self.alternatives:
            return ", or: ".join((self.hypothesis.text, *self.alternatives))
        if not self.multiple:
            return self.hypothesis.text
        term = self.hypothesis.text.removesuffix(" is missing")
        if term != self.hypothesis.text:
            return f"{term} is multiplied by a wrong number"
        if self.hypothesis.code == "missing-term":
            return f"{term}; here it is not left out, but multiplied by a wrong number"
        return f"{self.hypothesis.text} (here multiplied by some number)"

    @property
    def named(self) -> bool:
        return self.hypothesis.named

    @property
    def rank(self) -> int:
        return rank(self.hypothesis.code, self.hypothesis.weakness)


class Failure(NamedTuple):
    """A failed check, as hypotheses are compared with it."""

    check: Check
    matcher: Matcher
    values: Values
    """What the student's code returned at the graded point."""
    ask: Ask
    explains: Mapping[int, int]
    """For each hypothesis how many failed checks agree with it."""
    lost: npt.NDArray[np.bool_]
    """Which arrays need an explanation; others may have one."""

    @property
    def names(self) -> tuple[str, ...]:
        return self.matcher.names(self.check.id)

    def wrong(self) -> npt.NDArray[np.bool_]:
        """Which arrays are not the reference's."""
        return self.matcher.wrong_arrays(self.check.id, self.values)

    def match(self, number: int, arrays: npt.NDArray[np.bool_], *, multiple: bool = False) -> BankMatch:
        return BankMatch(self.matcher.hypothesis(number), number, arrays, multiple)


def named_mistakes(cases: Sequence[Case], bank: Bank, asker: Asker) -> dict[str, Named]:
    """For each failed check, by its id, what the prepared hypotheses say of it, if anything."""
    wrong = [case for case in cases if case.wrong]
    passed = [case for case in cases if case.outcome.status == "passed"]
    matcher = Matcher(bank, right_at_first(cases))
    matcher.acquitted(right_alone(cases))
    for case in wrong:  # what names a mistake is asked before what only tells how layers behave
        if matcher.speaks_of(case.check.id):
            asker.view(case.check, REPEATED)
    for case in passed if asker.graded_is_prepared else ():
        matcher.passed(case.check, arrays_of(case.observation))
    possible: dict[str, tuple[Values, dict[int, npt.NDArray[np.bool_]]]] = {}
    explains: dict[int, int] = {}
    at_fault: set[int] = set()
    """Hypotheses that agree with a check which fails by itself."""
    telling: set[int] = set()
    """Hypotheses that agree with more than zeros."""
    for case in wrong:
        seen = arrays_of(case.observation) if asker.graded_is_prepared else asker.view(case.check, GRADED)
        if seen is None:
            continue
        failed = set(failed_arrays(case))
        if not case.innocent and not (failed and failed == follows_own_forward(case, asker)):
            matcher.failed(
                case.check, seen
            )  # derivatives of the student's own forward pass contradict no mistake in it
        left = matcher.possible(case.check, seen)
        possible[case.check.id] = (seen, left)
        for number in left:
            explains[number] = explains.get(number, 0) + 1
        at_fault |= set() if case.innocent else left.keys()
        telling |= left.keys() if not _is_zero(case, seen) else set()
    for case in passed if not asker.graded_is_prepared else ():
        if matcher.speaks_of(case.check.id):
            again = asker.view(case.check, GRADED)
            if again is not None:
                matcher.passed(case.check, again)
    named = {}
    for case in wrong:
        if case.check.id not in possible:
            continue
        check, (values, agreeing) = case.check, possible[case.check.id]
        ask = partial(asker.view, check)
        left = matcher.left(check, agreeing)
        if case.innocent:
            left = {h: arrays for h, arrays in left.items() if h in at_fault}
        if _is_zero(case, values):  # what is zero everywhere may be so for many reasons
            left = {h: arrays for h, arrays in left.items() if h in telling} or left
        if left:
            left = matcher.repeated(check.id, left, ask)
        failure = Failure(check, matcher, values, ask, explains, _lost(case, matcher))
        fits = [
            failure.match(h, arrays)._replace(close=matcher.is_close(check.id, h, values)) for h, arrays in left.items()
        ]
        chosen = choose(failure, fits)
        if (chosen is None or not chosen.whole) and not case.innocent:
            terms = matcher.multiples(check.id, values, ask)
            fits += [failure.match(h, arrays, multiple=True) for h, arrays in terms.items()]
            chosen = choose(failure, fits) or chosen
        if chosen is None and check.judge is not None and not case.innocent:
            chosen = _scaled(matcher.factor(check.id, values, ask))
        if chosen is None and not case.innocent:
            some = [failure.match(h, arrays) for h, arrays in matcher.partly(check.id, values, ask).items()]
            best = _best(some, explains) if some else None
            if best is not None:
                chosen = _said(failure, [best], whole=False)
        if chosen is not None:
            named[check.id] = chosen
    return named


def _lost(case: Case, matcher: Matcher) -> npt.NDArray[np.bool_]:
    """Which arrays of a check may have lost points: those of the outcome; all of a judged one, which names others.

    An array within its tolerance needs no explanation, though it is not the reference's to the last digits.
    """
    names, failed = matcher.names(case.check.id), set(failed_arrays(case))
    every = case.check.judge is not None or not failed & set(names)
    return np.array([every or name in failed for name in names], dtype=np.bool_)


def _is_zero(case: Case, values: Values) -> bool:
    """Whether its wrong arrays are zero everywhere; a judged check names others than its probe returns."""
    named = set(failed_arrays(case)) & values.keys()
    wrong = [values[name] for name in named or values]
    return not any(isinstance(value, np.ndarray) and value.any() for value in wrong)


def _scaled(factor: float | None) -> Named | None:
    """What one factor for all wrong arrays of a judged check says, of which no other rule sees what is expected."""
    candidate = None if factor is None else known_factor("Your results are", [factor], {"agrees_at_points": 2})
    return None if candidate is None else Named(candidate=candidate, whole=True, strong=True, mistakes=1)


def choose(failure: Failure, fits: Sequence[BankMatch]) -> Named | None:
    """The sentence for one check out of the hypotheses that are left."""
    if not fits:
        return None
    wrong = failure.wrong()
    if failure.check.judge is not None:  # what it does not return, its judge does not ask for
        wrong &= np.array([name in failure.values for name in failure.names])
    whole = [fit for fit in fits if _covers(fit.arrays, wrong, failure.lost)]
    alone = any(fit.hypothesis.mistakes == 1 for fit in whole)
    parts = None if alone else _parts(failure, fits, wrong)
    if parts is not None and (parts.whole or not whole):
        return parts
    best = _best(whole, failure.explains) if whole else None
    return None if best is None else _said(failure, [best], whole=True)


def _covers(arrays: npt.NDArray[np.bool_], wrong: npt.NDArray[np.bool_], lost: npt.NDArray[np.bool_]) -> bool:
    """Whether these are wrong arrays, and all of those that have lost points."""
    return not (arrays & ~wrong).any() and not (wrong & lost & ~arrays).any()


def _parts(failure: Failure, fits: Sequence[BankMatch], wrong: npt.NDArray[np.bool_]) -> Named | None:
    """Single mistakes that explain different arrays each."""
    chosen: list[BankMatch] = []
    groups: dict[bytes, list[BankMatch]] = {}
    for fit in fits:
        if fit.hypothesis.mistakes == 1:
            groups.setdefault(fit.arrays.tobytes(), []).append(fit)
    covered = np.zeros_like(wrong)
    for key in sorted(groups, key=lambda k: -sum(k)):  # most arrays first
        arrays = np.frombuffer(key, dtype=np.bool_)
        best = None if (covered & arrays).any() else _best(groups[key], failure.explains)
        if best is not None:
            chosen.append(best)
            covered |= arrays
    if not chosen:
        return None
    if not _covers(covered, wrong, failure.lost) and len(chosen) == 1 and chosen[0].hypothesis.function:
        left = wrong & ~covered
        beside = failure.matcher.beside(failure.check.id, failure.values, left, covered, failure.ask)
        second = [failure.match(h, left) for h in beside]
        named = _best([fit for fit in second if fit.rank < UNRANKED or fit.named], failure.explains) if second else None
        if named is not None and named.hypothesis.function in ("", chosen[0].hypothesis.function):
            chosen.append(named)
            covered |= named.arrays
    chosen = _merged(chosen)
    return _said(failure, chosen[:2], whole=len(chosen) <= 2 and _covers(covered, wrong, failure.lost))


def _merged(chosen: Sequence[BankMatch]) -> list[BankMatch]:
    """Hypotheses of other arrays that say the same, as one."""
    found: dict[tuple[str, str], BankMatch] = {}
    for fit in chosen:
        key = fit.hypothesis.function, fit.clause
        before = found.get(key, fit)
        found[key] = before._replace(arrays=before.arrays | fit.arrays)
    return list(found.values())


def _best(fits: Sequence[BankMatch], explains: Mapping[int, int]) -> BankMatch | None:
    """The one to name among hypotheses that give the same; None where too many names have equal weight.

    What agrees to all digits is taken before what agrees to some: where all probabilities are nearly equal, say, other
    formulas give nearly the same.
    """
    fits = [fit for fit in fits if fit.close] or fits
    fewest = min((fit.hypothesis.mistakes, fit.multiple) for fit in fits)
    fits = [fit for fit in fits if (fit.hypothesis.mistakes, fit.multiple) == fewest]
    named = [fit for fit in fits if fit.named]
    if named:
        named = _explaining_most(named, explains)
        if fewest[0] > 1:
            return named[0]
        _, *others = dict.fromkeys(fit.hypothesis.text for fit in named)  # two edits may have one name
        return named[0]._replace(alternatives=tuple(others)) if len(others) < MAX_NAMES else None
    return _telling(fits, explains)


def _telling(fits: Sequence[BankMatch], explains: Mapping[int, int]) -> BankMatch | None:
    """The generated clause that says most; None where such clauses are about different functions."""
    fits = [fit for fit in fits if fit.hypothesis.weakness != Weakness.VAGUE]
    if not fits:
        return None
    ranked = sorted(_explaining_most(fits, explains), key=_order)
    functions = {fit.hypothesis.function for fit in ranked}
    return ranked[0] if len(functions) == 1 else None


def _order(fit: BankMatch) -> tuple[bool, int, int, int]:
    return *order(fit.hypothesis.code, fit.hypothesis.weakness, fit.hypothesis.likely), fit.number


def right_at_first(cases: Sequence[Case]) -> set[str]:
    """Names of which the first checks of them alone have passed: those of a forward pass come before its backward's."""
    right: set[str] = set()
    wrong: set[str] = set()
    for case in cases:
        if names := _only(case):
            (right if case.outcome.status == "passed" and not names & wrong else wrong).update(names)
    return right


def right_alone(cases: Sequence[Case]) -> set[str]:
    """Names of which every check of them alone has passed, and there is one."""
    alone = [(name, case.outcome.status == "passed") for case in cases for name in _only(case)]
    return {name for name, _ in alone} - {name for name, passed in alone if not passed}


def _only(case: Case) -> Set[str]:
    """The name of a check of one name alone; nothing of any other."""
    names = names_of(case.check)
    return names if len(names) == 1 else frozenset()


def _clause(fit: BankMatch, right: Set[str]) -> str:
    """The generated clause with its function, or with its class alone where its forward pass is right.

    The solution may keep in `forward` what a student computes in `backward`.
    """
    function = fit.hypothesis.function
    owner, _, method = function.rpartition(".")
    place = owner if method == "forward" and owner in right else function
    return f"in `{place}` {fit.clause}" if place else fit.clause


def _explaining_most(fits: Sequence[BankMatch], explains: Mapping[int, int]) -> list[BankMatch]:
    most = max(explains.get(fit.number, 0) for fit in fits)
    return [fit for fit in fits if explains.get(fit.number, 0) == most]


def _more_is_wrong(failure: Failure, chosen: Sequence[BankMatch]) -> bool:
    """Whether numbers are left unexplained: the same mistake, written in another way, may end in nan where it does."""
    wrong = failure.wrong() & failure.lost
    for fit in chosen:
        wrong = wrong & ~fit.arrays
    return any(
        not isinstance(value := failure.values.get(name), np.ndarray)
        or value.dtype.kind not in "fc"
        or np.isfinite(value).all()
        for name, left in zip(failure.names, wrong, strict=True)
        if left
    )


def _has_only_zeros(value: object) -> bool:
    """Whether an array holds nothing but 0, which many mistakes give."""
    return isinstance(value, np.ndarray) and value.size > 1 and not np.any(value)


def _said(failure: Failure, chosen: Sequence[BankMatch], *, whole: bool) -> Named:
    sentences = []
    check, right = failure.check, failure.matcher.right
    for fit in chosen:
        quoted = [f"`{n}`" for n, changed in zip(failure.names, fit.arrays, strict=True) if changed]
        if check.judge is not None or len(quoted) > 3:  # a judge's arrays have names that the student does not know
            several = "One of your results is" if len(quoted) == 1 else f"{len(quoted)} of your results are"
            subject = "Your results are" if whole and len(chosen) == 1 else several
        else:
            subject = enumerated(quoted)
            subject += " is" if len(quoted) == 1 else " are"
        as_far = " exactly" if fit.close else f", to {DIGITS} digits,"
        found = [failure.values.get(name) for name, changed in zip(failure.names, fit.arrays, strict=True) if changed]
        if not any(np.any(value) for value in found if isinstance(value, np.ndarray)):
            why = f"this mistake gives: {fit.clause}" if fit.named else f"comes out if {_clause(fit, right)}"
            are_zero = check.judge is None and all(isinstance(value, np.ndarray) for value in found)  # and not missing
            state = "zero" if any(value.size for value in found if isinstance(value, np.ndarray)) else "empty"
            seen = f"{subject} {state}, which" if are_zero else "What is seen"
            sentences.append(f"{seen} is what {why}. Other mistakes may look the same.")
        elif fit.named and fit.hypothesis.mistakes > 1:
            sentences.append(f"{subject}{as_far} what these two mistakes give: {fit.clause}.")
        elif fit.alternatives:
            which = "either" if len(fit.alternatives) == 1 else "any"
            sentences.append(f"{subject}{as_far} what {which} of these mistakes gives: {fit.clause}.")
        elif fit.named:
            sentences.append(f"{subject}{as_far} what this mistake gives: {fit.clause}.")
        elif fit.multiple and fit.hypothesis.code == "missing-term":
            sentences.append(f"{subject} what comes out if {_clause(fit, right)}.")
        else:
            rest = " Other mistakes may look the same." if any(_has_only_zeros(value) for value in found) else ""
            sentences.append(f"{subject}{as_far} what comes out if {_clause(fit, right)}.{rest}")
    if not whole and _more_is_wrong(failure, chosen):
        sentences.append(
            "Some of the numbers are not explained by that: it may show in more places of yours, or there is more."
        )
    mistakes = sum(fit.hypothesis.mistakes for fit in chosen)
    evidence: dict[str, object] = {"agrees_at_points": 2}
    if mistakes > 1:
        evidence["mistakes"] = mistakes
    if all(fit.hypothesis.function for fit in chosen):
        evidence["functions"] = sorted({fit.hypothesis.function for fit in chosen})
    return Named(
        candidate=Candidate(
            chosen[0].hypothesis.code if mistakes == 1 else TWO,
            " ".join(sentences),
            "; ".join(fit.clause if fit.named else _clause(fit, right) for fit in chosen),
            evidence=evidence,
            whole=whole,
        ),
        whole=whole,
        strong=all(fit.named or fit.rank < UNRANKED for fit in chosen),
        mistakes=mistakes,
        checks=min(failure.explains.get(fit.number, 0) for fit in chosen),
    )
