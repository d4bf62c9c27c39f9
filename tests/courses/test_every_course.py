"""What holds for every assignment: its examples, hand-out and golden values are those of its reference."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from grader.assignment.loading.course import find_course
from grader.assignment.release.edits import right_edits, wrong_edits
from grader.assignment.release.release import check_handout
from grader.model import Assignment
from grader.reference.golden import verify
from tests.courses.reports import EXAMPLES, ROOT, Reports, names

IDS = sorted(path.name for path in (ROOT / "reference").iterdir())
ALWAYS = {
    "c147_hw3": set[str](),
    "conv_nets": {"three_mistakes"},
    "ece176_a3": {"softmax_axis"},
    "nyu_hw1_p4": {"correct"},
    "radboud_a1": set(),
    "scientific_python": {"three_mistakes"},
    "tum_ex09": {"two_mistakes"},
}
"""Graded in every run of the tests; the others, at some seconds each, with the slow ones."""
EACH = [
    pytest.param(id, name, marks=[] if name in ALWAYS.get(id, ()) else pytest.mark.slow)
    for id in IDS
    for name in names(id)
]


@pytest.fixture(params=IDS)
def assignment(request: pytest.FixtureRequest) -> Assignment:
    return find_course(ROOT, ROOT).load(request.param)


@pytest.mark.parametrize(("id", "name"), EACH)
def test_examples_get_their_stored_reports(
    graded: Callable[[str], Reports], make: ModuleType, id: str, name: str
) -> None:
    report = graded(id)[name]
    stored = json.loads((EXAMPLES / id / f"{name}.json").read_text(encoding="utf-8"))

    assert (report.status, report.assignment) == ("graded", id)
    assert make.differences(stored, make.stored(report)) == []


def test_examples_are_made_from_the_reference(assignment: Assignment, make: ModuleType, tmp_path: Path) -> None:
    made = make.make(assignment.id, tmp_path)

    assert sorted(path.stem for path in made) == names(assignment.id)
    for file in (path for path in tmp_path.rglob("*") if path.is_file()):
        stored = EXAMPLES / assignment.id / file.relative_to(tmp_path)
        assert file.read_bytes() == stored.read_bytes(), f"run `python examples/make.py {assignment.id}`"


def test_the_hand_out_is_up_to_date(assignment: Assignment) -> None:
    assert check_handout(assignment) == []


def test_there_are_mistakes_and_rewrites_enough(assignment: Assignment) -> None:
    assert len(wrong_edits(assignment)) >= 30
    assert len(right_edits(assignment)) >= 6


@pytest.mark.slow
def test_golden_values_are_current(assignment: Assignment) -> None:
    assert verify(assignment) == []
