"""What an attempt is worth: due dates, late days and their price, how many attempts count, and which.

Owns the instructor's rules file and the arithmetic. Nothing here is graded again when a rule changes.

    policy = "best"                          # or "last" (default)
    attempts = 3                             # how many count; without it all do
    due = 2026-11-20T23:59:00+01:00          # or a table: [due] with an assignment's id = its time
    names = '(?P<student>[^/]+)/try_(?P<attempt>\\d+)'
    times = "files"                          # take the newest file's time where nothing else says when

    [late]
    per_day = 10                             # percent of the points earned, for each day begun
    of = "earned"                            # or "possible"
    grace_minutes = 15
    free_days = 2                            # for each hand-in
    last_day = 5                             # later is worth nothing

    [students.jdoe]                          # by hand: the key as the summary prints it
    extra_days = 3
    extra_attempts = 1
    late_days = 0                            # whatever the times say
    take = 2                                 # this attempt counts
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from grader.cohort.records import CohortEntry, FinalScore, Result
from grader.errors import UsageError

Amount = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0)]


class Late(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a late day costs."""

    per_day: Amount = 0.0
    """Percent for each day begun."""
    of: Literal["earned", "possible"] = "earned"
    grace_minutes: Amount = 0.0
    free_days: Count = 0
    last_day: Count | None = None


class StudentOverride(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was agreed with one student."""

    extra_days: float = 0.0
    extra_attempts: int = 0
    late_days: Count | None = None
    take: int | None = None


class Rules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules file."""

    policy: Literal["last", "best"] = "last"
    attempts: Annotated[int, Meta(ge=1)] | None = None
    due: datetime | dict[str, datetime] | None = None
    names: str | None = None
    times: Literal["files"] | None = None
    late: Late = Late()
    students: Mapping[str, StudentOverride] = field(default_factory=dict)

    def remarks(
        self, hand_ins: Iterable[CohortEntry], students: Iterable[str], assignments: Iterable[str]
    ) -> list[str]:
        """What in these rules, or in what they are for, will not do what it was written for.

        Parameters
        ----------
        students, assignments
            Those that there are besides the hand-ins' own.
        """
        found = []
        listed = list(hand_ins)
        known = {h.student for h in listed}.union(students)
        if strangers := [key for key in self.students if key not in known]:
            found.append(f"the rules name students who are not here: {', '.join(strangers)}")
        if isinstance(self.due, dict) and (others := set(self.due) - set(assignments)):
            found.append(f"the rules have due dates of assignments that there are not: {', '.join(sorted(others))}")
        timeless = [h for h in listed if not h.submitted] if self.due is not None else []
        if timeless:
            late = sum(h.late for h in timeless)
            marked = f"; {late} of them are marked as late, which counts as one day" if late else ""
            found.append(f"nothing says when {len(timeless)} of {len(listed)} hand-ins came{marked}")
        return found

    def due_of(self, assignment: str) -> datetime | None:
        return self.due.get(assignment) if isinstance(self.due, dict) else self.due


def read_rules(path: Path) -> Rules:
    """Read the rules file.

    Raises
    ------
    UsageError
        It cannot be read or holds something else than the above, with the key.
    """
    try:
        found = msgspec.toml.decode(path.read_bytes(), type=Rules)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError, ValueError) as problem:
        keys = ", ".join(Rules.__struct_fields__)
        raise UsageError(f"--rules {path}: {problem}; its keys are {keys} (`grade batch --help`)") from None
    times = found.due.values() if isinstance(found.due, dict) else [found.due] if found.due else []
    if any(time.tzinfo is None for time in times):
        raise UsageError(f"--rules {path}: due has no time zone; write it as 2026-11-20T23:59:00+01:00")
    return found


def compiled(pattern: str) -> re.Pattern[str]:
    """A rule for names as a regular expression with the named group `student`.

    Raises
    ------
    UsageError
        It is none, or has no such group.
    """
    try:
        found = re.compile(pattern)
    except re.error as problem:
        raise UsageError(f"the rule for names {pattern!r} is no regular expression: {problem}") from None
    if "student" not in found.groupindex:
        raise UsageError(f"the rule for names {pattern!r} has no group (?P<student>...), which says whose it is")
    return found


def apply_policy(results: Iterable[Result], rules: Rules) -> list[FinalScore]:
    """What each hand-in of a run is worth, and which of a student's attempts counts."""
    by_student: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        by_student.setdefault((result.assignment, result.student), []).append(result)
    found = []
    for (_, student), attempts in by_student.items():
        hand = rules.students.get(student, StudentOverride())
        attempts.sort(key=lambda r: (r.attempt, r.submitted, r.path))
        priced = []
        for result in attempts:
            days = _late_days(result, rules, hand)
            priced.append((result, days, _penalty(result, days, rules.late)))
        allowed = len(priced) if rules.attempts is None else rules.attempts + hand.extra_attempts
        chosen = _taken(attempts, hand.take) or _chosen(priced[:allowed], rules.policy)
        found += [
            FinalScore(path=r.path, student=student, late_days=days, penalty=penalty, counts=r is chosen)
            for r, days, penalty in priced
        ]
    return found


Priced = tuple[Result, int, Fraction]


def _taken(attempts: list[Result], take: int | None) -> Result | None:
    """The attempt of that number, which the rule for names gave, or which it has in the order of time."""
    if take is None:
        return None
    numbered = {r.attempt: r for r in attempts}
    if len(numbered) < len(attempts):
        numbered = dict(enumerate(attempts, 1))
    return numbered.get(take)


def _chosen(attempts: list[Priced], policy: str) -> Result | None:
    if not attempts:
        return None
    if policy == "last":
        return attempts[-1][0]
    # of equal ones the first: it cost the student nothing to try again
    best = max(attempts, key=lambda p: -1 if p[0].points is None else p[0].points - p[2])
    return best[0]


def _late_days(result: Result, rules: Rules, hand: StudentOverride) -> int:
    if hand.late_days is not None:
        return hand.late_days
    due = rules.due_of(result.assignment)
    if due is None or not result.submitted:
        # marked by the platform without a time: one day is the least that it can be
        return max(int(result.late) - rules.late.free_days - math.ceil(hand.extra_days), 0)
    over = datetime.fromisoformat(result.submitted) - due - timedelta(days=hand.extra_days)
    if over <= timedelta(minutes=rules.late.grace_minutes):
        return 0
    return max(math.ceil(over / timedelta(days=1)) - rules.late.free_days, 0)


def _penalty(result: Result, days: int, late: Late) -> Fraction:
    if result.points is None or not days:
        return Fraction(0)
    if late.last_day is not None and days > late.last_day:
        return result.points
    base = result.points if late.of == "earned" else result.max_points
    return min(base * Fraction(str(late.per_day)) / 100 * days, result.points)
