"""Which assignment a hand-in is for, also when its metadata says nothing."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from grader.errors import AuthoringError, SubmissionError
from grader.model import Assignment
from grader.submission.files.gather import SubmittedFiles, gather
from grader.submission.files.identify import identify
from tests.submission.building import make_assignment, notebook_json, text, write

LAYERS = ["class Affine: pass", "class ReLU: pass", "class CrossEntropy: pass", "class Net: pass"]
DESCENT = ["def optimize_f(x): pass", "def sigmoid(x): pass", "class Linear: pass", "class ReLU: pass"]
Load = Callable[[str], Assignment]
IDS = ("layers", "descent", "modular")


def looked_at(path: Path) -> SubmittedFiles:
    return gather(path, path.parent / "unpacked")


@pytest.fixture
def load(tmp_path: Path) -> Load:
    write(tmp_path / "layers", {"nine.ipynb": notebook_json(text("# Task 1: Affine layer\n## Task 2: ReLU"), *LAYERS)})
    write(tmp_path / "descent", {"a1.ipynb": notebook_json(text("# 1.1 Gradient descent (6 points)"), *DESCENT)})
    write(tmp_path / "modular", {"FC_nets.ipynb": notebook_json(text("# Linear layers"), "x"), "nndl/layers.py": ""})
    made = {
        "layers": make_assignment(
            tmp_path / "layers",
            id="layers",
            notebook="nine.ipynb",
            names={"Affine": "", "ReLU": "", "CrossEntropy": "", "Net": ""},
        ),
        "descent": make_assignment(
            tmp_path / "descent",
            id="descent",
            notebook="a1.ipynb",
            names={"optimize_f": "", "sigmoid": "", "Linear": "", "ReLU": ""},
        ),
        "modular": make_assignment(
            tmp_path / "modular",
            id="modular",
            notebook="FC_nets.ipynb",
            student_files=["nndl/layers.py"],
            names={"affine_forward": "nndl.layers", "relu_forward": "nndl.layers", "TwoLayerNet": "nndl.fc_net"},
        ),
    }
    return made.__getitem__


def found(tmp_path: Path, load: Load, files: Mapping[str, str | bytes], at: str = "") -> str:
    return identify(looked_at(write(tmp_path / "in", files) / at), IDS, load)


def test_what_release_wrote_decides_without_loading_anything(tmp_path: Path) -> None:
    marked = notebook_json(*DESCENT, metadata={"grader": {"assignment": "layers"}})
    assert found(tmp_path, lambda _: pytest.fail("loaded"), {"x.ipynb": marked}, "x.ipynb") == "layers"


def test_an_id_of_another_course_decides_nothing(tmp_path: Path, load: Load) -> None:
    marked = notebook_json(*DESCENT, metadata={"grader": {"assignment": "chemistry"}})
    assert found(tmp_path, load, {"x.ipynb": marked}, "x.ipynb") == "descent"


@pytest.mark.parametrize(("cells", "id"), [(LAYERS, "layers"), (DESCENT, "descent")])
def test_a_renamed_notebook_without_headings_is_known_by_its_names(
    tmp_path: Path, load: Load, cells: list[str], id: str
) -> None:
    assert found(tmp_path, load, {"final_version.ipynb": notebook_json(*cells)}, "final_version.ipynb") == id


def test_a_half_done_notebook_is_known(tmp_path: Path, load: Load) -> None:
    assert found(tmp_path, load, {"x.ipynb": notebook_json(text("## ReLU"), *LAYERS[:2])}) == "layers"


def test_a_notebook_that_only_calls_its_modules_is_known_by_what_it_calls(tmp_path: Path, load: Load) -> None:
    calls = "from nndl.fc_net import *\nout, _ = affine_forward(x)\nrelu_forward(out)\nTwoLayerNet()"
    assert found(tmp_path, load, {"x.ipynb": notebook_json(calls)}) == "modular"


def test_modules_alone_are_known(tmp_path: Path, load: Load) -> None:
    files = {
        "layers.py": "def affine_forward(): pass\ndef relu_forward(): pass",
        "fc_net.py": "class TwoLayerNet: pass",
    }
    assert found(tmp_path, load, files) == "modular"


def test_an_archive_is_looked_into(tmp_path: Path, load: Load) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("w/x.ipynb", notebook_json(*LAYERS))
    assert identify(looked_at(tmp_path / "x.zip"), IDS, load) == "layers"


def test_the_right_notebook_among_several_is_enough(tmp_path: Path, load: Load) -> None:
    assert found(tmp_path, load, {"a.ipynb": notebook_json("x = 1"), "b.ipynb": notebook_json(*DESCENT)}) == "descent"


@pytest.mark.parametrize(
    "cells",
    [
        ["import torch", "from torch.nn import Linear, ReLU", "net = torch.nn.Sequential(Linear(3, 4), ReLU())"],
        ["import pandas as pd", "df = pd.read_csv('x')"],
    ],
)
def test_a_notebook_of_no_assignment_is_refused_with_the_scores(tmp_path: Path, load: Load, cells: list[str]) -> None:
    with pytest.raises(SubmissionError, match=r"cannot tell which .*layers 0\.\d\d.*--assignment ID") as caught:
        found(tmp_path, load, {"x.ipynb": notebook_json(*cells)}, "x.ipynb")
    assert all(id in str(caught.value) for id in IDS)


def test_where_nothing_else_tells_the_broken_notebook_is_what_is_refused(tmp_path: Path, load: Load) -> None:
    files = {"x.ipynb": notebook_json(*LAYERS)[:-200], "helper.py": "def helper():\n    return 1\n"}
    with pytest.raises(SubmissionError, match=r"x\.ipynb is not a notebook"):
        found(tmp_path, load, files)


def test_a_near_tie_is_refused(tmp_path: Path, load: Load) -> None:
    with pytest.raises(SubmissionError, match="cannot tell"):
        found(tmp_path, load, {"x.ipynb": notebook_json(*LAYERS, *DESCENT)})


def test_the_one_assignment_of_a_course_must_be_like_the_hand_in_too(tmp_path: Path, load: Load) -> None:
    path = write(tmp_path / "in", {"x.ipynb": notebook_json(*DESCENT)})
    assert identify(looked_at(path), ["descent"], load) == "descent"
    with pytest.raises(SubmissionError, match="cannot tell"):
        identify(looked_at(path), ["modular"], load)


@pytest.mark.parametrize(
    ("name", "told"), [("hw.pdf", "a PDF"), ("hw.rar", "a RAR archive"), ("a.txt", "holds no notebook")]
)
def test_a_hand_in_without_anything_to_run_is_told_what_it_is(tmp_path: Path, load: Load, name: str, told: str) -> None:
    with pytest.raises(SubmissionError, match=told):
        found(tmp_path, load, {name: "x"})


def test_a_damaged_notebook_is_named_and_not_called_unknown(tmp_path: Path, load: Load) -> None:
    with pytest.raises(SubmissionError, match="is JSON but no notebook"):
        found(tmp_path, load, {"x.ipynb": "[]"}, "x.ipynb")


def test_a_broken_assignment_does_not_hide_the_others(tmp_path: Path, load: Load) -> None:
    def broken(id: str) -> Assignment:
        if id == "modular":
            raise AuthoringError("checks.py:1: broken")
        return load(id)

    path = write(tmp_path / "in", {"x.ipynb": notebook_json(*LAYERS)})
    assert identify(looked_at(path), IDS, broken) == "layers"
    with pytest.raises(AuthoringError, match="broken"):
        identify(looked_at(path), ["modular"], broken)


def test_an_assignment_without_a_hand_out_is_known_by_its_names(tmp_path: Path) -> None:
    assignment = make_assignment(tmp_path / "nowhere", names={"Affine": "", "Net": ""})
    path = write(tmp_path / "in", {"x.ipynb": notebook_json(*LAYERS)})
    assert identify(looked_at(path), ["toy"], lambda _: assignment) == "toy"
