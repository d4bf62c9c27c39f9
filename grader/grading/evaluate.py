"""Probe every check of a session, compare as the observations come in, follow through, and add up the parts."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct, structs

from grader.assignment.release.markers import solved
from grader.assignment.release.percent import notebook_of
from grader.execution.observe import observe
from grader.execution.scheduler import Prober
from grader.grading.hidden import shown_diagnosis
from grader.grading.scoring import manual_result, not_filled_in, outcome, part_result
from grader.model import LOST, Answer, Assignment, Check, Given, Observation, Outcome, PartResult
from grader.worker.messages import Replacement

if TYPE_CHECKING:
    pass

GoldenTable = Mapping[str, Mapping[str, npt.NDArray[Any]]]
"""Check id -> array name -> expected values."""


class Evaluation(Struct, frozen=True):
    """All parts of one submission at one seed, and what was noticed on the way."""

    parts: tuple[PartResult, ...]
    notes: tuple[str, ...]

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(o for p in self.parts for o in p.outcomes)


def evaluate(
    prober: Prober,
    golden: GoldenTable,
    *,
    unfilled: Mapping[str, Set[str]] | None = None,
    answers: Mapping[str, Answer] | None = None,
    follow_through: bool = True,
    explain: bool = True,
) -> Evaluation:
    """Score each check of the prober's session, in the order of the parts.

    Parameters
    ----------
    golden
        Expected arrays at the prober's seed.
    unfilled
        For each check, the names it uses that still equal the hand-out's stub: it is `missing` without a probe.
    answers
        What was extracted for manual parts, by part id.
    follow_through
        Whether a check whose earlier names lost points is probed once more with the reference's.
    explain
        Whether failed checks get a diagnosis, where their mistake can be named.
    """
    assignment = prober.session.assignment
    prober.finish()
    wrong: dict[str, None] = {}
    """Names whose own checks lost points so far, in order."""
    results: list[PartResult] = []
    notes: list[str] = []
    seen: dict[str, Observation] = {}
    innocent: set[str] = set()
    """Failed checks that pass with the reference's earlier parts."""
    for part in prober.parts:
        checks = [c for c in assignment.checks if c.part.id == part.id]
        if not checks:
            results.append(manual_result(assignment, part, answers or {}))
            continue
        outcomes: list[Outcome] = []
        followed: dict[str, Outcome] = {}
        credited: dict[str, None] = {}
        for check in checks:
            untouched = (unfilled or {}).get(check.id, frozenset())
            stub = next((u.name for u in check.uses if u.name in untouched), None)
            if stub is not None:
                outcomes.append(not_filled_in(check, stub))
                continue
            given = given_for(assignment, check, golden.get(check.id, {}), prober.seed)
            observation = prober.observe(check)
            result = outcome(check, observation, given)
            outcomes.append(result)
            seen[check.id] = observation
            notes += [f"{check.id}: your code changes {_input(n)} in place" for n in observation.changed]
            notes += [f"{check.id}: {note}" for note in observation.notes]
            replaced = [name for name in wrong if name in check.builds_on]
            if not (follow_through and replaced and result.status in LOST):
                continue
            again = prober.observe_again(check, replacements(assignment, replaced))
            stuck = [name for name in replaced if not again.replaced.get(name)]
            if stuck:
                names = ", ".join(f"`{n}`" for n in stuck)
                notes.append(f"{check.id}: no follow-through, since {names} could not be replaced by the course's own")
                continue
            followed[check.id] = outcome(check, again, given)
            if followed[check.id].status == "passed":
                innocent.add(check.id)
            if followed[check.id].score > result.score:
                credited |= dict.fromkeys(replaced)
        lost = [u.name for c, o in zip(checks, outcomes, strict=True) if o.status in LOST for u in c.uses]
        unbegun = {c.uses[0].name for c, o in zip(checks, outcomes, strict=True) if _not_begun(c, o)}
        wrong |= dict.fromkeys(name for name in lost if name not in unbegun)
        results.append(part_result(part, outcomes, followed, tuple(credited), assignment.follow_through))
    if explain:
        results, told = explain_all(
            assignment,
            results,
            seen,
            innocent,
            golden,
            prober.seed,
            lambda check, seed: observe(prober.session, check, seed=seed),
        )
        notes += told
    return Evaluation(tuple(results), tuple(dict.fromkeys(notes)))


def _input(name: str) -> str:
    """The probe's word for an array that it has drawn; where it has none, the array is described."""
    return f"its input `{name}`" if name.isidentifier() else name


def _not_begun(check: Check, outcome: Outcome) -> bool:
    """Whether a check of one name alone found nothing there: no mistake that could be paid for once."""
    return outcome.status == "missing" and len(check.uses) == 1


def explain_all(
    assignment: Assignment,
    results: Sequence[PartResult],
    seen: Mapping[str, Observation],
    innocent: Set[str],
    golden: GoldenTable,
    seed: int,
    probe: Callable[[Check, int], Observation],
) -> tuple[list[PartResult], Sequence[str]]:
    """The parts with a diagnosis in each failed check whose mistake can be named, and notes.

    Where the reference is not here, the notes also tell what passed checks did not ask.
    """
    notes: list[str] = []
    if assignment.hints == "none":
        return list(results), notes
    if any(o.status in ("failed", "partial") for p in results for o in p.outcomes):
        results, told = _explained(assignment, results, seen, innocent, golden, seed, probe)
        notes += told
    if assignment.solution is None:
        from grader.diagnosis.unasked import unasked

        notes += unasked([o for part in results for o in part.outcomes], seed, probe)
    return list(results), notes


def _explained(
    assignment: Assignment,
    results: Sequence[PartResult],
    seen: Mapping[str, Observation],
    innocent: Set[str],
    golden: GoldenTable,
    seed: int,
    probe: Callable[[Check, int], Observation],
) -> tuple[list[PartResult], Sequence[str]]:
    # Imported here: a submission that passes does not wait for it.
    from grader.diagnosis.bank import read_bank
    from grader.diagnosis.evidence import Case
    from grader.diagnosis.explain import explain

    cases = [
        Case(o, seen[o.check.id], o.check.id in innocent)
        for part in results
        for o in part.outcomes
        if o.check.id in seen
    ]
    explained = explain(
        cases,
        golden,
        read_bank(assignment),
        seed,
        probe,
    )
    hidden = {c.id for c in assignment.checks if c.visibility == "hidden"}
    found = {id: shown_diagnosis(d, golden.get(id, {})) if id in hidden else d for id, d in explained.found.items()}
    return [
        structs.replace(
            part, outcomes=tuple(structs.replace(o, diagnosis=found.get(o.check.id)) for o in part.outcomes)
        )
        for part in results
    ], explained.notes


def replacements(assignment: Assignment, names: Sequence[str]) -> list[Replacement]:
    """The reference's text for each of `names`; none when the reference is not here (a student's repository)."""
    if assignment.solution is None:
        return []
    found = []
    for name in names:
        for place in assignment.names.get(name, ()):
            if place.module:
                file = assignment.solution / Path(*place.module.split(".")).with_suffix(".py")
                if file.is_file():
                    text = solved(file.read_text(encoding="utf-8"))
                    found.append(Replacement(name, text, place.module))
                    break
            elif assignment.notebook is not None:
                file = (assignment.solution / assignment.notebook).with_suffix(".py")
                found.append(Replacement(name, _definitions_text(solved(file.read_text(encoding="utf-8"))), ""))
                break
    return found


def _definitions_text(percent: str) -> str:
    """The code cells of a percent notebook as one plain Python text, magics left out."""
    lines: list[str] = []
    for cell in notebook_of(percent)["cells"]:
        if cell["cell_type"] == "code":
            source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
            lines += [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    return "\n".join(lines) + "\n"


def given_for(assignment: Assignment, check: Check, golden: Mapping[str, npt.NDArray[Any]], seed: int) -> Given:
    rng = np.random.default_rng([seed, zlib.crc32(check.id.encode()), 1])
    return Given(golden=golden, rng=rng, data=assignment.data or assignment.handout)
