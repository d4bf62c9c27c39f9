"""What an attempt is worth: due dates, late days and their price, how many attempts count, and which.

Owns the instructor's rules file and the arithmetic. Nothing here is graded again when a rule
changes. `RULES` of `grader.commands.batch` shows every key.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct, field, structs

from grader.cohort.platforms.platform import YEARS
from grader.cohort.records import CohortEntry, FinalScore, Result
from grader.errors import UsageError

Amount = Annotated[float, Meta(ge=0, le=1e5)]
Count = Annotated[int, Meta(ge=0, le=100_000)]


class Late(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a late day costs."""

    per_day: Amount = 0.0
    """Percent for each day begun."""
    of: Literal["earned", "possible"] = "earned"
    grace_minutes: Amount = 0.0
    free_days: Count = 0
    term_days: Count = 0
    """Free days for all assignments together."""
    last_day: Count | None = None


class StudentOverride(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was agreed with one student."""

    extra_days: Annotated[float, Meta(ge=-1e5, le=1e5)] = 0.0
    extra_term_days: int = 0
    extra_attempts: int = 0
    late_days: Count | None = None
    take: int | None = None


class Rules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules file."""

    policy: Literal["last", "best"] = "last"
    attempts: Annotated[int, Meta(ge=1)] | None = None
    due: datetime | dict[str, datetime] | None = None
    timezone: str | None = None
    groups: str | None = None
    names: str | None = None
    times: Literal["files"] | None = None
    late: Late = Late()
    students: Mapping[str, StudentOverride] = field(default_factory=dict)

    def remarks(
        self, submissions: Iterable[CohortEntry], students: Iterable[str], assignments: Iterable[str]
    ) -> list[str]:
        """What in these rules, or in what they are for, will not do what it was written for.

        `students` and `assignments` are those in addition to the submissions' own.
        """
        lines = []
        listed = list(submissions)
        known = {h.student for h in listed}.union(students)
        if strangers := [key for key in self.students if key not in known]:
            lines.append(f"the rules name students who are not here: {', '.join(strangers)}")
        attempts: dict[str, list[CohortEntry]] = {}
        for entry in listed:
            attempts.setdefault(entry.student, []).append(entry)
        takes = [(key, hand.take) for key, hand in self.students.items() if hand.take is not None and key in attempts]
        if absent := [f"{take} of {key}" for key, take in takes if take not in _numbers(attempts[key])]:
            lines.append(f"the rules take attempts that are not here: {', '.join(absent)}; another one counts")
        if isinstance(self.due, dict) and (others := set(self.due) - set(assignments)):
            lines.append(f"the rules have due dates for assignments that do not exist: {', '.join(sorted(others))}")
        timeless = [h for h in listed if not h.submitted] if self.due is not None else []
        if timeless:
            late = sum(h.late for h in timeless)
            marked = f"; {late} marked as late, which counts as one day" if late else ""
            lines.append(f"nothing says when {len(timeless)} of {len(listed)} submissions came{marked}")
        return lines

    @property
    def zone(self) -> ZoneInfo | None:
        return ZoneInfo(self.timezone) if self.timezone else None

    def due_of(self, assignment: str) -> datetime | None:
        """When it is due, on the clock whose days are counted."""
        due = self.due.get(assignment) if isinstance(self.due, dict) else self.due
        if due is None or self.zone is None:
            return due
        return due.replace(tzinfo=self.zone) if due.tzinfo is None else due.astimezone(self.zone)


def read_rules(path: Path) -> Rules:
    """Read the rules file.

    Raises UsageError if it cannot be read or holds something else than the above, with the key.
    """
    try:
        rules = msgspec.toml.decode(path.read_bytes(), type=Rules)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError, ValueError) as problem:
        keys = ", ".join(Rules.__struct_fields__)
        raise UsageError(f"--rules {path}: {problem}; its keys are {keys} (`grade batch --help`)") from None
    try:
        zone = rules.zone
    except (OSError, ValueError, KeyError):  # a folder, `../x`, no such name
        raise UsageError(
            f"--rules {path}: there is no timezone {rules.timezone!r}; write one as Europe/Berlin"
        ) from None
    times = rules.due.values() if isinstance(rules.due, dict) else [rules.due] if rules.due else []
    if never := [time for time in times if time.year not in YEARS]:
        raise UsageError(f"--rules {path}: due {never[0]:%Y-%m-%d} is too far off; leave out what is never due")
    if zone is None and any(time.tzinfo is None for time in times):
        what = 'due has no time zone; write it as 2026-11-20T23:59:00+01:00, or add timezone = "Europe/Berlin"'
        raise UsageError(f"--rules {path}: {what}")
    return rules


def compiled(pattern: str) -> re.Pattern[str]:
    """A rule for names as a regular expression with the named group `student`.

    Raises UsageError if it is none, or has no such group.
    """
    try:
        expression = re.compile(pattern)
    except re.error as problem:
        raise UsageError(f"the rule for names {pattern!r} is no regular expression: {problem}") from None
    if "student" not in expression.groupindex:
        raise UsageError(f"the rule for names {pattern!r} has no group (?P<student>...), which says whose it is")
    return expression


def apply_policy(results: Iterable[Result], rules: Rules, elsewhere: Iterable[Result] = ()) -> list[FinalScore]:
    """What each submission of a run is worth, and which of a student's attempts counts.

    `elsewhere` has the latest results of the course's other assignments, whose late days count against the term's.
    """
    by_student: dict[str, dict[str, list[Result]]] = {}
    mine = list(results)
    for result in [*mine, *elsewhere]:
        by_student.setdefault(result.student, {}).setdefault(result.assignment, []).append(result)
    asked = {(r.assignment, r.student) for r in mine}
    final = []
    for student, assignments in by_student.items():
        hand = rules.students.get(student, StudentOverride())
        left = max(rules.late.term_days + hand.extra_term_days, 0)
        for assignment in sorted(assignments, key=lambda id: (_due(rules, id), id)):
            attempts = sorted(assignments[assignment], key=lambda r: (r.attempt, r.submitted, r.path))
            priced = [(result, _priced(result, rules, hand, left)) for result in attempts]
            allowed = len(priced) if rules.attempts is None else max(rules.attempts + hand.extra_attempts, 0)
            numbered = zip(_numbers(attempts), attempts, strict=True)
            taken = next((result for number, result in numbered if number == hand.take), None)
            chosen = taken or _chosen(priced[:allowed], rules.policy)
            left -= next((price.term_days for result, price in priced if result is chosen), 0)
            if (assignment, student) in asked:
                final += [structs.replace(price, counts=result is chosen) for result, price in priced]
    return final


def _due(rules: Rules, assignment: str) -> float:
    due = rules.due_of(assignment)
    return due.timestamp() if due is not None else math.inf


def _priced(result: Result, rules: Rules, hand: StudentOverride, left: int) -> FinalScore:
    """What being late costs an attempt, where the term has `left` free days; which one counts is not known yet."""
    if hand.late_days is not None:
        late, paid = hand.late_days, 0
    else:
        late = max(_days_begun(result, rules, hand) - rules.late.free_days, 0)
        paid = min(late, left)
    return FinalScore(
        path=result.path,
        student=result.student,
        late_days=late - paid,
        term_days=paid,
        penalty=_penalty(result, late - paid, late, rules.late),
        counts=False,
    )


def _numbers(attempts: Sequence[CohortEntry | Result]) -> list[int]:
    """The attempts' numbers, which the rule for names gave, or which they have in the order of time."""
    given = [one.attempt for one in attempts]
    return given if len(set(given)) == len(given) else list(range(1, len(given) + 1))


def _chosen(attempts: list[tuple[Result, FinalScore]], policy: str) -> Result | None:
    if not attempts:
        return None
    if policy == "last":
        return attempts[-1][0]
    # of equal ones the first: it cost the student nothing to try again
    best = max(attempts, key=lambda pair: -1 if pair[0].points is None else pair[0].points - pair[1].penalty)
    return best[0]


def _days_begun(result: Result, rules: Rules, hand: StudentOverride) -> int:
    """Days by the calendar of the due date's clock: a day on which it is changed has 23 or 25 hours."""
    due = rules.due_of(result.assignment)
    if due is None or not result.submitted:
        # marked by the platform without a time: one day is the least that it can be
        return max(int(result.late) - math.ceil(hand.extra_days), 0)
    due += timedelta(days=hand.extra_days)
    moment = datetime.fromisoformat(result.submitted).astimezone(UTC)
    over = moment - due.astimezone(UTC)
    if over <= timedelta(minutes=rules.late.grace_minutes):
        return 0
    days = max(over // timedelta(days=1) - 1, 0)
    while (due + timedelta(days=days)).astimezone(UTC) < moment:
        days += 1
    return days


def _penalty(result: Result, days: int, late: int, rule: Late) -> Fraction:
    """The price of `days` that count, of a submission that came so `late`."""
    if result.points is None:
        return Fraction(0)
    if rule.last_day is not None and late > rule.last_day:
        return result.points
    base = result.points if rule.of == "earned" else result.max_points
    return min(base * Fraction(str(rule.per_day)) / 100 * days, result.points)
