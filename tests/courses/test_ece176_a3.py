"""ECE 176, assignment 3, graded for real: its examples, editions of its hand-in, its wrong and right rewrites."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.engine import grade
from grader.model import Assignment
from tests.courses.reports import ROOT, Reports, lost, outcomes, parts

ID = "ece176_a3"
EXAMPLES = ROOT / "examples" / ID


# ---------------------------------------------------------------- examples


def test_the_reference_has_full_marks_and_its_cells_print_what_the_course_printed(reports: Reports) -> None:
    text = "".join(cell.text for cell in reports["correct"].cells)

    assert reports["correct"].score == 80
    assert {cell.status for cell in reports["correct"].cells} == {"ok"}
    assert "loss 1.098612723362578\n" in text
    assert "after 1000 epochs: loss 0.007593\n" in text


def test_the_stub_has_none_and_every_check_says_not_implemented(reports: Reports) -> None:
    assert reports["stub"].score == 0
    assert {outcome.status for outcome in outcomes(reports["stub"]).values()} == {"missing"}


def test_the_survey_counts_as_answered_once_something_is_written(reports: Reports) -> None:
    answered, untouched = (parts(reports[name])["1.2"].answer for name in ("correct", "stub"))

    assert answered is not None
    assert untouched is not None
    assert (answered.state, answered.text) == ("answered", "4 hours")
    assert untouched.state == "untouched"


def test_a_wrong_softmax_is_paid_for_in_the_scores_alone(reports: Reports) -> None:
    found = parts(reports["softmax_axis"])

    assert lost(reports["softmax_axis"]) == {"1.0.1": 12}
    assert set(found["1.0.2"].credited_with) == {"Linear", "ReLU", "Softmax"}
    assert "Softmax" in found["1.1a"].credited_with
    assert found["1.0.3b"].credited_with == ("Softmax",)


def test_a_layer_that_is_not_begun_costs_no_other_its_part(tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / "correct", tmp_path / "hand_in")
    shutil.copyfile(ROOT / "assignments" / ID / "layers" / "linear.py", folder / "layers" / "linear.py")
    found = parts(grade(folder, ID, course=ROOT))

    assert (found["1.0.2"].score, found["1.0.2"].credited_with) == (10, ("Linear",))
    assert found["1.0.1"].score < 10


def test_files_side_by_side_are_graded_in_their_folders(reports: Reports) -> None:
    assert lost(reports["flat"]) == {"1.0.2": 10}


@pytest.mark.slow
def test_a_function_that_writes_into_its_input_loses_a_fraction_of_a_point(reports: Reports) -> None:
    failed = {id for id, outcome in outcomes(reports["relu_in_place"]).items() if outcome.status != "passed"}

    assert failed == {"forward_keeps_input", "backward_twice"}
    assert 79 < reports["relu_in_place"].score < 80


@pytest.mark.slow
def test_an_edited_optimizer_is_told_and_costs_nothing(reports: Reports) -> None:
    report = reports["edited_rate"]

    assert report.score == 80
    assert "lr is 0.2 instead of 0.1" in outcomes(report)["training_loss"].message


# ---------------------------------------------------------------- other hand-ins

FILES = ("linear.py", "relu.py", "softmax.py", "loss_func.py")
PROVIDED = ("layers/__init__.py", "layers/base_layer.py", "layers/sequential.py")
OPTIMIZER = ("utils/__init__.py", "utils/optimizer.py")
Change = Callable[[str], str]


def as_it_is(source: str) -> str:
    return source


def of_ece285(source: str) -> str:
    return source.replace("from layers.", "from ece285.layers.").replace("from utils.", "from ece285.utils.")


def hand_in(folder: Path, change: Change = as_it_is, layers: str = "layers") -> Path:
    """The correct example with its code cells changed, no metadata, and the four files in the folder `layers`."""
    notebook: dict[str, Any] = json.loads((EXAMPLES / "correct" / "neural_network.ipynb").read_text(encoding="utf-8"))
    notebook["metadata"].pop("grader", None)
    cells = []
    for cell in notebook["cells"]:
        texts = change("".join(cell["source"])).split("# ---- next cell\n") if cell["cell_type"] == "code" else [""]
        cells += [{**cell, "id": f"{cell['id']}{n}", "source": t or cell["source"]} for n, t in enumerate(texts)]
    (folder / layers).mkdir(parents=True, exist_ok=True)
    (folder / "neural_network.ipynb").write_text(json.dumps({**notebook, "cells": cells}), encoding="utf-8")
    for file in FILES:
        shutil.copyfile(EXAMPLES / "correct" / "layers" / file, folder / layers / file)
    return folder


def edited(folder: Path, file: str, old: str, new: str) -> Path:
    """`hand_in` with one of the four files changed."""
    path = hand_in(folder) / "layers" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return folder


@pytest.mark.slow
def test_a_bias_gradient_with_an_axis_too_many_is_paid_for_as_a_shape(tmp_path: Path) -> None:
    folder = edited(tmp_path / "hand_in", "linear.py", "dout.sum(axis=0)", "dout.sum(axis=0, keepdims=True)")

    assert lost(grade(folder, seed="recorded", course=ROOT)) == {"1.0.3a": 10}


@pytest.mark.slow
def test_a_backward_pass_that_stops_on_the_way_has_the_gradients_before(tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / "correct", tmp_path / "hand_in")
    linear = folder / "layers" / "linear.py"
    text = linear.read_text()
    assert text.count("        return dout @ self.W.T\n") == 1
    linear.write_text(text.replace("        return dout @ self.W.T\n", ""))
    part = parts(grade(folder, ID, course=ROOT))["1.0.3a"]

    assert (part.score, part.max_score) == (10, 20)
    assert "W1 is no array after backward, which stops with an error on the way" in part.outcomes[0].message


@pytest.mark.slow
def test_gradients_that_are_not_kept_are_not_called_unwritten(tmp_path: Path) -> None:
    folder = edited(tmp_path / "hand_in", "linear.py", "        self.dW = self.x", "        dW = self.x")
    linear = folder / "layers" / "linear.py"
    linear.write_text(linear.read_text().replace("        self.db = dout", "        db = dout"), encoding="utf-8")
    found = outcomes(grade(folder, ID, course=ROOT))
    asked = ("gradients_exist", "gradients_exist_sizes", "gradients_toy", "gradients_net")

    assert {found[id].status for id in asked} == {"failed"}
    assert found["gradients_toy"].message.startswith("no layer keeps a gradient")


@pytest.mark.slow
def test_a_backward_pass_not_begun_earns_nothing_from_the_courses_own(tmp_path: Path) -> None:
    folder = hand_in(tmp_path / "hand_in")
    for file in ("linear.py", "relu.py", "loss_func.py"):
        path = folder / "layers" / file
        text = path.read_text(encoding="utf-8").partition("    def backward(")
        signature = "self" if file == "loss_func.py" else "self, dout"
        path.write_text(f"{text[0]}    def backward({signature}):\n        pass\n", encoding="utf-8")
    report = grade(folder, seed="recorded", course=ROOT)

    assert report.score == 30
    assert {o.status for o in outcomes(report).values() if o.check.part.id.startswith("1.0.3")} == {"missing"}


@pytest.mark.slow
def test_classes_in_the_notebook_are_graded_where_the_files_are_missing(tmp_path: Path) -> None:
    own = "\n".join((EXAMPLES / "correct" / "layers" / file).read_text(encoding="utf-8") for file in FILES)

    def change(source: str) -> str:
        imports = [f"from layers.{file.removesuffix('.py')} import" for file in FILES]
        kept = [line for line in source.splitlines() if not line.startswith(tuple(imports))]
        return "\n".join(kept) + (f"\n# ---- next cell\n{own}" if len(kept) < len(source.splitlines()) else "")

    folder = hand_in(tmp_path / "hand_in", change)
    shutil.rmtree(folder / "layers")

    assert grade(folder, seed="recorded", course=ROOT).score == 80


@pytest.mark.slow
@pytest.mark.parametrize("layers", ["layers", "ece285/layers", "."])
def test_the_edition_that_imports_ece285_is_graded(tmp_path: Path, layers: str) -> None:
    assert grade(hand_in(tmp_path / "hand_in", of_ece285, layers), seed="recorded", course=ROOT).score == 80


@pytest.mark.slow
def test_a_whole_package_ece285_is_graded(tmp_path: Path, assignment: Assignment) -> None:
    folder = hand_in(tmp_path / "hand_in", of_ece285, "ece285/layers")
    (folder / "ece285" / "utils").mkdir()
    for file in (*PROVIDED, *OPTIMIZER):
        shutil.copyfile(assignment.handout / file, folder / "ece285" / file)
    (folder / "ece285" / "__init__.py").touch()

    assert grade(folder, seed="recorded", course=ROOT).score == 80


@pytest.mark.slow
def test_a_training_loop_in_a_cell_of_its_own_is_found(reports: Reports, tmp_path: Path) -> None:
    def split(source: str) -> str:
        return source.replace("epoch_loss = []\nfor", "epoch_loss = []\n# ---- next cell\nfor")

    report = grade(hand_in(tmp_path / "hand_in", split), seed="recorded", course=ROOT)

    assert len(report.cells) == 1 + len(reports["correct"].cells)
    assert report.score == 80


@pytest.mark.slow
def test_a_training_in_a_function_of_another_network_is_found(tmp_path: Path) -> None:
    def function(source: str) -> str:
        if "epoch_loss = []\nfor" not in source:
            return source
        body = "\n".join(f"    {line}" for line in source.split("\n"))
        call = "model = init_toy_model()\nlosses = train(model, Loss)"
        return f"def train(net, Loss):\n{body}\n    return epoch_loss\n\n\n{call}"

    report = grade(hand_in(tmp_path / "hand_in", function), seed="recorded", course=ROOT)

    assert next(part.score for part in report.parts if part.part.id == "1.1a") == 10


@pytest.mark.slow
def test_a_leftover_cell_below_the_training_costs_nothing(tmp_path: Path) -> None:
    def leftover(source: str) -> str:
        more = "\n# ---- next cell\nX = np.ones((2, 2))\nnet = init_toy_model()"
        return source + more if "plt.plot" in source else source

    assert grade(hand_in(tmp_path / "hand_in", leftover), seed="recorded", course=ROOT).score == 80


@pytest.mark.slow
def test_other_names_for_losses_and_optimizer_cost_nothing(tmp_path: Path) -> None:
    def renamed(source: str) -> str:
        return source.replace("epoch_loss", "history").replace("optim.", "sgd.").replace("optim =", "sgd =")

    assert grade(hand_in(tmp_path / "hand_in", renamed), seed="recorded", course=ROOT).score == 80


@pytest.mark.slow
def test_an_edited_optimizer_file_is_ignored_and_told(tmp_path: Path, assignment: Assignment) -> None:
    folder = hand_in(tmp_path / "hand_in")
    (folder / "utils").mkdir()
    text = (assignment.handout / "utils" / "optimizer.py").read_text(encoding="utf-8")
    (folder / "utils" / "optimizer.py").write_text(text.replace("self.lr * (", "-self.lr * ("), encoding="utf-8")

    report = grade(folder, seed="recorded", course=ROOT)

    assert report.score == 80
    assert any("utils/optimizer.py" in note for note in report.notes)


@pytest.mark.slow
def test_a_broken_first_cell_costs_nothing_of_what_does_not_need_it(tmp_path: Path) -> None:
    def broken(source: str) -> str:
        return source.replace("import matplotlib.pyplot as plt\n", "import a_module_of_mine\n")

    report = grade(hand_in(tmp_path / "hand_in", broken), seed="recorded", course=ROOT)

    assert lost(report) == {}


# ---------------------------------------------------------------- hand-out and golden values


@pytest.mark.slow
def test_the_hand_out_alone_grades_every_part() -> None:
    report = grade(EXAMPLES / "flat.zip", seed="recorded", course=ROOT, hidden=False)
    scores = {id: (p.score, p.max_score) for id, p in parts(report).items() if p.manual is None}

    assert scores == {"1.0.1": (14, 14), "1.0.2": (0, 5), "1.0.3a": (12, 12), "1.0.3b": (11, 11), "1.1a": (7, 7)}
