"""A student's repository: the hand-out alone, with no reference beside it, grades by the command and by pytest."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from grader.assignment.loading.course import find_course
from grader.assignment.release.release import build_solution, check_handout
from grader.report.json_report import schema_path

ROOT = Path(__file__).parent.parent
IDS = sorted(path.parent.name for path in (ROOT / "reference").glob("*/assignment.toml"))
QUICK = ("ece176_a3", "tum_ex09")
"""Graded here with their solutions; the others' take longer and run with the slow tests."""


@pytest.fixture
def repository(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of one hand-out, in a folder of another name, with nothing else around it."""
    return Path(shutil.copytree(ROOT / "assignments" / request.param, tmp_path / "my-homework"))


def command(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GRADE_")} | {"COLUMNS": "80"}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def grade(folder: Path) -> dict[str, Any]:
    done = command([sys.executable, "-m", "grader", ".", "--json"], folder)
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(report, json.loads(schema_path().read_text()))
    return report


def solve(folder: Path, id: str) -> None:
    assignment = find_course(ROOT, None).load(id)
    solved = folder.parent / "solved"
    build_solution(assignment, solved)
    shutil.copytree(solved, folder, dirs_exist_ok=True)


@pytest.mark.parametrize("id", IDS)
def test_the_committed_hand_out_is_what_release_writes(id: str) -> None:
    assert check_handout(find_course(ROOT, None).load(id)) == []


@pytest.mark.parametrize("repository", IDS, indirect=True)
def test_a_hand_out_holds_nothing_hidden(repository: Path) -> None:
    names = {p.name for p in repository.rglob("*")}
    assert not names & {"hidden.py", "hidden.json", "wrong.py", "right.py", "solution"}
    assert not [name for name in names if name.startswith("hidden_")]
    assert (repository / ".github" / "workflows" / "grade.yml").is_file()


@pytest.mark.parametrize("repository", QUICK, indirect=True)
def test_an_untouched_hand_out_earns_nothing(repository: Path) -> None:
    report = grade(repository)
    assert report["score"] == 0
    assert {c["visibility"] for p in report["parts"] for c in p.get("checks", [])} == {"public"}


@pytest.mark.slow
@pytest.mark.parametrize(("repository", "id"), [(id, id) for id in QUICK], indirect=["repository"])
def test_a_solved_hand_out_earns_every_public_point_twice_over(repository: Path, id: str) -> None:
    solve(repository, id)
    first, second = grade(repository), grade(repository)
    assert first["score"] == first["max_score"] > 0
    for report in (first, second):
        del report["timings"]
    assert first == second


@pytest.mark.parametrize("repository", ["ece176_a3"], indirect=True)
@pytest.mark.slow
def test_pytest_has_one_item_for_each_public_check(repository: Path) -> None:
    done = command([sys.executable, "-m", "pytest", "-q"], repository)
    report = grade(repository)
    checks = [c for p in report["parts"] for c in p.get("checks", [])]
    assert done.returncode == 1
    assert f"{len(checks)} skipped" in done.stdout
    assert "Not started: " in done.stdout
    assert "Traceback" not in done.stdout
