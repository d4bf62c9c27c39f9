"""How the grader reads a trained network and counts what it gets right: by its weights, on digits of its own."""

from __future__ import annotations

from itertools import pairwise
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from grader.model import Assignment, Given, Verdict

Array = np.ndarray[Any, Any]


class Linear:
    def __init__(self, W: Array, b: Array) -> None:
        self.W, self.b = W, b


class Activation:
    def __init__(self, function: Any) -> None:
        self.function = function

    def forward(self, x: Array) -> Array:
        return np.asarray(self.function(x))


RELU = Activation(lambda x: np.maximum(x, 0))
SIGMOID = Activation(lambda x: 1 / (1 + np.exp(-np.clip(x, -500, 500))))
TANH = Activation(np.tanh)


def layers(*sizes: int, between: Activation = RELU) -> list[Any]:
    rng = np.random.default_rng(1)
    linears = [Linear(rng.normal(size=size), rng.normal(size=size[1])) for size in pairwise(sizes)]
    return [*[layer for linear in linears for layer in (linear, between)][:-1], SIGMOID]


def outputs(network: list[Any], x: Array) -> Array:
    for layer in network:
        x = x @ layer.W + layer.b if isinstance(layer, Linear) else layer.forward(x)
    return x[:, 0]


@pytest.mark.parametrize(
    ("network", "letters"),
    [
        (layers(64, 32, 1), "LRLS"),
        (layers(64, 1), "LS"),
        (layers(64, 8, 1, between=TANH), "L?LS"),
        ([*layers(64, 32, 1)[:1], SIGMOID], "LS"),
    ],
)
def test_layers_are_told_by_what_they_do(hidden: ModuleType, network: list[Any], letters: str) -> None:
    assert hidden.kinds(hidden.described(network)) == letters


@pytest.mark.parametrize("between", [RELU, SIGMOID])
def test_a_described_network_answers_as_the_network_itself(hidden: ModuleType, between: Activation) -> None:
    network = layers(64, 16, 4, 1, between=between)
    x = np.random.default_rng(2).normal(size=(500, 64))
    own = outputs(network, x) > 0.5

    # interpolated between 201 points, a sigmoid in the middle is off by so little that hardly a row changes sides
    assert hidden.accuracy(hidden.described(network), x, own) > (1 if between is RELU else 0.98) - 0.001


def test_a_bias_of_another_length_is_not_read_as_a_network(hidden: ModuleType) -> None:
    with pytest.raises(ValueError, match="reshape"):
        hidden.described([Linear(np.ones((4, 3)), np.ones((5, 3)))])


def test_the_data_are_scikit_learns_digits(assignment: Assignment) -> None:
    assert assignment.data is not None
    digits = load_digits()
    with np.load(assignment.data / "digits.npz") as kept:
        assert np.array_equal(kept["images"], digits.data)
        assert np.array_equal(kept["digits"], digits.target)


def test_the_grader_tests_on_the_half_that_the_hand_out_leaves(hidden: ModuleType, assignment: Assignment) -> None:
    x, digit = load_digits(return_X_y=True)
    half = np.random.default_rng(12345).permutation(1797)[898:]
    network = layers(64, 32, 1)
    right = (outputs(network, (x - x.mean()) / x.std()) > 0.5) == (digit < 5)

    assert hidden.test_accuracy(hidden.described(network), assignment.data) == pytest.approx(right[half].mean())


def verdicts(hidden: ModuleType, assignment: Assignment, seen: dict[str, Array], goal: float) -> list[Verdict]:
    assert assignment.data is not None
    given = Given(golden={}, rng=np.random.default_rng(0), data=assignment.data)
    seen = {"training": np.zeros(3), **seen}
    return list(hidden.judge_network(hidden.only("LRLS"), goal, "the kind")(seen, given))


@pytest.mark.parametrize(("goal", "earned"), [(0.3, [True, True]), (0.95, [True, False])])
def test_right_layers_earn_half(hidden: ModuleType, assignment: Assignment, goal: float, earned: list[bool]) -> None:
    seen = hidden.described(layers(64, 32, 1))

    assert [v.earned for v in verdicts(hidden, assignment, seen, goal)] == earned


@pytest.mark.parametrize(
    "damage",
    [
        {"sizes": np.array([[64.0, 64.0]])},
        {"sizes": np.array([1.0, 2.0])},
        {"weights": np.zeros(3)},
        {"curves": np.zeros((1, 5))},
        {"curves": np.zeros((0, 201))},
        {"weights": np.full(2113, np.nan)},
        {"training": np.array([np.nan, 1.0, 1.0])},
        {"training": np.array([-1e9, 1.0])},
    ],
)
def test_arrays_that_fit_no_network_earn_nothing(
    hidden: ModuleType, assignment: Assignment, damage: dict[str, Array]
) -> None:
    seen = {**hidden.described(layers(64, 32, 1)), **damage}

    with np.errstate(all="ignore"):
        found = verdicts(hidden, assignment, seen, 0.6)

    assert not found[-1].earned


def test_the_best_network_that_fits_is_taken_and_training_repeated_only_below_the_goal(hidden: ModuleType) -> None:
    x = np.random.default_rng(3).normal(size=(200, 64))
    good, poor = layers(64, 8, 1), layers(64, 8, 1)
    poor[0] = Linear(-poor[0].W, poor[0].b)
    trained: list[Any] = []
    names = {
        "poor": SimpleNamespace(layers=poor),
        "several": [SimpleNamespace(layers=good)],
        "other": SimpleNamespace(layers=layers(64, 1)),
        "x": {"test": x},
        "y": {"test": (outputs(good, x) > 0.5).astype(float)},
        "In": ["Net(); fit(poor)"],
        "Net": list,
        "fit": trained.append,
    }
    student = SimpleNamespace(notebook=names)

    best = hidden.network(student, hidden.only("LRLS"), 0.9)

    assert np.array_equal(best["weights"], hidden.described(good)["weights"])
    assert trained == []

    hidden.network(student, hidden.only("LRLS"), 1.1)
    assert trained == [names["poor"]]


def test_a_network_is_found_even_where_the_data_were_overwritten(hidden: ModuleType) -> None:
    names = {"net": SimpleNamespace(layers=layers(64, 1)), "x": 5, "y": None, "In": []}

    found = hidden.network(SimpleNamespace(notebook=names), hidden.only("LS"), 0.9)

    assert found["sizes"].tolist() == [[64, 1], [0, 0]]


def test_a_network_of_32_outputs_is_none_for_two_classes(assignment: Assignment, hidden: ModuleType) -> None:
    check = next(c for c in assignment.checks if c.id == "network_single")
    assert check.judge is not None
    seen = hidden.described([*layers(64, 32, 1)[:1], SIGMOID]) | {"training": np.zeros(3)}
    given = Given(golden={}, rng=np.random.default_rng(0), data=assignment.root / "data")

    (verdict,) = check.judge(seen, given)

    assert verdict == Verdict("layers", False, "the network has 32 outputs for an image; one is asked for")


class ReLU(Activation):
    def step(self, step_size: float) -> None:
        raise NotImplementedError


def shifted(net: Any, *args: object, **named: object) -> None:
    net.layers[0].W = net.layers[0].W + 1e-9


def stopping(net: Any, *args: object, **named: object) -> None:
    raise UnicodeError("of any text")


def stepping(net: Any, *args: object, **named: object) -> None:
    shifted(net)
    ReLU(np.abs).step(0.1)


def trained_by(fit: Any, call: str) -> SimpleNamespace:
    """A student whose only network, [Linear, ReLU, Linear, Sigmoid], is trained by one call."""
    x = np.random.default_rng(3).normal(size=(20, 64))
    net = SimpleNamespace(layers=layers(64, 8, 1))
    names = {"net": net, "x": {"test": x}, "y": {"test": np.ones(20)}, "fit": fit, "In": [call]}
    return SimpleNamespace(notebook=names)


@pytest.mark.parametrize(
    ("fit", "call", "as_drawn", "sentence"),
    [
        (lambda *args, **named: None, "fit(net, x, y, epochs=5)", True, "`fit` was called, and no weight moved"),
        (lambda *args, **named: None, "fit(net, x, y, 5, 0)", True, "with a learning rate of 0"),
        (shifted, "fit(net, x, y, epochs=5)", False, ""),
        (stopping, "fit(net, x, y)", True, "the training ended with the error ValueError"),
        (stepping, "fit(net, x, y)", False, "`ReLU.step` raises NotImplementedError"),
        (shifted, "net.layers  # fit( of no network", False, "with no such network when the cells ran once more"),
    ],
)
def test_a_training_that_failed_is_told_by_what_came_of_it(
    hidden: ModuleType, assignment: Assignment, fit: Any, call: str, as_drawn: bool, sentence: str
) -> None:
    seen = hidden.network(trained_by(fit, call), hidden.only("LRLS"), 1.1)
    found = verdicts(hidden, assignment, seen, 1.1)

    assert seen["training"].tolist()[1:] == [as_drawn, 0]
    assert [v.earned for v in found] == ([False] if as_drawn else [True, False])
    assert sentence in found[-1].message


def test_the_training_that_the_hand_out_has_is_none_of_the_student_s(hidden: ModuleType) -> None:
    student = trained_by(lambda *args, **named: None, "fit(net, x, y, epochs=25, learning_rate=0, mb_size=10)")

    with pytest.raises(NotImplementedError):
        hidden.network(student, hidden.only("LRLS"), 0.92)


def test_a_network_whose_layers_cannot_be_read_is_there_by_their_names(
    hidden: ModuleType, assignment: Assignment
) -> None:
    student = trained_by(stopping, "fit(net, x, y)")
    Sigmoid = type("Sigmoid", (Activation,), {})
    network = student.notebook["net"].layers
    student.notebook["net"].layers = [network[0], ReLU(lambda x: x.max(0)), network[2], Sigmoid(SIGMOID.function)]

    seen = hidden.network(student, hidden.only("LRLS"), 0.92)
    (verdict,) = verdicts(hidden, assignment, seen, 0.92)

    assert not verdict.earned
    assert "by the names of its layers" in verdict.message
    assert "the training ended with the error ValueError" in verdict.message
