"""The small data set lets right code reach the hand-out's 50 % and wrong code not, at twenty seeds.

Done on the 48 stones of an image, times eight, in the place of its 3072 pixels. That is the same training: 64 weights
that see the same pixel add up to one whose standard deviation is eight times theirs and whose gradient is 64 times
theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from grader.assignment.release.edits import wrong_edits
from grader.model import Assignment

from .conftest import Define

Import = Callable[[str], ModuleType]
Train = Callable[..., float]


@pytest.fixture(scope="module")
def stones(course: Import) -> dict[str, Any]:
    images, labels = course("utils.data_utils").small_set()
    x = 8 * images.reshape(len(images), -1).astype(float)
    x -= x[:3000].mean(axis=0)
    return {"X_train": x[:3000], "y_train": labels[:3000], "X_val": x[3000:4000], "y_val": labels[3000:4000]}


@pytest.fixture(scope="module")
def train(assignment: Assignment, define: Define, course: Import, judges: ModuleType, stones: dict[str, Any]) -> Train:
    """Validation accuracy, by the judge's forward pass, of the solution or of one with a named mistake."""
    edits = {edit.name: edit for edit in wrong_edits(assignment)}

    def train_(rate: float, batch: int, epochs: int, seed: int, mistake: str | None = None) -> float:
        net = define(edits[mistake] if mistake else None).TwoLayerNet(input_dim=48, hidden_dims=200)
        np.random.seed(seed)
        for name in ("W1", "W2"):
            net.params[name] = 1e-3 * np.random.randn(*net.params[name].shape)
        settings = {"batch_size": batch, "num_epochs": epochs, "lr_decay": 0.95, "verbose": False}
        with np.errstate(all="ignore"):
            course("utils.solver").Solver(net, stones, optim_config={"learning_rate": rate}, **settings).train()
            layers = [(net.params["W1"], net.params["b1"]), (net.params["W2"], net.params["b2"])]
            return float(judges.accuracy(layers, stones["X_val"], stones["y_val"]))

    return train_


def test_the_settings_of_the_reference_reach_the_ceiling(train: Train) -> None:
    assert train(1e-3, 200, 3, seed=0) > 0.85


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "batch", "epochs", "least"),
    [
        (1e-3, 200, 10, 0.9),
        (1e-3, 200, 3, 0.8),
        (5e-4, 200, 10, 0.9),
        (1e-4, 100, 20, 0.9),
        (1e-4, 500, 20, 0.52),
        (5e-3, 500, 20, 0.9),
        (5e-3, 100, 5, 0.52),
    ],
)
def test_right_code_passes_at_twenty_seeds(
    train: Train, judges: ModuleType, rate: float, batch: int, epochs: int, least: float
) -> None:
    reached = [train(rate, batch, epochs, seed) for seed in range(20)]

    assert min(reached) > least > judges.GOAL


@pytest.mark.slow
@pytest.mark.parametrize("settings", [(5e-4, 200, 10), (1e-3, 200, 10), (1e-3, 500, 20), (2e-3, 100, 10)])
@pytest.mark.parametrize(
    "mistake",
    [
        "TwoLayerNet: no ReLU between the layers",
        "ReLU lets every gradient through",
        "affine backward: gradients of the wrong sign",
    ],
)
def test_wrong_code_stays_below_the_goal(
    train: Train, judges: ModuleType, mistake: str, settings: tuple[float, int, int]
) -> None:
    reached = [train(*settings, seed, mistake) for seed in range(5)]

    assert max(reached) < judges.GOAL
