"""From an empty folder to graded hand-ins, by the command alone; nothing is replaced here."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from grader import cli
from grader.assignment.loading.course import find_course
from grader.assignment.release.release import build_solution
from grader.report.json_report import schema_path


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with one released assignment, as `grade new` starts it, and its solution as a hand-in."""
    root = tmp_path_factory.mktemp("course")
    for words in (("new", "week1"), ("golden", "record"), ("release",)):
        assert cli.main([*words, "--course", str(root)]) == 0
    build_solution(find_course(root).load("week1"), root / "right")
    return root


@pytest.fixture
def submission(course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The right notebook, alone in a folder that a test may change; grading finds the course by the environment."""
    monkeypatch.setenv("GRADE_COURSE", str(course))
    return shutil.copy(course / "right" / "week1.ipynb", tmp_path / "hw.ipynb")


def graded(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = cli.main([*words, "--json"])
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(json.loads(schema_path().read_text(encoding="utf-8"))).validate(data)
    return code, data


def test_new_course_is_sound(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("golden", "verify"), ("release", "--check"), ("lint",)):
        assert cli.main([*words, "--course", str(course)]) == 0, capsys.readouterr().out


def test_solution_earns_everything_and_two_runs_differ_in_timings_only(
    submission: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, first = graded(capsys, str(submission))
    assert code == 0
    assert first["score"] == first["max_score"] > 0
    _, second = graded(capsys, str(submission))
    for data in (first, second):
        assert data.pop("timings")["total"] > 0
    assert first == second


def test_other_seed_asks_the_reference_and_agrees(submission: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, data = graded(capsys, str(submission), "--seed", "12")
    assert (code, data["seed"], data["score"]) == (0, 12, data["max_score"])


def test_mistake_loses_points_and_is_shown(submission: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = submission.read_text(encoding="utf-8")
    assert "x @ w + b" in text
    submission.write_text(text.replace("x @ w + b", "x @ w - b"), encoding="utf-8")
    assert cli.main([str(submission)]) == 1
    assert "✗ Output of the layer" in capsys.readouterr().out
    code, data = graded(capsys, str(submission), "--no-hidden", "--fail-under", "50")
    assert code == 0
    assert data["score"] < data["max_score"]
    assert {c["visibility"] for p in data["parts"] for c in p["checks"]} == {"public"}


def test_stub_earns_nothing(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, data = graded(capsys, str(course / "assignments" / "week1"), "--course", str(course))
    assert (code, data["score"]) == (1, 0)
    assert {p["status"] for p in data["parts"]} == {"missing"}


def test_damaged_notebook_is_ungradable_with_a_reason(submission: Path, capsys: pytest.CaptureFixture[str]) -> None:
    submission.write_text("no notebook at all", encoding="utf-8")
    code, data = graded(capsys, str(submission))
    assert (code, data["status"]) == (3, "ungradable")
    assert "hw.ipynb" in data["reason"]


def test_unknown_assignment_is_wrong_usage(submission: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([str(submission), "--assignment", "week2"]) == 2
    assert "week1" in capsys.readouterr().err


def test_pytest_in_the_students_folder_agrees(course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "repository"
    shutil.copytree(course / "assignments" / "week1", folder)
    monkeypatch.delenv("GRADE_COURSE", raising=False)
    command = [sys.executable, "-m", "pytest", "-p", "no:hypothesispytest", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Not started: " in done.stdout
    assert "Traceback" not in done.stdout
    shutil.copy(course / "right" / "week1.ipynb", folder / "week1.ipynb")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "4 of 4 points that can be checked here" in done.stdout
