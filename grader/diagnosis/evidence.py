"""What is known of a failed check, and asking the submission again: further observations, each once and in a budget.

What is asked depends on a number of probes and on no clock, so that the same submission gets the same report.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

from grader.diagnosis.bank import MILDER, REPEATED, Bank
from grader.diagnosis.codes import Candidate
from grader.diagnosis.facts import Fact, read_facts
from grader.diagnosis.points import milder, second_seed, watched
from grader.model import Check, Excerpt, Frame, NotArray, Observation, Outcome
from grader.submission.source.excerpts import Bound

Golden = Mapping[str, Mapping[str, npt.NDArray[Any]]]
Observe = Callable[[Check, int], Observation]
"""Observe a check of this submission once more, at a seed."""

PROBES = 80
"""Most further observations of one submission, at some 10 ms each."""
SECONDS = 30.0
"""Of probes, after which nothing more is asked; the report says so. Only a submission that is slow in itself gets
there: what a probe waits for a core is not counted where the caller's clock knows it."""
PASSES = ("forward", "backward", "__call__")
NOTEBOOK = "notebook"
"""What a check uses that asks for no name of its own: the notebook's variables."""
CONDUCT = 3
"""View: how the layers of a check behave, at the graded point."""


class Case(Struct, frozen=True):
    """One check of the submission with its outcome."""

    outcome: Outcome
    observation: Observation
    innocent: bool = False
    """Whether it passes once the reference stands in for earlier parts: the mistake is in those."""
    unbegun: bool = False
    """Whether it builds on what the student has not begun: then nothing is a mistake of its own."""
    after_error: bool = False
    """Whether a cell before it raised: what it was left with may have any shape."""
    last_cell: int = -1
    """The cell of the notebook after which it was asked; -1 where it was asked before all of them."""

    @property
    def check(self) -> Check:
        return self.outcome.check

    @property
    def wrong(self) -> bool:
        """Whether there are arrays to explain; an exception or a missing name speaks for itself."""
        failed = self.outcome.status in ("failed", "partial") and self.observation.ended == "returned"
        return failed and not self.unbegun

    @property
    def raised(self) -> bool:
        """Whether the student's code raised an exception."""
        return self.outcome.status == "error" and self.observation.ended == "error"

    @property
    def frame(self) -> Frame | None:
        """Where the student's code raised."""
        error = self.observation.error
        return error.frames[-1] if self.raised and error is not None and error.frames else None


class Asker:
    """Further observations of one submission, graded at `seed`; `clock` gives seconds that count."""

    def __init__(
        self, bank: Bank | None, seed: int, probe: Observe, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seeds = bank.seeds if bank is not None else (seed, second_seed(seed))
        self._bank = bank
        self._probe = probe
        self._seen: dict[tuple[str, int], dict[str, Any] | None] = {}
        self._clock = clock
        self._used = 0.0
        self.late = False
        """Whether something was not asked for want of time."""
        self.graded_is_prepared = seed == self._seeds[0]

    def view(self, check: Check, view: int) -> dict[str, Any] | None:
        """What a check returns at a prepared point; None if it does not return, or the budget is used up."""
        key = check.id, view
        if key not in self._seen:
            asked = _asked(check, view)
            if asked is None or len(self._seen) >= PROBES or self._is_late():
                return None
            began = self._clock()
            observation = self._probe(asked, self._seeds[1 if view == REPEATED else 0])
            self._used += self._clock() - began
            self._seen[key] = arrays_of(observation) if observation.ended == "returned" else None
        return self._seen[key]

    def facts(self, check: Check, names: Sequence[str]) -> tuple[Fact, ...]:
        """How the layers that a check uses behave."""
        facts = read_facts(self.view(check, CONDUCT), names)
        if check.visibility == "hidden":  # of names that student code has sent, only those that the check has too
            known = {use.name for use in check.uses}
            facts = tuple(
                replace(fact, argument="")
                for fact in facts
                if fact.function.partition(".")[0] in known and fact.function.partition(".")[2] in ("", *PASSES)
            )
        return facts

    def at_second_seed(self, check: Check) -> tuple[dict[str, Any], Mapping[str, npt.NDArray[Any]]] | None:
        """What a check returns at the second point and what is expected there; None where that is not known."""
        results = self._bank.results(check.id) if self._bank is not None else None
        if results is None or not results.expected:
            return None
        values = self.view(check, REPEATED)
        return (values, results.expected) if values is not None else None

    def _is_late(self) -> bool:
        self.late = self.late or self._used > SECONDS
        return self.late


class Named(Struct, frozen=True, kw_only=True):
    """What the hypotheses say of one check."""

    candidate: Candidate
    whole: bool
    """Whether it explains every wrong array of the check."""
    strong: bool
    """Whether it names a mistake, and does not only describe one."""
    mistakes: int
    checks: int = 1
    """How many failed checks the same explains."""


@dataclass(kw_only=True)
class Evidence:
    """Everything that is known of one failed check: what a rule is given."""

    case: Case
    expected: Mapping[str, npt.NDArray[Any]]
    """Its arrays as the reference returns them at the graded seed."""
    prepared: Named | None
    """What the prepared mistakes say of it, if anything."""
    asker: Asker
    """Asks the submission again."""
    wrong: Sequence[Case]
    """All failed checks of the submission."""
    explained: Set[frozenset[str]]
    """The names of each check that a prepared mistake explains as a whole."""
    raised: Sequence[Case]
    """The checks in which the student's code raised."""
    code: Sequence[Excerpt]
    """The student's own definitions that the check uses."""
    given: bool
    """Whether it uses nothing but the course's own definitions."""
    passed: Set[str]
    """The names that checks use which passed."""
    beside: Sequence[Excerpt]
    """The student's definitions of the names that the check builds on."""
    bound: Mapping[str, Sequence[Bound]] | None = None
    """Where the submission gives names a value, outside of functions and classes; None where it was not looked at."""

    @property
    def check(self) -> Check:
        return self.case.check

    @property
    def values(self) -> Mapping[str, Any]:
        return self.case.observation.values

    def is_bound(self, name: str) -> bool:
        """Whether the submission has this name outside of functions and classes, as far as is known."""
        return self.bound is None or name in self.bound

    @property
    def whole(self) -> Named | None:
        """`prepared` where it explains every wrong array of the check."""
        return self.prepared if self.prepared is not None and self.prepared.whole else None

    @property
    def runs_elsewhere(self) -> bool:
        """Whether a check that passed uses the same code."""
        return bool(names_of(self.check) & self.passed)

    @property
    def is_explained(self) -> bool:
        """Whether a prepared mistake explains this check as a whole, or another of the same names."""
        return names_of(self.check) in self.explained

    @property
    def failed(self) -> list[str]:
        """The arrays that lost points, where arrays are expected."""
        return [n for n in failed_arrays(self.case) if n in self.expected or self.check.judge is not None]

    @property
    def shown(self) -> list[str] | None:
        """The arrays that lost points, by names that the student knows; None where a judge has names of its own."""
        return self.failed if self.check.judge is None else None

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """How the layers that the check uses behave, where they are the student's own."""
        if self.given:
            return ()
        return self.asker.facts(self.check, self.failed if self.shown is not None else list(self.values))

    @cached_property
    def forward_fails(self) -> bool:
        """Whether another check of nothing but the same names fails by itself: what the forward pass returns is wrong.

        One whose wrong arrays are themselves the derivatives of that forward pass says nothing of it.
        """
        names = names_of(self.check)
        others = [
            case
            for case in self.wrong
            if case.check.id != self.check.id and names_of(case.check) <= names and not case.innocent
        ]
        return any(not follows_own_forward(case, self.asker) for case in others)

    @property
    def earlier_fails(self) -> bool:
        """Whether a check of what this one builds on fails by itself: its forward pass may be wrong for that alone."""
        earlier = set(self.check.builds_on)
        return any(names_of(case.check) & earlier and not case.innocent for case in self.wrong)

    @property
    def known(self) -> bool:
        """Whether prepared mistakes explain this check, or another of the same names, by ordinary numbers."""
        return self.is_explained or (self.whole is not None and self.whole.strong and self.whole.checks > 1)

    @cached_property
    def consequence(self) -> bool:
        """Whether other checks say what is wrong: one of some of its names fails by itself, or is explained.

        What a layer alone gets wrong shows there; here are only the consequences.
        """
        own = names_of(self.check)
        names = own | set(self.check.builds_on)
        parts = (names_of(case.check) for case in self.wrong if not case.innocent)
        return self.is_explained or any(part < names and part != own for part in parts)

    @property
    def returned_none(self) -> tuple[str, str] | None:
        """A name that this check needs, and what is None of it in another check of it alone."""
        needed = names_of(self.check) | set(self.check.builds_on)
        for case in self.wrong:
            own = names_of(case.check)
            if len(own) == 1 and own <= needed:
                for name, value in case.observation.values.items():
                    if isinstance(value, NotArray) and value.kind == "None" and name in failed_arrays(case):
                        return next(iter(own)), name
        return None

    @property
    def raised_at(self) -> Frame | None:
        """Where the student's code raised; of a hidden check, which does not tell, where it did so in a public one."""
        names = names_of(self.check)
        alike = [case for case in self.raised if names & names_of(case.check)]
        return next((case.frame for case in (self.case, *alike) if case.frame is not None), None)

    @property
    def inherited(self) -> bool:
        """Whether an exception here may come from elsewhere: a cell before it raised, or what it builds on fails.

        The same line that raises in another check is the same mistake, and not what this one builds on.
        """
        names = names_of(self.check) | set(self.check.builds_on)
        own = self.case.frame

        def comes_before(other: Case) -> bool:
            part = names_of(other.check)
            shapes = any(array.earned != 1 and array.error is None for array in other.outcome.arrays)
            return part < names or (part == names and shapes)

        others = [other for other in (*self.wrong, *self.raised) if other.check.id != self.check.id]
        return self.case.after_error or any(
            comes_before(other) and not other.innocent and (own is None or other.frame != own) for other in others
        )


def not_begun(outcomes: Sequence[Outcome]) -> set[str]:
    """The failed checks, by id, that build on a name of which every check says that it is still to be written.

    A check of the whole notebook builds on all that comes before it.
    """
    names = {use.name for outcome in outcomes for use in outcome.check.uses}
    begun = {use.name for outcome in outcomes if outcome.status != "missing" for use in outcome.check.uses}
    ids, before = set(), set[str]()
    for outcome in outcomes:
        check = outcome.check
        needed = names_of(check) | set(check.builds_on)
        before |= needed
        if (needed if needed - {NOTEBOOK} else before) & names - begun:
            ids.add(check.id)
    return ids


def failed_arrays(case: Case) -> list[str]:
    """The arrays of a check that lost points."""
    return [array.name for array in case.outcome.arrays if array.earned != 1]


def names_of(check: Check) -> frozenset[str]:
    """The student's names that a check uses."""
    return frozenset(use.name for use in check.uses)


def follows_own_forward(case: Case, asker: Asker) -> set[str]:
    """The wrong arrays that are derivatives of the student's own forward pass."""
    failed = failed_arrays(case)
    own = {name for fact in asker.facts(case.check, failed) if fact.kind == "own" for name in fact.arrays}
    return own & set(failed)


def arrays_of(observation: Observation) -> dict[str, Any]:
    """The arrays that a probe returned, by name."""
    return {name: value for name, value in observation.values.items() if not isinstance(value, NotArray)}


def _asked(check: Check, view: int) -> Check | None:
    """What to probe for a view; None for what is not asked: a check that its author gives time, and has few of."""
    if check.seconds is not None:
        return None
    return milder(check) if view == MILDER else watched(check) if view == CONDUCT else check
