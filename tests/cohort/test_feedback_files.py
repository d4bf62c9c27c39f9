"""A page for each student, written while a cohort is graded."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.cohort.feedback_files import _write_whole, page_of

Grade = Callable[..., subprocess.CompletedProcess[str]]


def pages(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text(encoding="utf-8") for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("Jane Doe_12_assignsubmission_file", "Jane Doe_12_assignsubmission_file/feedback.html"),
        ("Jane Doe_12_assignsubmission_file_", "Jane Doe_12_assignsubmission_file_/feedback.html"),
        ("Jane Doe_12_assignsubmission_file_hw.ipynb", "Jane Doe_12_assignsubmission_file_hw.ipynb.html"),
    ],
)
def test_a_page_lies_where_moodle_looks_for_feedback_files(tmp_path: Path, path: str, page: str) -> None:
    made = page_of(tmp_path, path).relative_to(tmp_path).as_posix()
    assert made == page
    # as its importer reads a path: the first of its names that begins so says whose it is, the rest is the file's name
    whose = next(name for name in made.split("/") if len(name.split("_", 4)) >= 4)
    assert whose.split("_", 4)[1:4] == ["12", "assignsubmission", "file"]
    assert made.removeprefix(whose) or whose.split("_", 4)[4]


@pytest.mark.slow
def test_every_hand_in_has_its_page_and_one_that_is_missing_is_made_again(
    grade: Grade, hand_ins: Path, course: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "feedback"
    words = ("batch", str(hand_ins), "--feedback", str(folder))
    assert grade(*words).returncode == 0
    made = pages(folder)
    assert set(made) == {f"{p.name}.html" for p in hand_ins.iterdir()}
    assert "x + x" in made["wrong_one.html"]
    assert "could not be graded" in made["broken.ipynb.html"]
    for name in ("wrong_two", "twin_two"):  # the same to the last byte, and each has its own name on it
        assert f'<p class="muted">{name}</p>' in made[f"{name}.html"]
    assert "0 to grade, 5 are unchanged" in grade(*words).stderr
    (folder / "twin_two.html").unlink()
    assert "1 to grade, 4 are unchanged" in grade(*words).stderr
    assert pages(folder) == made
    # graded anew without pages in between: those that are there are not what the store holds now
    hidden = course / "reference/toy/hidden.py"
    hidden.write_text(hidden.read_text().replace("Forward of", "Output of"))
    assert grade("golden", "record", "toy").returncode == 0
    assert grade("batch", str(hand_ins)).returncode == 0
    assert "5 submissions: 5 to grade" in grade(*words).stderr
    assert "Output of" in pages(folder)["right.html"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--feedback", "HAND_INS/feedback"), "lies among the submissions"),
        (("--feedback", "HAND_INS/broken.ipynb"), "lies among the submissions"),
        (("--feedback", "feedback", "--cluster", "tcp://127.0.0.1:1"), "give it without --cluster"),
    ],
)
def test_a_folder_that_cannot_be_is_refused_before_grading(
    grade: Grade, hand_ins: Path, words: tuple[str, ...], said: str
) -> None:
    done = grade("batch", str(hand_ins), *(word.replace("HAND_INS", str(hand_ins)) for word in words))
    assert done.returncode == 2
    assert said in done.stderr


def test_a_name_as_long_as_a_file_may_have_has_a_page_of_its_own(tmp_path: Path) -> None:
    names = [f"{'é' * 124}{end}.ipynb" for end in "ab"]
    for name in names:
        (tmp_path / name).touch()
        _write_whole(page_of(tmp_path, name), name)
    assert [page_of(tmp_path, name).read_text() for name in names] == names


def test_no_path_leads_out_of_the_folder() -> None:
    found = page_of(Path("feedback"), "../../a\n/./b.ipynb")
    assert found == Path("feedback/_/_/a_/_/b.ipynb.html")


def test_the_summary_links_every_students_page(grade: Grade, hand_ins: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    words = ("batch", str(hand_ins), "--feedback", "feedback", "--html", "out/all.html")
    assert grade(*words).returncode == 0
    links = re.findall('href="([^"]+)"', (tmp_path / "out" / "all.html").read_text())
    assert len(links) == 5
    assert all((tmp_path / "out" / link).is_file() for link in links)
    assert grade("summary", "--html", "out/again.html", "--feedback", "feedback").returncode == 0
    assert re.findall('href="([^"]+)"', (tmp_path / "out" / "again.html").read_text()) == links
    assert grade("summary", "--html", "plain.html").returncode == 0
    assert "href" not in (tmp_path / "plain.html").read_text()
