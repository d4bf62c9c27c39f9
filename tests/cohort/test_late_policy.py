"""What an attempt is worth: days, prices, and which attempt counts."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from grader.cohort.late_policy import Rules, apply_policy, compiled, read_rules
from grader.cohort.records import CohortEntry, FinalScore, Result
from grader.commands.batch import RULES
from grader.errors import UsageError
from tests.cohort.results import result

DUE = "due = 2026-03-01T12:00:00+00:00\n"


def rules(tmp_path: Path, text: str) -> Rules:
    (tmp_path / "rules.toml").write_text(text)
    return read_rules(tmp_path / "rules.toml")


def one(tmp_path: Path, text: str, submitted: str = "2026-03-03T11:00:00+00:00", points: float = 8) -> FinalScore:
    (found,) = apply_policy([result(points=points, submitted=submitted)], rules(tmp_path, text))
    return found


@pytest.mark.parametrize(
    ("submitted", "days"),
    [
        ("2026-03-01T12:00:00+00:00", 0),
        ("2026-03-01T12:10:00+00:00", 0),
        ("2026-03-01T12:10:01+00:00", 1),
        ("2026-03-01T13:05:00+01:00", 0),
        ("2026-03-02T12:00:00+00:00", 1),
        ("2026-03-02T12:00:01+00:00", 2),
        ("", 0),
    ],
)
def test_days_begun_count_after_the_grace(tmp_path: Path, submitted: str, days: int) -> None:
    assert one(tmp_path, f"{DUE}[late]\ngrace_minutes = 10", submitted).late_days == days


@pytest.mark.parametrize(
    ("late", "penalty"),
    [
        ("per_day = 10", Fraction(16, 10)),
        ('per_day = 10\nof = "possible"', Fraction(2)),
        ("per_day = 10\nfree_days = 1", Fraction(8, 10)),
        ("per_day = 10\nlast_day = 1", Fraction(8)),
        ("per_day = 90", Fraction(8)),
        ("per_day = 12.5", Fraction(2)),
        ("", Fraction(0)),
    ],
)
def test_two_late_days_cost_what_the_rule_says(tmp_path: Path, late: str, penalty: Fraction) -> None:
    assert one(tmp_path, f"{DUE}[late]\n{late}").penalty == penalty


@pytest.mark.parametrize(
    ("hand", "days"), [("extra_days = 1", 1), ("extra_days = 2", 0), ("late_days = 5", 5), ("late_days = 0", 0)]
)
def test_what_was_agreed_by_hand_goes_first(tmp_path: Path, hand: str, days: int) -> None:
    assert one(tmp_path, f"{DUE}[late]\nper_day = 10\n[students.jane]\n{hand}").late_days == days


def test_each_assignment_may_have_its_own_date(tmp_path: Path) -> None:
    assert one(tmp_path, "[due]\ntoy = 2026-03-01T12:00:00+00:00").late_days == 2
    assert one(tmp_path, "[due]\nother = 2026-03-01T12:00:00+00:00").late_days == 0


def test_marked_late_without_a_time_is_one_day(tmp_path: Path) -> None:
    (found,) = apply_policy([result(late=True)], rules(tmp_path, "[late]\nper_day = 10"))
    assert (found.late_days, found.penalty) == (1, Fraction(8, 10))


def attempts(tmp_path: Path, text: str, *points: float | None) -> int | None:
    """The attempt that counts."""
    made = [result(points=p, attempt=n, path=f"{n}") for n, p in enumerate(points, 1)]
    counting = [w.path for w in apply_policy(reversed(made), rules(tmp_path, text)) if w.counts]
    assert len(counting) <= 1
    return int(counting[0]) if counting else None


@pytest.mark.parametrize(
    ("text", "points", "counts"),
    [
        ("", (9, 5, 7), 3),
        ('policy = "best"', (5, 9, 9), 2),
        ('policy = "best"', (None, 3, None), 2),
        ("attempts = 2", (9, 5, 7), 2),
        ("attempts = 2\n[students.jane]\nextra_attempts = 1", (9, 5, 7), 3),
        ("[students.jane]\ntake = 1", (1, 5, 7), 1),
        ("", (9, None), 2),
    ],
)
def test_the_policy_chooses_one_attempt(
    tmp_path: Path, text: str, points: tuple[float | None, ...], counts: int
) -> None:
    assert attempts(tmp_path, text, *points) == counts


def test_the_best_is_the_best_after_the_penalty(tmp_path: Path) -> None:
    made = [
        result(points=7, attempt=1, path="1", submitted="2026-03-01T00:00:00+00:00"),
        result(points=8, attempt=2, path="2", submitted="2026-03-05T00:00:00+00:00"),
    ]
    found = apply_policy(made, rules(tmp_path, f'policy = "best"\n{DUE}[late]\nper_day = 10'))
    assert [w.path for w in found if w.counts] == ["1"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("policy = 'most'", "policy"),
        ("polcy = 'last'", "polcy"),
        ("due = 2026-03-01T12:00:00", "time zone"),
        ("[late]\nper_day = 'ten'", "per_day"),
        ("= 1", "rules.toml"),
    ],
)
def test_a_wrong_rules_file_is_one_line(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        rules(tmp_path, text)


def test_the_rules_that_the_help_shows_are_read(tmp_path: Path) -> None:
    _, _, shown = RULES.partition("\n")
    found = rules(tmp_path, shown)
    assert (found.policy, found.attempts, found.late.last_day, found.students["jdoe"].take) == ("best", 3, 5, 2)


@pytest.mark.parametrize(("pattern", "what"), [("(", "no regular expression"), ("(.*)", "no group")])
def test_a_wrong_rule_for_names_is_one_line(pattern: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        compiled(pattern)


def test_an_attempt_taken_by_hand_counts_though_it_is_one_too_many(tmp_path: Path) -> None:
    attempts = [result(points=n, attempt=n, path=f"{n}") for n in (1, 2, 3)]
    found = apply_policy(attempts, rules(tmp_path, "attempts = 2\n[students.jane]\ntake = 3"))
    assert [w.path for w in found if w.counts] == ["3"]


def test_attempts_without_a_number_are_numbered_by_their_time(tmp_path: Path) -> None:
    times = ("2026-03-02T12:00:00+00:00", "2026-03-01T12:00:00+00:00", "2026-03-03T12:00:00+00:00")
    attempts = [result(points=1, path=str(n), submitted=time) for n, time in enumerate(times)]
    found = apply_policy(attempts, rules(tmp_path, "[students.jane]\ntake = 2"))
    assert [w.path for w in found if w.counts] == ["0"]


def test_what_rules_cannot_do_is_said(tmp_path: Path) -> None:
    text = "[due]\ntoy = 2026-03-01T12:00:00+00:00\ntoi = 2026-03-01T12:00:00+00:00\n[students.jane]\n[students.jone]"
    found = rules(tmp_path, text)
    hand_ins = [
        CohortEntry(path="a", student="jane", late=True),
        CohortEntry(path="b", student="john", submitted="2026-03-01T12:00:00+00:00"),
    ]
    assert found.remarks(hand_ins, ["away"], ["toy", "other"]) == [
        "the rules name students who are not here: jone",
        "the rules have due dates for assignments that do not exist: toi",
        "nothing says when 1 of 2 submissions came; 1 marked as late, which counts as one day",
    ]
    assert found.remarks(hand_ins[1:], ["jane", "jone"], ["toy", "toi"]) == []


def test_an_attempt_to_take_that_is_not_here_is_said(tmp_path: Path) -> None:
    found = rules(tmp_path, "[students.jane]\ntake = 9\n[students.john]\ntake = 2\n[students.away]\ntake = 1")
    hand_ins = [CohortEntry(path=str(n), student=student, attempt=n) for student in ("jane", "john") for n in (1, 2)]
    assert found.remarks(hand_ins, ["away"], []) == [
        "the rules take attempts that are not here: 9 of jane; another one counts"
    ]
    without_numbers = [CohortEntry(path=str(n), student="jane") for n in range(9)]
    assert found.remarks(without_numbers, ["john", "away"], []) == []


def test_fewer_attempts_than_none_are_none(tmp_path: Path) -> None:
    assert attempts(tmp_path, "attempts = 1\n[students.jane]\nextra_attempts = -3", 9, 5, 7) is None


@pytest.mark.parametrize(
    "text",
    [
        *("attempts = 0", "[late]\nper_day = -5", "[late]\nfree_days = -1", "[late]\ngrace_minutes = inf"),
        *("[late]\nper_day = nan", "[students.a]\nextra_days = nan", f"[students.a]\nlate_days = {10**20}"),
        "due = 9999-12-31T00:00:00+00:00",
    ],
)
def test_rules_without_sense_are_refused_with_their_key(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=text.split()[-3]):
        rules(tmp_path, text)


@pytest.mark.parametrize(
    ("due", "submitted", "days"),
    [
        # the clocks go back on 2026-10-25 in Berlin: that day has 25 hours
        ("2026-10-24T12:00:00", "2026-10-25T11:59:00+01:00", 1),
        ("2026-10-24T12:00:00", "2026-10-25T12:00:00+01:00", 1),
        ("2026-10-24T12:00:00", "2026-10-25T12:00:01+01:00", 2),
        ("2026-10-24T12:00:00+02:00", "2026-10-25T11:00:00+00:00", 1),
        # and forward on 2026-03-29: that day has 23
        ("2026-03-28T12:00:00", "2026-03-29T12:00:00+02:00", 1),
        ("2026-03-28T12:00:00", "2026-03-29T12:00:01+02:00", 2),
        ("2026-03-28T02:30:00", "2026-03-30T02:30:00+02:00", 2),
        ("2026-10-24T12:00:00", "2026-10-24T10:00:00+00:00", 0),
    ],
)
def test_days_are_those_of_the_named_calendar(tmp_path: Path, due: str, submitted: str, days: int) -> None:
    assert one(tmp_path, f'due = {due}\ntimezone = "Europe/Berlin"', submitted).late_days == days


def test_without_a_calendar_a_day_has_24_hours(tmp_path: Path) -> None:
    assert one(tmp_path, "due = 2026-10-24T12:00:00+02:00", "2026-10-25T11:59:00+01:00").late_days == 2


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "../etc/passwd", "Europe"])
def test_a_calendar_that_there_is_not_is_wrong_usage(tmp_path: Path, zone: str) -> None:
    with pytest.raises(UsageError, match="there is no timezone"):
        rules(tmp_path, f'timezone = "{zone}"')


TERM = """
timezone = "UTC"
[due]
one = 2026-03-01T12:00:00
two = 2026-03-08T12:00:00
three = 2026-03-15T12:00:00
[late]
per_day = 10
term_days = 4
"""


def late(assignment: str, day: int, student: str = "jane") -> Result:
    """Handed in at noon of that day of March."""
    moment = f"2026-03-{day:02}T12:00:00+00:00"
    return result(student, assignment=assignment, submitted=moment, path=f"{assignment} {student}")


def test_days_for_the_term_are_used_in_the_order_of_the_due_dates(tmp_path: Path) -> None:
    attempts = [late("three", 17), late("one", 4), late("two", 10), late("two", 9, "john")]
    found = {w.path: w for w in apply_policy(attempts, rules(tmp_path, TERM))}
    assert {path: (w.term_days, w.late_days, w.penalty) for path, w in found.items()} == {
        "one jane": (3, 0, 0),
        "two jane": (1, 1, Fraction(8, 10)),
        "three jane": (0, 2, Fraction(16, 10)),
        "two john": (1, 0, 0),
    }


def test_days_for_the_term_that_other_batches_used_are_gone(tmp_path: Path) -> None:
    (found,) = apply_policy([late("two", 11)], rules(tmp_path, TERM), [late("one", 3), late("three", 20)])
    assert (found.path, found.term_days, found.late_days) == ("two jane", 2, 1)
    given = rules(tmp_path, f"{TERM}[students.jane]\nextra_term_days = 1\n")
    (found,) = apply_policy([late("two", 11)], given, [late("one", 3)])
    assert (found.term_days, found.late_days) == (3, 0)


def test_later_than_the_last_day_is_worth_nothing_whatever_the_term_has_left(tmp_path: Path) -> None:
    (found,) = apply_policy([late("one", 4)], rules(tmp_path, TERM + "last_day = 2\n"))
    assert found.penalty == 8
