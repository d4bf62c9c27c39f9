"""Judging trained networks: what is found in a notebook, what is trained again, and what an accuracy is worth."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from fractions import Fraction
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.assignment.release.edits import wrong_edits
from grader.model import Assignment, Check, Given, Verdict

from .conftest import Define

Import = Callable[[str], ModuleType]
SETTINGS = {"optim_config": {"learning_rate": 2e-3}, "batch_size": 100, "num_epochs": 2, "num_train_samples": 100}
GIVEN = Given(golden={}, rng=np.random.default_rng(0), data=Path("nowhere"))


@pytest.fixture(scope="module")
def data(course: Import) -> dict[str, Any]:
    found: dict[str, Any] = course("utils.data_utils").get_CIFAR10_data()
    return found


@pytest.fixture(scope="module")
def train(course: Import, data: dict[str, Any]) -> Callable[..., Any]:
    """Train a model by the course's Solver; returns the Solver."""

    def train_(model: Any, images: dict[str, Any] = data, **settings: Any) -> Any:
        np.random.seed(0)
        solver = course("utils.solver").Solver(model, images, **{**SETTINGS, "verbose": False, **settings})
        solver.train()
        return solver

    return train_


@pytest.fixture(scope="module")
def solver(define: Define, train: Callable[..., Any]) -> Any:
    """A Solver whose TwoLayerNet is good enough."""
    np.random.seed(0)
    return train(define(None).TwoLayerNet(hidden_dims=60))


@pytest.fixture(scope="module")
def small_data(data: dict[str, Any]) -> dict[str, Any]:
    return {name: array[:50] for name, array in data.items() if not name.endswith("test")}


def student(solution: SimpleNamespace, **notebook: Any) -> SimpleNamespace:
    return SimpleNamespace(**vars(solution), notebook=notebook)


UNKNOWN = {"settings": np.zeros(0)}
"""Of a training of which nothing is known."""


def judged(check: Check, seen: dict[str, Any]) -> Verdict:
    assert check.judge is not None
    (verdict,) = check.judge(seen, GIVEN)
    return verdict


@pytest.fixture(scope="module")
def found(assignment: Assignment) -> dict[str, Check]:
    return {check.id: check for check in assignment.checks}


def test_the_judge_gets_the_accuracy_that_the_solver_measured(
    define: Define, checks: ModuleType, found: dict[str, Check], solver: Any, data: dict[str, Any]
) -> None:
    seen = checks.solver_accuracy(student(define(None), model=solver.model, solver=solver, data=data), None)
    verdict = judged(found["solver_accuracy"], seen)

    assert seen["sizes"].tolist() == [48, 60, 10]
    assert verdict.earned is True
    assert verdict.error == pytest.approx(1 - solver.best_val_acc, abs=1e-9)
    assert "small data set" in verdict.message
    assert "60 hidden units instead of 200, which costs nothing" in verdict.message


@pytest.mark.parametrize("holder", ["model", "best_model", "a list", "a dictionary", "parameters alone"])
def test_the_best_network_is_found_whatever_it_is_called(
    define: Define, checks: ModuleType, solver: Any, data: dict[str, Any], holder: str
) -> None:
    solution = define(None)
    untrained = solution.TwoLayerNet(hidden_dims=200)
    notebook: dict[str, Any] = {"net": untrained, "data": data, "x": 3, "name": "text"}
    notebook[holder.replace(" ", "_")] = {
        "a list": [None, solver.model],
        "a dictionary": {(1e-3, 0.1): solver.model},
        "parameters alone": solver.model.params,
    }.get(holder, solver.model)

    assert checks.solver_accuracy(student(solution, **notebook), None)["sizes"][1] == 60


def test_a_notebook_without_a_network_is_not_implemented(
    define: Define, checks: ModuleType, data: dict[str, Any]
) -> None:
    other = define(None).TwoLayerNet(input_dim=5, hidden_dims=3, num_classes=2)

    with pytest.raises(NotImplementedError, match="no trained network"):
        checks.solver_accuracy(student(define(None), model=other, solver=None, data=data), None)


def test_training_is_repeated_with_right_layers(
    assignment: Assignment,
    define: Define,
    checks: ModuleType,
    found: dict[str, Check],
    train: Callable[..., Any],
    data: dict[str, Any],
) -> None:
    edit = next(e for e in wrong_edits(assignment) if "wrong sign" in e.name)
    wrong = define(edit)
    failed = train(wrong.TwoLayerNet(hidden_dims=60))
    notebook = {"model": failed.model, "solver": failed, "data": data}

    with np.errstate(all="ignore"):
        before = checks.solver_accuracy(student(wrong, **notebook), None)
        after = checks.solver_accuracy(student(define(None), **notebook), None)

    assert judged(found["solver_accuracy"], before).earned is False
    assert judged(found["solver_accuracy"], after).earned is True


def test_a_repeated_training_is_ended_in_the_middle_where_time_is_up(
    define: Define,
    checks: ModuleType,
    train: Callable[..., Any],
    data: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    short = train(define(None).TwoLayerNet(hidden_dims=60), optim_config={"learning_rate": 1e-6}, num_epochs=1)
    steps, step = [], type(short)._step
    monkeypatch.setattr(type(short), "_step", lambda solver: (steps.append(1), step(solver)))
    notebook = {"model": short.model, "solver": short, "data": data}

    checks.solver_accuracy(student(define(None), **notebook), None)
    in_time, steps[:] = len(steps), []
    monkeypatch.setitem(checks.observed_net.__globals__, "LATEST", -1)
    seen = checks.solver_accuracy(student(define(None), **notebook), None)

    assert in_time > 0
    assert steps == []
    assert seen["sizes"].tolist() == [48, 60, 10]


@pytest.mark.slow
def test_settings_for_cifar_are_given_as_many_steps_as_they_would_have_there(
    define: Define, checks: ModuleType, found: dict[str, Check], train: Callable[..., Any], data: dict[str, Any]
) -> None:
    np.random.seed(0)
    settings = {"optim_config": {"learning_rate": 1e-4}, "num_epochs": 10, "batch_size": 500}
    short = train(define(None).TwoLayerNet(hidden_dims=150), **settings)
    assert 0.34 < short.best_val_acc < 0.5

    seen = checks.solver_accuracy(student(define(None), model=short.model, solver=short, data=data), None)

    assert judged(found["solver_accuracy"], seen).earned is True


@pytest.mark.parametrize(("attribute", "value"), [("num_epochs", 100), ("started", False)])
def test_a_training_that_is_long_or_was_never_started_is_not_repeated(
    define: Define, checks: ModuleType, solver: Any, data: dict[str, Any], attribute: str, value: Any
) -> None:
    failed = copy(solver)
    failed.model = define(None).TwoLayerNet(hidden_dims=60)
    failed.best_params = failed.last_params = {}
    failed.optim_config = 3  # would raise, were it used
    setattr(failed, attribute, value)

    seen = checks.solver_accuracy(student(define(None), model=failed.model, solver=failed, data=data), None)

    assert seen["sizes"].tolist() == [48, 60, 10]


def test_fifty_by_heart_counts_the_last_parameters_too(
    define: Define,
    checks: ModuleType,
    found: dict[str, Check],
    train: Callable[..., Any],
    data: dict[str, Any],
    small_data: dict[str, Any],
) -> None:
    solution = define(None)
    np.random.seed(0)
    model = solution.FullyConnectedNet([100, 100], weight_scale=2e-2, dtype=np.float64)
    solver = train(model, small_data, optim_config={"learning_rate": 5e-3}, batch_size=25, num_epochs=20)
    model.params = solver.first_params  # as if these had done best on the validation images

    seen = checks.fifty_by_heart(student(solution, model=model, solver=solver, data=data), None)

    assert seen["sizes"].tolist() == [48, 100, 100, 10]
    assert judged(found["fifty_by_heart"], seen).earned is True


def test_a_two_layer_net_is_no_answer_to_fifty_by_heart(
    define: Define, checks: ModuleType, solver: Any, data: dict[str, Any]
) -> None:
    with pytest.raises(NotImplementedError, match="no trained network"):
        checks.fifty_by_heart(student(define(None), model=solver.model, solver=solver, data=data), None)


@pytest.mark.parametrize(
    ("right", "earned"), [(1.0, True), (0.5, True), (0.499, Fraction(1, 2)), (0.45, Fraction(1, 2)), (0.449, False)]
)
def test_accuracy_earns_all_half_or_nothing(
    judges: ModuleType, monkeypatch: pytest.MonkeyPatch, right: float, earned: bool | Fraction
) -> None:
    monkeypatch.setattr(judges, "accuracy", lambda *_: right)
    seen = {"sizes": np.array([48, 200, 10]), "values": np.zeros(49 * 200 + 201 * 10, np.float32)} | UNKNOWN

    (verdict,) = judges.judge_solver(seen, GIVEN)

    assert verdict.earned == earned
    assert ("are asked for" in verdict.message) == (earned is not True)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ([1, 1e-6, 1, 200, 0.01], "the learning rate 1e-06, 1 epoch and batches of 200; the first weights had the"),
        ([0, 1e-3, 10, 200, 0.01], "50% are asked for; its Solver was made, and `train` was never called"),
        ([1, np.nan, 10, 200, 0.01], "50% are asked for"),
    ],
)
def test_how_a_network_was_trained_that_learned_too_little_is_told(
    judges: ModuleType, monkeypatch: pytest.MonkeyPatch, settings: list[float], told: str
) -> None:
    monkeypatch.setattr(judges, "accuracy", lambda *_: 0.1)
    seen = {"sizes": np.array([48, 200, 10]), "values": np.zeros(49 * 200 + 201 * 10, np.float32)}
    seen["settings"] = np.array(settings, dtype=float)

    (verdict,) = judges.judge_solver(seen, GIVEN)

    assert told in verdict.message
    assert ("Solver" in verdict.message) == bool(np.isfinite(settings).all())


@pytest.mark.parametrize(("right", "earned"), [(1.0, True), (0.98, False)])
def test_forty_nine_of_fifty_are_not_enough(
    judges: ModuleType, monkeypatch: pytest.MonkeyPatch, right: float, earned: bool
) -> None:
    monkeypatch.setattr(judges, "accuracy", lambda *_: right)
    seen = {"sizes": np.array([48, 5, 10]), "values": np.zeros(49 * 5 + 60, np.float32)} | UNKNOWN

    (verdict,) = judges.judge_overfit(seen, GIVEN)

    assert verdict.earned is earned
    assert verdict.message.startswith(f"{50 * right:.0f} of the 50 training images")


@pytest.mark.parametrize(
    ("sizes", "values"),
    [
        ([48, 200, 10], np.zeros(7)),
        ([48, 10**12, 10], np.zeros(7)),
        ([48, -1, 10], np.zeros(470)),
        ([10], np.zeros(0)),
        ([7, 5, 10], np.zeros(100)),
        ([48, 5, 3], np.zeros(49 * 5 + 18)),
        (3, np.zeros(7)),
        ([48.0, 5.0, 10.0], np.zeros(305)),
        ([48, 5, 10], np.zeros(305, complex)),
    ],
)
@pytest.mark.parametrize("id", ["solver_accuracy", "fifty_by_heart"])
def test_what_is_no_such_network_earns_nothing(found: dict[str, Check], id: str, sizes: Any, values: Any) -> None:
    assert judged(found[id], {"sizes": np.array(sizes), "values": values}).earned is False


def test_a_network_that_gives_nan_is_never_right(judges: ModuleType) -> None:
    layers = [(np.full((4, 10), np.nan), np.zeros(10))]

    assert judges.accuracy(layers, np.ones((6, 4)), np.zeros(6, int)) == 0.0


def test_an_images_first_weight_is_summed_over_its_stones(judges: ModuleType) -> None:
    rng = np.random.default_rng(0)
    stones, weight = rng.normal(size=(5, 3, 4, 4)), rng.normal(size=(3072, 6))
    images = stones.repeat(8, axis=2).repeat(8, axis=3).reshape(5, -1)

    np.testing.assert_allclose(stones.reshape(5, -1) @ judges.by_stones(weight), images @ weight, rtol=1e-9)


@pytest.mark.parametrize(
    "arguments", [{"hidden_dims": 4}, {"hidden_dim": 4}, {"hidden_size": 4}], ids=lambda a: next(iter(a))
)
def test_a_class_is_built_by_its_own_spelling(networks: ModuleType, arguments: dict[str, int]) -> None:
    name = next(iter(arguments))
    space: dict[str, Any] = {}
    exec(f"class Net:\n    def __init__(self, input_dim, {name}, num_classes, reg, weight_scale):\n"
         f"        self.hidden = {name}", space)  # fmt: skip

    net = networks.two_layer_net(SimpleNamespace(TwoLayerNet=space["Net"]), (3, 4, 5))

    assert net.hidden == 4


class TestSolver:
    """The provided Solver."""

    def test_leaves_the_best_parameters_and_keeps_the_first_and_last(self, solver: Any) -> None:
        assert solver.model.params is solver.best_params
        assert solver.best_val_acc == max(solver.val_acc_history)
        assert np.any(solver.first_params["W1"] != solver.last_params["W1"])

    def test_keeps_its_histories(self, solver: Any) -> None:
        assert len(solver.loss_history) == 2 * 30
        assert len(solver.train_acc_history) == len(solver.val_acc_history) == 1 + 2

    def test_decays_the_learning_rate_after_every_epoch(
        self, define: Define, train: Callable[..., Any], small_data: dict[str, Any]
    ) -> None:
        model = define(None).TwoLayerNet(hidden_dims=5)
        done = train(model, small_data, num_epochs=3, batch_size=25, lr_decay=0.5)

        assert {config["learning_rate"] for config in done.optim_configs.values()} == {2e-3 / 8}
        assert done.optim_config == {"learning_rate": 2e-3}

    def test_refuses_an_unknown_update_rule(self, define: Define, train: Callable[..., Any]) -> None:
        with pytest.raises(ValueError, match="no update rule 'adam'"):
            train(define(None).TwoLayerNet(hidden_dims=5), update_rule="adam")

    def test_prints_iterations_and_epochs(
        self,
        define: Define,
        train: Callable[..., Any],
        small_data: dict[str, Any],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        model = define(None).TwoLayerNet(hidden_dims=5)
        train(model, small_data, num_epochs=2, batch_size=25, print_every=2, verbose=True)

        lines = capsys.readouterr().out.splitlines()
        assert [line.split(")")[0] for line in lines] == [
            "(Iteration 1 / 4",
            "(Epoch 0 / 2",
            "(Epoch 1 / 2",
            "(Iteration 3 / 4",
            "(Epoch 2 / 2",
        ]

    def test_writes_a_checkpoint_after_every_epoch(
        self, define: Define, train: Callable[..., Any], small_data: dict[str, Any], tmp_path: Path
    ) -> None:
        model = SimpleNamespace(params={"w": np.ones(2)}, loss=one_score)
        train(model, small_data, num_epochs=1, batch_size=25, checkpoint_name=str(tmp_path / "at"))

        assert sorted(path.name for path in tmp_path.iterdir()) == ["at_epoch_0.pkl", "at_epoch_1.pkl"]


def one_score(X: Any, y: Any = None) -> Any:
    """The loss of a model that can be pickled."""
    return np.ones((len(X), 1)) if y is None else (0.0, {"w": np.zeros(2)})


TWO_TRIALS = """
for hidden, rate in ((60, 2e-3), (7, 1e-9)):
    model = TwoLayerNet(hidden_dims=hidden)
    solver = Solver(model, data, optim_config={"learning_rate": rate}, **settings)
    solver.train()
"""


def test_the_best_of_the_trainings_in_the_cells_counts_whatever_the_names_hold_now(
    define: Define, checks: ModuleType, course: Import, found: dict[str, Check], data: dict[str, Any]
) -> None:
    solution = define(None)
    cells = [
        "",
        "settings = {'batch_size': 100, 'num_epochs': 2, 'num_train_samples': 100, 'verbose': False}",
        TWO_TRIALS,
    ]
    shell = SimpleNamespace(transform_cell=lambda cell: cell)
    notebook: dict[str, Any] = {
        "TwoLayerNet": solution.TwoLayerNet,
        "Solver": course("utils.solver").Solver,
        "data": data,
    }
    np.random.seed(0)
    for cell in cells:
        exec(cell, notebook)
    notebook |= {"In": cells, "get_ipython": lambda: shell}

    verdict = judged(found["solver_accuracy"], checks.solver_accuracy(student(solution, **notebook), None))

    assert notebook["model"].params["b1"].shape == (7,)
    assert verdict.earned is True
    assert "60 hidden units" in verdict.message


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"W1": np.ones((3072, 100)), "b1": np.ones(100)}, "your network gives 100 scores for an image, not 10"),
        ({"w_1": np.ones((3072, 100)), "bias": np.ones(100)}, "are not called W1, b1, W2, b2"),
    ],
)
def test_what_is_odd_about_a_network_is_said(
    define: Define,
    checks: ModuleType,
    found: dict[str, Check],
    data: dict[str, Any],
    params: dict[str, Any],
    told: str,
) -> None:
    model = define(None).FullyConnectedNet([5])
    model.params = params

    seen = checks.fifty_by_heart(student(define(None), model=model, data=data), None)

    verdict = judged(found["fifty_by_heart"], seen)
    assert verdict.earned is False
    assert told in verdict.message


def test_a_second_backward_sees_a_mask_written_into_the_cached_x(assignment: Assignment, checks: ModuleType) -> None:
    edit = next(e for e in wrong_edits(assignment) if "the cached x" in e.name)

    assert edit.fails == ("relu_backward_repeated",)
