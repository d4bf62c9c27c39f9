"""The classes of exercise 9 without its data and training, so that hundreds of variants are tried in seconds."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from grader.assignment.loading.author_file import execute, read_text
from grader.assignment.loading.check_source import load_check_files
from grader.assignment.loading.course import find_course
from grader.assignment.release.edits import edited
from grader.assignment.release.markers import solved
from grader.model import Assignment, Edit

ROOT = Path(__file__).parents[3]
SOURCE = "exercise_09_notebook.py"
GLOBALS = {"N": 1797, "K": 10, "D": 64, "learning_rate": 1e-2}
"""What the notebook's cells have set by the time the network is defined; a wrong rewrite reads two of them."""

Define = Callable[[Edit | None], SimpleNamespace]


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    return find_course(ROOT, ROOT).load("tum_ex09")


@pytest.fixture(scope="session")
def define(assignment: Assignment) -> Define:
    """Functions and classes of the solution's notebook, with an edit applied."""

    def define_(edit: Edit | None) -> SimpleNamespace:
        assert assignment.solution is not None
        text = edited(assignment, edit)[SOURCE] if edit else read_text(assignment.solution / SOURCE)
        space: dict[str, Any] = {"__name__": "notebook", **GLOBALS}
        for node in ast.parse(solved(text)).body:
            ours = isinstance(node, ast.Import) and node.names[0].name == "nn_utils"
            if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef) and not ours:
                exec(compile(ast.Module([node], []), SOURCE, "exec"), space)
        return SimpleNamespace(**{name: space[name] for name in assignment.names})

    return define_


@pytest.fixture(scope="session")
def checks(assignment: Assignment) -> ModuleType:
    """`checks.py`, as a module."""
    return load_check_files(assignment.root)["checks"].module


@pytest.fixture(scope="session")
def hidden(assignment: Assignment) -> ModuleType:
    """`hidden.py`, as a module."""
    return load_check_files(assignment.root)["hidden"].module


@pytest.fixture(scope="session")
def nn_utils(assignment: Assignment) -> ModuleType:
    """The provided helper, as a module."""
    assert assignment.solution is not None
    path = assignment.solution / "nn_utils.py"
    return execute(path, read_text(path), {})
