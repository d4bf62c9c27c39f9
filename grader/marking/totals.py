"""Marks in reports: a stored run's results, and the report of one hand-in, with what a person gave.

Owns which mark belongs to which part, check and answer. A late day's price is taken off the whole, so the policy is
applied once more; without marks everything stays as the batch left it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import structs

from grader.cohort.late_policy import Rules, apply_policy
from grader.cohort.records import Result
from grader.cohort.store import Store
from grader.errors import UsageError
from grader.marking.log import Log, log_path
from grader.marking.state import State
from grader.marks import NOT_FOUND, NOTHING, Answer, Mark, answer_digest
from grader.model import Outcome, PartResult, Report
from grader.report.json_report import mark_to_json
from grader.report.sanitize import number, points

Given = Literal["passed", "partial", "failed"]


def results(store: Store, run: int | None = None) -> Iterator[Result]:
    """The results of a run as `Store.results` gives them, with the marks that lie beside the store."""
    rules = rules_of(store, run)
    state = state_of(store.path, rules)
    stored = store.results(run)
    if state is None:
        return stored
    return marked(stored, state, rules, store.elsewhere(store.run(run).id) if rules.late.term_days else ())


def state_of(store: Path, rules: Rules | None = None) -> State | None:
    """The marks beside a store; None when nobody has marked anything."""
    path = log_path(store)
    if not path.exists():
        return None
    with Log(path) as log:
        return State(log.entries(), open_until=partial(_open_until, rules or Rules()))


def _open_until(rules: Rules, assignment: str) -> datetime | None:
    """When the last student's deadline is over."""
    due = rules.due_of(assignment)
    extra = max((hand.extra_days for hand in rules.students.values()), default=0.0)
    return None if due is None else due + timedelta(days=max(extra, 0.0), minutes=rules.late.grace_minutes)


def rules_of(store: Store, run: int | None) -> Rules:
    """The rules that a run was graded under.

    Raises
    ------
    UsageError
        They are those of another version of the grader.
    """
    record = store.run(run)
    try:
        return msgspec.convert(record.options.get("rules", {}), Rules, strict=False)
    except msgspec.ValidationError as problem:
        what = f"the rules of run {record.id} are those of another version ({problem})"
        raise UsageError(f"{store.path}: {what}; `grade batch` with --rules applies them again") from problem


def marked(stored: Iterable[Result], state: State, rules: Rules, elsewhere: Iterable[Result] = ()) -> Iterator[Result]:
    """The results with their marks, late days priced again and the attempt that counts chosen again."""
    scored = [_with_marks(result, state) for result in stored]
    worth = {(w.path, w.student): w for w in apply_policy(scored, rules, elsewhere)}
    for result in scored:
        one = worth[result.path, result.student]
        final = None if result.points is None else max(result.points - one.penalty, Fraction(0))
        yield structs.replace(
            result,
            late_days=one.late_days,
            term_days=one.term_days,
            penalty=one.penalty,
            counts=one.counts,
            final=final,
        )


def _with_marks(result: Result, state: State) -> Result:
    if result.status != "graded" or result.points is None:
        return result
    content = result.report["submission"].get("digest") or result.content
    earned, most, pending = result.points, result.max_points, result.pending
    parts = []
    for old in result.report.get("parts", ()):
        part = part_with_mark(old, result.assignment, content, state)
        parts.append(part)
        if part is old:
            continue
        before = (_score(old), _most(old))
        earned += _score(part) - before[0]
        most += _most(part) - before[1]
        pending -= _most(part) - before[1]
    report = {**result.report, "parts": parts}
    totals = {"score": number(earned), "max_score": number(most), "pending": number(pending)}
    return structs.replace(result, report=report | totals, points=earned, max_points=most, pending=pending)


def _score(part: Mapping[str, Any]) -> Fraction:
    return Fraction(0) if part["score"] is None else _exact(part["score"])


def _exact(value: float) -> Fraction:
    """Points as they were before they were written with six digits."""
    return Fraction(str(value)).limit_denominator(1_000)


def _most(part: Mapping[str, Any]) -> Fraction:
    """The part's points that are decided."""
    return Fraction(0) if part["score"] is None else _exact(part["max_score"])


def part_with_mark(part: Mapping[str, Any], assignment: str, content: str, state: State) -> Mapping[str, Any]:
    """A part of a `grade/1` object with its mark; the same object where there is none."""
    id, most = part["id"], _exact(part["max_score"])
    if part["kind"] == "manual":
        given = state.given(assignment, id, *key_of(part["answer"], content))
        mark = None if given is None else state.shown(given, most)
        return part if mark is None else {**part, **_scored(mark, most), "mark": mark_to_json(mark)}
    checks, added, freed = [], Fraction(0), Fraction(0)
    for check in part["checks"]:
        worth = _exact(check.get("max_score", 0))
        given = state.given(assignment, f"{id}/{check['id']}", content) if check["status"] == "pending" else None
        mark = None if given is None else state.shown(given, worth)
        checks.append(
            check
            if mark is None
            else {**check, **_scored(mark, worth), "message": sentence(mark), "mark": mark_to_json(mark)}
        )
        added, freed = (added + mark.points, freed + worth) if mark else (added, freed)
    if freed:
        score = _score(part) + added
        part = {**part, "checks": checks, "max_score": number(most + freed)} | _scored_as(score, most + freed, checks)
    override = state.given(assignment, id, content)
    if override is not None:
        mark = structs.replace(state.shown(override, most + freed), replaces=_score(part))
        part = {**part, **_scored(mark, most + freed), "mark": mark_to_json(mark)}
    return part


def key_of(answer: Mapping[str, Any] | Answer | None, content: str) -> tuple[str, str]:
    """What an answer's mark belongs to: its digest, and the hand-in where another run may draw the figure otherwise."""
    if isinstance(answer, Answer):
        answer = structs.asdict(answer)
    if answer is None or answer["state"] == "not found":
        return NOT_FOUND, ""
    if answer["state"] != "answered":
        return NOTHING, ""
    figures = answer["figures"]
    drawn = answer.get("digest") or answer_digest(answer["text"], [*figures, content] if figures else ())
    return drawn, content if figures else ""


def status_of(score: Fraction, most: Fraction) -> Given:
    return "passed" if score == most else "partial" if score else "failed"


def _scored(mark: Mark, most: Fraction) -> dict[str, Any]:
    return {"score": number(mark.points), "status": status_of(mark.points, most)}


def _scored_as(score: Fraction, most: Fraction, checks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    waits = score == most and any(check["status"] == "pending" for check in checks)
    return {"score": number(score), "status": "pending" if waits else status_of(score, most)}


def sentence(mark: Mark) -> str:
    """A mark in a sentence, for a check that a person decided."""
    said = [f"{item.text} ({points(item.points)})" for item in mark.items]
    return "Marked by a person. " + " ".join([*said, mark.comment]).strip()


def with_marks(report: Report, state: State) -> Report:
    """The report of one hand-in with the marks of its answers."""
    if report.status != "graded":
        return report
    parts = tuple(_part_with_mark(part, report.assignment, report.digest, state) for part in report.parts)
    return structs.replace(report, parts=parts)


def _part_with_mark(part: PartResult, assignment: str, content: str, state: State) -> PartResult:
    id = part.part.id
    if part.manual is not None:
        given = state.given(assignment, id, *key_of(part.answer, content))
        mark = None if given is None else state.shown(given, part.max_score)
        return part if mark is None else _replaced(part, mark)
    outcomes = tuple(_decided(outcome, assignment, id, content, state) for outcome in part.outcomes)
    decided = [o for o, old in zip(outcomes, part.outcomes, strict=True) if o is not old]
    if decided:
        score = part.score + sum((o.score for o in decided), Fraction(0))
        most = part.max_score + sum((o.check.points for o in decided), Fraction(0))
        waits = score == most and any(o.status == "pending" for o in outcomes)
        status = "pending" if waits else status_of(score, most)
        part = structs.replace(part, outcomes=outcomes, score=score, max_score=most, status=status)
    override = state.given(assignment, id, content)
    if override is None:
        return part
    return _replaced(part, structs.replace(state.shown(override, part.max_score), replaces=part.score))


def _replaced(part: PartResult, mark: Mark) -> PartResult:
    return structs.replace(part, score=mark.points, status=status_of(mark.points, part.max_score), mark=mark)


def _decided(outcome: Outcome, assignment: str, part: str, content: str, state: State) -> Outcome:
    given = state.given(assignment, f"{part}/{outcome.check.id}", content) if outcome.status == "pending" else None
    if given is None:
        return outcome
    mark = state.shown(given, outcome.check.points)
    status = status_of(mark.points, outcome.check.points)
    return structs.replace(outcome, score=mark.points, status=status, message=sentence(mark), mark=mark)
