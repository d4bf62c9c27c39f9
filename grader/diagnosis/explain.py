"""The diagnoses of one submission: for each failed check the best-founded sentence, or none.

Which rules there are, and in which order they are asked, is for `grader.diagnosis.rules`. Every student array may come
along here: nothing of it raises, and what does not fit the budget stays unexplained.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec import Struct

from grader.diagnosis.bank import Bank
from grader.diagnosis.evidence import SECONDS, Asker, Case, Evidence, Golden, Observe, failed_arrays, names_of
from grader.diagnosis.matching.choose import named_mistakes
from grader.diagnosis.rules import first_of
from grader.model import Diagnosis, Excerpt
from grader.submission.source.excerpts import Bound


class Explained(Struct, frozen=True):
    """A diagnosis for each check that could be given one, and what to say about the search itself."""

    found: Mapping[str, Diagnosis]
    notes: tuple[str, ...] = ()


def explain(
    cases: Sequence[Case],
    golden: Golden,
    bank: Bank | None,
    seed: int,
    probe: Observe,
    clock: Callable[[], float] = time.monotonic,
    code: Callable[[], Mapping[str, Sequence[Excerpt]]] = dict,
    names: Callable[[], Mapping[str, Sequence[Bound]] | None] = lambda: None,
) -> Explained:
    """Diagnose the failed checks among `cases`, which are those of one submission that was graded at `seed`.

    `probe` observes the submission again, for failed checks only, and `clock` gives the seconds that count against the
    time for this. `code` gives the student's own definitions that each check uses, and `names` every place where the
    submission binds a name, where it is at hand.
    """
    wrong = [case for case in cases if case.wrong]
    asker = Asker(bank, seed, probe, clock)
    named = named_mistakes(cases, bank, asker) if bank is not None else {}
    explained = {names_of(c.check) for c in wrong if (n := named.get(c.check.id)) is not None and n.whole}
    raised = [case for case in cases if case.raised and not case.innocent and not case.unbegun]
    diagnoses: dict[str, Diagnosis] = {}
    own, bound = (code(), names()) if wrong or raised else ({}, None)
    passed = {name for case in cases if case.outcome.status == "passed" for name in names_of(case.check)}
    for case in [*wrong, *raised]:
        id = case.check.id
        expected = {n: e for n, e in golden.get(id, {}).items() if isinstance(e, np.ndarray)}
        lost = failed_arrays(case)
        if lost and case.check.judge is None and not any(name in expected for name in lost):
            continue  # nothing but values that are no arrays
        beside = {(e.file, e.line): e for es in own.values() for e in es if e.name in case.check.builds_on}
        evidence = Evidence(
            case=case,
            expected=expected,
            prepared=named.get(id),
            asker=asker,
            wrong=wrong,
            explained=explained,
            raised=raised,
            code=own.get(id, ()),
            given=bool(own) and not own.get(id),
            passed=passed,
            beside=tuple(beside.values()),
            bound=bound,
        )
        candidate = first_of(evidence)
        if candidate is not None:
            diagnoses[id] = candidate.diagnosis()
    notes = (f"the search for the kinds of mistakes was cut short: it had taken {SECONDS:g} s",) if asker.late else ()
    return Explained(diagnoses, notes)
