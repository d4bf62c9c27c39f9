"""The assignment on convolutional networks: its examples, its checks, its rewrites."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from grader.assignment.loading.course import find_course
from grader.assignment.release.edits import right_edits, wrong_edits
from grader.assignment.release.release import build_solution, check_handout
from grader.engine import grade
from grader.gradcheck.check import check_grad
from grader.model import Assignment, Report
from grader.reference.golden import verify

ROOT = Path(__file__).parents[2]
ID = "conv_nets"
EXAMPLES = ROOT / "examples" / ID
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.json"))


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return find_course(ROOT, ROOT).load(ID)


class Reports(dict[str, Report]):
    def __missing__(self, name: str) -> Report:
        self[name] = grade(EXAMPLES / name, seed="recorded", course=ROOT)
        return self[name]


@pytest.fixture(scope="module")
def reports() -> Reports:
    return Reports()


def lost(report: Report) -> dict[str, Fraction]:
    return {p.part.id: p.max_score - p.score for p in report.parts if p.outcomes and p.score < p.max_score}


@pytest.mark.parametrize("name", NAMES)
def test_examples_get_their_stored_reports(reports: Reports, make: ModuleType, name: str) -> None:
    stored = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))

    assert make.differences(stored, make.stored(reports[name])) == []


def test_the_reference_has_full_marks_and_the_stub_none(reports: Reports) -> None:
    assert (reports["correct"].score, reports["correct"].max_score) == (45, 45)
    assert reports["stub"].score == 0


def test_mistakes_in_layers_are_not_paid_for_again_in_the_training(reports: Reports) -> None:
    assert lost(reports["three_mistakes"]).keys() == {"2b", "3", "4c"}
    assert lost(reports["biased_variance"]).keys() == {"4a", "4c"}


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


def test_examples_are_made_from_the_reference(make: ModuleType, tmp_path: Path) -> None:
    made = make.make(ID, tmp_path)

    assert sorted(path.stem for path in made) == NAMES
    for folder in made:
        for path in (p for p in folder.rglob("*") if p.is_file()):
            same = (EXAMPLES / folder.name / path.relative_to(folder)).read_bytes()
            assert path.read_bytes() == same, f"run `python examples/make.py {ID}`"


def test_the_hand_out_is_up_to_date(assignment: Assignment) -> None:
    assert check_handout(assignment) == []


def test_there_are_mistakes_and_rewrites_enough(assignment: Assignment) -> None:
    assert len(wrong_edits(assignment)) >= 30
    assert len(right_edits(assignment)) >= 6


@pytest.mark.slow
def test_golden_values_are_current(assignment: Assignment) -> None:
    assert verify(assignment) == []
