"""Mistakes in one round of a loop over layers: valid Python, told by the entries that the student knows."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from grader.diagnosis.mutation.mutation import Mutation
from grader.diagnosis.mutation.rounds import rounds, values_of
from grader.diagnosis.mutation.sites import spliced, spots

SOURCE = """import numpy as np


def squash(x):
    return np.tanh(x)


def slope(x):
    return 1 - np.tanh(x) ** 2


weights = [np.ones((3, 4)), np.full((4, 4), 0.5), np.ones((4, 2))]
shifts = [np.ones(4), np.ones(4), np.ones(2)]


def step(x, rate):
    ### BEGIN SOLUTION
    entered, before = [x], []
    for layer in range(3):
        before.append(entered[layer] @ weights[layer] + shifts[layer])
        entered.append(squash(before[layer]))
    gradients, error = [], before[2]
    for layer in (2, 1, 0):
        gradients.insert(0, np.outer(entered[layer], error))
        if layer:
            error = (weights[layer] @ error) * slope(before[layer - 1])
    for layer in range(3):
        weights[layer] -= rate * gradients[layer]
    ### END SOLUTION


def loss(params, reg):
    loss, grads = 0.0, dict.fromkeys(params, 0.0)
    ### BEGIN SOLUTION
    for name in ("W1", "W2"):
        loss += reg * np.sum(params[name] ** 2)
    for i in range(1, len(params) // 2 + 1):
        weight = params[f"W{i}"]
        grads[f"W{i}"] += 2 * reg * weight
    ### END SOLUTION
    return loss, grads
"""


def found() -> dict[str, Mutation]:
    return {mutation.clause: mutation for _, mutation in spots("f.py", SOURCE, (rounds,))}


def changed(clause: str) -> dict[str, object]:
    space: dict[str, object] = {}
    exec("\n".join(spliced(SOURCE.split("\n"), found()[clause])), space)
    return space


@pytest.mark.parametrize(
    ("clause", "same"),
    [
        ("`weights[0]` is not changed", [True, False, False]),
        ("`weights[2]` is not changed", [False, False, True]),
        ("a step is left out, that with `weights[1]`", [False, True, False]),
    ],
)
def test_one_layer_is_left_as_it_was(clause: str, same: list[bool]) -> None:
    space = changed(clause)
    before = [np.array(weight) for weight in space["weights"]]  # type: ignore[attr-defined]
    space["step"](np.array([0.3, -0.2, 0.1]), 0.1)  # type: ignore[operator]
    assert [np.array_equal(a, b) for a, b in zip(before, space["weights"], strict=True)] == same  # type: ignore[call-overload]


def test_a_factor_is_missing_in_one_layer_only() -> None:
    clause = "the factor `slope` is missing in one of several layers, beside `weights[2]`"
    spaces = [changed(clause), changed(clause)]
    exec(SOURCE, spaces[1])
    for space in spaces:
        space["step"](np.array([0.3, -0.2, 0.1]), 0.1)  # type: ignore[operator]
    one, other = (space["weights"] for space in spaces)
    same = [np.allclose(a, b) for a, b in zip(one, other, strict=True)]  # type: ignore[call-overload]
    assert same == [False, False, True]


def moved(source: str) -> list[np.ndarray]:
    space: dict[str, object] = {}
    exec(source, space)
    space["step"](np.array([0.3, -0.2, 0.1]), 0.1)  # type: ignore[operator]
    return space["weights"]  # type: ignore[return-value]


def test_an_error_is_kept_before_the_derivative_comes_in() -> None:
    old, raw = "np.outer(entered[layer], error))", "np.outer(entered[layer], raw if layer < 2 else error))"
    expected = moved(SOURCE.replace(old, f"{raw}\n        raw = weights[layer] @ error"))
    clause = "the factor `slope` is missing in what changes `weights`"
    got = moved("\n".join(spliced(SOURCE.split("\n"), found()[clause])))
    assert all(np.allclose(a, b) for a, b in zip(got, expected, strict=True))
    assert not all(np.allclose(a, b) for a, b in zip(got, moved(SOURCE), strict=True))


def test_another_entry_is_taken_in_one_round() -> None:
    texts = {"\n".join(spliced(SOURCE.split("\n"), m)) for _, m in spots("f.py", SOURCE, (rounds,))}
    assert SOURCE.replace("+ shifts[layer]", "+ (shifts[0 if layer == 1 else layer])") in texts
    assert "`shifts[0]` stands where `shifts[1]` belongs" in found()
    shifted = "(slope(before[(layer - 1) + (1 if layer == 1 else 0)]))"
    assert SOURCE.replace("slope(before[layer - 1])", shifted) in texts


def test_the_biases_are_regularised_too() -> None:
    params = {"W1": np.ones(3), "b1": np.ones(2), "W2": np.ones(4), "b2": np.ones(1)}
    in_loss = changed("the biases are regularised as well, in `loss`")["loss"]
    assert in_loss(params, 1.0)[0] == 10  # type: ignore[operator]
    in_gradients = changed("the biases are regularised as well, in `grads`")["loss"]
    loss, grads = in_gradients(params, 1.0)  # type: ignore[operator]
    assert loss == 7
    assert np.array_equal(grads["b1"], [2, 2])
    assert np.array_equal(grads["W2"], [2, 2, 2, 2])


def test_every_change_is_valid_python_and_names_nothing_of_the_solution() -> None:
    every = list(found().values())
    assert len(every) > 20
    for mutation in every:
        ast.parse("\n".join(spliced(SOURCE.split("\n"), mutation)))
        assert not {"entered", "before", "gradients", "error"} & set(mutation.clause.replace("`", " ").split())


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("range(3)", (0, 1, 2)),
        ("range(2, -1, -1)", (2, 1, 0)),
        ("(2, 1, 0)", (2, 1, 0)),
        ("range(n)", ()),
        ("range(1000)", ()),
        ("('W1', 'W2')", ()),
        ("range()", ()),
        ("range(0, 9, 0)", ()),
    ],
)
def test_rounds_are_known_where_they_are_written(source: str, values: tuple[int, ...]) -> None:
    assert values_of(ast.parse(source, mode="eval").body) == values
