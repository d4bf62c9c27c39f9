"""Homework 3 of C147 without its notebook: the solution's functions, classes and helpers, and what its checks see."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.assignment.loading.author_file import read_text
from grader.assignment.loading.check_source import CheckFile, load_check_files
from grader.assignment.loading.course import find_course
from grader.assignment.release.edits import edited
from grader.assignment.release.markers import solved
from grader.checks import CheckFailed
from grader.grading.scoring import outcome
from grader.model import Assignment, Check, Edit, Given, Observation
from grader.worker.tabulate import tabulated

ROOT = Path(__file__).parents[3]
FILES = ("nndl/layers.py", "nndl/layer_utils.py", "nndl/fc_net.py")
OURS = ("nndl", "utils", "cs231n")
TRAINED = ("solver_accuracy", "fifty_by_heart")
"""The checks that need the notebook's training."""

Define = Callable[[Edit | None], SimpleNamespace]


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    return find_course(ROOT, ROOT).load("c147_hw3")


@pytest.fixture(scope="session")
def define(assignment: Assignment) -> Define:
    """The functions and classes of `nndl`, with an edit applied, in one namespace."""

    def define_(edit: Edit | None) -> SimpleNamespace:
        assert assignment.solution is not None
        changed = edited(assignment, edit) if edit else {}
        space: dict[str, Any] = {"__name__": "nndl"}
        for file in FILES:
            tree = ast.parse(solved(changed.get(file) or read_text(assignment.solution / file)))
            tree.body = [node for node in tree.body if not (isinstance(node, ast.ImportFrom) and node.level)]
            exec(compile(tree, file, "exec"), space)
        return SimpleNamespace(**{name: space[name] for name in assignment.names if name in space})

    return define_


@pytest.fixture(scope="session")
def files(assignment: Assignment) -> dict[str, CheckFile]:
    return load_check_files(assignment.root)


@pytest.fixture(scope="session")
def checks(files: dict[str, CheckFile]) -> ModuleType:
    """`checks.py`, as a module."""
    return files["checks"].module


@pytest.fixture(scope="session")
def networks(files: dict[str, CheckFile]) -> ModuleType:
    """`checks_networks.py`, as a module."""
    return files["checks_networks"].module


@pytest.fixture(scope="session")
def judges(files: dict[str, CheckFile]) -> ModuleType:
    """`checks_accuracy.py`, as a module."""
    return files["checks_accuracy"].module


@pytest.fixture(scope="session")
def hidden(files: dict[str, CheckFile]) -> ModuleType:
    """`hidden.py`, as a module."""
    return files["hidden"].module


@pytest.fixture(scope="session")
def probes(assignment: Assignment, checks: ModuleType, hidden: ModuleType) -> dict[str, tuple[Check, Any]]:
    """Every check that needs no training, with its function."""
    found = {**vars(checks), **vars(hidden)}
    return {check.id: (check, found[check.id]) for check in assignment.checks if check.id not in TRAINED}


@pytest.fixture(scope="session")
def course(assignment: Assignment) -> Iterator[Callable[[str], ModuleType]]:
    """Import a module of the solution; other assignments have packages of the same names."""
    before = {name for name in sys.modules if name.partition(".")[0] in OURS}
    assert not before
    sys.path.insert(0, str(assignment.solution))
    try:
        yield import_module
    finally:
        sys.path.remove(str(assignment.solution))
        for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
            del sys.modules[name]


def observe(student: SimpleNamespace, probe: Any, seed: int) -> dict[str, Any]:
    """A probe's arrays, nested dictionaries flattened."""
    np.random.seed(seed)
    with np.errstate(all="ignore"):
        seen = probe(student, np.random.default_rng([seed, len(probe.__name__)]))
        seen = tabulated(seen) if isinstance(seen, tuple) else seen
    flat: dict[str, Any] = {}
    for name, value in seen.items():
        nested = isinstance(value, Mapping)
        flat |= {f"{name}[{key!r}]": np.asarray(array) for key, array in value.items()} if nested else {}
        flat |= {} if nested else {name: np.asarray(value)}
    return flat


def passes(check: Check, probe: Any, student: SimpleNamespace, expected: dict[str, Any], seed: int) -> bool:
    """Whether a student's code passes a check, by the grader's own scoring."""
    try:
        seen = observe(student, probe, seed)
    except (
        ValueError,
        IndexError,
        KeyError,
        CheckFailed,
    ):  # shapes and names that do not fit, and sentences of the check
        return False
    given = Given(golden=expected, rng=np.random.default_rng(seed), data=Path())
    return outcome(check, Observation(check=check.id, ended="returned", values=seen), given).status == "passed"


def failing(
    probes: Mapping[str, tuple[Check, Any]], student: SimpleNamespace, reference: SimpleNamespace, seed: int
) -> set[str]:
    """The checks that a student's code fails."""
    return {
        id
        for id, (check, probe) in probes.items()
        if not passes(check, probe, student, observe(reference, probe, seed), seed)
    }
