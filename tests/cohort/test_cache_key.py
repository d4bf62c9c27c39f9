"""What each change of an assignment, a seed or the grader does to the key that a report is stored under."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from msgspec import structs

from grader.assignment.loading.course import find_course
from grader.cohort.records import CacheKey
from grader.cohort.slot import key_of, unidentified_key
from grader.model import Assignment
from grader.reference.expected import ExpectedValues, Seed
from tests.assignment.conftest import FILES, write

ROOT = Path(__file__).parents[2]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    root = tmp_path / "course"
    write(root / "reference" / "toy", FILES)
    write(root / "assignments" / "toy", {name: FILES[name] for name in ("assignment.toml", "checks.py")})
    (root / "assignments" / "toy" / "layers").mkdir()
    (root / "assignments" / "toy" / "layers" / "linear.py").write_text("")
    (root / "reference" / "toy" / "golden").mkdir()
    (root / "reference" / "toy" / "golden" / "public.json").write_text("{}")
    return root


def loaded(course: Path) -> Assignment:
    return find_course(course, course).load("toy")


def key(course: Path, seed: Seed = "recorded") -> CacheKey:
    return key_at(loaded(course), seed)


def key_at(assignment: Assignment, seed: Seed = "recorded") -> CacheKey:
    return key_of(assignment, ExpectedValues(assignment, seed))


def changed(before: CacheKey, after: CacheKey) -> set[str]:
    return {name for name in {**before.files, **after.files} if before.files.get(name) != after.files.get(name)}


def test_nothing_changed_is_the_same_wherever_it_lies(course: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(course, tmp_path / "elsewhere"))
    assert key(course).fits(key(moved))
    assert key(course) == key(moved)


@pytest.mark.parametrize(
    "file",
    [
        "assignment.toml",
        "checks.py",
        "hidden.py",
        "hidden_more.py",
        "solution/toy.py",
        "golden/public.json",
        "golden/mistakes.npz",
        "data/images.npz",
    ],
)
def test_every_file_of_the_sources_counts(course: Path, file: str) -> None:
    before = key(course)
    path = course / "reference" / "toy" / file
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as opened:
        opened.write("\n# a comment\n")
    assert changed(before, key(course)) == {file}
    assert not before.fits(key(course))


@pytest.mark.parametrize(
    "file", ["wrong.py", "right.py", "equivalent.py", "__pycache__/checks.pyc", ".expected/7.json"]
)
def test_what_grading_never_reads_does_not_count(course: Path, file: str) -> None:
    before = key(course)
    path = course / "reference" / "toy" / file
    path.parent.mkdir(exist_ok=True)
    path.write_text("# other\n")
    assert before.fits(key(course))


def test_the_stubs_of_the_handout_count(course: Path) -> None:
    before = key(course)
    (course / "assignments" / "toy" / "layers" / "linear.py").write_text("class Linear: ...\n")
    assert changed(before, key(course)) == {"hand-out/layers/linear.py"}


def test_seed_checks_and_another_data_folder_count(course: Path, tmp_path: Path) -> None:
    assignment, before = loaded(course), key(course)
    assert not before.fits(key(course, 7))
    assert not key(course, 7).fits(key(course, 8))
    assert not before.fits(key(course, None))
    assert not before.fits(key_at(structs.replace(assignment, checks=assignment.checks[:1])))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "images.npz").write_text("one")
    full = structs.replace(assignment, data=tmp_path / "full")
    one = key_at(full)
    assert not before.fits(one)
    (tmp_path / "full" / "images.npz").write_text("two")
    assert not one.fits(key_at(full))


def test_unidentified_submissions_depend_on_every_assignment(course: Path) -> None:
    before = unidentified_key([loaded(course)])
    with (course / "reference" / "toy" / "checks.py").open("a") as file:
        file.write("# more\n")
    assert changed(before, unidentified_key([loaded(course)])) == {"toy"}
