"""A hand-in that returns the hand-out's golden values, learned by heart, without computing anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader import cli, grade
from grader.assignment.loading.course import find_course
from grader.assignment.release.release import build_solution
from grader.reference.expected import FOLDER, seed_pool
from tests.assignment.conftest import FILES, write


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    write(root / "reference" / "toy", FILES)
    for words in (("golden", "record"), ("release",)):
        assert cli.main([*words, "--course", str(root)]) == 0
    build_solution(find_course(root, root).load("toy"), root / "right")
    return root


@pytest.fixture
def by_heart(course: Path, tmp_path: Path) -> Path:
    """The right hand-in, whose function looks its answer up."""
    golden = json.loads((course / "assignments" / "toy" / "golden" / "public.json").read_text())
    rows = golden["observations"]["square_values"]["out"]["rows"]
    notebook = json.loads((course / "right" / "toy.ipynb").read_text())
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if "x * x" in text:
            cell["source"] = text.replace("x * x", f"np.array({rows}).reshape(np.shape(x))")
    target = tmp_path / "by_heart"
    (target / "layers").mkdir(parents=True)
    (target / "layers" / "linear.py").write_text((course / "right" / "layers" / "linear.py").read_text())
    (target / "toy.ipynb").write_text(json.dumps(notebook))
    return target


def test_it_earns_nothing_where_the_reference_is(course: Path, by_heart: Path) -> None:
    report = grade(by_heart, "toy", course=course)
    assert report.seed in seed_pool(find_course(course, course).load("toy"))
    assert report.parts[0].score == 0
    assert grade(by_heart, "toy", "recorded", course=course).parts[0].score == report.parts[0].max_score


def test_the_right_one_earns_all_of_it_again_and_again(course: Path) -> None:
    first, second = (grade(course / "right", "toy", course=course) for _ in range(2))
    assert first.score == second.score == first.max_score
    assert first.seed == second.seed


def test_a_handout_alone_is_graded_with_the_recorded_values(course: Path) -> None:
    handout = course / "assignments" / "toy"
    assert grade(handout, "toy", course=handout).seed == find_course(handout, handout).load("toy").seed


def test_what_is_kept_is_never_released(course: Path) -> None:
    grade(course / "right", "toy", course=course)
    assert list((course / "reference" / "toy" / FOLDER).rglob("*.json"))
    assert cli.main(["release", "--course", str(course)]) == 0
    assert not [p for p in (course / "assignments").rglob("*") if FOLDER in p.parts]
