"""Probe every check of a session, compare as the observations come in, follow through, and add up the parts."""

from __future__ import annotations

import ast
import time
import zlib
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct, structs

from grader.assignment.solution import Entangled, is_written_by_student, pieces
from grader.execution.observe import observe
from grader.execution.private import AN_INPUT
from grader.execution.scheduler import Prober
from grader.grading.hidden import beside_public, in_students_words, shown_diagnosis
from grader.grading.notes import changed_inputs, each_once, several_definitions, subject
from grader.grading.scoring import (
    after_cell,
    by_source,
    manual_result,
    not_filled_in,
    part_result,
    safe_outcome,
    with_extra,
    without_notebook,
)
from grader.model import (
    LOST,
    Anchor,
    Answer,
    Assignment,
    CellRun,
    Check,
    Diagnosis,
    Excerpt,
    Given,
    Observation,
    Outcome,
    PartResult,
)
from grader.worker.messages import Replacement

if TYPE_CHECKING:  # a submission that passes does not wait for it
    from grader.diagnosis.evidence import Case, Observe
    from grader.submission.source.excerpts import Bound
    from grader.submission.source.lookup import Sources

GoldenTable = Mapping[str, Mapping[str, Any]]
"""Check id -> name -> what is expected: an array, or a `Plain`."""


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
    earlier: Sequence[Outcome] = (),
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
    earlier
        Outcomes of the assignment's notebooks before this one, whose lost names in modules follow-through replaces.
    follow_through
        Whether a check whose earlier names lost points is probed once more with the reference's.
    explain
        Whether failed checks get a diagnosis, where their mistake can be named.
    """
    assignment = prober.session.assignment
    prober.finish()
    run = _Run(prober, golden, unfilled or {}, explain and assignment.hints != "none")
    checks = [c for part in prober.parts for c in assignment.checks if c.part.id == part.id]
    run.settle([c for c in checks if c.visibility == "public"])
    run.ask_ahead("public")
    unasked = run.unasked()
    hidden = [c for c in checks if c.visibility == "hidden"]
    if hidden:
        prober.ask_hidden()
        run.settle(hidden)
    if follow_through and assignment.solution is not None:
        run.follow(checks, earlier)
    results: list[PartResult] = []
    for part in prober.parts:
        own = [c for c in assignment.checks if c.part.id == part.id]
        if not own:
            results.append(manual_result(assignment, part, answers or {}))
            continue
        followed = {c.id: run.followed[c.id] for c in own if c.id in run.followed}
        better = [id for id, again in followed.items() if again.score > run.outcomes[id].score]
        credited = tuple(dict.fromkeys(name for id in better for name in run.replaced[id]))
        outcomes = [run.outcomes[c.id] for c in own]
        results.append(part_result(part, outcomes, followed, credited, assignment.follow_through))
    results = with_extra(assignment, results) if assignment.extra else results
    diagnoses, explanations = run.explained(checks)
    notes = each_once(note for c in checks for note in (*run.in_place(c), *run.notes.get(c.id, ())))
    return Evaluation(
        tuple(_with_diagnoses(results, diagnoses)), tuple(dict.fromkeys((*notes, *explanations, *unasked)))
    )


def _made_in(anchor: Anchor, cells: Sequence[CellRun]) -> int:
    """The cell that was to make what a check asks for; of several the first that failed, -1 for none."""
    if anchor.when != "end":
        return anchor.cell
    failed = {run.index for run in cells if run.status == "error"}
    return min(failed & set(anchor.bindings.values()), default=-1)


def _in_modules(assignment: Assignment, name: str) -> bool:
    """Whether the name lives in modules alone, which all notebooks of an assignment share."""
    places = assignment.names.get(name, ())
    return bool(places) and all(place.module for place in places)


class _Run:
    """One evaluation, in an order that lets nothing out: public checks and what diagnosis asks of them, then hidden
    ones, then follow-through. Nothing is asked again once a process that knows more has lived.
    """

    def __init__(self, prober: Prober, golden: GoldenTable, unfilled: Mapping[str, Set[str]], explains: bool) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.followed: dict[str, Outcome] = {}
        """Results with the reference in the place of `replaced`."""
        self.replaced: dict[str, list[str]] = {}
        self.notes: dict[str, list[tuple[str, str]]] = {}
        """By check: of what a note speaks, and its sentence."""
        self._prober, self._golden, self._unfilled, self._explains = prober, golden, unfilled, explains
        self._assignment = prober.session.assignment
        self._seen: dict[str, Observation] = {}
        self._asked: dict[tuple[str, str, int], Observation] = {}
        """What diagnosis has asked: check, source and seed."""
        self._last: tuple[tuple[int, int], tuple[dict[str, Diagnosis], Sequence[str]]] | None = None
        self._sources: Sources | None = None
        self._code: Mapping[str, Sequence[Excerpt]] | None = None
        self._open = ""
        """Visibility of the checks that it may ask now."""

    def settle(self, checks: Sequence[Check]) -> None:
        """Observe and judge `checks`."""
        for check in checks:
            untouched = self._unfilled.get(check.id, frozenset())
            stub = next((u.name for u in check.uses if u.name in untouched), None)
            if stub is not None:
                self.outcomes[check.id] = not_filled_in(check, stub)
                continue
            observation = self._seen[check.id] = self._prober.observe(check)
            result = safe_outcome(check, observation, self._given(check))
            if result.status in ("missing", "error"):
                result = by_source(result, observation, self._definitions(check))
            session = self._prober.session
            if self._assignment.notebooks and session.submission.notebook is None:
                if not all(_in_modules(self._assignment, uses.name) for uses in check.uses):
                    result = without_notebook(result, str(self._assignment.notebook))
            elif session.submission.handouts_notebook and session.anchors[check.id].when != "before":
                result = without_notebook(result)
            elif not any(o.status == "missing" for o in self.outcomes.values()):  # else that may be why it raised
                result = after_cell(result, _made_in(session.anchors[check.id], session.cells), session.cells)
            if check.visibility == "hidden":
                result = beside_public(result, self.outcomes.values(), session.cells)
                result = in_students_words(result, known_names(self._assignment, self._golden))
            self.outcomes[check.id] = result
            if result.status in LOST:
                anchor = session.anchors[check.id]
                self.notes.setdefault(check.id, []).extend(several_definitions(check, anchor, self._student_sources()))

    def _student_sources(self) -> Sources:
        from grader.submission.source.lookup import submission_sources

        self._sources = self._sources or submission_sources(self._prober.session.submission)
        return self._sources

    def _definitions(self, check: Check) -> list[ast.stmt]:
        """The student's own definitions of the names that a check uses, without classes that cells add methods to."""
        from grader.submission.source.lookup import places

        submission, sources = self._prober.session.submission, self._student_sources()
        found = [sources.find(uses, places(self._assignment, submission, uses.name)) for uses in check.uses]
        whole = [at for at in found if at is not None and not sources.attached(at)]
        return [at.definition.node for at in whole if at.definition is not None]

    def in_place(self, check: Check) -> list[tuple[str, str]]:
        """Notes on the inputs that it saw changed; one without a name counts where its part has no other."""
        if check.id not in self._seen:
            return []
        names = {n for id, o in self._seen.items() if self.outcomes[id].check.part == check.part for n in o.changed}
        named = tuple(n for n in self._seen[check.id].changed if n != AN_INPUT or names == {AN_INPUT})
        return changed_inputs(named, check)

    def follow(self, checks: Sequence[Check], earlier: Sequence[Outcome]) -> None:
        """Probe checks once more whose earlier names lost points, one after another.

        A name of which nothing is written sets this off for work of the student's own alone: what the course gives
        would else earn the points of those who wrote nothing, or nothing that is worth a point. A part is credited for
        one world, whole: where one of its checks gains, those that passed are probed there too.
        """
        earned = any(result.score for result in (*earlier, *(self.outcomes[check.id] for check in checks)))
        wrong: dict[str, None] = {}
        part, of_part, unbegun = "", dict[str, None](), set[str]()
        for result in earlier:
            names = [use.name for use in result.check.uses if _in_modules(self._assignment, use.name)]
            missing = [name for name in self._missing(result) if name in names]
            unbegun.update(missing)
            wrong |= dict.fromkeys(names if result.status in LOST else missing)
        started = False
        right: list[tuple[Check, list[str]]] = []
        for check in checks:
            if check.part.id != part:
                wrong |= of_part
                part, of_part = check.part.id, {}
            result = self.outcomes[check.id]
            missing = self._missing(result)
            unbegun.update(missing)
            of_part |= dict.fromkeys((use.name for use in check.uses) if result.status in LOST else missing)
            replaced = [name for name in wrong if name in check.builds_on]
            if replaced and result.score:
                right.append((check, replaced))
            stubs = {use.name for use in check.uses} & self._unfilled.get(check.id, frozenset())
            if not replaced or stubs - {*replaced} or result.status not in (*LOST, "missing"):
                continue
            if not is_written_by_student(self._assignment, check, replaced):
                replaced = [name for name in replaced if earned and name not in unbegun]
            if not replaced or not _has_own_work(self._assignment, check, replaced):
                continue
            if not started:
                started = True
                self.ask_ahead("hidden")
            self._follow(check, replaced)
        gained = {
            self.outcomes[id].check.part.id for id, o in self.followed.items() if o.score > self.outcomes[id].score
        }
        for check, replaced in right:
            if check.part.id in gained and check.id not in self.followed:
                self._follow(check, replaced)

    def _missing(self, result: Outcome) -> list[str]:
        """Which names a check that is `missing` has found unwritten, as far as is known.

        A hidden check does not say where it ended; it counts where no public one of the same names can say more.
        """
        check = result.check
        if result.status != "missing":
            return []
        names = [use.name for use in check.uses]
        untouched = [name for name in names if name in self._unfilled.get(check.id, ())]
        if untouched:
            return untouched
        error = self._seen[check.id].error if check.id in self._seen else None
        if error is not None and error.frames:
            at = error.frames[-1]
            code = [one for excerpts in self._own_code().values() for one in excerpts if one.file == at.file]
            ended = {one.name for one in code if one.line <= at.line <= one.line + one.text.count("\n")}
            if ended:
                return [name for name in names if name in ended]
        others = (o.check for o in self.outcomes.values() if check.visibility == "hidden")
        if any(other.visibility == "public" and other.uses == check.uses for other in others):
            return []
        asked = [name for name in names if name not in check.builds_on] or names
        return asked if len(asked) == 1 else []

    def _follow(self, check: Check, replaced: list[str]) -> None:
        notes = self.notes.setdefault(check.id, [])
        given = pieces(self._assignment, check, replaced)
        if isinstance(given, Entangled):
            why = f"`{given.name}` cannot be given without `{given.asked}`"
            notes.append((subject(check), f"no follow-through, since {why}"))
            return
        again = self._prober.observe_again(check, [Replacement(p.name, p.source, p.module) for p in given])
        followed = safe_outcome(check, again, self._given(check))
        if self.outcomes[check.id].status == "missing" and not followed.score:
            return  # as unbegun as before
        stuck = [name for name in replaced if not again.replaced.get(name)]
        if stuck:
            names = ", ".join(f"`{n}`" for n in stuck)
            notes.append(
                (subject(check), f"no follow-through, since {names} could not be replaced by the course's own")
            )
        else:
            self.followed[check.id], self.replaced[check.id] = followed, replaced

    def ask_ahead(self, visibility: str) -> None:
        """Let diagnosis ask what it will want to know of the checks that are settled, as long as it may."""
        self._open = visibility
        self.explained([c for c in self._assignment.checks if c.id in self.outcomes])
        self._open = ""

    def unasked(self) -> Sequence[str]:
        """Notes on what the passed public checks did not ask, for a student alone."""
        if not self._explains:
            return ()
        return _unasked(self._assignment, list(self.outcomes.values()), self._prober.seed, self._observe)

    def explained(self, checks: Sequence[Check]) -> tuple[dict[str, Diagnosis], Sequence[str]]:
        """A diagnosis for each failed check whose mistake can be named, and notes."""
        wrong = [c for c in checks if self.outcomes[c.id].status in ("failed", "partial", "error")]
        if not self._explains or not wrong or (self._open and all(c.visibility != self._open for c in wrong)):
            return {}, ()
        state = len(self.outcomes), len(self.followed)
        if self._last is None or self._last[0] != state:  # something has come to light since
            outcomes = [self.outcomes[c.id] for c in checks]
            allowance = self._prober.session.allowance
            clock = time.monotonic if allowance is None else lambda: allowance.used
            diagnoses = _diagnoses(
                self._assignment,
                self._cases(outcomes),
                self._golden,
                seed=self._prober.seed,
                probe=self._ask,
                clock=clock,
                code=self._own_code,
                names=self._bound_names,
            )
            self._last = state, diagnoses
        return self._last[1]

    def _cases(self, outcomes: Sequence[Outcome]) -> list[Case]:
        """What is known of each check that was asked."""
        from grader.diagnosis.evidence import Case, not_begun

        session, unbegun = self._prober.session, not_begun(outcomes)
        end = max((run.index for run in session.cells), default=-1)
        raised = [run.index for run in session.cells if run.error is not None and run.status == "error"]
        cases = []
        for o in (o for o in outcomes if o.check.id in self._seen):
            id, anchor = o.check.id, session.anchors[o.check.id]
            again = self.followed.get(id)
            last = {"before": -1, "end": end}.get(anchor.when, anchor.cell)
            cases.append(
                Case(
                    o,
                    self._seen[id],
                    innocent=again is not None and again.status == "passed",
                    unbegun=id in unbegun,
                    after_error=any(cell <= last for cell in raised),
                    last_cell=last,
                )
            )
        return cases

    def _bound_names(self) -> Mapping[str, Sequence[Bound]]:
        from grader.submission.source.excerpts import bound_names  # only where something failed

        return bound_names(self._prober.session.submission)

    def _own_code(self) -> Mapping[str, Sequence[Excerpt]]:
        from grader.submission.source.excerpts import excerpts  # only where something failed

        if self._code is None:
            self._code = excerpts(self._assignment, self._prober.session.submission)
        return self._code

    def _ask(self, check: Check, seed: int) -> Observation:
        key = check.id, check.source, seed
        if key not in self._asked:
            hidden_last = self._open == "" and check.visibility == "hidden" and not self._prober.reference_has_lived
            if check.visibility != self._open and not hidden_last:
                return Observation(check=check.id, ended="crashed")
            self._asked[key] = self._observe(check, seed)
        return self._asked[key]

    def _observe(self, check: Check, seed: int) -> Observation:
        return observe(self._prober.session, check, seed=seed)

    def _given(self, check: Check) -> Given:
        return given_for(self._assignment, check, self._golden.get(check.id, {}), self._prober.seed)


def _has_own_work(assignment: Assignment, check: Check, replaced: Sequence[str]) -> bool:
    """Whether the check asks for anything that is neither replaced nor the course's own file."""
    left = [u.name for u in check.uses if u.name not in replaced]
    provided = set(assignment.provided_files)

    def is_provided(name: str) -> bool:
        places = assignment.names.get(name, ())
        files = [Path(*place.module.split(".")).with_suffix(".py").as_posix() for place in places if place.module]
        return bool(places) and len(files) == len(places) and set(files) <= provided

    return not check.uses or any(not is_provided(name) for name in left)


def explain_all(
    assignment: Assignment,
    results: Sequence[PartResult],
    seen: Mapping[str, Observation],
    golden: GoldenTable,
    *,
    seed: int,
    probe: Observe,
) -> tuple[list[PartResult], Sequence[str]]:
    """The parts with a diagnosis in each failed check whose mistake can be named, and notes.

    Where the reference is not here, the notes also tell what passed checks did not ask.
    """
    if assignment.hints == "none":
        return list(results), []
    from grader.diagnosis.evidence import Case, not_begun

    outcomes = [o for part in results for o in part.outcomes]
    unbegun = not_begun(outcomes)
    cases = [Case(o, seen[o.check.id], unbegun=o.check.id in unbegun) for o in outcomes if o.check.id in seen]
    diagnoses, notes = _diagnoses(assignment, cases, golden, seed=seed, probe=probe)
    return _with_diagnoses(results, diagnoses), [*notes, *_unasked(assignment, outcomes, seed, probe)]


def _diagnoses(
    assignment: Assignment,
    cases: Sequence[Case],
    golden: GoldenTable,
    *,
    seed: int,
    probe: Observe,
    clock: Callable[[], float] = time.monotonic,
    code: Callable[[], Mapping[str, Sequence[Excerpt]]] = dict,
    names: Callable[[], Mapping[str, Sequence[Bound]] | None] = lambda: None,
) -> tuple[dict[str, Diagnosis], Sequence[str]]:
    if all(case.outcome.status not in ("failed", "partial", "error") for case in cases):
        return {}, ()
    # Imported here: a submission that passes does not wait for it.
    from grader.diagnosis.bank import read_bank
    from grader.diagnosis.explain import explain

    explained = explain(cases, golden, read_bank(assignment), seed, probe, clock, code, names)
    hidden = {c.id for c in assignment.checks if c.visibility == "hidden"}
    known = known_names(assignment, golden)
    diagnoses = {
        id: shown_diagnosis(d, golden.get(id, {}), known) if id in hidden else d for id, d in explained.found.items()
    }
    return diagnoses, explained.notes


def known_names(assignment: Assignment, golden: GoldenTable) -> Set[str]:
    """What public checks call their arrays: names that a student can look up."""
    return {name for check in assignment.checks if check.visibility == "public" for name in golden.get(check.id, ())}


def _with_diagnoses(results: Sequence[PartResult], diagnoses: Mapping[str, Diagnosis]) -> list[PartResult]:
    return [
        structs.replace(r, outcomes=tuple(structs.replace(o, diagnosis=diagnoses.get(o.check.id)) for o in r.outcomes))
        for r in results
    ]


def _unasked(assignment: Assignment, outcomes: Sequence[Outcome], seed: int, probe: Observe) -> Sequence[str]:
    if assignment.solution is not None:
        return ()
    from grader.diagnosis.unasked import unasked

    return unasked(outcomes, seed, probe)


def given_for(assignment: Assignment, check: Check, golden: Mapping[str, npt.NDArray[Any]], seed: int) -> Given:
    rng = np.random.default_rng([seed, zlib.crc32(check.id.encode()), 1])
    return Given(golden=golden, rng=rng, data=assignment.data or assignment.handout)
