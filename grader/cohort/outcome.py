"""What every student of an assignment ends with: points, or the reason why there are none and what decides it.

The one place that says what goes into a gradebook: the exports, their last line and the summary's table read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Literal

from msgspec import Struct, field

from grader.cohort.records import Decision, Result, RosterEntry
from grader.errors import UsageError
from grader.gradebook.names import folded
from grader.report.sanitize import in_points

State = Literal["graded", "decided", "excused", "person", "ungradable", "fault", "unattempted", "absent"]
STATES: Mapping[State, str] = {
    "graded": "with points",
    "decided": "with points that a person decided",
    "excused": "excused",
    "person": "with points that a person must give",
    "ungradable": "could not be graded",
    "fault": "met a fault of the grader or the assignment",
    "unattempted": "without an attempt that counts",
    "absent": "handed in nothing",
}
"""In the order in which they are reported."""
UNDECIDED: frozenset[State] = frozenset(("person", "ungradable", "fault", "unattempted", "absent"))
"""States that leave a student without points until somebody decides."""


class StudentResult(Struct, frozen=True, kw_only=True):
    """One student in one assignment."""

    student: str
    name: str
    ids: Mapping[str, str] = field(default_factory=dict)
    state: State
    points: Fraction | None = None
    """What goes into the gradebook."""
    reason: str = ""
    """Why there are no points, or why a person gave them."""
    result: Result | None = None
    """The submission that counts, or that could not be graded."""

    @property
    def shown(self) -> str:
        """How messages call the student."""
        return self.student if self.student == self.name or not self.name else f"{self.name} ({self.student})"


def chosen_assignment(results: Iterable[Result], wanted: str | None) -> str:
    """The id of the assignment that is wanted, or of the only one that the results are of.

    Raises UsageError if there are several and none is named, or none of that id.
    """
    ids = sorted({r.assignment for r in results if r.assignment})
    if wanted in ids or (wanted is None and len(ids) == 1):
        return wanted or ids[0]
    there = ", ".join(ids) or "none"
    if wanted is None:
        raise UsageError(f"the store holds results of {len(ids)} assignments ({there}); choose with --assignment")
    raise UsageError(f"--assignment {wanted}: the store has no results of it; there are: {there}")


def most_points(results: Iterable[Result]) -> tuple[Fraction, ...]:
    """Points of the automatic parts, and, where a person marks some, of all parts."""
    listed = list(results)
    automatic = max((r.max_points for r in listed), default=Fraction(0))
    whole = max((r.max_points + r.pending for r in listed), default=Fraction(0))
    return (automatic, whole) if whole > automatic else (automatic,)


def outcomes(
    results: Sequence[Result],
    assignment: str,
    people: Iterable[RosterEntry],
    decisions: Iterable[Decision],
    *,
    partial: bool = False,
) -> list[StudentResult]:
    """Every student of the results or the roster, once, by name.

    The results are those of one run; where the assignment is unknown they count for the students who have no other.
    `people` is the run's roster. With `partial`, the points of what is decided are given where parts wait for a person,
    unless nothing is.
    """
    by_student: dict[str, list[Result]] = {}
    lost: dict[str, list[Result]] = {}
    for result in results:
        place = by_student if result.assignment == assignment else lost if not result.assignment else {}
        place.setdefault(result.student, []).append(result)
    decided = {(d.student, d.content): d for d in decisions if d.assignment == assignment}
    ends = [_outcome(attempts, partial, decided) for attempts in by_student.values()]
    elsewhere = {r.student for r in results if r.assignment and r.assignment != assignment}
    ends += [_outcome(a, partial, decided) for s, a in lost.items() if s not in by_student and s not in elsewhere]
    seen = {one.student for one in ends}
    for entry in people:
        if entry.key not in seen:
            one = StudentResult(
                student=entry.key, name=entry.name, ids=entry.columns, state="absent", reason="no submission"
            )
            ends.append(_decided(one, decided.get((entry.key, ""))))
    return sorted(ends, key=lambda o: (folded(o.name) or o.student, o.student))


def _outcome(attempts: Sequence[Result], partial: bool, decided: Mapping[tuple[str, str], Decision]) -> StudentResult:
    counting = next((r for r in attempts if r.counts), None)
    result = counting or attempts[-1]
    state, points, reason = _state(result, counting is not None, partial)
    if state in ("ungradable", "fault") and (earlier := [r for r in attempts if r.final is not None]):
        last = earlier[-1]
        shown = f"{float(last.final or 0):g}"
        reason += f" (attempt {last.attempt} has {shown}: `take = {last.attempt}` in the rules)"
    one = StudentResult(
        student=result.student,
        name=result.name,
        ids=result.ids,
        state=state,
        points=points,
        reason=reason,
        result=result,
    )
    return _decided(one, decided.get((result.student, result.content)))


def _state(result: Result, counts: bool, partial: bool) -> tuple[State, Fraction | None, str]:
    if result.final is None:
        return ("fault" if result.status == "fault" else "ungradable"), None, result.reason
    if not counts:
        return "unattempted", None, "the rules let no attempt count"
    if result.pending and not (partial and result.max_points):
        return "person", None, f"{in_points(result.pending)} {'waits' if result.pending == 1 else 'wait'}"
    return "graded", result.final, ""


def _decided(one: StudentResult, decision: Decision | None) -> StudentResult:
    if decision is None:
        return one
    state: State = "excused" if decision.points is None else "decided"
    return StudentResult(
        student=one.student,
        name=one.name,
        ids=one.ids,
        state=state,
        points=decision.points,
        reason=decision.reason or one.reason,
        result=one.result,
    )
