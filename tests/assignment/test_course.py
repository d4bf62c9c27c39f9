"""Which course a path belongs to, and which folder an id."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.assignment.loading.course import Course, find_course
from grader.errors import AuthoringError, UsageError

from .conftest import FILES, Write, write


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADE_COURSE", raising=False)


def handout(folder: Path) -> Path:
    return write(folder, {name: FILES[name] for name in ("assignment.toml", "checks.py", "README.md")})


def test_the_nearest_parent_with_assignments_is_the_course(toy: Write, tmp_path: Path):
    folder = toy()
    assert find_course(folder / "solution" / "layers" / "linear.py") == Course(root=tmp_path)


def test_a_course_wins_over_a_nearer_handout(tmp_path: Path):
    inside = handout(tmp_path / "assignments" / "toy")
    assert find_course(inside) == Course(root=tmp_path)


def test_a_handout_alone_is_a_course(tmp_path: Path):
    folder = handout(tmp_path / "my-repository")
    course = find_course(folder / "README.md")
    assert course == Course(root=folder, single=True)
    assert course.ids() == ("toy",)
    assert course.load("toy").handout == folder


def test_empty_folders_do_not_make_a_course(tmp_path: Path):
    (tmp_path / "assignments" / "nothing").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"no course above .*--course DIR or GRADE_COURSE"):
        find_course(tmp_path)


def test_the_given_root_wins_over_the_variable_and_the_variable_over_the_place(
    toy: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = toy()
    one, two = handout(tmp_path / "one"), handout(tmp_path / "two")
    monkeypatch.setenv("GRADE_COURSE", str(one))
    assert find_course(folder).root == one
    assert find_course(folder, two).root == two


def test_a_given_root_that_holds_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(UsageError, match=r"--course .*nowhere"):
        find_course(tmp_path, tmp_path / "nowhere")
    monkeypatch.setenv("GRADE_COURSE", str(tmp_path))
    with pytest.raises(UsageError, match="GRADE_COURSE"):
        find_course(tmp_path)


def test_sources_win_over_the_handout_and_ids_are_merged(toy: Write, tmp_path: Path):
    folder = toy()
    handout(tmp_path / "assignments" / "toy")
    write(tmp_path / "assignments" / "other", {"assignment.toml": "", "checks.py": ""})
    course = find_course(tmp_path)
    assert course.ids() == ("other", "toy")
    assert course.load("toy").root == folder


def test_the_handout_is_loaded_where_the_sources_are_not(tmp_path: Path):
    folder = handout(tmp_path / "assignments" / "toy")
    got = find_course(tmp_path).load("toy")
    assert got.root == got.handout == folder


def test_an_unknown_id_names_the_nearest(toy: Write, tmp_path: Path):
    toy()
    with pytest.raises(UsageError, match="did you mean toy"):
        find_course(tmp_path).load("tory")
    with pytest.raises(UsageError, match="there are toy"):
        find_course(tmp_path).load("zzz")


def test_an_id_that_differs_from_its_folder_is_refused(toy: Write, tmp_path: Path):
    toy({"assignment.toml": FILES["assignment.toml"].replace('"toy"', '"boy"', 1)})
    with pytest.raises(AuthoringError, match="id is 'boy' in the folder toy"):
        find_course(tmp_path).load("toy")


def test_no_course_is_looked_for_where_the_submission_lies(tmp_path: Path):
    submission = handout(tmp_path / "downloads" / "ann")
    with pytest.raises(UsageError, match=r"--course DIR or GRADE_COURSE; .*ann looks like one: if it is yours"):
        find_course(tmp_path / "downloads", submission=submission)
    with pytest.raises(UsageError, match="no course above"):
        find_course(tmp_path / "downloads", submission=submission / "toy.ipynb")


def test_a_course_inside_the_submission_is_none(tmp_path: Path):
    submission = tmp_path / "ann"
    handout(submission / "assignments" / "toy")
    for inside in (submission, submission / "assignments" / "toy"):
        with pytest.raises(UsageError, match="no course above"):
            find_course(inside, submission=submission)


def test_a_submission_inside_the_course_is_graded_by_it(tmp_path: Path):
    handout(tmp_path / "assignments" / "toy")
    submission = handout(tmp_path / "hand_ins" / "ann")
    assert find_course(tmp_path, submission=submission) == Course(root=tmp_path)


def test_the_working_folder_itself_may_be_a_handout(tmp_path: Path):
    folder = handout(tmp_path / "my-repository")
    assert find_course(folder, submission=folder) == Course(root=folder, single=True)
