"""The layers of ECE 176, assignment 3, in this process: without a worker, hundreds of variants take seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from grader.assignment.loading.author_file import read_text
from grader.assignment.loading.check_source import load_check_files
from grader.assignment.loading.course import find_course
from grader.assignment.release.edits import edited
from grader.assignment.release.markers import solved
from grader.model import Assignment, Edit

ROOT = Path(__file__).parents[3]
PACKAGES = ("layers", "utils")

Define = Callable[[Edit | None], SimpleNamespace]


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    return find_course(ROOT, ROOT).load("ece176_a3")


@contextmanager
def imported_from(folder: Path) -> Iterator[None]:
    """`layers` and `utils` are those of `folder`, and forgotten afterwards."""
    written = sys.dont_write_bytecode
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True  # the sources of the reference stay as they are
    try:
        yield
    finally:
        sys.dont_write_bytecode = written
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
            del sys.modules[name]


@pytest.fixture(scope="session")
def define(assignment: Assignment) -> Define:
    """The classes that the checks use, with an edit applied to the solution."""

    def define_(edit: Edit | None) -> SimpleNamespace:
        assert assignment.solution is not None
        changed = edited(assignment, edit) if edit else {}
        found = {}
        with imported_from(assignment.solution):
            for name, places in assignment.names.items():
                file = places[0].module.replace(".", "/") + ".py"
                if places[0].module:
                    text = changed.get(file) or read_text(assignment.solution / file)
                    module = ModuleType(places[0].module)
                    module.__package__ = places[0].module.partition(".")[0]
                    exec(compile(solved(text), file, "exec"), vars(module))
                    found[name] = vars(module)[name]
        return SimpleNamespace(**found)

    return define_


@pytest.fixture(scope="session")
def checks(assignment: Assignment) -> ModuleType:
    """`checks.py`, as a module."""
    return load_check_files(assignment.root)["checks"].module


@pytest.fixture(scope="session")
def hidden(assignment: Assignment) -> ModuleType:
    """`hidden.py`, as a module."""
    return load_check_files(assignment.root)["hidden"].module
