"""Homework 3 of C147 graded for real: its examples, an older edition's hand-in, its wrong and right rewrites."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pytest

from grader.assignment.loading.course import find_course
from grader.assignment.release.release import check_handout
from grader.engine import grade
from grader.model import Assignment, Outcome, Report
from grader.reference.golden import verify

ROOT = Path(__file__).parents[2]
ID = "c147_hw3"
EXAMPLES = ROOT / "examples" / ID
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir() or path.suffix == ".zip")
SCORES = {
    "correct": 98,
    "flat.zip": 98,
    "half_finished": 54,
    "regularization": Fraction(1121, 12),
    "relu_mask": 93,
    "stub": 0,
    "untuned": 79,
}


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return find_course(ROOT, ROOT).load(ID)


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    """Each example graded once, with the recorded golden values and nothing but its files to go by."""
    return {name: grade(EXAMPLES / name, seed="recorded", course=ROOT) for name in NAMES}


def outcomes(report: Report) -> dict[str, Outcome]:
    return {outcome.check.id: outcome for part in report.parts for outcome in part.outcomes}


def lost(report: Report) -> dict[str, int]:
    return {
        part.part.id: int(part.max_score - part.score)
        for part in report.parts
        if part.manual is None and part.score < part.max_score
    }


def test_the_hand_out_is_up_to_date(assignment: Assignment) -> None:
    assert check_handout(assignment) == []


def test_examples_are_made_from_the_reference(make: ModuleType, tmp_path: Path) -> None:
    made = make.make(ID, tmp_path)

    assert sorted(path.name for path in made) == NAMES
    for path in (file for top in made for file in ([top] if top.is_file() else sorted(top.rglob("*.*")))):
        stored = EXAMPLES / path.relative_to(tmp_path)
        assert path.read_bytes() == stored.read_bytes(), f"run `python examples/make.py {ID}`"


@pytest.mark.slow
def test_examples_have_the_scores_that_they_show(reports: dict[str, Report]) -> None:
    assert {name: report.score for name, report in reports.items()} == SCORES
    assert {(report.assignment, report.max_score, report.pending) for report in reports.values()} == {(ID, 98, 2)}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_examples_get_their_stored_reports(reports: dict[str, Report], make: ModuleType, name: str) -> None:
    stored = json.loads((EXAMPLES / f"{Path(name).stem}.json").read_text(encoding="utf-8"))

    assert make.differences(stored, make.stored(reports[name])) == []


@pytest.mark.slow
def test_the_notebook_prints_what_the_course_printed(reports: dict[str, Report]) -> None:
    text = "".join(cell.text for cell in reports["correct"].cells)

    assert "affine_forward, difference: 9.769849468192957e-10" in text
    assert "relu_forward, difference: 4.999999798022158e-08" in text
    assert {cell.status for cell in reports["correct"].cells} == {"ok"}


@pytest.mark.slow
def test_every_check_of_the_stub_says_not_implemented(reports: dict[str, Report]) -> None:
    given = {"softmax_as_given"}

    assert {o.status for id, o in outcomes(reports["stub"]).items() if id not in given} == {"missing"}


@pytest.mark.slow
def test_a_wrong_relu_is_paid_for_once_even_in_the_training(reports: dict[str, Report]) -> None:
    report = reports["relu_mask"]
    credited = {part.part.id: part.credited_with for part in report.parts if part.credited_with}

    assert lost(report) == {"2.2": 6 - 1}
    assert credited.keys() == {"4.5", "5", "6.2", "6.3", "6.4"}
    assert all(set(names) >= {"relu_backward"} for names in credited.values())


@pytest.mark.slow
def test_half_finished_work_gets_the_parts_that_stand(reports: dict[str, Report]) -> None:
    report = reports["half_finished"]

    assert lost(report) == {"4.3": 4, "4.4": 4, "4.5": 10, "6.1": 4, "6.2": 8, "6.3": 8, "6.4": 6}
    assert {outcome.status for outcome in outcomes(report).values()} == {"passed", "missing"}


@pytest.mark.slow
def test_an_older_editions_two_layer_net_is_graded_alone(
    assignment: Assignment, tmp_path: Path, make: ModuleType
) -> None:
    solution, folder = EXAMPLES / "correct", tmp_path / "hw"
    (folder / "cs231n" / "classifiers").mkdir(parents=True)
    nets = (solution / "nndl/fc_net.py").read_text(encoding="utf-8").partition("class FullyConnectedNet")[0]
    nets = nets.replace("from .layer", "from ..layer").replace("hidden_dims", "hidden_dim").replace("dropout=0, ", "")
    assert assignment.solution is not None
    utils = (assignment.solution / "nndl/layer_utils.py").read_text(encoding="utf-8")
    (folder / "cs231n/layers.py").write_bytes((solution / "nndl/layers.py").read_bytes())
    (folder / "cs231n/layer_utils.py").write_text(utils, encoding="utf-8")
    (folder / "cs231n/classifiers/fc_net.py").write_text(nets, encoding="utf-8")
    notebook = (solution / "FC_nets.ipynb").read_text(encoding="utf-8").replace("hidden_dims", "hidden_dim")
    notebook = notebook.replace("from nndl.fc_net import FullyConnectedNet, ", "from cs231n.classifiers.fc_net import ")
    notebook = notebook.replace("from nndl.", "from cs231n.").replace("from utils.", "from cs231n.")
    (folder / "TwoLayerNet.ipynb").write_text(notebook, encoding="utf-8")
    # its own helpers, which know the data of another machine, are no reason to lose the training
    data = "def get_CIFAR10_data():\n    raise OSError('/home/somebody/cifar-10-batches-py')\n"
    (folder / "cs231n/data_utils.py").write_text(data, encoding="utf-8")
    (folder / "cs231n/solver.py").write_text("class Solver(object):\n    pass\n", encoding="utf-8")

    report = grade(folder, ID, seed="recorded", course=ROOT)

    assert lost(report) == {"6.1": 4, "6.2": 8, "6.3": 8, "6.4": 6}
    assert {o.status for part in report.parts for o in part.outcomes} == {"passed", "missing"}


@pytest.mark.slow
def test_golden_values_are_current(assignment: Assignment) -> None:
    assert verify(assignment) == []
