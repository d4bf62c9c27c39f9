"""What of the reference a follow-through probe is given."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest

from grader.assignment.lint.lint import _entangled
from grader.assignment.solution import closure, is_written_by_student
from grader.model import Place, Uses

SOURCE = """
import numpy as np
from math import sqrt, pi
from provided import *

if True:
    from os import path

def helper(x):
    return np.exp(x)

def softmax(x):
    e = helper(x)
    return e / e.sum()

class Layer:
    def forward(self, x):
        return softmax(x) * sqrt(2)

def step(d_out, x, w):
    return w - 0.1 * gradients(d_out, x, w)

def gradients(d_out, x, w):
    return d_out * pi

ANSWER = step(1, 2, 3)
"""


@pytest.mark.parametrize(
    ("names", "defined", "imported"),
    [
        (("helper",), {"helper"}, {"np"}),
        (("softmax",), {"softmax", "helper"}, {"np"}),
        (("Layer",), {"Layer", "softmax", "helper"}, {"np", "sqrt"}),
        (("step",), {"step", "gradients"}, {"pi"}),
        (("gradients",), {"gradients"}, {"pi"}),
        (("helper", "gradients"), {"helper", "gradients"}, {"np", "pi"}),
        (("absent",), set(), set()),
    ],
)
def test_a_definition_comes_with_what_it_needs_and_no_more(
    names: tuple[str, ...], defined: set[str], imported: set[str]
) -> None:
    text, found = closure(SOURCE, names)
    assert found == defined
    body = ast.parse(text).body
    assert {s.name for s in body if isinstance(s, ast.FunctionDef | ast.ClassDef)} == defined
    brought = {a.asname or a.name for s in body if isinstance(s, ast.Import | ast.ImportFrom) for a in s.names}
    assert brought == imported | {"*"}
    assert "ANSWER" not in text


NOTEBOOK = """
# %% [markdown]
# ## Training

# %%
%matplotlib inline
solver = None
### BEGIN SOLUTION
solver = train(1)
### END SOLUTION

# %% [markdown]
# ## More training

# %%
### BEGIN SOLUTION
rate = 2
### END SOLUTION
solver = train(rate)

# %%
class Layer:
    def forward(self):
        ### BEGIN SOLUTION
        return 1
        ### END SOLUTION

class Network:
    def forward(self):
        return Layer().forward()
"""


@pytest.mark.parametrize(
    ("name", "under", "own"),
    [
        ("solver", "training", True),
        ("solver", "More", False),
        ("solver", None, False),
        ("Layer", None, True),
        ("Network", None, False),
        ("rate", None, True),
        ("absent", None, False),
    ],
)
def test_what_the_hand_out_gives_complete_is_nobodys_work(
    tmp_path: Path, name: str, under: str | None, own: bool
) -> None:
    (tmp_path / "solution").mkdir()
    (tmp_path / "solution" / "toy.py").write_text(NOTEBOOK)
    assignment = SimpleNamespace(solution=tmp_path / "solution", notebook=Path("toy.ipynb"), names={})
    check = SimpleNamespace(uses=[Uses(name=name, under=under)], builds_on=())
    assert is_written_by_student(assignment, check, []) is own
    assert not is_written_by_student(assignment, check, [name])


def test_what_cannot_be_given_alone_is_named_by_lint(tmp_path: Path) -> None:
    (tmp_path / "solution").mkdir()
    (tmp_path / "solution" / "toy.py").write_text("# %%\n" + SOURCE)
    names = {name: (Place("", name),) for name in ("step", "gradients", "softmax")}
    checks = [
        SimpleNamespace(id="of_gradients", file="checks.py:1", uses=[Uses(name="gradients")], builds_on=("step",)),
        SimpleNamespace(id="of_step", file="checks.py:9", uses=[Uses(name="step")], builds_on=("gradients", "softmax")),
    ]
    folder, notebook = tmp_path / "solution", Path("toy.ipynb")
    assignment = SimpleNamespace(solution=folder, notebook=notebook, notebooks={}, names=names, checks=checks)
    (found,) = _entangled(assignment)
    assert found.where == "checks.py:1"
    assert "of_gradients has no follow-through for step: the solution's own needs gradients" in found.text
