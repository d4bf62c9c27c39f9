"""One thing for another: valid Python, in words that hold no code of the solution."""

from __future__ import annotations

import ast

import pytest

from grader.diagnosis.mutation.mixups import mixups
from grader.diagnosis.mutation.sites import spliced, spots
from grader.diagnosis.mutation.slips import slips

SOURCE = """import numpy as np


class Linear:
    def __init__(self, n):
        self.W = np.zeros((n, n))
        self.dW = None
        self.learning_rate = 0.1
        self.act = ReLU()

    def forward(self, x):
        ### BEGIN SOLUTION
        out = self.act.forward(x)
        return out @ self.W * self.learning_rate
        ### END SOLUTION


def guess(scores, label):
    ### BEGIN SOLUTION
    hot = np.zeros(10)
    hot[np.argmax(scores)] = 1
    return hot
    ### END SOLUTION


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dsigmoid(x):
    return sigmoid(x) * (1 - sigmoid(x))


def step(sample, label, weights):
    ### BEGIN SOLUTION
    before, activations = [], [sample]
    for layer in range(2):
        before.append(activations[layer] @ weights[layer])
        activations.append(sigmoid(before[layer]))
    hot = one_hot(label)
    delta = activations[-1] - hot
    gradients = []
    for layer in (1, 0):
        gradients.insert(0, np.outer(activations[layer], delta))
        delta = (weights[layer] @ delta) * dsigmoid(before[layer - 1])
    for layer in range(2):
        weights[layer] -= gradients[layer]
    return cross_entropy(one_hot(label), activations[-1])
    ### END SOLUTION


def penalise(total, weights):
    ### BEGIN SOLUTION
    for i in range(3):
        total += np.sum(weights[i] ** 2)
    return total
    ### END SOLUTION


def train(before, deltas, penalty):
    ### BEGIN SOLUTION
    gradients = []
    for b, d in zip(before, deltas):
        gradients.insert(0, np.outer(b, d))
    penalty += np.sum(before[0] ** 2)
    return gradients, np.where(penalty > 0, penalty, 0.0)
    ### END SOLUTION
"""


def said() -> set[tuple[str, str, str]]:
    return {(function, m.code, m.clause) for function, m in spots("f.py", SOURCE, (mixups,))}


@pytest.mark.parametrize(
    ("function", "code", "words"),
    [
        ("Linear.forward", "wrong-variable", "`self.dW` stands where `self.W` belongs"),
        ("step", "wrong-variable", "what stands before the activation, before `sigmoid`, is taken"),
        ("step", "extra-factor", "`dsigmoid`, comes in as a factor at the last layer as well"),
        ("step", "left-out", "of what changes `weights` only the entry that is computed first is filled in"),
        ("step", "wrong-reduction", "what changes `weights` is summed to one number"),
        ("step", "wrong-function", "`sigmoid` is applied as well, before `dsigmoid`"),
        ("step", "wrong-variable", "`label` stands where what a function makes of `label` belongs"),
        ("step", "extra-factor", "p (1 - p), comes in once more as a factor"),
        ("step", "wrong-variable", "the guess, the place of the largest entry, stands where the label belongs"),
        ("penalise", "left-out", "only one round of a loop counts in `total`"),
        ("guess", "wrong-variable", "`label` stands in the place of the guess"),
        ("train", "missing-transpose", "swapped where it is square"),
        ("train", "left-out", "of a list only the entry that is computed first is filled in"),
        ("train", "wrong-mask", "two cases of a `where` are swapped"),
        ("train", "wrong-function", "the norm is taken"),
        ("train", "wrong-operation", "what was in `penalty` before is overwritten"),
    ],
)
def test_what_students_mix_up_is_made(function: str, code: str, words: str) -> None:
    assert [f for f, c, clause in said() if (f, c) == (function, code) and words in clause]


def test_settings_are_not_taken_for_arrays() -> None:
    assert not [clause for _, _, clause in said() if "learning_rate" in clause]


def test_every_change_is_python() -> None:
    made = list(spots("f.py", SOURCE, (mixups,)))
    assert made
    for _, mutation in made:
        ast.parse("\n".join(spliced(SOURCE.split("\n"), mutation)))


def test_a_layer_is_called_by_its_class() -> None:
    clauses = [m.clause for _, m in spots("f.py", SOURCE, (slips,))]
    assert "the layer `ReLU` is left out: its `forward` is not asked" in clauses
