"""What a check's calls tell of arrays that the student's code changes in place."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from grader.worker.inputs import CALL, Inputs, watched

STUDENT = """
import functools
def same(x):
    return x
def centre(v):
    v -= v.mean()
    return v
def by_keyword(v):
    v += 1
def decorated(f):
    @functools.wraps(f)
    def inner(*args):
        return f(*args)
    return inner
@decorated
def cached(cache):
    cache[0][0] = 7
def state(config):
    config["w"] += 1
class Layer:
    def __init__(self, start):
        start[0] = 3
    def forward(self, q):
        q[1] = 5
    def __call__(self, q):
        q[0] = 5
"""


def changed(body: str) -> tuple[str, ...]:
    space: dict[str, Any] = {}
    exec(compile(STUDENT, "<cell 3>", "exec"), space)
    inputs = Inputs({"checks.py"})
    module: dict[str, Any] = {CALL: inputs.call}
    lines = "\n    ".join(body.split("; "))
    exec(watched(f"import numpy as np\ndef probe(student):\n    {lines}\n", "checks.py"), module)
    module["probe"](SimpleNamespace(**space))
    return inputs.changed


@pytest.mark.parametrize(
    "body",
    [
        "x = np.ones(3); x[1] = 2; student.same(x)",
        "x = np.ones(3); student.same(x); x *= 2",
        "x = np.ones(3); y = np.add(x, 1, out=x); student.same(y)",
        "c = {'w': np.ones(2)}; student.state(c)",
        "x = np.array([np.nan, 1]); student.same(x)",
    ],
)
def test_what_the_check_writes_itself_is_no_change_of_the_students(body: str) -> None:
    assert changed(body) == ()


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("x = np.arange(3.); student.centre(x)", "x"),
        ("student.centre(2 * np.arange(3.) + 1)", "v"),
        ("z = np.ones(2); student.by_keyword(v=z)", "z"),
        ("student.by_keyword(v=np.ones(2))", "v"),
        ("student.Layer(np.ones(2))", "start"),
        ("student.Layer(np.ones(2)).forward(np.ones(2))", "start"),
        ("layer = student.Layer(np.array([3., 0])); layer.forward(np.ones(2))", "q"),
        ("layer = student.Layer(np.array([3., 0])); w = np.ones(2); layer(w)", "w"),
        ("cache = (np.ones(2), 1); student.cached(cache)", "cache"),
        ("args = [np.arange(3.)]; student.centre(*args)", "v"),
    ],
)
def test_a_change_is_named_as_the_check_or_else_the_student_calls_it(body: str, name: str) -> None:
    assert changed(body)[:1] == (name,)


def test_calls_that_ask_for_their_frame_and_their_lines_stay() -> None:
    source = "class A:\n    def f(self):\n        return 1\nclass B(A):\n    def f(self):\n        return super().f()\n"
    source += "def probe():\n    here = 4\n    return B().f(), locals()['here'], eval('here'), f'{max(1, 2)}'\n"
    source += "def fails():\n    return int(\n        'x')\n"
    module: dict[str, Any] = {CALL: Inputs({"checks.py"}).call}
    exec(watched(source, "checks.py"), module)
    assert module["probe"]() == (1, 4, 4, "2")
    with pytest.raises(ValueError, match="invalid literal") as raised:
        module["fails"]()
    assert raised.traceback[1].lineno + 1 == 11
