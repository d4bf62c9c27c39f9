"""Whose score moved between two runs, by which checks, and why.

The why comes from the digests that each report was stored with (`CacheKey`): what differs between two of them is all
that can have moved it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from msgspec import Struct

from grader.cohort.records import CacheKey, Result, Run
from grader.report.sanitize import one_line, plural, points
from grader.report.terminal.layout import table, wrap

FILES_NAMED = 4
"""Changed files in one line of reasons."""


class CheckChange(Struct, frozen=True, kw_only=True):
    """A check, or a part that follow-through moved, with its points before and after."""

    name: str
    before: Fraction
    after: Fraction


class ScoreChange(Struct, frozen=True, kw_only=True):
    """One student's result in one assignment."""

    assignment: str
    student: str
    name: str
    before: Fraction | None
    """None: without a score."""
    after: Fraction | None
    steps: tuple[CheckChange, ...]
    why: tuple[str, ...]


class Differences(Struct, frozen=True, kw_only=True):
    """Two runs, compared by the attempts that count."""

    moved: tuple[ScoreChange, ...]
    new: tuple[Result, ...]
    gone: tuple[Result, ...]
    same: int


def differences(before: Iterable[Result], after: Iterable[Result]) -> Differences:
    """Compare two runs' results."""
    old = {(r.assignment, r.student): r for r in before if r.counts}
    new = {(r.assignment, r.student): r for r in after if r.counts}
    moved = []
    for key in old.keys() & new.keys():
        one, two = old[key], new[key]
        if (one.final, one.status) != (two.final, two.status):
            steps = [] if one.final is None or two.final is None else _steps(one.report, two.report)
            move = ScoreChange(
                assignment=two.assignment,
                student=two.student,
                name=two.name,
                before=one.final,
                after=two.final,
                steps=tuple(steps),
                why=tuple(_why(one, two)),
            )
            moved.append(move)
    return Differences(
        moved=tuple(sorted(moved, key=lambda m: (m.assignment, m.student))),
        new=tuple(new[key] for key in sorted(new.keys() - old.keys())),
        gone=tuple(old[key] for key in sorted(old.keys() - new.keys())),
        same=len(old.keys() & new.keys()) - len(moved),
    )


def _steps(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[CheckChange]:
    """Every check whose points differ; a part where only what follow-through gave differs."""
    every_step = []
    old = {part["id"]: part for part in before.get("parts", ())}
    new = {part["id"]: part for part in after.get("parts", ())}
    for id in {**old, **new}:
        was, now = old.get(id), new.get(id)
        had, has = _checks(was), _checks(now)
        steps = [
            CheckChange(name=check, before=had.get(check, Fraction(0)), after=has.get(check, Fraction(0)))
            for check in {**had, **has}
            if had.get(check, 0) != has.get(check, 0)
        ]
        if not steps and _score(was) != _score(now):
            by_person = any(part is not None and "mark" in part for part in (was, now))
            what = f"part {id}, marked by a person" if by_person else f"follow-through in part {id}"
            steps = [CheckChange(name=what, before=_score(was), after=_score(now))]
        every_step += steps
    return every_step


def _checks(part: Mapping[str, Any] | None) -> dict[str, Fraction]:
    return {} if part is None else {c["id"]: Fraction(str(c["score"])) for c in part["checks"]}


def _score(part: Mapping[str, Any] | None) -> Fraction:
    return Fraction(0) if part is None or part["score"] is None else Fraction(str(part["score"]))


def _why(one: Result, two: Result) -> list[str]:
    """Everything that differs and can have done it, the plainest first."""
    old, new = one.key, two.key
    why = []
    if one.attempt != two.attempt:
        why.append(f"attempt {two.attempt} counts, not {one.attempt}")
    elif one.content != two.content:
        why.append("the submission changed")
    if old.environment != new.environment and old.environment and new.environment:
        pairs = zip(old.environment.split(", "), new.environment.split(", "), strict=False)
        why += [f"{was} became {now}" for was, now in pairs if was != now]
    if old.seed != new.seed:
        why.append(f"seed: {old.seed} became {new.seed}")
    why += _changed_files(old, new)
    if one.penalty != two.penalty and one.points == two.points:
        was, now = plural(one.late_days, "late day"), plural(two.late_days, "late day")
        why.append(f"late: {_points(one.penalty)} taken off for {was}, then {_points(two.penalty)} for {now}")
    elif one.penalty != two.penalty:
        why.append(f"late days: {one.late_days}, then {two.late_days}")
    if "fault" in (one.status, two.status):
        why.append("the grader failed in one of the runs")
    return why or ["nothing that it rests on changed: it does not repeat itself (a time-out, unseeded numbers)"]


def _changed_files(old: CacheKey, new: CacheKey) -> list[str]:
    differ = [name for name in {**old.files, **new.files} if old.files.get(name) != new.files.get(name)]
    if not old.files or not new.files or not differ:  # one of them was no report on an assignment
        return []
    more = f" and {plural(len(differ) - FILES_NAMED, 'more file')}" if len(differ) > FILES_NAMED else ""
    return [f"{', '.join(differ[:FILES_NAMED])}{more} changed in the assignment"]


def render(differences: Differences, before: Run, after: Run, *, width: int = 80) -> str:
    """The comparison for a terminal."""
    whole = len(differences.moved) + differences.same
    lines = [
        f"run {before.id} ({_when(before)}) and run {after.id} ({_when(after)}): "
        f"{len(differences.moved)} of {whole} scores moved"
    ]
    for assignment in dict.fromkeys(move.assignment for move in differences.moved):
        lines += ["", one_line(assignment) or "assignment unknown"]
        moves = [move for move in differences.moved if move.assignment == assignment]
        heads = table([_row(move) for move in moves], right=frozenset({1, 3, 4}))
        for group in _by_cause(moves):
            by, why = _steps_text([moves[n] for n in group]), "; ".join(map(one_line, moves[group[0]].why))
            details = [f"      {text}" for text in wrap(by, width - 6) if text]
            details += [f"      why: {text}" for text in wrap(why, width - 11)]
            if len(group) == 1:
                lines += [f"  {heads[group[0]]}", *details]
            else:
                lines += [f"  {len(group)} students:", *details, *(f"    {heads[n]}" for n in group)]
    for word, results in (("only in the first", differences.gone), ("only in the second", differences.new)):
        if results:
            names = ", ".join(one_line(r.student) for r in results)
            lines += ["", *wrap(f"{word}: {names}", width)]
    return "\n".join(lines) + "\n"


def _by_cause(moves: Sequence[ScoreChange]) -> list[list[int]]:
    """The places of scores that moved by the same checks for the same reasons, the largest group first."""
    groups: dict[object, list[int]] = {}
    for n, move in enumerate(moves):
        groups.setdefault((tuple(step.name for step in move.steps), move.why), []).append(n)
    return sorted(groups.values(), key=lambda group: -len(group))


def _steps_text(moves: Sequence[ScoreChange]) -> str:
    """The checks that moved, with their points where these are the same for all."""
    alike = all(move.steps == moves[0].steps for move in moves)
    points = [f" {_points(s.before)} → {_points(s.after)}" if alike else "" for s in moves[0].steps]
    return ", ".join(one_line(step.name) + text for step, text in zip(moves[0].steps, points, strict=True))


def _row(move: ScoreChange) -> tuple[str, ...]:
    change = "" if move.before is None or move.after is None else f"{float(move.after - move.before):+.4g}"
    return (one_line(move.name or move.student, 40), _points(move.before), "→", _points(move.after), change)


def _points(value: Fraction | None) -> str:
    return "none" if value is None else points(value)


def _when(run: Run) -> str:
    return run.started[:16].replace("T", " ")
