"""NYU's homework 1, problem 4, graded for real: its examples, its hand-out, its rewrites with their training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.engine import grade
from tests.courses.reports import ROOT, Reports, lost, outcomes, parts

ID = "nyu_hw1_p4"


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_training_that_raises_before_its_first_step_is_told_by_the_exception(tmp_path: Path) -> None:
    text = (ROOT / "examples" / ID / "correct.ipynb").read_text(encoding="utf-8")
    own = "biases[layer] -= learning_rate * bias_gradients[layer]"
    broadcast = "biases[layer] = biases[layer] - learning_rate * bias_gradients[layer][:, None]"
    assert text.count(own) == 1
    (tmp_path / "hw1.ipynb").write_text(text.replace(own, broadcast), encoding="utf-8")
    found = outcomes(grade(tmp_path / "hw1.ipynb", ID, course=ROOT))

    assert found["training_epochs"].message.startswith(
        "no step is made: `feed_forward_test_data()` raises ValueError (operands could not be broadcast"
    )
    assert "`biases[0]` has another shape after the step" in found["step_gradients"].message


@pytest.mark.slow
@pytest.mark.parametrize("line", ["raise KeyboardInterrupt", "import sys; sys.exit()"])
def test_a_last_cell_that_stops_the_notebook_costs_nothing(tmp_path: Path, line: str) -> None:
    notebook = json.loads((ROOT / "examples" / ID / "correct.ipynb").read_text(encoding="utf-8"))
    cell = {"cell_type": "code", "metadata": {}, "source": line, "outputs": [], "execution_count": None}
    notebook["cells"].append(cell)
    (tmp_path / "hw1.ipynb").write_text(json.dumps(notebook), encoding="utf-8")

    assert grade(tmp_path / "hw1.ipynb", ID, course=ROOT).score == 20
