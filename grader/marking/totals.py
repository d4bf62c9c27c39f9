"""Marks in reports: a stored run's results, and the report of one submission, with what a person gave.

Owns which mark belongs to which part, check and answer. A late day's price is taken off the whole, so the policy is
applied once more; without marks everything stays as the batch left it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from grader.cohort.late_policy import Rules, apply_policy
from grader.cohort.records import Result
from grader.cohort.store import Store
from grader.errors import UsageError
from grader.marking.log import Log, log_path
from grader.marking.state import State
from grader.marks import NOT_FOUND, NOTHING, Mark, answer_digest
from grader.model import PartResult, Report, Status
from grader.report.json_report import exact, mark_from_json, mark_to_json, to_json
from grader.report.sanitize import number, points


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
    """The rules that a run was graded under; raises UsageError if they are those of another version of the grader."""
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
        part = _part_with_mark(old, result.assignment, content, state)
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
    return Fraction(0) if part["score"] is None else exact(part["score"])


def _most(part: Mapping[str, Any]) -> Fraction:
    """The part's points that are decided."""
    return Fraction(0) if part["score"] is None else exact(part["max_score"])


def _part_with_mark(part: Mapping[str, Any], assignment: str, content: str, state: State) -> Mapping[str, Any]:
    """A part of a `grade/1` object with its mark; the same object where there is none."""
    id, most = part["id"], exact(part["max_score"])
    if part["kind"] == "manual":
        given = state.given(assignment, id, *key_of(part["answer"], content))
        mark = None if given is None else state.shown(given, most)
        return part if mark is None else {**part, **_scored(mark.points, most), "mark": mark_to_json(mark)}
    checks, added, freed = [], Fraction(0), Fraction(0)
    for check in part["checks"]:
        worth = exact(check.get("max_score", 0))
        given = state.given(assignment, f"{id}/{check['id']}", content) if check["status"] == "pending" else None
        mark = None if given is None else state.shown(given, worth)
        checks.append(
            check
            if mark is None
            else {**check, **_scored(mark.points, worth), "message": _sentence(mark), "mark": mark_to_json(mark)}
        )
        added, freed = (added + mark.points, freed + worth) if mark else (added, freed)
    if freed:
        score = _score(part) + added
        part = {**part, "checks": checks, "max_score": number(most + freed)} | _scored(score, most + freed, checks)
    override = state.given(assignment, id, content)
    if override is not None:
        mark = structs.replace(state.shown(override, most + freed), replaces=_score(part))
        part = {**part, **_scored(mark.points, most + freed), "mark": mark_to_json(mark)}
    return part


def key_of(answer: Mapping[str, Any] | None, content: str) -> tuple[str, str]:
    """What an answer's mark belongs to: its digest, and the submission where a figure may be drawn otherwise."""
    if answer is None or answer["state"] == "not found":
        return NOT_FOUND, ""
    if answer["state"] != "answered":
        return NOTHING, ""
    figures = answer["figures"]
    drawn = answer.get("digest") or answer_digest(answer["text"], [*figures, content] if figures else ())
    return drawn, content if figures else ""


def _scored(score: Fraction, most: Fraction, checks: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    waits = score == most and any(check["status"] == "pending" for check in checks)
    status: Status = "pending" if waits else "passed" if score == most else "partial" if score else "failed"
    return {"score": number(score), "status": status}


def _sentence(mark: Mark) -> str:
    """A mark in a sentence, for a check that a person decided."""
    items = [f"{item.text} ({points(item.points)})" for item in mark.items]
    return "Marked by a person. " + " ".join([*items, mark.comment]).strip()


def with_marks(report: Report, state: State) -> Report:
    """The report of one submission with the marks of its answers."""
    if report.status != "graded":
        return report
    stored = to_json(report)["parts"]
    new = [_part_with_mark(part, report.assignment, report.digest, state) for part in stored]
    parts = (
        part if marked is old else _with_points(part, marked)
        for part, old, marked in zip(report.parts, stored, new, strict=True)
    )
    return structs.replace(report, parts=tuple(parts))


def _with_points(part: PartResult, marked: Mapping[str, Any]) -> PartResult:
    """The part with the points and marks of its `grade/1` object."""
    outcomes = tuple(
        structs.replace(outcome, message=check["message"], **_points(check)) if "mark" in check else outcome
        for outcome, check in zip(part.outcomes, marked["checks"], strict=True)
    )
    return structs.replace(part, outcomes=outcomes, max_score=exact(marked["max_score"]), **_points(marked))


def _points(marked: Mapping[str, Any]) -> dict[str, Any]:
    mark = mark_from_json(marked["mark"]) if "mark" in marked else None
    return {"score": exact(marked["score"]), "status": marked["status"], "mark": mark}
