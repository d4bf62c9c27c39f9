"""Forms of the work that the checks leave to a person, and what they make of a network that is not in two lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from grader import ForPerson
from grader.model import Change, Edit

from .conftest import SOURCE, Notebook

RETURNED = Edit(
    name="gradients returned, the step taken in the loop over the images",
    changes=(
        Change(
            SOURCE,
            """\
    for layer in range(3):
        weights[layer] -= learning_rate * weight_gradients[layer]
        biases[layer] -= learning_rate * bias_gradients[layer]
""",
            "",
        ),
        Change(
            SOURCE,
            "    return loss\n\n\n# %% [markdown]\n# ## Q4",
            "    return loss, weight_gradients, bias_gradients\n\n\n# %% [markdown]\n# ## Q4",
        ),
        Change(
            SOURCE,
            "        train_one_sample(x_train[i], y_train[i], learning_rate)\n",
            """\
        _, dW, db = train_one_sample(x_train[i], y_train[i], learning_rate)
        for layer in range(3):
            weights[layer] -= learning_rate * dW[layer]
            biases[layer] -= learning_rate * db[layer]
""",
        ),
    ),
)
OWN_LOOP = Edit(
    name="a training that never calls train_one_sample",
    changes=(
        Change(
            SOURCE,
            "        train_one_sample(x_train[i], y_train[i], learning_rate)\n",
            "        biases[2] -= learning_rate * (0.1 - np.eye(10)[y_train[i]])\n",
        ),
    ),
)
OTHER_ARGUMENTS = Edit(
    name="arguments that no one can tell",
    changes=(
        Change(
            SOURCE,
            "def train_one_sample(sample, y, learning_rate=0.003):\n",
            "def train_one_sample(u, v, q, learning_rate=0.003):\n    sample, y = u, v\n",
        ),
    ),
)

Run = Callable[..., Notebook]
Probes = Mapping[str, Callable[..., Any]]


def ask(probes: Probes, check: str, student: Notebook) -> Any:
    return probes[check](student, np.random.default_rng(1))


def test_the_step_of_a_function_that_returns_its_gradients_waits_for_a_person(run: Run, probes: Probes) -> None:
    student = run(RETURNED)

    assert "returned" in ask(probes, "step_gradients", student)
    with pytest.raises(ForPerson, match="leaves the step"):
        ask(probes, "step_update", student)


def test_a_training_without_train_one_sample_waits_for_a_person(run: Run, probes: Probes) -> None:
    with pytest.raises(ForPerson, match="does not call train_one_sample"):
        ask(probes, "training_epochs", run(OWN_LOOP))


def test_arguments_that_cannot_be_told_wait_for_a_person(run: Run, probes: Probes) -> None:
    with pytest.raises(ForPerson, match=r"train_one_sample\(u, v, q, learning_rate\)"):
        ask(probes, "step_gradients", run(OTHER_ARGUMENTS))
