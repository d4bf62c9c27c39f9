"""The assignment on convolutional networks: its examples, its checks, its rewrites."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import numpy as np
import pytest

from grader.assignment.release.release import build_solution
from grader.engine import grade
from grader.gradcheck.check import check_grad
from grader.model import Assignment
from tests.courses.reports import Reports, lost

ID = "conv_nets"
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / ID


def test_the_reference_has_full_marks_and_the_stub_none(reports: Reports) -> None:
    assert (reports["correct"].score, reports["correct"].max_score) == (51, 51)
    assert reports["stub"].score == 0


def test_mistakes_in_layers_are_not_paid_for_again_in_the_training(reports: Reports) -> None:
    assert lost(reports["three_mistakes"]).keys() == {"2b", "3", "4c"}


@pytest.mark.slow
def test_a_biased_variance_is_not_paid_for_again_in_the_training(reports: Reports) -> None:
    assert lost(reports["biased_variance"]).keys() == {"4a", "4c"}


def test_a_mistake_in_the_second_notebook_costs_its_part_alone(reports: Reports) -> None:
    assert lost(reports["swapped"]).keys() == {"8"}


@pytest.mark.parametrize("package", ["", pytest.param("my_layers.", marks=pytest.mark.slow)])
def test_modules_that_lie_elsewhere_are_the_ones_that_the_notebooks_import(tmp_path: Path, package: str) -> None:
    folder = shutil.copytree(EXAMPLES / "correct", tmp_path / "hand_in")
    home = folder / package.strip(".")
    home.mkdir(exist_ok=True)
    for file in sorted((folder / "layers").iterdir()):
        file.rename(home / file.name)
    for notebook in folder.glob("*.ipynb"):
        text = notebook.read_text()
        assert "isinstance(layer, BatchNorm2d)" in text or notebook.stem == "conv_nets"
        notebook.write_text(text.replace("from layers.", f"from {package}"))
    report = grade(folder, ID, course=ROOT)

    assert (report.score, report.max_score) == (51, 51)


def test_classes_written_in_the_notebooks_count_where_the_modules_are_stubs(tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / "correct", tmp_path / "hand_in")
    code = "\n\n".join((folder / "layers" / f"{name}.py").read_text() for name in ("conv", "pool", "norm"))
    shutil.copytree(ROOT / "assignments" / ID / "layers", folder / "layers", dirs_exist_ok=True)
    for path in folder.glob("*.ipynb"):
        book = nbformat.read(path, as_version=4)
        first = next(cell for cell in book.cells if "from layers.conv import" in cell.source)
        first.source += f"\n\n{code}"
        nbformat.write(book, path)
    report = grade(folder, ID, course=ROOT)

    assert (report.score, report.max_score) == (51, 51)
    assert any("still hold stubs of the hand-out" in note for note in report.notes)


def test_the_bars_are_learnt(reports: Reports) -> None:
    lines = [line.split() for cell in reports["correct"].cells for line in cell.text.split("\n")]
    first, last = next(
        (float(a), float(b)) for a, b in (line for line in lines if len(line) == 2 and "(" not in line[0])
    )

    assert first > 0.5
    assert last < 0.05


def test_the_layers_gradients_are_those_of_their_outputs(
    assignment: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The solution itself, against finite differences: golden values are only as right as it is."""
    build_solution(assignment, tmp_path / "solution")
    monkeypatch.syspath_prepend(str(tmp_path / "solution"))
    from layers.conv import Conv2d  # type: ignore[import-not-found]
    from layers.norm import BatchNorm2d  # type: ignore[import-not-found]
    from layers.pool import MaxPool2d  # type: ignore[import-not-found]

    rng = np.random.default_rng(4)
    images = rng.normal(size=(2, 3, 6, 5))
    weight, bias = rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)
    norm = BatchNorm2d(3)
    norm.gamma = rng.normal(size=3)
    for layer in (Conv2d(weight, bias, stride=2, pad=1), MaxPool2d(2), norm):
        out = layer.forward(images)
        upstream = rng.normal(size=out.shape)
        result = check_grad(
            lambda x, layer=layer: layer.forward(x), layer.backward(upstream), images.copy(), df=upstream
        )
        assert result.verdict == "ok", type(layer).__name__
