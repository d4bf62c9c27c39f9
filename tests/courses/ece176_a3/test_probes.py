"""The checks of ECE 176, assignment 3, tried on the bare classes: no worker, no cells, many points."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.assignment.release.edits import right_edits, wrong_edits
from grader.checks import CheckFailed
from grader.grading.scoring import outcome
from grader.model import Assignment, Check, Edit, Given, NotArray, Observation
from grader.worker.inputs import generator

from .conftest import Define

SEEDS = (176, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow))
TRAINED = {"training_loss"}
"""Checks that need the whole notebook; the trials with a worker have them."""
NOTEBOOK = "neural_network.py"

Probes = dict[str, tuple[Check, Any]]
Values = dict[str, Any]


@pytest.fixture(scope="session")
def probes(assignment: Assignment, checks: ModuleType, hidden: ModuleType) -> Probes:
    space = {**vars(checks), **vars(hidden)}
    return {check.id: (check, space[check.id]) for check in assignment.checks if check.id not in TRAINED}


def observe(student: SimpleNamespace, probe: Any, seed: int) -> Values:
    """A probe's values, each an array or `NotArray`."""
    with np.errstate(all="ignore"):
        seen = probe(student, generator(seed, len(probe.__name__)))
    return {name: NotArray("None") if value is None else np.asarray(value) for name, value in seen.items()}


def expected(probes: Probes, define: Define, seed: int) -> dict[str, Values]:
    reference = define(None)
    return {id: observe(reference, probe, seed) for id, (_, probe) in probes.items()}


def failed(probes: Probes, student: SimpleNamespace, golden: dict[str, Values], seed: int) -> set[str]:
    """The checks that a student's classes do not pass."""
    lost = set()
    for id, (check, probe) in probes.items():
        try:
            seen = observe(student, probe, seed)
        except (ValueError, TypeError, IndexError, CheckFailed):  # what mistakes in shapes come to, or a check says
            lost.add(id)
            continue
        given = Given(golden=golden[id], rng=np.random.default_rng(0), data=Path())
        if outcome(check, Observation(check=id, ended="returned", values=seen), given).status != "passed":
            lost.add(id)
    return lost


def of_layers(edits: tuple[Edit, ...]) -> list[Edit]:
    """Those that change more than the notebook."""
    return [edit for edit in edits if any(change.file != NOTEBOOK for change in edit.changes)]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_wrong_rewrite_fails_exactly_its_checks(
    assignment: Assignment, define: Define, probes: Probes, seed: int
) -> None:
    golden = expected(probes, define, seed)
    edits = of_layers(wrong_edits(assignment))

    lost = {edit.name: failed(probes, define(edit), golden, seed) for edit in edits}

    assert lost == {edit.name: set(edit.fails) - TRAINED for edit in edits}


@pytest.mark.parametrize("seed", SEEDS)
def test_right_rewrites_fail_nothing(assignment: Assignment, define: Define, probes: Probes, seed: int) -> None:
    golden = expected(probes, define, seed)
    edits = of_layers(right_edits(assignment))

    lost = {edit.name: failed(probes, define(edit), golden, seed) for edit in edits}

    assert lost == {edit.name: set() for edit in edits}


LAZY = {
    "one number": lambda shape: np.full(shape, 0.5),
    "a ramp": lambda shape: np.arange(np.prod(shape)).reshape(shape) - 2.5,
    "chance": lambda shape: np.random.normal(size=shape),
    "chance that is sown": lambda shape: np.random.RandomState(3).normal(size=shape),
}
"""Arrays of the right shape that no data went into."""


def lazy_layers(reference: SimpleNamespace, make: Any) -> SimpleNamespace:
    """The classes of the hand-out, which keep the shapes of what they are given, and nothing else of it."""

    class Linear(reference.Linear):  # type: ignore[misc]
        def forward(self, x: np.ndarray) -> Any:
            return make((len(x), self.W.shape[1]))

        def backward(self, dout: np.ndarray) -> Any:
            self.dW, self.db = make(self.W.shape), make(self.b.shape)
            return make((len(dout), self.W.shape[0]))

    class ReLU(reference.ReLU):  # type: ignore[misc]
        def forward(self, x: np.ndarray) -> Any:
            return make(x.shape)

        backward = forward

    class Softmax(reference.Softmax):  # type: ignore[misc]
        forward = ReLU.forward

    class CrossEntropyLoss:
        def forward(self, probabilities: np.ndarray, labels: np.ndarray) -> float:
            self.shape = probabilities.shape
            return 1.0

        def backward(self) -> Any:
            return make(self.shape)

    own = {"Linear": Linear, "ReLU": ReLU, "Softmax": Softmax, "CrossEntropyLoss": CrossEntropyLoss}
    return SimpleNamespace(**{**vars(reference), **own})


@pytest.mark.parametrize("kind", LAZY)
def test_layers_that_do_not_look_at_their_data_earn_nothing(define: Define, probes: Probes, kind: str) -> None:
    golden = expected(probes, define, 176)

    with np.errstate(all="ignore"):
        earned = {id: points(probes, lazy_layers(define(None), LAZY[kind]), golden, id) for id in probes}

    assert earned == dict.fromkeys(probes, 0)


def points(probes: Probes, student: SimpleNamespace, golden: dict[str, Values], id: str) -> Fraction:
    check, probe = probes[id]
    given = Given(golden=golden[id], rng=np.random.default_rng(0), data=Path())
    return outcome(check, Observation(check=id, ended="returned", values=observe(student, probe, 176)), given).score


def test_a_gradient_of_ones_costs_its_share_alone(define: Define, probes: Probes) -> None:
    reference = define(None)

    class Linear(reference.Linear):  # type: ignore[misc]
        def backward(self, dout: np.ndarray) -> Any:
            down = super().backward(dout)
            self.db = np.ones(self.b.shape)
            return down

    student, golden = SimpleNamespace(**{**vars(reference), "Linear": Linear}), expected(probes, define, 176)

    earned = {id: points(probes, student, golden, id) for id in ("gradients_exist", "gradients_exist_sizes")}

    assert earned == {"gradients_exist": 6, "gradients_exist_sizes": 4}


def test_there_are_enough_rewrites_to_trust_the_checks(assignment: Assignment) -> None:
    assert len(wrong_edits(assignment)) >= 14
    assert len(right_edits(assignment)) >= 10


def test_every_check_is_failed_by_some_wrong_rewrite(assignment: Assignment) -> None:
    lost = {check for edit in wrong_edits(assignment) for check in edit.fails}

    assert lost == {check.id for check in assignment.checks}


def test_points_are_those_of_the_hand_out(assignment: Assignment) -> None:
    points = {p.id: sum(c.points for c in assignment.checks if c.part.id == p.id) for p in assignment.parts}
    points |= {manual.part.id: manual.points for manual in assignment.manual}

    assert points == {"1.0.1": 20, "1.0.2": 10, "1.0.3a": 20, "1.0.3b": 20, "1.1a": 10, "1.1b": 19, "1.2": 1}
    assert sum(points.values()) == assignment.points == 100


def test_every_automatic_part_has_public_and_hidden_checks(assignment: Assignment) -> None:
    seen = {(check.part.id, check.visibility) for check in assignment.checks}

    automatic = ("1.0.1", "1.0.2", "1.0.3a", "1.0.3b", "1.1a")
    assert seen == {(id, visibility) for id in automatic for visibility in ("public", "hidden")}


@pytest.mark.parametrize("seed", range(20))
def test_no_hidden_unit_of_a_fresh_network_is_on_its_kink(hidden: ModuleType, define: Define, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = hidden.network(define(None), rng, 5, 8, 4)[0]

    x = hidden.points(rng, layer, 7)

    assert x.shape == (7, 5)
    assert np.abs(layer.forward(x)).min() > 0.02


@pytest.mark.parametrize("seed", range(20))
def test_inputs_of_relu_are_off_its_kink_and_of_both_signs(checks: ModuleType, seed: int) -> None:
    x = checks.off_zero(np.random.default_rng(seed), 6, 5)

    assert np.abs(x).min() >= 0.1
    assert x.min() < 0 < x.max()


def test_labels_leave_no_class_out(checks: ModuleType) -> None:
    labels = checks.labels(np.random.default_rng(0), 9, 4)

    assert labels.shape == (9,)
    assert set(labels) == {0, 1, 2, 3}


def test_parameters_are_put_into_a_layer_that_only_shows_copies(checks: ModuleType) -> None:
    class Copies:
        def __init__(self) -> None:
            self.W, self.b = np.arange(6.0).reshape(2, 3), np.zeros(3)

        @property
        def parameters(self) -> list[Any]:
            return [self.W.copy(), self.b.copy()]

    layer = Copies()
    checks.put(layer, np.full((2, 3), 7.0), np.ones(3))

    assert (layer.W == 7).all()
    assert (layer.b == 1).all()


# ---------------------------------------------------------------- judges

SHARES = {"W1": (4, 10), "b1": (10,), "W2": (10, 3), "b2": (3,)}


def judged(checks: ModuleType, judge: str, seen: Values, golden: Values) -> dict[str, tuple[Fraction, str]]:
    given = Given(golden=golden, rng=np.random.default_rng(0), data=Path())
    with np.errstate(all="ignore"):
        verdicts = list(vars(checks)[judge](seen, given))
    return {verdict.name: (Fraction(verdict.earned), verdict.message) for verdict in verdicts}


@pytest.mark.parametrize(
    ("gradient", "complaint"),
    [
        (np.ones((1, 10)), "shape (1, 10)"),
        (np.empty(0), "no array"),
        (np.full(10, np.nan), "nan or inf"),
        (np.zeros(10), "zero throughout"),
    ],
)
def test_a_gradient_that_does_not_exist_costs_its_own_share(
    checks: ModuleType, gradient: np.ndarray, complaint: str
) -> None:
    golden = {name: np.ones(shape) for name, shape in SHARES.items()}

    verdicts = judged(checks, "judge_existence", {**golden, "b1": gradient}, golden)

    assert {name for name, (earned, _) in verdicts.items() if not earned} == {"b1"}
    assert complaint in verdicts["b1"][1]


@pytest.mark.parametrize(
    ("off", "earned", "remark"),
    [(0.0, 1, ""), (3e-12, 1, "less than 1e-12"), (4.3e-7, 0, "less than 1e-12"), (np.nan, 0, "nan")],
)
def test_the_toy_loss_leaves_room_for_an_epsilon_but_not_for_scores_of_a_third(
    checks: ModuleType, off: float, earned: int, remark: str
) -> None:
    golden = {"loss": np.array(1.098612723362578)}

    verdicts = judged(checks, "judge_toy_loss", {"loss": golden["loss"] + off}, golden)

    assert verdicts["loss"][0] == earned
    assert remark in verdicts["loss"][1]


def trained(scale: float, **others: Any) -> Values:
    """What the probe of the training returns, for weights that put `scale` on the right classes of three clusters."""
    seen: Values = {"lr": 0.1, "weight_decay": 1e-5, "epoch_loss": np.zeros(1000), **others}
    seen = {name: np.asarray(value, dtype=float) for name, value in seen.items()}
    return {**seen, **{name: scale * np.ones(shape) for name, shape in SHARES.items()}}


def test_training_is_judged_by_the_parameters_and_not_by_the_list_of_losses(checks: ModuleType) -> None:
    X, y = checks.toy_data()

    earned, message = judged(checks, "judge_training", trained(0.0, X=X, y=y), {})["final_loss"]

    assert earned == 0
    assert message == "the loss of `net` on the toy data is 1.099, not below 0.02"


def test_what_was_edited_in_the_notebook_is_told(checks: ModuleType) -> None:
    X, y = checks.toy_data()
    seen = trained(0.0, X=X + 1, y=y, lr=0.5, weight_decay=0.0, epoch_loss=np.zeros(50))

    _, message = judged(checks, "judge_training", seen, {})["final_loss"]

    assert "lr is 0.5 instead of 0.1" in message
    assert "weight_decay is 0 instead of 1e-05" in message
    assert "50 losses" in message
    assert "`X` does not hold" in message
    assert "`y`" not in message


def test_what_could_not_be_read_in_the_notebook_is_not_remarked_upon(checks: ModuleType) -> None:
    names = ("X", "y", "lr", "weight_decay", "epoch_loss")

    _, message = judged(checks, "judge_training", trained(0.0, **dict.fromkeys(names, np.nan)), {})["final_loss"]

    assert "instead" not in message
    assert "does not hold" not in message


@pytest.mark.parametrize("change", [{"W1": np.ones((4, 9))}, {"b2": np.nan}, {"more": np.ones((3, 3))}])
def test_another_network_than_the_hand_outs_earns_nothing(checks: ModuleType, change: Values) -> None:
    X, y = checks.toy_data()
    seen = {**trained(1.0, X=X, y=y), **{name: np.asarray(value) for name, value in change.items()}}

    earned, message = judged(checks, "judge_training", seen, {})["final_loss"]

    assert earned == 0
    assert "is no network of" in message


def test_parameters_that_have_run_away_are_not_below_the_limit(checks: ModuleType) -> None:
    X, y = checks.toy_data()

    assert judged(checks, "judge_training", trained(np.inf, X=X, y=y), {})["final_loss"][0] == 0
