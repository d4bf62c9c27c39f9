"""A small course on disk, recorded and released, and hand-ins for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader import cli
from grader.assignment.loading.course import find_course
from grader.assignment.release.release import build_solution
from tests.assignment.conftest import FILES, write


@pytest.fixture(scope="session")
def recorded_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy course: part 1 is a function in the notebook, part 2 a class in a module, part 3 for a person."""
    root = tmp_path_factory.mktemp("course")
    write(root / "reference" / "toy", FILES)
    for words in (("golden", "record"), ("release",)):
        assert cli.main([*words, "--course", str(root)]) == 0
    build_solution(find_course(root, root).load("toy"), root / "right")
    return root


@pytest.fixture
def course(recorded_course: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(recorded_course, tmp_path / "course"))


@pytest.fixture
def hand_ins(course: Path, tmp_path: Path) -> Path:
    """Right, wrong in part 1, wrong in part 2, a twin of that, not begun, and broken."""
    folder = tmp_path / "hand-ins"
    notebook, module = course / "right" / "toy.ipynb", course / "right" / "layers" / "linear.py"

    def hand_in(name: str, change: Callable[[str], str] = str, change_module: Callable[[str], str] = str) -> None:
        (folder / name / "layers").mkdir(parents=True)
        (folder / name / "toy.ipynb").write_text(change(notebook.read_text()))
        (folder / name / "layers" / "linear.py").write_text(change_module(module.read_text()))

    hand_in("right")
    hand_in("wrong_one", lambda text: text.replace("x * x", "x + x"))
    hand_in("wrong_two", change_module=lambda text: text.replace("2 * x", "3 * x"))
    hand_in("twin_two", change_module=lambda text: text.replace("2 * x", "3 * x"))
    (folder / "broken.ipynb").write_text(json.dumps({"cells": []})[:-1])
    return folder


@pytest.fixture
def grade(course: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command of the cohort as a user would."""

    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "grader", *map(str, words)]
        environment = {**os.environ, "GRADE_COURSE": str(course), "COLUMNS": "80"}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return run
