"""A report of which some parts were graded anew."""

from __future__ import annotations

from typing import Any

from grader.cohort.partial import merged
from grader.cohort.records import Graded, Keys, PartScore
from tests.cohort.results import check, part

KEYS = Keys(submission="c", engine="e", seed="3", ground="g", parts={"1": "a", "2": "b"})


def graded(points: dict[str, str], **changes: Any) -> Graded:
    scores = {id: PartScore(score, "4", "0") for id, score in points.items()}
    return Graded(assignment="toy", status="graded", scores=scores, keys=KEYS, **changes)


def report(parts: list[dict[str, Any]], notes: list[str], **checks: float) -> dict[str, Any]:
    return {"status": "graded", "parts": parts, "notes": notes, "timings": {"total": 1, "checks": checks}}


OLD = report(
    [part("1", check("a", 1, 4)), part("2", check("b", 4, 4))], ["layout", "a: old", "b: old", "only x"], a=1, b=2
)


def test_the_new_part_takes_its_place_and_the_points_add_up() -> None:
    new = report([part("1", check("a", 2.5, 4))], ["layout", "a: new"], a=9)
    found = merged(graded({"1": "1", "2": "4"}), OLD, graded({"1": "5/2"}, parts=("1",), report=new))
    assert [p["id"] for p in found.report["parts"]] == ["1", "2"]
    assert (found.score, found.report["score"], found.report["max_score"]) == (6.5, 6.5, 8)
    assert found.report["notes"] == ["layout", "a: new", "b: old"]
    assert found.report["timings"]["checks"] == {"a": 9, "b": 2}


def test_notes_stand_in_the_order_of_a_whole_report() -> None:
    new = report([part("2", check("b", 4, 4))], ["layout", "only the public checks were run"], b=9)
    found = merged(graded({"1": "1", "2": "4"}), OLD, graded({"2": "4"}, parts=("2",), report=new))
    assert found.report["notes"] == ["layout", "a: old", "only the public checks were run"]


def test_a_fault_is_no_new_part() -> None:
    fault = Graded(assignment="toy", status="fault", reason="ours", keys=KEYS, parts=("1",))
    assert merged(graded({"1": "1", "2": "4"}), OLD, fault) == fault
