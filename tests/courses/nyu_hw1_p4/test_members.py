"""Hand-ins that look right or wrong for a reason that one array does not show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.model import Assignment, Change, Check, Edit, Given

from .conftest import SOURCE, Lost, Notebook

Run = Callable[..., Notebook]
Probes = Mapping[str, Callable[..., Any]]

FLATTEN = "feed_forward_sample(x[i].flatten(), y[i])"
MOVE = "        weights[layer] -= learning_rate * weight_gradients[layer]\n"
KEPT_BACK = """\
    delta = activations[-1] - one_hot_label
    for layer in (2, 1, 0):
        weight_gradients.insert(0, np.outer(activations[layer], delta))
"""
RETURN = "    return loss\n\n\n# %% [markdown]\n# ## Q4"
SPREAD = "rng.normal(0, 1 / np.sqrt(max(n_in, n_out)), size=(n_in, n_out))"
EPOCH = "    for i in range(len(x_train)):\n"


def edit(*changes: tuple[str, str]) -> Edit:
    return Edit(name="own", changes=tuple(Change(SOURCE, old, new) for old, new in changes))


def texts(lost: Lost, check: str) -> str:
    return " | ".join(verdict.message for verdict in lost[check])


def test_a_data_set_pass_that_raises_on_the_notebooks_own_images_earns_nothing(lost: Callable[..., Lost]) -> None:
    found = lost(edit((FLATTEN, "feed_forward_sample(x[i], y[i])")), 3)

    assert {"dataset_printed", "dataset_printed_sizes", "untrained_accuracy"} <= set(found)
    assert "ValueError" in texts(found, "dataset_printed")


def test_a_data_set_pass_for_rows_counts_where_the_notebook_hands_rows_over(lost: Callable[..., Lost]) -> None:
    rows = edit(
        (FLATTEN, "feed_forward_sample(x[i], y[i])"),
        ("feed_forward_dataset(x_train, y_train)", "feed_forward_dataset(x_train.reshape(-1, 784), y_train)"),
        ("feed_forward_dataset(x_test, y_test)", "feed_forward_dataset(x_test.reshape(-1, 784), y_test)"),
    )

    assert lost(rows, 3) == {}


@pytest.mark.parametrize("limit", ["len(x_test)", "y_test.shape[0]"])
def test_an_epoch_over_the_length_of_the_test_set_is_named(lost: Callable[..., Lost], limit: str) -> None:
    found = lost(edit((EPOCH, f"    for i in range({limit}):\n")), 3)

    assert set(found) == {"training_epochs"}
    assert texts(found, "training_epochs") == "an epoch leaves out 2 of 7 images: it is as long as the test set"


@pytest.mark.parametrize(
    ("loop", "told"),
    [
        ("    for i in range(1, len(x_train)):\n", "an epoch leaves out 1 of 7 images: the first"),
        (
            "    for i in range(len(x_train[:900])):\n",
            "an epoch makes 900 steps where the training set has 5600 images",
        ),
        ("    for i in range(900):\n", "counts to 900, not to the length of `x_train`"),
        (
            "    m = 900\n    for i in np.random.permutation(m):\n",
            "counts to 900, not to the length of `x_train`",
        ),
    ],
)
def test_an_epoch_of_fewer_images_is_told_by_what_it_leaves_out(
    lost: Callable[..., Lost], loop: str, told: str
) -> None:
    found = lost(edit((EPOCH, loop)), 3)

    assert set(found) == {"training_epochs"}
    assert told in texts(found, "training_epochs")


def test_pixels_of_two_ranges_are_named_where_the_training_stops(lost: Callable[..., Lost]) -> None:
    found = lost(edit((EPOCH, "    for i in range(900):\n"), ("    out = sample\n", "    out = sample / 255\n")), 3)

    assert "Pixels go up to 126 in training, up to 0.35 in the test" in texts(found, "training_epochs")


def test_steps_outside_of_an_epoch_are_not_counted(lost: Callable[..., Lost]) -> None:
    outside = edit(
        (EPOCH, EPOCH), ("for _ in range(3):\n", "train_one_sample(x_train[0], y_train[0])\nfor _ in range(3):\n")
    )

    assert lost(outside, 3) == {}


@pytest.mark.parametrize("handed", ["x[i].flatten(), y_test[i]", "x_test[i].flatten(), y_test[i]"])
def test_a_data_set_pass_on_the_notebooks_own_data_is_named(lost: Callable[..., Lost], handed: str) -> None:
    found = lost(edit((FLATTEN, f"feed_forward_sample({handed})")), 3)

    assert set(found) == {"dataset_printed", "dataset_printed_sizes"}
    assert "of the notebook, not on its arguments" in texts(found, "dataset_printed")


def test_images_in_an_order_of_their_own_are_told_by_the_labels(lost: Callable[..., Lost]) -> None:
    found = lost(
        edit(
            (EPOCH, EPOCH + "        i, k = len(x_train) - 1 - i, i\n"),
            ("y_train[i], learning", "y_train[k], learning"),
        ),
        3,
    )

    assert set(found) == {"training_epochs"}
    assert "with a label that is not its own" in texts(found, "training_epochs")


@pytest.mark.parametrize("returned", ["    return loss", "    pass", "    return None"])
def test_weights_moved_before_they_are_used_are_named_whatever_the_step_returns(
    lost: Callable[..., Lost], returned: str
) -> None:
    moved = edit(
        (KEPT_BACK, KEPT_BACK + MOVE.replace("_gradients[layer]", "_gradients[0]")),
        (MOVE, ""),
        (RETURN, RETURN.replace("    return loss", returned)),
    )

    found = lost(moved, 3)

    assert set(found) == {"step_gradients", "step_gradients_others", "step_gradients_large"}
    assert all("moved before the gradient" in verdict.message for verdict in found["step_gradients"])


def test_a_rate_used_twice_on_the_weights_is_named(lost: Callable[..., Lost]) -> None:
    found = lost(edit((MOVE, MOVE.replace("learning_rate *", "learning_rate * learning_rate *"))), 3)

    assert "the learning rate is multiplied in twice" in texts(found, "step_gradients")


def test_a_rate_used_twice_on_everything_is_one_mistake_of_the_step(lost: Callable[..., Lost]) -> None:
    scaled = KEPT_BACK.replace("activations[-1] - one_hot_label", "learning_rate * (activations[-1] - one_hot_label)")

    found = lost(edit((KEPT_BACK, scaled)), 3)

    assert set(found) == {"step_update"}
    assert "the learning rate is multiplied in twice" in texts(found, "step_update")


@pytest.mark.parametrize(
    ("spread", "told"),
    [
        ("1 / max(n_in, n_out)", "1/sqrt(784) = 0.0357 is asked for. 0.00128 is its square, the variance"),
        ("0.5", "weights[0] has the standard deviation 0.5; 1/sqrt(784) = 0.0357 is asked for"),
    ],
)
def test_a_wrong_spread_is_told_with_both_numbers(lost: Callable[..., Lost], spread: str, told: str) -> None:
    found = lost(edit((SPREAD, SPREAD.replace("1 / np.sqrt(max(n_in, n_out))", spread))), 3)

    assert told.split(";")[-1].strip() in texts(found, "initial_spread")


def test_a_wrong_loss_is_told_with_the_right_one(lost: Callable[..., Lost]) -> None:
    loss = "loss = cross_entropy_loss(integer_to_one_hot(y), probabilities)\n"

    found = lost(edit((loss, loss.replace("\n", " + 0.5\n"))), 3)

    assert "is right" in texts(found, "sample_forward")


def test_the_courses_pass_takes_the_arrays_of_callers_that_hand_them_over(run: Run, probes: Probes) -> None:
    arrays = "w1, b1, w2, b2, w3, b3 = weights[0], biases[0], weights[1], biases[1], weights[2], biases[2]\n"
    student = run(
        edit(
            ("def feed_forward_sample(sample, y):\n", arrays + "\n\ndef feed_forward_sample(sample, y, *network):\n"),
            (FLATTEN, "feed_forward_sample(x[i].flatten(), y[i], w1, b1, w2, b2, w3, b3)"),
        )
    )
    own = student.notebook["feed_forward_sample"]
    reference = {**student.notebook, "__name__": "__reference__"}
    exec(
        "def feed_forward_sample(sample, y):\n"
        "    out = sample\n"
        "    for layer in range(2):\n"
        "        out = sigmoid(out @ weights[layer] + biases[layer])\n"
        "    p = softmax(out @ weights[2] + biases[2])\n"
        "    return -np.log(p[y]), integer_to_one_hot(p.argmax())\n",
        reference,
    )
    student.notebook["feed_forward_sample"] = reference["feed_forward_sample"]

    seen = probes["dataset_printed"](student, np.random.default_rng(1))
    student.notebook["feed_forward_sample"] = own

    assert np.array_equal(
        seen["first_numbers"], probes["dataset_printed"](student, np.random.default_rng(1))["first_numbers"]
    )


def test_a_network_of_two_layers_is_judged_and_told_by_its_count(
    probes: Probes, found: Mapping[str, Check], run: Callable[..., Notebook]
) -> None:
    rng = np.random.default_rng(0)
    student = run()
    student.notebook["weights"] = [rng.normal(size=(784, 32)) / 28, rng.normal(size=(32, 10))]
    student.notebook["biases"] = [np.zeros(32), np.zeros(10)]
    judge = found["initial_shapes"].judge
    assert judge is not None
    seen = {name: np.asarray(value) for name, value in probes["initial_shapes"](student, rng).items()}
    verdicts = {v.name: v for v in judge(seen, Given(golden={}, rng=rng, data=Path()))}

    assert [name for name, verdict in verdicts.items() if verdict.earned is True] == ["W1", "b1"]
    assert "three layers are expected" in verdicts["W3"].message
    with pytest.raises(ValueError, match="`weights` holds 2 arrays, 3 are expected"):
        probes["sample_forward"](student, rng)


@pytest.fixture
def found(assignment: Assignment) -> Mapping[str, Check]:
    return {check.id: check for check in assignment.checks}
