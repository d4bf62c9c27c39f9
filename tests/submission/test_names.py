"""File names are student input."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.submission.names import is_junk, nearest, printable, without_junk


def test_what_repaints_a_terminal_is_dropped() -> None:
    assert printable("a\x1b]0;x\x07b\nc\u202ed\ud800e f") == "a]0;xbcde f"


def test_a_long_line_is_cut() -> None:
    assert printable("x" * 200, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    "name",
    [".DS_Store", "a/._b.py", "__MACOSX/x", "a/__pycache__/b.pyc", ".git/config", "venv/x", "a/.ipynb_checkpoints/b"],
)
def test_what_nobody_wrote_is_junk(name: str) -> None:
    assert is_junk(name.split("/"))


@pytest.mark.parametrize("name", ["a.py", "env/model.py", "git/x", "._/x.py", "data.csv"])
def test_work_is_no_junk(name: str) -> None:
    assert not is_junk(name.split("/"))


def test_an_environment_under_any_name_is_junk() -> None:
    assert without_junk(["hw/x.py", "hw/my/pyvenv.cfg", "hw/my/lib/y.py", "hw/mylib.py"]) == ["hw/x.py", "hw/mylib.py"]


def test_the_nearest_name_ignores_case(tmp_path: Path) -> None:
    (tmp_path / "HW3_Final.ipynb").touch()
    assert nearest(tmp_path / "hw3-final.ipynb") == "; did you mean HW3_Final.ipynb?"
    assert nearest(tmp_path / "zzz") == ""
    assert nearest(tmp_path / "no" / "hw3.ipynb") == ""
