"""Homework 3 of C147 graded for real: its examples, an older edition's hand-in, its wrong and right rewrites."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from grader.engine import grade
from grader.model import Assignment
from tests.courses.reports import ROOT, Reports, lost, outcomes

ID = "c147_hw3"
EXAMPLES = ROOT / "examples" / ID


@pytest.mark.slow
def test_the_notebook_prints_what_the_course_printed(reports: Reports) -> None:
    text = "".join(cell.text for cell in reports["correct"].cells)

    assert "affine_forward, difference: 9.76984" in text  # the later digits are rounding, and the machine's
    assert "relu_forward, difference: 4.99999" in text
    assert {cell.status for cell in reports["correct"].cells} == {"ok"}


@pytest.mark.slow
def test_modules_beside_the_notebook_use_the_provided_one_there(tmp_path: Path, assignment: Assignment) -> None:
    assert assignment.solution is not None
    folder = shutil.copytree(EXAMPLES / "correct", tmp_path / "hand_in")
    shutil.copyfile(assignment.solution / "nndl" / "layer_utils.py", folder / "nndl" / "layer_utils.py")
    for file in sorted((folder / "nndl").iterdir()):
        (folder / file.name).write_text(
            re.sub(r"^from \.(\w+) import", r"from \1 import", file.read_text(), flags=re.M)
        )
        file.unlink()
    notebook = folder / "FC_nets.ipynb"
    notebook.write_text(notebook.read_text().replace("from nndl.", "from "))

    assert lost(grade(folder, ID, course=ROOT)) == {}


@pytest.mark.slow
def test_every_check_of_the_stub_says_not_implemented(reports: Reports) -> None:
    given = {"softmax_as_given"}

    assert {o.status for id, o in outcomes(reports["stub"]).items() if id not in given} == {"missing"}


@pytest.mark.slow
def test_a_wrong_relu_is_paid_for_once_even_in_the_training(reports: Reports) -> None:
    report = reports["relu_mask"]
    credited = {part.part.id: part.credited_with for part in report.parts if part.credited_with}

    assert lost(report) == {"2.2": 6 - 1}
    assert credited.keys() - {"5"} == {"4.5", "6.2", "6.3", "6.4"}  # its Solver passes part 5 by a hair, or does not
    assert all(set(names) >= {"relu_backward"} for names in credited.values())


@pytest.mark.slow
def test_half_finished_work_gets_the_parts_that_stand(reports: Reports) -> None:
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
