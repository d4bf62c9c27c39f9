"""`grade diff`: whose score moved, by which check, and why."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from msgspec import structs

from grader.cohort.diff import differences, render
from grader.cohort.records import Run
from tests.cohort.results import KEY, check, part, result

RUNS = [
    Run(id=n, started=f"2026-01-0{n}T10:00:00+00:00", finished="x", source="/in", options={}, grader="1")
    for n in (1, 2)
]
CHECKED = structs.replace(KEY, files={"checks.py": "f2", "hidden.py": "h"})


def report(forward: float, backward: float = 4, part_score: float | None = None) -> dict[str, Any]:
    return {"parts": [part("1", check("forward", forward, 4), check("backward", backward, 4), score=part_score)]}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"content": "sha256:other"}, "the submission changed"),
        ({"attempt": 2}, "attempt 2 counts, not 1"),
        ({"key": CHECKED}, "checks.py, hidden.py changed in the assignment"),
        ({"key": structs.replace(KEY, environment="grader 2")}, "grader 1 became grader 2"),
        ({"key": structs.replace(KEY, seed="7")}, "seed: recorded at 3 became 7"),
        ({}, "nothing that it rests on changed"),
    ],
)
def test_the_why_is_what_differs(changes: dict[str, Any], why: str) -> None:
    before = result(points=8, report=report(4))
    after = result(points=6, report=report(2), **changes)
    (move,) = differences([before], [after]).moved
    assert (move.before, move.after) == (8, 6)
    assert [(s.name, s.before, s.after) for s in move.steps] == [("forward", 4, 2)]
    assert move.why[0].startswith(why)


def test_many_changed_files_are_counted() -> None:
    old = structs.replace(KEY, files={f"data/{n}": "one" for n in range(9)})
    new = structs.replace(KEY, files={f"data/{n}": "two" for n in range(9)})
    before, after = result(report=report(4), key=old), result(points=6, report=report(2), key=new)
    (move,) = differences([before], [after]).moved
    assert move.why == ("data/0, data/1, data/2, data/3 and 5 more files changed in the assignment",)


def test_follow_through_alone_is_a_step_of_its_part() -> None:
    before = result(points=8, report=report(2, part_score=8))
    after = result(points=6, report=report(2, part_score=6))
    (move,) = differences([before], [after]).moved
    assert [s.name for s in move.steps] == ["follow-through in part 1"]


def test_late_days_move_a_score_without_a_check() -> None:
    after = result(late_days=2, penalty=Fraction(2), final=Fraction(6))
    (move,) = differences([result()], [after]).moved
    assert (move.steps, move.why) == ((), ("late: 0 taken off for 0 late days, then 2 for 2 late days",))


def test_what_does_not_count_and_what_did_not_move_is_not_told() -> None:
    found = differences([result(), result("x", counts=False)], [result(), result("y")])
    assert (found.moved, found.same) == ((), 1)
    assert ([r.student for r in found.new], found.gone) == (["y"], ())


def test_the_terminal_shows_student_points_check_and_reason() -> None:
    found = differences(
        [result("jane", 8, report=report(4)), result("john", None)],
        [result("jane", 6, report=report(2), key=CHECKED), result("john", 3, content="z")],
    )
    assert render(found, *RUNS).splitlines() == [
        "run 1 (2026-01-01 10:00) and run 2 (2026-01-02 10:00): 2 of 2 scores moved",
        "",
        "toy",
        "  jane     8  →  6  -2",
        "      forward 4 → 2",
        "      why: checks.py, hidden.py changed in the assignment",
        "  john  none  →  3",
        "      why: the submission changed",
    ]


def test_students_who_moved_by_the_same_cause_are_told_once() -> None:
    names = ["ann", "bob", "cay"]
    before = [result(name, 8, report=report(4)) for name in names] + [result("dan", 8, report=report(3))]
    after = [result(name, 6, report=report(2), key=CHECKED) for name in names]
    after.append(result("dan", 7, report=report(3, 3), key=CHECKED))
    lines = render(differences(before, after), *RUNS).splitlines()
    assert lines[3:] == [
        "  3 students:",
        "      forward 4 → 2",
        "      why: checks.py, hidden.py changed in the assignment",
        "    ann  8  →  6  -2",
        "    bob  8  →  6  -2",
        "    cay  8  →  6  -2",
        "  dan  8  →  7  -1",
        "      backward 4 → 3",
        "      why: checks.py, hidden.py changed in the assignment",
    ]


def test_points_that_differ_within_a_group_stand_with_the_students_alone() -> None:
    before = [result("ann", 8, report=report(4)), result("bob", 7, report=report(3))]
    after = [result("ann", 6, report=report(2), key=CHECKED), result("bob", 6, report=report(2), key=CHECKED)]
    assert render(differences(before, after), *RUNS).splitlines()[3:5] == ["  2 students:", "      forward"]
