"""The notebook's cells in this process, without a worker and with little or no training: a rewrite in milliseconds."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.assignment.loading.author_file import read_text
from grader.assignment.loading.check_source import load_check_files
from grader.assignment.loading.course import find_course
from grader.assignment.release.edits import edited
from grader.assignment.release.markers import solved
from grader.assignment.release.percent import notebook_of
from grader.checks import CheckFailed
from grader.model import Assignment, Check, Edit, Given, Verdict

ROOT = Path(__file__).parents[3]
SOURCE = "hw1_s24_p4.py"
DATA = ("x_train", "y_train", "x_test", "y_test")
FIRST = ("initial_shapes", "initial_spread", "untrained_accuracy", "training_accuracy")
"""Checks of the state that the cells leave; the others write one of their own over it, training_epochs last."""
Lost = dict[str, list[Verdict]]


class Notebook:
    """What a probe asks of `student`, after the cells have run on `images` images for training."""

    def __init__(self, cells: list[str], data: Mapping[str, Any], images: int) -> None:
        self.notebook: dict[str, Any] = {"__name__": "__main__", **data}
        self.notebook |= {"x_train": data["x_train"][:images], "y_train": data["y_train"][:images], "In": ["", *cells]}
        shell = SimpleNamespace(user_ns=self.notebook, transform_cell=lambda cell: cell)
        self.notebook["get_ipython"] = lambda: shell
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            for cell in cells:
                with contextlib.suppress(Exception):  # as in a notebook, the next cell runs all the same
                    exec(compile(cell, "cell", "exec"), self.notebook)
        if not images:  # training on nothing has left the state as it was; what looks at the data wants to see some
            self.notebook |= data

    def __getattr__(self, name: str) -> Any:
        return self.notebook[name]


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    return find_course(ROOT, ROOT).load("nyu_hw1_p4")


@pytest.fixture(scope="session")
def stand_in(assignment: Assignment) -> Iterator[ModuleType]:
    """`tensorflow.keras.datasets.mnist` as the notebook gets it."""
    folder = str(assignment.stand_ins[0])
    sys.path.insert(0, folder)
    from tensorflow.keras.datasets import mnist

    yield mnist
    sys.path.remove(folder)


@pytest.fixture(scope="session")
def data(stand_in: ModuleType) -> Mapping[str, Any]:
    (x_train, y_train), (x_test, y_test) = stand_in.small()
    return dict(zip(DATA, (x_train, y_train, x_test, y_test), strict=True))


@pytest.fixture(scope="session")
def run(assignment: Assignment, data: Mapping[str, Any]) -> Callable[..., Notebook]:
    """Run the solution's cells but the one that loads the data, with an edit applied."""

    def run_(edit: Edit | None = None, images: int = 0) -> Notebook:
        assert assignment.solution is not None
        text = edited(assignment, edit)[SOURCE] if edit else read_text(assignment.solution / SOURCE)
        cells = [cell["source"] for cell in notebook_of(solved(text))["cells"] if cell["cell_type"] == "code"]
        sources = [source if isinstance(source, str) else "".join(source) for source in cells]
        return Notebook([source for source in sources if "tensorflow" not in source], data, images)

    return run_


@pytest.fixture(scope="session")
def probe_module(assignment: Assignment) -> ModuleType:
    """`checks.py`, as a module."""
    return load_check_files(assignment.root)["checks"].module


@pytest.fixture(scope="session")
def trained_module(assignment: Assignment) -> ModuleType:
    """`checks_trained.py`, as a module."""
    return load_check_files(assignment.root)["checks_trained"].module


@pytest.fixture(scope="session")
def probes(assignment: Assignment, probe_module: ModuleType) -> Mapping[str, Callable[..., Any]]:
    """The probe functions by their check's id."""
    hidden = load_check_files(assignment.root)["hidden"].module
    return {c.id: vars(hidden if c.visibility == "hidden" else probe_module)[c.id] for c in assignment.checks}


@pytest.fixture(scope="session")
def lost(
    assignment: Assignment, run: Callable[..., Notebook], probes: Mapping[str, Callable[..., Any]]
) -> Callable[..., Lost]:
    """The verdicts that are not full, by check, at one seed; an exception counts as one without a verdict."""
    checks = sorted(assignment.checks, key=lambda c: (c.id == "training_epochs", c.id not in FIRST))
    references: dict[int, Mapping[str, Mapping[str, Any]]] = {}

    def observed(student: Notebook, check: Check, seed: int) -> Mapping[str, Any]:
        with np.errstate(all="ignore"):
            seen = probes[check.id](student, np.random.default_rng([seed, len(check.id)]))
        return {name: np.asarray(value) for name, value in seen.items()}

    def lost_(edit: Edit | None, seed: int, images: int = 0) -> Lost:
        if seed not in references:
            right = run()
            references[seed] = {c.id: observed(right, c, seed) for c in checks}
        student, found = run(edit, images), Lost()
        for check in checks:
            if check.id == "training_accuracy" and not images:
                continue
            given = Given(
                golden=references[seed][check.id], rng=np.random.default_rng(seed), data=assignment.root / "data"
            )
            try:
                seen = observed(student, check, seed)
                assert check.judge is not None
                with np.errstate(all="ignore"):
                    short = [v for v in check.judge(seen, given) if v.earned != 1]
            except CheckFailed as error:
                short = [Verdict("error", False, str(error))]
            except (NotImplementedError, TypeError, ValueError, IndexError, KeyError) as error:
                short = [Verdict("error", False, f"{type(error).__name__}: {error}")]
            if short:
                found[check.id] = short
        return found

    return lost_
