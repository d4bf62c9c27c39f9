"""A rubric is written beside its question, and stays with the author."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from grader.assignment.digest import assignment_digests
from grader.assignment.loading.load import load_assignment
from grader.assignment.loading.manifest import read_manifest, without_marking
from grader.assignment.release.release import build_handout
from grader.errors import AuthoringError
from tests.assignment.conftest import FILES, write

RUBRIC = '''
start = "zero"
model = """
secret = "of the author"
rubric = 4
"""
rubric = [
  {points = "1/3", text = "the reason", note = "secret note"},
  {key = "unit", points = -0.5, text = "secret: no unit"},
]
show_model = true
question = "Why?"
'''


def course(folder: Path, rubric: str) -> Path:
    toml = FILES["assignment.toml"].replace('question = "Why?"\n', rubric.lstrip("\n"))
    return write(folder / "reference" / "toy", {**FILES, "assignment.toml": toml})


def test_a_rubric_is_read_with_keys_by_place(tmp_path: Path) -> None:
    (manual,) = read_manifest(course(tmp_path, RUBRIC)).manual
    rubric = manual.rubric
    assert [(i.key, i.points, i.text, i.note) for i in rubric.items] == [
        ("1", Fraction(1, 3), "the reason", "secret note"),
        ("unit", Fraction(-1, 2), "secret: no unit", ""),
    ]
    assert (rubric.start, rubric.show_model) == ("zero", True)
    assert rubric.model == 'secret = "of the author"\nrubric = 4'


def test_the_hand_out_has_nothing_of_it_and_grading_does_not_depend_on_it(tmp_path: Path) -> None:
    root = course(tmp_path / "with", RUBRIC)
    released = tmp_path / "out"
    build_handout(load_assignment(root, released), released)
    text = (released / "assignment.toml").read_text()
    assert text == FILES["assignment.toml"]
    assert "secret" not in "".join(p.read_text(errors="replace") for p in released.rglob("*") if p.is_file())
    plain = course(tmp_path / "without", 'question = "Why?"\n')
    one, two = (assignment_digests(load_assignment(r, released)) for r in (root, plain))
    assert one == two


@pytest.mark.parametrize(
    ("rubric", "said"),
    [
        ('rubric = [{points = "much", text = "a"}]\nquestion = "Why?"\n', "'much' is no number"),
        ('rubric = [{points = 1}]\nquestion = "Why?"\n', "text"),
        ('rubric = [{key="a", points=1, text="a"}, {key="a", points=1, text=""}]\nquestion = ""\n', "twice"),
        ('rubric = [{points = 1, text = "a", colour = "red"}]\nquestion = "Why?"\n', "colour"),
    ],
)  # fmt: skip
def test_a_rubric_that_cannot_be_is_named_with_its_line(tmp_path: Path, rubric: str, said: str) -> None:
    with pytest.raises(AuthoringError, match=rf"assignment\.toml:\d+: .*{re.escape(said)}"):
        read_manifest(course(tmp_path, rubric))


def test_a_rubric_that_cannot_be_taken_out_is_refused_at_the_release() -> None:
    with pytest.raises(AuthoringError, match="no part of a hand-out"):
        without_marking('[[manual]]\nid = "1"\n[[manual.rubric]]\npoints = 1\ntext = "secret"\n')
