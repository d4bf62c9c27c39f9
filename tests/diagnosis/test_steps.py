"""Whole steps left out or exchanged: valid Python, in words without the solution's own names."""

from __future__ import annotations

import ast

import pytest

from grader.diagnosis.mutation.sites import spliced, spots
from grader.diagnosis.mutation.steps import steps

SOURCE = """import numpy as np


def loss(params, reg, scores, y):
    loss, grads = 0.0, {}
    ### BEGIN SOLUTION
    dscores = scores.copy()
    dscores[np.arange(len(y)), y] -= 1
    for name in ("W1", "W2"):
        loss += 0.5 * reg * np.sum(params[name] ** 2)
        grads[name] += reg * params[name]
    for hidden in params:
        print(hidden)
    ### END SOLUTION
    return loss, grads


def normalised(x, gamma, beta):
    ### BEGIN SOLUTION
    inner = (x - x.mean(axis=0)) / np.sqrt(np.var(x, axis=0))
    out = gamma * inner + beta
    average = 0.9 * x.mean() + (1 - 0.9) * out.mean()
    gamma = gamma - 0.1 * x.sum()
    ### END SOLUTION
    return out
"""


STEP = """
def step(model, x, y, rate):
    ### BEGIN SOLUTION
    out = model.forward(x)
    loss = model.error(out, y)
    model.w -= rate * model.backward(out, y)
    return loss
    ### END SOLUTION
"""


def test_a_loss_may_be_that_of_after_the_step() -> None:
    found = {m.clause: m.new for _, m in spots("f.py", STEP, (steps,))}
    clause = "what is returned is computed after the step, where that of before is asked for"
    assert found[clause] == "model.error(model.forward(x), y)"


@pytest.mark.parametrize(
    ("function", "clause", "new"),
    [
        ("loss", "a loop is left out: what it changes, `loss` and `grads`, stays as it was", "pass"),
        ("loss", "nothing is subtracted from the column of the label, where a 1 should be", "pass"),
        ("normalised", "`beta` and `gamma` stand in each other's place", "beta * inner + gamma"),
        (
            "normalised",
            "the mean of the squares is taken for the variance: the mean is not subtracted before",
            "np.mean((x) ** 2, axis=0)",
        ),
        (
            "normalised",
            "the two shares of a weighted mean are exchanged: each part has the other's",
            "(1 - 0.9) * (x.mean()) + (0.9) * (out.mean())",
        ),
        (
            "normalised",
            "what is subtracted in a step is cut off first (clipped), at 1",
            "np.clip(x.sum(), -1, 1)",
        ),
    ],
)
def test_a_step_is_changed_where_it_can_be(function: str, clause: str, new: str) -> None:
    found = {(f, m.clause.partition(", where `")[0]): m.new for f, m in spots("f.py", SOURCE, (steps,))}
    assert found[function, clause] == new


def test_every_change_is_valid_python_and_names_nothing_of_the_solution() -> None:
    lines = SOURCE.split("\n")
    every = [m for _, m in spots("f.py", SOURCE, (steps,))]
    assert len(every) > 9
    for mutation in every:
        ast.parse("\n".join(spliced(lines, mutation)))
        assert not {"dscores", "inner", "hidden"} & set(mutation.clause.replace("`", " ").split())
