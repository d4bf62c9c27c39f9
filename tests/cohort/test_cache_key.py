"""What each change of an assignment touches."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

import grader
from grader.assignment.loading.course import find_course
from grader.cohort.cache_key import coupled, engine_key, keys_of, stale_parts
from grader.cohort.records import Graded, Keys
from grader.model import Assignment, Limits, Manual, Part
from grader.reference.session import recorded

ROOT = Path(__file__).parents[2]
ID = "tum_ex09"
"""Parts 1 to 3 are layers, part 4 the network that builds on them."""


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    for part in ("reference", "assignments"):
        shutil.copytree(ROOT / part / ID, root / part / ID, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture
def course(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "course"))


def keys(course: Path, seed: int | None = None) -> Keys:
    assignment = find_course(course, course).load(ID)
    return keys_of(assignment, recorded(assignment) if seed is None else {}, seed)


def stale(before: Keys, after: Keys, **statuses: str) -> list[str]:
    old = Graded(assignment=ID, status="graded", keys=before)
    return stale_parts(old, {f"{part[1:]}": {status} for part, status in statuses.items()}, after)


def change(course: Path, file: str, old: str, new: str) -> None:
    path = course / file
    text = path.read_text()
    assert text.count(old) >= 1, old
    path.write_text(text.replace(old, new, 1))


def touched(course: Path, file: str, old: str, new: str) -> list[str]:
    before = keys(course)
    change(course, f"reference/{ID}/{file}", old, new)
    return stale(before, keys(course))


def test_nothing_changed_touches_nothing(course: Path) -> None:
    assert stale(keys(course), keys(course)) == []


def test_a_check_of_the_last_part_touches_that_part(course: Path) -> None:
    assert touched(course, "checks.py", "LEARNING_RATE = 0.5", "LEARNING_RATE = 0.25") == ["4"]


def test_a_check_that_others_follow_through_touches_them_too(course: Path) -> None:
    assert touched(course, "hidden.py", '"out_one_row": (1, 4, 6)', '"out_one_row": (1, 4, 7)') == ["1", "4"]


def test_a_comment_touches_nothing(course: Path) -> None:
    assert touched(course, "checks.py", "LEARNING_RATE = 0.5", "LEARNING_RATE = 0.5  # really") == []


def test_a_limit_touches_everything(course: Path) -> None:
    assert touched(course, "assignment.toml", "cell = 60", "cell = 50") == ["1", "2", "3", "4"]


def test_a_golden_value_touches_its_part(course: Path) -> None:
    before = keys(course)
    path = course / "reference" / ID / "golden" / "public.json"
    text = path.read_text()
    at = text.index("[", text.index('"rows"', text.index('"network_loss"'))) + 1
    at = text.index("[", at) + 1
    path.write_text(text[:at] + "1" + text[at:].lstrip("-"))
    assert stale(before, keys(course)) == ["4"]


def test_the_solution_touches_what_puts_it_in_place_of_earlier_parts(course: Path) -> None:
    assert touched(
        course, "solution/exercise_09_notebook.py", "out = np.maximum(inputs, 0)", "out = inputs * (inputs > 0)"
    ) == ["4"]


def test_with_a_seed_the_solution_touches_every_expected_value(course: Path) -> None:
    before = keys(course, 7)
    change(course, f"reference/{ID}/solution/exercise_09_notebook.py", "np.maximum(inputs, 0)", "np.maximum(0, inputs)")
    assert stale(before, keys(course, 7)) == ["1", "2", "3", "4"]
    assert stale(before, keys(course, 8)) == ["1", "2", "3", "4"]


def test_new_mistakes_touch_only_what_failed(course: Path) -> None:
    before = keys(course)
    with (course / "reference" / ID / "golden" / "mistakes.npz").open("ab") as file:
        file.write(b"more")
    assert stale(before, keys(course), p1="passed", p2="failed", p3="error", p4="partial") == ["2", "4"]


def test_a_part_is_asked_together_with_those_that_it_follows(course: Path) -> None:
    assignment = find_course(course, course).load(ID)
    assert coupled(assignment, ["4"]) == {"1", "2", "3", "4"}
    assert coupled(assignment, ["2"]) == {"2"}


CHANGED: dict[str, Any] = {
    "id": "other",
    "title": "Another title",
    "seed": 99,
    "notebook": None,
    "student_files": ("more.py",),
    "provided_files": (),
    "names": {},
    "manual": (Manual(part=Part("1", "Affine layer"), kind="written", question="Why?", under="W", points=Fraction(1)),),
    "order": ("4", "3", "2", "1"),
    "limits": Limits(cell=1.0),
    "follow_through": Fraction(1, 4),
    "hints": "line",
    "stand_ins": (ROOT / "reference" / ID / "golden",),
    "compat": "x = 1",
    "preload": ("sklearn",),
    "data": ROOT / "reference" / ID / "golden",
    "small_data": True,
}
"""Another value for each field of an assignment that can move a report."""
OF_NO_MATTER = {
    "points": "what the hand-out says in all; a report adds up its checks",
    "root": "where it lies",
    "handout": "where it lies; its files are read",
    "solution": "where it lies; what of it counts are golden values and replacements",
    "checks": "each has a key of its own",
    "install": "for the hand-out's requirements",
}


def test_every_field_of_an_assignment_is_thought_of() -> None:
    fields = {field.name for field in structs.fields(Assignment)}
    assert fields == CHANGED.keys() | OF_NO_MATTER.keys()


@pytest.mark.parametrize("field", CHANGED)
def test_what_can_move_a_report_touches_it(field: str) -> None:
    assignment = find_course(ROOT, ROOT).load(ID)
    golden = recorded(assignment)
    before = keys_of(assignment, golden, None)
    after = keys_of(structs.replace(assignment, **{field: CHANGED[field]}), golden, None)
    assert stale(before, after)


def test_an_edited_grader_is_another_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "grader"
    shutil.copytree(ROOT / "grader", copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(grader, "__file__", str(copy / "__init__.py"))

    def engine() -> str:
        engine_key.cache_clear()
        return engine_key()

    try:
        first = engine()
        (copy / "__pycache__").mkdir()
        (copy / "__pycache__" / "x.pyc").write_text("x")
        with (copy / "commands" / "output.py").open("a") as file:
            file.write("# other words\n")
        assert engine() == first
        for name in ("grading/scoring.py", "worker/wire.py", "report/html/templates/feedback.css"):
            with (copy / name).open("a") as file:
                file.write("\n")
            assert engine() != first, name
            first = engine()
    finally:
        engine_key.cache_clear()
