"""The checks of homework 3, tried on the bare modules: no worker, no training, many points."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.assignment.release.edits import right_edits, wrong_edits
from grader.model import Assignment, Check, Given

from .conftest import TRAINED, Define, failing, observe

SEEDS = (147, pytest.param(1, marks=pytest.mark.slow))
Probes = dict[str, tuple[Check, Any]]


@pytest.mark.parametrize(
    ("seed", "every"), [(147, 15), *(pytest.param(seed, 1, marks=pytest.mark.slow) for seed in (147, 1))]
)
def test_every_wrong_rewrite_fails_exactly_its_checks(
    assignment: Assignment, define: Define, probes: Probes, seed: int, every: int
) -> None:
    reference = define(None)
    edits = wrong_edits(assignment)[::every]
    failed = {edit.name: failing(probes, define(edit), reference, seed) - set(edit.may_fail) for edit in edits}

    assert failed == {edit.name: set(edit.fails) - set(TRAINED) - set(edit.may_fail) for edit in edits}


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_right_rewrites_fail_nothing(assignment: Assignment, define: Define, probes: Probes, seed: int) -> None:
    reference = define(None)
    failed = {edit.name: failing(probes, define(edit), reference, seed) for edit in right_edits(assignment)}

    assert failed == {edit.name: set() for edit in right_edits(assignment)}


def test_every_check_is_failed_by_some_wrong_rewrite(assignment: Assignment) -> None:
    failed = {check for edit in wrong_edits(assignment) for check in edit.fails}

    assert failed >= {check.id for check in assignment.checks if check.points}


def test_points_are_those_of_the_catalogue(assignment: Assignment) -> None:
    points = {part.id: sum(c.points for c in assignment.checks if c.part.id == part.id) for part in assignment.parts}
    points |= {manual.part.id: manual.points for manual in assignment.manual}

    assert points == dict(zip(assignment.order, [8, 12, 4, 6, 0, 4, 8, 4, 4, 10, 12, 4, 8, 8, 6, 2], strict=True))
    assert sum(points.values()) == assignment.points == 100


@pytest.mark.parametrize("seed", range(20))
def test_no_hidden_unit_is_on_its_kink_and_both_signs_occur(networks: ModuleType, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = networks.random_values(rng, (7, 9, 11, 5))

    x, y = networks.batch(rng, values, 6)

    first = x @ values["W1"] + values["b1"]
    second = np.maximum(first, 0) @ values["W2"] + values["b2"]
    assert (x.shape, y.shape) == ((6, 7), (6,))
    for before in (first, second):
        assert np.abs(before).min() > networks.KINK
        assert before.min() < 0 < before.max()


def test_right_initialization_is_refused_less_than_once_in_a_thousand(
    define: Define, networks: ModuleType, probes: Probes
) -> None:
    reference = define(None)
    _, probe = probes["two_layer_start"]
    golden = observe(reference, probe, 0)
    judge = networks.judge_start(0.03)
    given = SimpleNamespace(golden=golden)
    refused = sum(not v.earned for seed in range(1000) for v in judge(observe(reference, probe, seed), given))

    assert refused == 0


@pytest.mark.parametrize("check", ["two_layer_start", "deep_start"])
@pytest.mark.parametrize("extra", [{"": np.ones(2)}, {7: 1.0}, {"W0": np.array(["a", "b"])}])
def test_a_parameter_of_any_name_leaves_the_others_their_verdicts(
    define: Define, probes: Probes, check: str, extra: dict[Any, Any]
) -> None:
    class Two(define(None).TwoLayerNet):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.params |= extra

    class Deep(define(None).FullyConnectedNet):  # type: ignore[misc]
        def __init__(self, *, dtype: Any, **options: Any) -> None:
            super().__init__(dtype=dtype, **options)
            self.params |= extra

    reference = define(None)
    student = SimpleNamespace(TwoLayerNet=Two, FullyConnectedNet=Deep)
    golden = observe(reference, probes[check][1], 0)
    seen = {str(name): value for name, value in observe(student, probes[check][1], 0).items()}
    asked, _ = probes[check]
    assert asked.judge is not None

    verdicts = list(asked.judge(seen, Given(golden=golden, rng=np.random.default_rng(0), data=Path())))

    assert {verdict.name for verdict in verdicts} == golden.keys()
    assert all(verdict.earned for verdict in verdicts)
