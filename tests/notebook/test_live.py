"""The public checks on objects of a namespace, without a kernel: notes on changed inputs, answers that are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.assignment.loading.course import find_course
from grader.assignment.release.fingerprints import FILE, fingerprints_of
from grader.assignment.release.release import build_handout
from grader.model import Report
from grader.notebook.live import LiveSession
from grader.notebook.sources import LiveSources
from grader.reference.golden import record
from tests.submission.building import make_assignment, notebook_json, write

FILES = {
    "assignment.toml": """\
id = "step"
title = "Step"
points = 2
seed = 3
notebook = "step.ipynb"
order = ["1", "2"]
[names]
step = "notebook"
half = "notebook"
""",
    "README.md": "# Step\n",
    "checks.py": '''\
from grader import Part, check


@check(Part("1", "Step"), points=1, uses=["step"], changes=["w"])
def stepped(student, rng):
    """A step in place"""
    w, g = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    student.step(w, g)
    return {"w": w}


@check(Part("2", "Half"), points=1, uses=["half"])
def halved(student, rng):
    """Half of it"""
    return {"out": student.half(rng.normal(size=(2, 3)))}
''',
    "solution/step.py": """\
# %%
import numpy as np

# %%
def step(w, g):
    ### BEGIN SOLUTION
    w -= 0.1 * g
    ### END SOLUTION

# %%
def half(*arrays):
    ### BEGIN SOLUTION
    return arrays[0] / 2
    ### END SOLUTION
""",
}
STEP = "def step(w, g):\n    w -= 0.1 * g\n"
HALF = "def half(*arrays):\n    return arrays[0] / 2\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    for name, text in FILES.items():
        path = root / "reference" / "step" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assignment = find_course(root, None).load("step")
    record(assignment)
    build_handout(assignment, assignment.handout)
    return root


def live(course: Path, *cells: str) -> Report:
    namespace: dict[str, Any] = {"In": ["", *cells]}
    for cell in cells:
        exec(cell, namespace)
    handout = find_course(course / "assignments" / "step", None)
    return LiveSession(handout.load("step"), handout.root, namespace).report([])


def statuses(report: Report) -> list[str]:
    return [o.status for part in report.parts for o in part.outcomes]


def test_an_input_that_the_check_lets_change_is_not_told(course: Path) -> None:
    report = live(course, STEP, HALF)
    assert statuses(report) == ["passed", "passed"]
    assert report.notes == ()


def test_a_changed_input_is_told_as_in_the_report(course: Path) -> None:
    report = live(
        course,
        STEP.replace("w -=", "g *= 1.0; g += 1; w -= 0.1; w -="),
        HALF.replace("return", "arrays[0][:] = 1; return"),
    )
    assert report.notes == (
        "part 1: your code changes its input `g` in place",
        "part 2: your code changes an input of shape (2, 3) in place",
    )


def test_an_answer_that_is_none_costs_its_check_alone(course: Path) -> None:
    forged = """
import os, sys
from grader.worker import wire
from grader.worker.messages import Observed
def half(*arrays):
    frame = sys._getframe()
    while "theirs" not in frame.f_locals:
        frame = frame.f_back
    nonce = frame.f_locals["command"].nonce
    answer = Observed(nonce=nonce, ended="failed", values={}, error=None, changed=(), replaced={})
    wire.send(frame.f_locals["theirs"].dup(), wire.REPLIES, answer, [])
    os._exit(0)
"""
    report = live(course, forged, STEP)
    assert statuses(report) == ["passed", "error"]
    assert report.parts[1].outcomes[0].message == (
        "The check could not be finished: the probe's answer is none that this probe gives."
    )


@pytest.mark.parametrize(("cell", "first"), [(HALF, ""), ("half = 3", "more"), ("from more import half", "more")])
def test_what_a_cell_defines_counts_where_the_module_still_holds_the_stub(
    tmp_path: Path, cell: str, first: str
) -> None:
    stub = b"def half(*arrays):\n    raise NotImplementedError\n"
    notebook = notebook_json("import numpy")
    handout = write(tmp_path, {"hw.ipynb": notebook, "more.py": stub})
    assignment = make_assignment(handout, student_files=["more.py"], names={"half": ["more", ""]})
    files = {"hw.ipynb": notebook, "more.py": stub}
    (handout / FILE).write_bytes(fingerprints_of(assignment, files, {**files, "more.py": HALF.encode()}))
    sources = LiveSources({"In": ["", cell], "half": None}, assignment)
    assert sources.places("half")[0].module == first
