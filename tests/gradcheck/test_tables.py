"""Gradient checks from tabulated values: right, wrong or unresolved, as `check_grad` would say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks import GradientJudge
from grader.gradcheck.stencils import rich
from grader.gradcheck.tables import is_derivative, verdict_on
from grader.model import Given, Tolerance, Verdict
from grader.worker.tabulate import NODES, tabulated

RNG = np.random.default_rng(3)
X, W = RNG.normal(size=(7, 5)), RNG.normal(size=(5, 4))
AWAY = RNG.choice([-1.0, 1.0], size=(6, 5)) * RNG.uniform(0.1, 3.0, size=(6, 5))
LARGE = RNG.normal(size=(30, 20))


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def single(x: Any) -> Any:
    return sigmoid(np.asarray(x, np.float32))


def verdict(forward: Callable[..., Any], backward: Callable[[Any], Any], x: Any) -> str:
    seen = tabulated((forward, backward, {"x": x}))
    return verdict_on(np.asarray(seen["d_x"]), seen["x: point"], np.asarray(seen["forward"]), seen["x: table"]).verdict


def one_off(d: Any) -> Any:
    gradient = d @ W.T
    gradient[2, 1] += 1e-3 * np.abs(gradient).max()
    return gradient


def kinked(share: int) -> Any:
    x = AWAY.copy()
    x.flat[:: 30 // share] = 0.0
    return x


CASES: Mapping[str, tuple[str, Callable[..., Any], Callable[[Any], Any], Any]] = {
    "right": ("ok", lambda x: x @ W, lambda d: d @ W.T, X),
    "a factor": ("bad", lambda x: x @ W, lambda d: d @ W.T / 7, X),
    "a sign": ("bad", lambda x: x @ W, lambda d: -d @ W.T, X),
    "upstream ignored": ("bad", lambda x: x @ W, lambda d: np.ones_like(d) @ W.T, X),
    "one entry by 1e-3": ("bad", lambda x: x @ W, one_off, X),
    "a mask left out": ("bad", lambda x: np.maximum(x, 0), lambda d: d * 1.0, AWAY),
    "a kink in one entry": ("ok", lambda x: np.maximum(x, 0), lambda d: d * (kinked(1) > 0), kinked(1)),
    "kinks in half of them": ("unresolved", lambda x: np.maximum(x, 0), lambda d: d * (kinked(15) > 0), kinked(15)),
    "a kink nearby": ("ok", lambda x: np.maximum(x, 0), lambda d: d * (AWAY > 0), AWAY * 1e-3),
    "float32": ("ok", single, lambda d: (d * single(X) * (1 - single(X))).astype(np.float32), X),
    "float32, wrong by 1 %": ("bad", single, lambda d: 1.01 * d * single(X) * (1 - single(X)), X),
    "another parameter name": ("ok", np.tanh, lambda d: d * (1 - np.tanh(X) ** 2), X),
    "steep": ("ok", lambda x: np.tanh(20 * x), lambda d: d * 20 * (1 - np.tanh(20 * X) ** 2), X),
    "large": ("ok", lambda x: LARGE.T @ x, lambda d: LARGE @ d, LARGE),
    "large, one entry": ("bad", lambda x: LARGE.T @ x, lambda d: LARGE @ d + (LARGE[3, 3] == LARGE), LARGE),
    "a number": ("ok", lambda x: (x**2).sum(), lambda d: 2 * d * X, X),
    "zeros": ("bad", lambda x: x * 0, lambda d: d * 0, X),
    "nan": ("bad", lambda x: x @ W, lambda d: d @ W.T * np.nan, X),
    "no derivative here": ("unresolved", lambda x: x * np.nan, lambda d: d, X),
    "another shape": ("bad", lambda x: x @ W, lambda d: d, X),
}


@pytest.mark.parametrize("name", CASES)
def test_right_wrong_or_unresolved(name: str) -> None:
    expected, forward, backward, x = CASES[name]
    assert verdict(forward, backward, x) == expected


def test_random_numbers_in_the_forward_pass_are_not_called_wrong() -> None:
    rng = np.random.default_rng(0)
    assert verdict(lambda x: x * (rng.random(x.shape) > 0.5), lambda d: d, X) == "unresolved"


def test_the_worker_and_the_judge_have_the_same_nodes() -> None:
    assert np.array_equal(NODES, rich().nodes)


def judged(forward: Callable[..., Any], backward: Callable[[Any], Any]) -> list[Verdict]:
    given = Given(golden={"forward": X @ W}, rng=np.random.default_rng(0), data=Path())
    seen = {n: np.asarray(v) for n, v in tabulated((forward, backward, {"x": X, "w": W})).items() if v is not None}
    return list(is_derivative(seen, given, own_forward=Fraction(1, 4), tolerance=Tolerance()))


def test_right_for_a_wrong_forward_pass_earns_what_the_author_says() -> None:
    right = judged(lambda x, w: x @ w, lambda d: (d @ W.T, X.T @ d))
    assert [v.earned for v in right] == [1, 1]
    own = judged(lambda x, w: 2 * x @ w, lambda d: {"w": 2 * X.T @ d, "x": d @ W.T})
    assert [v.earned for v in own] == [0, Fraction(1, 4)]
    assert own[0].message.startswith("`d_x` is not the derivative of your own forward pass: wrong at [")
    assert own[1].message == "`d_w` is the derivative of your own forward pass, which is not right"


def test_beside_checks_of_the_forward_pass_the_references_gradient_is_right_as_well() -> None:
    seen = tabulated((lambda x: 3 * x @ W, lambda d: d @ W.T, {"x": X}))
    expected = {"forward": X @ W, "d_x": seen["d_x"]}
    judge = GradientJudge(Fraction(1), Tolerance())
    assert [name for name in seen if judge.keeps(name)] == ["forward", "d_x"]
    assert not GradientJudge(Fraction(1, 2), Tolerance()).keeps("d_x")
    given = Given(golden=expected, rng=np.random.default_rng(0), data=Path())
    assert [v.earned for v in judge(seen, given)] == [1]
    seen["d_x"] = 3 * seen["d_x"]
    assert [v.earned for v in judge(seen, given)] == [1]
    seen["d_x"] = 2 * seen["d_x"]
    assert [v.earned for v in judge(seen, given)] == [0]


def test_a_gradient_that_is_missing_is_named() -> None:
    (d_x, d_w) = judged(lambda x, w: x @ w, lambda d: (None, X.T @ d))
    assert (d_x.message, d_w.earned) == ("`backward` returns no array for the gradient of `x`", 1)


def test_a_gradient_of_zeros_is_told_whether_the_forward_pass_changes() -> None:
    moves, still = judged(lambda x, w: 0 * w[0, 0] + x @ W, lambda d: (np.zeros_like(X), np.zeros_like(W)))
    assert moves.message == "`d_x` is 0 in every entry, and the derivative of your own forward pass is not"
    assert still.message == "`d_w` is 0 in every entry, and your own forward pass does not change with `w` here"


TABLE = np.zeros((35, 3, 10, 7, 4))


@pytest.mark.parametrize("table", [np.zeros(3), TABLE, TABLE.astype(complex), np.full_like(TABLE, np.nan)])
def test_any_table_is_judged(table: Any) -> None:
    assert verdict_on(np.ones((7, 5)), X, X @ W, table).verdict in ("bad", "unresolved")


def test_what_is_no_gradient_check_is_told() -> None:
    with pytest.raises(TypeError, match="returns `forward, backward"):
        tabulated({"out": X})
