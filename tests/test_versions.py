"""The versions that a report rests on, and the grader's own among them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import grader
from grader.versions import engine

ROOT = Path(__file__).parents[1]


def test_an_edited_grader_is_another_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "grader"
    shutil.copytree(ROOT / "grader", copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(grader, "__file__", str(copy / "__init__.py"))

    def now() -> str:
        engine.cache_clear()
        return engine()

    try:
        first = now()
        (copy / "__pycache__").mkdir()
        (copy / "__pycache__" / "x.pyc").write_text("x")
        with (copy / "commands" / "output.py").open("a") as file:
            file.write("# other words\n")
        assert now() == first
        for name in ("grading/scoring.py", "worker/wire.py", "report/html/templates/feedback.css"):
            with (copy / name).open("a") as file:
                file.write("\n")
            assert now() != first, name
            first = now()
    finally:
        engine.cache_clear()
