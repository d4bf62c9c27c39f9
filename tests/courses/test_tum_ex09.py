"""Exercise 9 graded for real: what the notebook prints, its examples, its wrong and right rewrites."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

from grader.assignment.loading.course import find_course
from grader.assignment.release.release import check_handout
from grader.engine import grade
from grader.model import Assignment, Outcome, Report
from grader.reference.golden import verify

ROOT = Path(__file__).parents[2]
ID = "tum_ex09"
EXAMPLES = ROOT / "examples" / ID
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.ipynb"))
ALWAYS = {"correct", "stub", "two_mistakes", "wrong_affine"}
"""Graded in every run of the tests; the others, at three seconds each, with the slow ones."""
EACH = [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]

LOGISTIC_REGRESSION = "2.3026 0.2275 0.1599 0.1306 0.1130 0.1009 0.0918 0.0846 0.0788 0.0738 0.0696", "0.953"
NETWORK = "8.5876 0.6002 0.3517 0.2510 0.1975 0.1631 0.1401 0.1231 0.1098 0.0989 0.0897", "0.938"
"""Losses at every fiftieth epoch and the accuracy on the test set, as the course's own notebook prints them."""


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


def printed(report: Report) -> str:
    return "".join(cell.text for cell in report.cells)


def epochs(losses: str) -> str:
    return "".join(f"Epoch {50 * at:4d}, loss = {loss}\n" for at, loss in enumerate(losses.split()))


@pytest.mark.parametrize("name", ["correct", pytest.param("old_edition", marks=pytest.mark.slow)])
def test_the_notebook_prints_what_the_course_printed(reports: Reports, name: str) -> None:
    text = printed(reports[name])

    for losses, accuracy in (LOGISTIC_REGRESSION, NETWORK):
        assert epochs(losses) in text
        assert f"test set accuracy = {accuracy}" in text
    assert text.count("All checks passed.") == 3
    assert {cell.status for cell in reports[name].cells} == {"ok"}


@pytest.mark.parametrize("name", EACH)
def test_the_assignment_is_recognised(reports: Reports, name: str) -> None:
    assert reports[name].status == "graded"
    assert reports[name].assignment == ID
    assert reports[name].max_score == 20


def test_the_reference_has_full_marks(reports: Reports) -> None:
    assert reports["correct"].score == 20


def test_the_stub_has_none_and_every_check_says_not_implemented(reports: Reports) -> None:
    assert reports["stub"].score == 0
    assert {outcome.status for outcome in outcomes(reports["stub"]).values()} == {"missing"}


def test_the_two_mistakes_cost_exactly_two_points(reports: Reports) -> None:
    lost = {id for id, outcome in outcomes(reports["two_mistakes"]).items() if outcome.status != "passed"}

    assert lost == {"cross_entropy_upstream", "cross_entropy_large_logits"}
    assert reports["two_mistakes"].score == 18


def test_a_wrong_affine_layer_is_paid_for_once(reports: Reports) -> None:
    parts = {part.part.id: part for part in reports["wrong_affine"].parts}

    assert parts["1"].score < parts["1"].max_score
    assert parts["4"].score == parts["4"].max_score
    assert parts["4"].credited_with == ("Affine",)
    assert {outcome.status for outcome in parts["4"].outcomes} != {"passed"}


@pytest.mark.slow
def test_a_failing_cell_costs_nothing_but_what_is_wrong(reports: Reports) -> None:
    report = reports["failing_cell"]
    failed = [cell for cell in report.cells if cell.status == "error"]

    assert [cell.error.type for cell in failed if cell.error] == ["AssertionError", "NameError"]
    assert {part.part.id: part.max_score - part.score for part in report.parts} == {"1": 0, "2": 2, "3": 0, "4": 0}


@pytest.mark.slow
def test_an_old_notebook_loses_nothing_by_its_given_cell(reports: Reports) -> None:
    assert reports["old_edition"].score == 20
    assert "label_binarize takes its classes by keyword today" in printed(reports["old_edition"])


@pytest.mark.parametrize("name", EACH)
def test_examples_get_their_stored_reports(reports: Reports, make: ModuleType, name: str) -> None:
    stored = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))

    assert make.differences(stored, make.stored(reports[name])) == []


def test_examples_are_made_from_the_reference(make: ModuleType, tmp_path: Path) -> None:
    made = make.make(ID, tmp_path)

    assert sorted(path.stem for path in made) == NAMES
    for path in made:
        assert path.read_bytes() == (EXAMPLES / path.name).read_bytes(), f"run `python examples/make.py {ID}`"


def test_the_hand_out_is_up_to_date(assignment: Assignment) -> None:
    assert check_handout(assignment) == []


def test_the_hand_out_alone_grades_every_task(tmp_path: Path) -> None:
    report = grade(EXAMPLES / "two_mistakes.ipynb", seed="recorded", course=ROOT, hidden=False)
    scores = {part.part.id: (part.score, part.max_score) for part in report.parts}

    assert scores == {"1": (3, 3), "2": (2, 2), "3": (2, 3), "4": (4, 4)}


def test_golden_values_are_current(assignment: Assignment) -> None:
    assert verify(assignment) == []
