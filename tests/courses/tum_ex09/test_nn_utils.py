"""The course's gradient checks: what they accept, and what they do to the global random stream."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from grader.assignment.release.edits import wrong_edits
from grader.model import Assignment

from .conftest import Define


def drawn_by_the_course(random: np.random.RandomState) -> None:
    """The draws of the course's own helper, in its order; the network's printed losses hang on them."""
    for _ in range(2):
        random.normal(size=(33, 11)), random.normal(size=(11, 17)), random.normal(size=17)
    random.normal(size=(33, 17))
    for _ in range(3):
        random.normal(size=(17, 13))
    for _ in range(2):
        random.normal(size=(41, 21)), random.randint(low=0, high=21, size=[41])
    random.normal()


def run_all(nn_utils: ModuleType, student: Any) -> None:
    nn_utils.check_affine(student.Affine())
    nn_utils.check_relu(student.ReLU())
    nn_utils.check_cross_entropy(student.CategoricalCrossEntropy())


def test_the_solution_passes_and_is_told_so(
    nn_utils: ModuleType, define: Define, capsys: pytest.CaptureFixture[str]
) -> None:
    run_all(nn_utils, define(None))

    assert capsys.readouterr().out == "All checks passed.\n" * 3


WRONG = {
    "bias gradient is the mean over the batch, not the sum": "check_affine",
    "weight gradient divided by the batch size once more": "check_affine",
    "ReLU mask taken from d_out": "check_relu",
    "cross-entropy backward ignores d_out": "check_cross_entropy",
    "gradient of the summed loss beside the averaged loss": "check_cross_entropy",
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_layers_are_refused_by_the_array_that_is_off(
    nn_utils: ModuleType, assignment: Assignment, define: Define, name: str
) -> None:
    edit = next(edit for edit in wrong_edits(assignment) if edit.name == name)
    layer = {"check_affine": "Affine", "check_relu": "ReLU", "check_cross_entropy": "CategoricalCrossEntropy"}

    with pytest.raises(AssertionError, match=r"^d_\w+: off by .* from the centred difference"):
        getattr(nn_utils, WRONG[name])(getattr(define(edit), layer[WRONG[name]])())


def test_a_gradient_of_another_shape_is_refused(nn_utils: ModuleType) -> None:
    class Transposed:
        def forward(self, inputs: Any) -> Any:
            return np.maximum(inputs, 0)

        def backward(self, d_out: Any) -> Any:
            return d_out.T

    with pytest.raises(AssertionError, match=r"d_inputs: shape \(13, 17\)"):
        nn_utils.check_relu(Transposed())


def test_nan_is_refused(nn_utils: ModuleType, define: Define) -> None:
    class Broken(define(None).ReLU):  # type: ignore[misc]
        def backward(self, d_out: Any) -> Any:
            return d_out * np.nan

    with pytest.raises(AssertionError, match="off by nan"):
        nn_utils.check_relu(Broken())


def leave_alone(student: Any) -> None:
    """The solution as it is."""


def break_all(student: Any) -> None:
    """Layers that are not implemented yet."""

    def forward(*_: Any) -> Any:
        raise NotImplementedError

    for layer in (student.Affine, student.ReLU, student.CategoricalCrossEntropy):
        layer.forward = forward


@pytest.mark.parametrize("change", [leave_alone, break_all])
def test_the_random_stream_ends_where_the_printed_losses_need_it(
    nn_utils: ModuleType, define: Define, change: Callable[[Any], None]
) -> None:
    student = define(None)
    change(student)
    before = np.random.get_state()
    try:
        np.random.seed(123)
        for check, layer in (
            (nn_utils.check_affine, student.Affine()),
            (nn_utils.check_relu, student.ReLU()),
            (nn_utils.check_cross_entropy, student.CategoricalCrossEntropy()),
        ):
            with contextlib.suppress(NotImplementedError):
                check(layer)
        drawn = np.random.uniform(size=3)
    finally:
        np.random.set_state(before)
    expected = np.random.RandomState(123)
    drawn_by_the_course(expected)

    np.testing.assert_array_equal(drawn, expected.uniform(size=3))
