"""The reference of ECE 176, assignment 3, gives what the hand-out prints."""

from __future__ import annotations

import contextlib
import io
import runpy
from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
import pytest

from grader.model import Assignment

from .conftest import imported_from

# fmt: off
PRINTED_LOSSES = [
    "0.832706", "0.454687", "0.118350", "0.055911", "0.038039",
    "0.029528", "0.024400", "0.020819", "0.017947", "0.015866",
    "0.014198", "0.012916", "0.011859", "0.010943", "0.010198",
    "0.009540", "0.008970", "0.008454", "0.008003", "0.007593",
]
# fmt: on
FINAL_LOSS = 0.00759341980173128

Notebook = dict[str, Any]


@pytest.fixture(scope="module")
def notebook(assignment: Assignment) -> Notebook:
    """The globals of the solved notebook after its last cell; magics are comments in its source."""
    assert assignment.solution is not None
    matplotlib.use("Agg")
    state = np.random.get_state()
    with imported_from(assignment.solution), contextlib.redirect_stdout(io.StringIO()):
        found = runpy.run_path(str(assignment.solution / "neural_network.py"))
    np.random.set_state(state)
    matplotlib.pyplot.close("all")
    return found


def test_scores_differ_from_the_printed_ones_by_the_printed_amount(notebook: Notebook) -> None:
    difference = np.abs(notebook["scores"] - notebook["correct_scores"]).sum()
    assert difference == pytest.approx(8.799388540037256e-08, rel=0, abs=1e-14)


def test_first_loss_is_the_printed_one_to_the_last_digit(notebook: Notebook) -> None:
    network = notebook["init_toy_model"]()
    X, y = notebook["init_toy_data"]()
    assert notebook["Loss"].forward(network(X), y) == 1.098612723362578


def test_gradients_differ_from_the_printed_ones_by_the_printed_amount(notebook: Notebook) -> None:
    assert [g.shape for g in notebook["gradients"]] == [(4, 10), (10,), (10, 3), (3,)]
    assert notebook["difference"] == pytest.approx(7.70191643436727e-09, rel=0, abs=1e-15)


def test_the_twenty_printed_epochs_have_the_printed_losses(notebook: Notebook) -> None:
    assert [f"{loss:.6f}" for loss in notebook["epoch_loss"][49::50]] == PRINTED_LOSSES


def test_final_loss_is_the_printed_one(notebook: Notebook) -> None:
    assert notebook["epoch_loss"][-1] == pytest.approx(FINAL_LOSS, rel=0, abs=1e-14)


def test_trained_network_predicts_the_printed_labels(notebook: Notebook) -> None:
    predicted = notebook["net"].predict(notebook["X"])
    assert predicted.tolist() == notebook["y"].tolist() == [2, 1, 0, 1, 2, 0, 0, 2, 0, 0]


def no_decay(p: Any, g: Any) -> None:
    p -= 0.1 * g


def no_decay_of_biases(p: Any, g: Any) -> None:
    p -= 0.1 * (g + 1e-5 * p * (p.ndim == 2))


def decay_outside_the_step(p: Any, g: Any) -> None:
    p -= 0.1 * g + 1e-5 * p


@pytest.mark.parametrize(
    ("update", "final"),
    [(no_decay, "0.00757313"), (no_decay_of_biases, "0.00757857"), (decay_outside_the_step, "0.00784504")],
)
def test_other_conventions_of_the_optimizer_end_elsewhere(
    notebook: Notebook, update: Callable[[Any, Any], None], final: str
) -> None:
    net, criterion = notebook["init_toy_model"](), notebook["CrossEntropyLoss"]()
    X, y = notebook["init_toy_data"]()
    for _ in range(1000):
        loss = criterion.forward(net(X), y)
        net.backward(criterion.backward())
        for module in net._modules:
            for parameter, gradient in zip(module.parameters, module.grads, strict=True):
                update(parameter, gradient)
    assert f"{loss:.8f}" == final
    assert abs(loss - FINAL_LOSS) > 1e-5


def test_linear_draws_its_weight_before_its_bias(notebook: Notebook) -> None:
    np.random.seed(3)
    weight, bias = notebook["Linear"](2, 3).parameters
    np.random.seed(3)
    np.testing.assert_array_equal(weight, 1e-4 * np.random.rand(2, 3))
    np.testing.assert_array_equal(bias, 1e-4 * np.random.rand(3))


def test_gradients_are_none_before_a_backward_pass_and_after_zero_grad(notebook: Notebook) -> None:
    layer = notebook["Linear"](2, 3)
    assert layer.grads == [None, None]
    layer.forward(np.ones((4, 2)))
    layer.backward(np.ones((4, 3)))
    assert [g.shape for g in layer.grads] == [(2, 3), (3,)]
    layer.zero_grad()
    assert layer.grads == [None, None]


def test_layers_without_parameters_have_lists_of_their_own(notebook: Notebook) -> None:
    first, second = notebook["ReLU"](), notebook["ReLU"]()
    assert first.parameters == first.grads == []
    assert first.parameters is not second.parameters
