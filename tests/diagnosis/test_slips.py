"""What students write that the solution's own operators do not suggest: valid Python, in words without its code."""

from __future__ import annotations

import ast

import pytest

from grader.diagnosis.mutation.compound import SourceText, further
from grader.diagnosis.mutation.sites import spliced, spots
from grader.diagnosis.mutation.slips import slips

SOURCE = """import numpy as np


def sigmoid(x):
    ### BEGIN SOLUTION
    return 1 / (1 + np.exp(-x))
    ### END SOLUTION


def slope(x):
    ### BEGIN SOLUTION
    s = sigmoid(x)
    return s * (1 - s)
    ### END SOLUTION


def loss(logits, labels):
    ### BEGIN SOLUTION
    low = logits - logits.max(axis=1, keepdims=True)
    log_p = low - np.log(np.exp(low).sum(axis=1, keepdims=True))
    hidden = np.exp(log_p)
    return -np.sum(labels * log_p) / len(labels)
    ### END SOLUTION


class Layer:
    def forward(self, x, w):
        ### BEGIN SOLUTION
        self.out = x.reshape(len(x), -1) @ w
        ### END SOLUTION
        return self.out

    def step(self, params, grads):
        ### BEGIN SOLUTION
        for name in params:
            params[name] -= 0.1 * grads[name]
        ### END SOLUTION

    def backward(self, d_out, rate=0.25):
        ### BEGIN SOLUTION
        return rate * slope(d_out + 0.5 * self.out) @ self.w.T + d_out[0] / np.sqrt(x.var(axis=0) + 1e-5)
        ### END SOLUTION
"""


def said() -> set[tuple[str, str]]:
    return {(function, mutation.clause) for function, mutation in spots("f.py", SOURCE, (slips,))}


@pytest.mark.parametrize(
    ("function", "clause"),
    [
        ("sigmoid", "the hyperbolic tangent is returned"),
        ("slope", "the function `sigmoid` is missing"),
        ("slope", "`slope` stands where `sigmoid` belongs"),
        ("loss", "the function `log` is missing"),
        ("loss", "there is a factor 2 inside `exp`"),
        ("loss", "a division is by the number of all entries, not by the number of rows"),
        ("Layer.forward", "an array is reshaped along the wrong axis, so that numbers of different samples are mixed"),
        ("Layer.backward", "an array is reshaped where it should be transposed"),
        ("Layer.backward", "a variance is divided by n - 1, not by n"),
        ("Layer.backward", "what is added under a root is added outside of it"),
        ("Layer.backward", "the fixed number 0.25 stands where `rate` belongs"),
        ("Layer.backward", "`d_out[1]` stands where `d_out[0]` belongs"),
        ("Layer.backward", "what is added to `d_out` in an argument of `slope` is half of what it should be"),
        ("Layer.step", "every second one is left out of a loop over `params`, beginning with the second"),
    ],
)
def test_a_slip_is_made_where_it_can_be(function: str, clause: str) -> None:
    assert [c for f, c in said() if f == function and c.partition(", where `")[0] == clause]


def test_every_slip_is_valid_python_and_shows_no_variable_of_the_solution() -> None:
    lines = SOURCE.split("\n")
    every = list(spots("f.py", SOURCE, (slips,)))
    assert len(every) > 60
    for _, mutation in every:
        ast.parse("\n".join(spliced(lines, mutation)))
        assert not {"hidden", "log_p", "low"} & set(mutation.clause.replace("`", " ").split())


def test_a_solution_gets_all_of_them_and_another_way_of_writing_only_what_names_a_mistake() -> None:
    base = SourceText("f.py", SOURCE, "f")
    other = SOURCE.replace("np.maximum", "np.fmax").replace("s * (1 - s)", "s - s ** 2")
    definition = ("f", "slope", "def slope(x):\n    s = sigmoid(x)\n    return s - s ** 2")
    alone = further([base], [])
    both = further([base], [SourceText("f.py", other, "f", (definition,))])
    assert len(both) > len(alone)
    assert all(v.hypothesis.function == "slope" for v in both[len(alone) :])


def test_a_mistake_is_also_made_in_every_place_of_a_function() -> None:
    text = (
        "def f(t, y):\n    return y - t\n\n\ndef two_steps(t, y, h):\n    ### BEGIN SOLUTION\n"
        "    k = f(t + h, y + h * f(t + h, y))\n    ### END SOLUTION\n    return k\n"
    )
    found = {w.hypothesis.text: w for w in further([SourceText("f.py", text, "f")], [])}
    once, everywhere = (
        found[f"nothing is added to `t` in an argument of `f`{end}"] for end in ("", ", in both places")
    )
    assert once.definitions[0][2].count("t + h") == 1
    assert "k = f((t), y + h * f((t), y))" in everywhere.definitions[0][2]
    assert (once.hypothesis.mistakes, everywhere.hypothesis.mistakes) == (1, 1)
    assert once.hypothesis.likely < everywhere.hypothesis.likely
