"""A hand-in that brings a course of its own: its checks never run as the grader."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import one_in

TOML = """\
id = "toy"
title = "Toy"
points = 1
seed = 1
student_files = ["toy.py"]
order = ["1"]
[names]
double = "toy"
"""
EVIL = """\
from pathlib import Path

from grader import Part, check

Path({proof!r}).write_text("ran as the grader")


@check(Part("1", "Double"), points=1, uses=["double"])
def doubled(student, rng):
    \"\"\"Twice the input\"\"\"
    return {{"y": student.double(rng.normal(size=3))}}
"""


@pytest.fixture
def hand_in(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads" / "mallory"
    for place in (folder, folder / "assignments" / "toy"):
        place.mkdir(parents=True, exist_ok=True)
        (place / "assignment.toml").write_text(TOML)
        (place / "checks.py").write_text(EVIL.format(proof=str(tmp_path / "proof")))
        (place / "toy.py").write_text("def double(x):\n    return 2 * x\n")
    return folder


WAYS = [
    (".", ["grade", "downloads/mallory"]),
    (".", ["grade", "downloads/mallory/toy.py"]),
    (".", ["grade", "downloads/mallory", "--assignment", "toy"]),
    (".", ["grade", "downloads/mallory/assignments/toy"]),
    (".", ["grade", "batch", "downloads", "--store", "s.sqlite"]),
    (".", ["grade", "batch", "downloads/mallory", "--store", "s.sqlite"]),
    ("downloads", ["grade", "mallory"]),
    ("downloads", ["grade", "batch", ".", "--store", "s.sqlite"]),
    ("downloads/mallory", ["grade", "batch", "..", "--store", "s.sqlite"]),
    ("downloads/mallory/assignments/toy", ["grade", "../../.."]),
    (".", ["pytest", "-q", "downloads"]),
    (".", ["pytest", "-q", "downloads/mallory/assignment.toml"]),
    ("downloads", ["pytest", "-q"]),
]


@pytest.mark.parametrize(("start", "words"), one_in(3, ((" ".join(words), (start, words)) for start, words in WAYS)))
def test_its_checks_do_not_run(start: str, words: list[str], hand_in: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "grader", *words[1:]]
    if words[0] == "pytest":
        command = [sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", *words[1:]]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    run = subprocess.run(command, cwd=tmp_path / start, capture_output=True, text=True, env=env, timeout=60)
    assert not (tmp_path / "proof").exists()
    assert run.returncode == 2
    assert "GRADE_COURSE" in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr
