"""NYU's homework 1, problem 4, graded for real: its examples, its hand-out, its rewrites with their training."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

from grader.assignment.loading.course import find_course
from grader.assignment.release.release import check_handout
from grader.engine import grade
from grader.model import Assignment, Outcome, PartResult, Report
from grader.reference.golden import verify

ROOT = Path(__file__).parents[2]
ID = "nyu_hw1_p4"
EXAMPLES = ROOT / "examples" / ID
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.ipynb"))
ALWAYS = {"correct", "stub"}
"""Graded in every run of the tests; the others, which train for some seconds each, with the slow ones."""
EACH = [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return find_course(ROOT, ROOT).load(ID)


class Reports(dict[str, Report]):
    """Each example's report by its name, graded when it is first asked for, with nothing but its file to go by."""

    def __missing__(self, name: str) -> Report:
        self[name] = grade(EXAMPLES / f"{name}.ipynb", seed="recorded", course=ROOT)
        return self[name]


@pytest.fixture(scope="module")
def reports() -> Reports:
    return Reports()


def outcomes(report: Report) -> dict[str, Outcome]:
    return {outcome.check.id: outcome for part in report.parts for outcome in part.outcomes}


def parts(report: Report) -> dict[str, PartResult]:
    return {part.part.id: part for part in report.parts}


def lost(report: Report) -> dict[str, object]:
    return {id: part.max_score - part.score for id, part in parts(report).items() if part.score != part.max_score}


@pytest.mark.parametrize("name", EACH)
def test_examples_get_their_stored_reports(reports: Reports, make: ModuleType, name: str) -> None:
    stored = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))

    assert make.differences(stored, make.stored(reports[name])) == []


def test_examples_are_made_from_the_reference(make: ModuleType, tmp_path: Path) -> None:
    made = make.make(ID, tmp_path)

    assert sorted(path.stem for path in made) == NAMES
    for path in made:
        assert path.read_bytes() == (EXAMPLES / path.name).read_bytes(), f"run `python examples/make.py {ID}`"


def test_the_reference_has_full_marks_and_its_cells_run(reports: Reports) -> None:
    assert (reports["correct"].assignment, reports["correct"].score, reports["correct"].max_score) == (ID, 20, 20)
    assert {cell.status for cell in reports["correct"].cells} == {"ok"}
    accuracy = outcomes(reports["correct"])["training_accuracy"]
    assert "of the 397 test images of the small data set are right" in accuracy.message


def test_the_stub_has_none_and_every_check_says_not_implemented(reports: Reports) -> None:
    assert reports["stub"].score == 0
    assert {outcome.status for outcome in outcomes(reports["stub"]).values()} == {"missing"}


@pytest.mark.slow
def test_columns_and_turned_weights_have_full_marks(reports: Reports) -> None:
    assert reports["columns"].score == 20


@pytest.mark.slow
def test_a_wrong_sample_is_paid_for_once(reports: Reports) -> None:
    assert lost(reports["softmax_twice"]) == {"Q2a": 1}
    assert parts(reports["softmax_twice"])["Q2b"].credited_with == ("feed_forward_sample",)


@pytest.mark.slow
def test_wrong_gradients_show_though_the_accuracy_is_reached(reports: Reports) -> None:
    outcome = outcomes(reports["activations"])["step_gradients"]

    assert set(lost(reports["activations"])) == {"Q3"}
    assert {a.name for a in outcome.arrays if a.status == "failed"} == {"W1", "W2", "b1", "b2"}
    assert "taken at the activations" in next(a.message for a in outcome.arrays if a.name == "W1")


@pytest.mark.slow
def test_half_finished_work_has_the_points_of_what_stands(reports: Reports) -> None:
    assert lost(reports["half_finished"]) == {"Q3": 8, "Q4": 4}


def test_the_hand_out_is_up_to_date(assignment: Assignment) -> None:
    assert check_handout(assignment) == []


@pytest.mark.slow
def test_golden_values_are_current(assignment: Assignment) -> None:
    assert verify(assignment) == []
