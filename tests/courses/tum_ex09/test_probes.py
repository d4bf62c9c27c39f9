"""The checks of exercise 9, tried on the bare classes: no worker, no cells, many points."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.assignment.release.edits import right_edits, wrong_edits
from grader.compare.arrays import compare
from grader.model import Assignment, Check, Given
from grader.worker.tabulate import tabulated

from .conftest import Define

SEEDS = (90, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow))


def observe(student: SimpleNamespace, probe: Any, seed: int) -> dict[str, Any]:
    """A probe's arrays, nested dictionaries flattened."""
    with np.errstate(all="ignore"):
        seen = probe(student, np.random.default_rng([seed, len(probe.__name__)]))
        seen = tabulated(seen) if isinstance(seen, tuple) else seen
    flat: dict[str, Any] = {}
    for name, value in seen.items():
        nested = isinstance(value, Mapping)
        flat |= {f"{name}[{key!r}]": array for key, array in value.items()} if nested else {name: value}
    return flat


def passes(check: Check, probe: Any, student: SimpleNamespace, reference: SimpleNamespace, seed: int) -> bool:
    expected = observe(reference, probe, seed)
    try:
        seen = observe(student, probe, seed)
    except (AssertionError, ValueError):  # the asserts of the notebook and shapes that do not fit
        return False
    if check.judge is not None:
        given = Given(golden=expected, rng=np.random.default_rng(seed), data=Path())
        return all(verdict.earned == 1 for verdict in check.judge(seen, given))
    verdicts = [compare(name, np.asarray(seen[name]), np.asarray(e), check.tolerance) for name, e in expected.items()]
    return all(verdict.status == "passed" for verdict in verdicts)


@pytest.fixture(scope="session")
def probes(assignment: Assignment, checks: ModuleType, hidden: ModuleType) -> dict[str, tuple[Check, Any]]:
    return {check.id: (check, {**vars(checks), **vars(hidden)}[check.id]) for check in assignment.checks}


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_every_wrong_rewrite_fails_exactly_its_checks(
    assignment: Assignment, define: Define, probes: dict[str, tuple[Check, Any]], seed: int
) -> None:
    reference = define(None)
    failed = {}
    for edit in wrong_edits(assignment):
        student = define(edit)
        failed[edit.name] = {id for id, (c, p) in probes.items() if not passes(c, p, student, reference, seed)}
        failed[edit.name] -= set(edit.may_fail)

    assert failed == {edit.name: set(edit.fails) for edit in wrong_edits(assignment)}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.slow
def test_right_rewrites_fail_nothing(
    assignment: Assignment, define: Define, probes: dict[str, tuple[Check, Any]], seed: int
) -> None:
    reference = define(None)
    failed = {}
    for edit in right_edits(assignment):
        student = define(edit)
        failed[edit.name] = {id for id, (c, p) in probes.items() if not passes(c, p, student, reference, seed)}

    assert failed == {edit.name: set() for edit in right_edits(assignment)}


def test_every_check_is_failed_by_some_wrong_rewrite(assignment: Assignment) -> None:
    failed = {check for edit in wrong_edits(assignment) for check in edit.fails}

    assert failed == {check.id for check in assignment.checks}


def test_points_are_those_of_the_hand_out(assignment: Assignment) -> None:
    points = {part.id: sum(c.points for c in assignment.checks if c.part.id == part.id) for part in assignment.parts}

    assert points == {"1": 5, "2": 3, "3": 6, "4": 6}
    assert sum(points.values()) == assignment.points


def test_every_task_has_public_and_hidden_checks(assignment: Assignment) -> None:
    seen = {(check.part.id, check.visibility) for check in assignment.checks}

    assert seen == {(part.id, visibility) for part in assignment.parts for visibility in ("public", "hidden")}


@pytest.mark.parametrize("seed", range(20))
def test_no_hidden_unit_is_on_its_kink(checks: ModuleType, define: Define, seed: int) -> None:
    rng = np.random.default_rng(seed)
    _, values = checks.network(define(None), rng, 5, 7, 3)

    x, y = checks.batch(rng, values, 40)

    assert x.shape == (40, 5)
    assert y.shape == (40, 3)
    assert np.abs(x @ values["W1"] + values["b1"]).min() > checks.KINK


def test_labels_are_one_hot_and_leave_no_class_out(checks: ModuleType) -> None:
    labels = checks.one_hot(np.random.default_rng(0), 9, 4)

    assert (labels.sum(axis=1) == 1).all()
    assert sorted(labels.sum(axis=0)) == [2, 2, 2, 3]
    assert set(labels.ravel()) == {0.0, 1.0}


def test_gradients_are_read_off_arrays_changed_in_place_too(checks: ModuleType, define: Define) -> None:
    class InPlace:
        def __init__(self, input_size: int, hidden_size: int, output_size: int, learning_rate: float) -> None:
            self.rate = learning_rate
            self.params = {"W1": np.zeros((2, 3)), "b1": np.zeros(3), "W2": np.zeros((3, 4)), "b2": np.zeros(4)}
            self.alias = dict(self.params)

        def step(self, x: Any, y: Any) -> float:
            for number, value in enumerate(self.alias.values(), 1):
                value -= self.rate * number
            return 0.0

    rng = np.random.default_rng(0)
    net, values = checks.network(SimpleNamespace(FeedforwardNeuralNet=InPlace), rng, 2, 3, 4)

    seen = checks.gradients(net, *checks.batch(rng, values, 5))

    for number, name in enumerate(("W1", "b1", "W2", "b2"), 1):
        np.testing.assert_allclose(seen[name], np.full(values[name].shape, number), rtol=1e-12)
