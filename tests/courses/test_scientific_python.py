"""The assignment on scientific Python: its examples, its judges, its rewrites."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pytest

from grader.assignment.loading.course import find_course
from grader.assignment.release.edits import right_edits, wrong_edits
from grader.assignment.release.release import check_handout
from grader.engine import grade
from grader.model import Assignment, Report
from grader.reference.golden import verify

ROOT = Path(__file__).parents[2]
ID = "scientific_python"
EXAMPLES = ROOT / "examples" / ID
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.ipynb"))


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return find_course(ROOT, ROOT).load(ID)


class Reports(dict[str, Report]):
    def __missing__(self, name: str) -> Report:
        self[name] = grade(EXAMPLES / f"{name}.ipynb", seed="recorded", course=ROOT)
        return self[name]


@pytest.fixture(scope="module")
def reports() -> Reports:
    return Reports()


@pytest.mark.parametrize("name", NAMES)
def test_examples_get_their_stored_reports(reports: Reports, make: ModuleType, name: str) -> None:
    stored = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))

    assert make.differences(stored, make.stored(reports[name])) == []


def test_the_reference_has_full_marks_and_the_stub_none(reports: Reports) -> None:
    assert (reports["correct"].score, reports["correct"].max_score) == (36, 36)
    assert reports["stub"].score == 0


def test_each_mistake_costs_its_own_part(reports: Reports) -> None:
    lost = {p.part.id: p.max_score - p.score for p in reports["three_mistakes"].parts if p.outcomes}

    assert {id for id, points in lost.items() if points} == {"1", "3", "5"}
    assert lost["5"] == Fraction(4)


def test_the_judge_says_which_statistic_is_off(reports: Reports) -> None:
    outcomes = {o.check.id: o for part in reports["three_mistakes"].parts for o in part.outcomes}

    assert "the mean of the squared radius is 0.33" in outcomes["disc_points"].message


def test_examples_are_made_from_the_reference(make: ModuleType, tmp_path: Path) -> None:
    made = make.make(ID, tmp_path)

    assert sorted(path.stem for path in made) == NAMES
    for path in made:
        assert path.read_bytes() == (EXAMPLES / path.name).read_bytes(), f"run `python examples/make.py {ID}`"


def test_the_hand_out_is_up_to_date(assignment: Assignment) -> None:
    assert check_handout(assignment) == []


def test_there_are_mistakes_and_rewrites_enough(assignment: Assignment) -> None:
    assert len(wrong_edits(assignment)) >= 30
    assert len(right_edits(assignment)) >= 6


@pytest.mark.slow
def test_golden_values_are_current(assignment: Assignment) -> None:
    assert verify(assignment) == []
