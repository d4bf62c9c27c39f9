"""The solution gives the numbers that the hand-out prints."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from .conftest import Define

Import = Callable[[str], ModuleType]

PRINTED_OUT = [[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]]
PRINTED_RELU = [[0, 0, 0, 0], [0, 0, 0.04545455, 0.13636364], [0.22727273, 0.31818182, 0.40909091, 0.5]]
PRINTED_SCORES = [
    [11.53165108, 12.2917344, 13.05181771, 13.81190102, 14.57198434, 15.33206765, 16.09215096],
    [12.05769098, 12.74614105, 13.43459113, 14.1230412, 14.81149128, 15.49994135, 16.18839143],
    [12.58373087, 13.20054771, 13.81736455, 14.43418138, 15.05099822, 15.66781506, 16.2846319],
]


@pytest.fixture
def solution(define: Define) -> SimpleNamespace:
    return define(None)


def rel_error(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.max(np.abs(x - y) / np.maximum(1e-8, np.abs(x) + np.abs(y))))


def test_affine_forward_differs_from_the_printed_output_by_the_printed_amount(
    solution: SimpleNamespace, checks: ModuleType
) -> None:
    out = checks.affine_forward_printed(solution, None)["out"]

    # to the last bit on the processor that printed it; elsewhere a product's sums may run in another order
    assert abs(rel_error(out, np.array(PRINTED_OUT)) - 9.769849468192957e-10) <= 2 * np.finfo(float).eps


def test_relu_forward_differs_from_the_printed_output_by_the_printed_amount(solution: SimpleNamespace) -> None:
    out, _ = solution.relu_forward(np.linspace(-0.5, 0.5, num=12).reshape(3, 4))

    assert rel_error(out, np.array(PRINTED_RELU)) == 4.999999798022158e-08


def test_two_layer_net_has_the_printed_scores_and_losses(solution: SimpleNamespace, networks: ModuleType) -> None:
    net, x, y = networks.printed_point(solution)

    assert np.abs(net.loss(x) - PRINTED_SCORES).max() <= 0.5e-8
    assert f"{net.loss(x, y)[0]:.10f}" == "3.4702243556"
    net.reg = 1.0
    assert f"{net.loss(x, y)[0]:.10f}" == "26.5948426952"


def test_every_pre_activation_at_the_printed_point_is_positive(solution: SimpleNamespace, networks: ModuleType) -> None:
    net, x, _ = networks.printed_point(solution)

    assert (x @ net.params["W1"] + net.params["b1"]).min() > 0


@pytest.mark.parametrize("reg", [0.0, 0.7])
def test_numerical_gradients_agree_as_well_as_printed(
    solution: SimpleNamespace, networks: ModuleType, course: Import, reg: float
) -> None:
    check = course("utils.gradient_check")
    net, x, y = networks.printed_point(solution)
    net.reg = reg
    _, grads = net.loss(x, y)
    for name, gradient in grads.items():
        numerical = check.eval_numerical_gradient(lambda _: net.loss(x, y)[0], net.params[name], verbose=False)
        assert rel_error(numerical, gradient) < 1e-6


def test_numerical_gradients_leave_their_array_as_it_was(course: Import) -> None:
    check = course("utils.gradient_check")
    x, df = np.linspace(-1, 1, 6).reshape(2, 3), np.arange(6.0).reshape(2, 3)
    before = x.copy()

    scalar = check.eval_numerical_gradient(lambda a: np.sum(a**3), x, verbose=False)
    array = check.eval_numerical_gradient_array(lambda a: a, x, df)  # hands out its own argument

    np.testing.assert_array_equal(x, before)
    np.testing.assert_allclose(scalar, 3 * x**2, atol=1e-8)
    np.testing.assert_allclose(array, df, atol=1e-8)


def test_verbose_numerical_gradient_prints_every_entry(course: Import, capsys: pytest.CaptureFixture[str]) -> None:
    course("utils.gradient_check").eval_numerical_gradient(lambda a: a.sum(), np.zeros((2, 2)))

    assert len(capsys.readouterr().out.splitlines()) == 4


def test_every_helper_is_found_under_the_older_import_path(course: Import) -> None:
    names = {
        "data_utils": ["get_CIFAR10_data", "load_CIFAR10", "load_CIFAR_batch"],
        "gradient_check": ["eval_numerical_gradient", "eval_numerical_gradient_array"],
        "optim": ["sgd"],
        "solver": ["Solver"],
    }
    for module, members in names.items():
        for name in members:
            assert getattr(course(f"cs231n.{module}"), name) is getattr(course(f"utils.{module}"), name)
