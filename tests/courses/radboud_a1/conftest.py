"""The notebook's cells run in this process, without figures and training, so that many variants are tried quickly."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import numpy as np
import pytest

from grader.assignment.loading.author_file import read_text
from grader.assignment.loading.check_source import load_check_files
from grader.assignment.loading.course import find_course
from grader.assignment.release.edits import edited
from grader.assignment.release.markers import solved
from grader.assignment.release.percent import dumps, notebook_of
from grader.grading.scoring import outcome
from grader.model import Assignment, Check, Edit, Given, Notebook, Observation, Outcome, Submission
from grader.submission.source.anchors import find_anchors
from grader.submission.source.notebook import parse_notebook
from grader.worker.tabulate import tabulated

ROOT = Path(__file__).parents[3]
SOURCE = "assignment_1.py"
LAST = "1.6 Training the network"
"""From this heading on the cells train; the checks that wait for them are left to the graded trials."""

Values = dict[str, np.ndarray[Any, Any]]
Observe = Callable[[Edit | None, int], dict[str, Values | Exception]]


class Student:
    """What a probe sees: the notebook's names at its anchor."""

    def __init__(self, space: Mapping[str, Any]) -> None:
        self.notebook = dict(space)

    def __getattr__(self, name: str) -> Any:
        return self.notebook[name]


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    return find_course(ROOT, ROOT).load("radboud_a1")


@pytest.fixture(scope="session")
def checks(assignment: Assignment) -> ModuleType:
    """`checks.py`, as a module."""
    return load_check_files(assignment.root)["checks"].module


@pytest.fixture(scope="session")
def hidden(assignment: Assignment) -> ModuleType:
    """`hidden.py`, as a module."""
    return load_check_files(assignment.root)["hidden"].module


def notebook(assignment: Assignment, edit: Edit | None) -> Notebook:
    """The solution's notebook, with an edit applied."""
    assert assignment.solution is not None
    text = edited(assignment, edit)[SOURCE] if edit else read_text(assignment.solution / SOURCE)
    return parse_notebook(dumps(notebook_of(solved(text))).encode(), "assignment_1.ipynb")


@pytest.fixture(scope="session")
def observe(assignment: Assignment, checks: ModuleType, hidden: ModuleType) -> Observe:
    """What each check observes on the solution with an edit: its arrays, or what was raised."""
    probes = {**vars(checks), **vars(hidden)}
    names = [check.id for check in assignment.checks if not check.id.startswith("network_")]

    def observe_(edit: Edit | None, seed: int) -> dict[str, Values | Exception]:
        book = notebook(assignment, edit)
        code = [cell for cell in book.code if not any(LAST in title for title in cell.headings)]
        submission = Submission(path="", digest="", folder=ROOT, notebook=book, modules={})
        anchors = find_anchors(assignment, submission)
        due = {id: anchors[id].cell if anchors[id].when == "after" else code[-1].index for id in names}
        space: dict[str, Any] = {"In": [""], "np": np, "plt": MagicMock(), "__name__": "notebook"}
        space["get_ipython"] = lambda: SimpleNamespace(transform_cell=str)  # which has no magics to translate
        seen: dict[str, Values | Exception] = {}
        with np.errstate(all="ignore"):
            for cell in code[1:]:  # the first only imports
                source = cell.source.replace("import scipy.special", "")
                space["In"].append(source)
                with suppress(Exception):  # a wrong rewrite may fail in any way, as a student's may
                    exec(compile(source, f"<cell {cell.index}>", "exec"), space)
                kept = dict(space)
                for id in (id for id, at in due.items() if at == cell.index):
                    rng = np.random.default_rng([seed, zlib.crc32(id.encode())])
                    try:
                        returned = probes[id](Student(space), rng)
                        seen[id] = flat(tabulated(returned) if isinstance(returned, tuple) else returned)
                    except Exception as error:
                        seen[id] = error
                    space.update(kept)  # the next probe and cell see nothing of this one
        return seen

    return observe_


def flat(value: Any, name: str = "") -> Values:
    """A probe's arrays by name, dictionaries and lists taken apart."""
    if isinstance(value, Mapping):
        return {k: v for key, item in value.items() for k, v in flat(item, f"{name}[{key!r}]" if name else key).items()}
    return {name: np.array(value)}


def judged(assignment: Assignment, check: Check, expected: Values, seen: Values | Exception) -> Outcome:
    """The outcome that scoring gives."""
    raised = isinstance(seen, Exception)
    observation = Observation(
        check=check.id, ended="error" if raised else "returned", values={} if isinstance(seen, Exception) else seen
    )
    data = assignment.data
    assert data is not None
    return outcome(check, observation, Given(golden=expected, rng=np.random.default_rng(0), data=data))
