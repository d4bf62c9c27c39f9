"""Arrays that cannot be written to, that are one another, or of another size: what they earn, and what they do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.model import Assignment, Change, Edit, Given

from .conftest import SOURCE, Lost, Notebook

INITIAL = "    biases.append(np.zeros(n_out))\n"
SEALED = "np.ndarray(a.shape, buffer=a.astype(float).tobytes())"
MOVE = """\
    for layer in range(3):
        weights[layer] -= learning_rate * weight_gradients[layer]
        biases[layer] -= learning_rate * bias_gradients[layer]
"""
STEP = "def train_one_sample(sample, y, learning_rate=0.003):\n"
BOUND = """\
    moved = (w - learning_rate * g for w, g in zip([*weights, *biases], weight_gradients + bias_gradients))
    moved = [np.ndarray(a.shape, buffer=a.astype(float).tobytes()) for a in moved]
    weights, biases = tuple(moved[:3]), tuple(moved[3:])
"""
ANEW = ((STEP, STEP + "    global weights, biases\n"), (MOVE, BOUND))
INTO = (
    MOVE,
    MOVE.replace("weights[layer] -=", "weights[layer][...] -=").replace("biases[layer] -=", "biases[layer][...] -="),
)
STILL = ((MOVE, ""),)
SAMPLE = """\
    out = sample
    for layer in range(2):
        out = sigmoid(out @ weights[layer] + biases[layer])
    probabilities = softmax(out @ weights[2] + biases[2])
"""
ASKED = {
    *("sample_forward", "sample_forward_others", "dataset_printed", "dataset_printed_sizes"),
    *("step_loss", "step_gradients", "step_gradients_others", "step_gradients_large", "step_update"),
}
"""Checks whose answers are computed with arrays that the probe sets."""


def sealed(*texts: str, others: tuple[tuple[str, str], ...] = ()) -> Edit:
    """The solution with these lines after the arrays are drawn, which `sealed` then makes unwritable."""
    more = "".join(f"{text}\n" for text in texts)
    seal = f"weights, biases = (tuple({SEALED} for a in arrays) for arrays in (weights, biases))\n"
    pairs = ((INITIAL, INITIAL + more + seal), *others)
    return Edit(name="sealed", changes=tuple(Change(SOURCE, old, new) for old, new in pairs))


def messages(lost: Lost, check: str) -> str:
    return " | ".join(verdict.message for verdict in lost[check])


def test_sealed_arrays_of_ordinary_numbers_cost_nothing(lost: Callable[..., Lost]) -> None:
    assert lost(sealed(others=ANEW), 3) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("biases[0] = biases[0] - 1e250", "`biases[0]` holds numbers beyond 1000, or nan"),
        ("weights[1] = weights[1] * np.inf", "`weights[1]` holds numbers beyond 1000, or nan"),
        ("biases[0] = biases[0] + 900", "answers every image alike"),
        ("weights[0] = weights[0] * 1e-9", "answers every image alike"),
        ("weights[2] = weights[2] * 1e-9", "answers every image alike"),
    ],
)
def test_a_sealed_network_that_needs_no_image_earns_nothing(lost: Callable[..., Lost], text: str, told: str) -> None:
    found = lost(sealed(text, others=STILL), 3)

    assert set(found) >= ASKED
    assert all(told in messages(found, check) for check in ASKED)


def test_a_constant_in_the_place_of_a_sealed_networks_answer_earns_nothing(lost: Callable[..., Lost]) -> None:
    constant = SAMPLE.replace("out = sample\n", "out = 0 * sample\n")

    found = lost(sealed(others=((SAMPLE, constant), *STILL)), 3)

    # the step still computes its loss; the average over a data set hardly depends on the images, whatever the network
    assert set(found) >= ASKED - {"step_loss", "dataset_printed", "dataset_printed_sizes"}


# ---------------------------------------------------------------- one array twice

TWICE = f"{INITIAL}biases = [np.zeros(32)] * 2 + [np.zeros(10)]\n"
NEW = MOVE.replace("biases[layer] -=", "biases[layer] = biases[layer] -")


def edit(*pairs: tuple[str, str]) -> Edit:
    return Edit(name="own", changes=tuple(Change(SOURCE, old, new) for old, new in pairs))


def test_one_array_as_two_biases_is_told_where_the_step_changes_it(
    assignment: Assignment, run: Callable[..., Notebook], probes: Mapping[str, Callable[..., Any]]
) -> None:
    judge = next(check.judge for check in assignment.checks if check.id == "step_gradients")
    assert judge is not None
    right, twice = (probes["step_gradients"](run(e), np.random.default_rng(1)) for e in (None, edit((INITIAL, TWICE))))

    verdicts = judge(twice, Given(golden=right, rng=np.random.default_rng(1), data=Path()))

    told = "`biases[0]` and `biases[1]` are one and the same array: your step changes both at once"
    assert {v.name: v.message for v in verdicts if v.earned != 1} == {"b2": told}


def test_one_array_as_two_biases_costs_nothing_elsewhere(lost: Callable[..., Lost]) -> None:
    assert lost(edit((INITIAL, TWICE)), 3) == {}  # the first of the probes has given each an array of its own


def test_one_array_as_two_biases_costs_nothing_where_the_step_makes_new_ones(lost: Callable[..., Lost]) -> None:
    assert lost(edit((INITIAL, TWICE), (MOVE, NEW)), 3) == {}


def test_a_tuple_with_one_array_twice_is_judged_by_what_it_holds(lost: Callable[..., Lost]) -> None:
    found = lost(edit((INITIAL, TWICE + "biases = tuple(biases)\n"), INTO), 3)

    assert not {"sample_forward", "sample_forward_others", "dataset_printed", "step_loss"} & set(found)


def test_views_of_one_array_are_arrays_of_their_own(lost: Callable[..., Lost]) -> None:
    views = f"{INITIAL}every = np.zeros((32, 3))\nbiases = [every[:, 0], every[:, 1], every[:10, 2]]\n"

    assert lost(edit((INITIAL, views)), 3) == {}


# ---------------------------------------------------------------- other sizes


def test_a_network_of_another_size_is_judged_with_numbers_of_ordinary_scale(lost: Callable[..., Lost]) -> None:
    sizes = "sizes = [784, 32, 32, 10]\n"
    spread = "rng.normal(0, 1 / np.sqrt(max(n_in, n_out)), size=(n_in, n_out))"
    tiny = spread.replace("1 / np.sqrt(max(n_in, n_out))", "1e-6")

    found = lost(edit((sizes, sizes.replace("32, 32", "48, 48")), (spread, tiny)), 3)

    assert not {"sample_forward", "sample_forward_others", "dataset_printed", "step_loss"} & set(found)


def test_a_bias_of_one_entry_is_no_error(lost: Callable[..., Lost]) -> None:
    single = INITIAL.replace("np.zeros(n_out)", "np.zeros(1)")

    assert lost(edit((INITIAL, single), (MOVE, NEW)), 3) == {}
