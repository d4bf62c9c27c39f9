"""The checks of the first Radboud assignment up to the trainings, tried in this process: no worker, many variants."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from msgspec import structs

from grader import ForPerson
from grader.assignment.release.edits import right_edits, wrong_edits
from grader.checks import CheckFailed
from grader.model import Assignment, Change, Edit

from .conftest import Observe, Student, judged

SEEDS = (4, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow))

ONES = "1.1a 1.1g 1.1h 1.2c 1.4b 1.4c 1.6b 1.6d 1.6f 1.6h"
AUTOMATIC = {**dict.fromkeys(ONES.split(), 1), "1.2b": 2, "1.2f": 2, "1.3a": 2, "1.2k": 3, "1.4a": 3}
WRITTEN = "1.1c 1.1e 1.1f 1.2a 1.2d 1.2e 1.2h 1.2i 1.2j 1.2l 1.2m 1.6e 1.6g 1.6i"
MANUAL = {**dict.fromkeys(WRITTEN.split(), 1), "1.6c": 3, "1.7a": 2, "1.7b": 2, "1.7c": 2}
"""Points of each part, as the hand-out prints them."""


def failed(assignment: Assignment, observe: Observe, edits: Sequence[Edit], seed: int) -> dict[str, set[str]]:
    """By the name of each edit: the checks that do not pass."""
    checks = {check.id: check for check in assignment.checks}
    expected = observe(None, seed)
    found: dict[str, set[str]] = {}
    for edit in edits:
        seen = observe(edit, seed)
        found[edit.name] = set()
        for id, values in expected.items():
            assert not isinstance(values, Exception), (id, values)
            if judged(assignment, checks[id], values, seen[id]).status != "passed":
                found[edit.name].add(id)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_every_wrong_rewrite_fails_exactly_its_checks(assignment: Assignment, observe: Observe, seed: int) -> None:
    edits = wrong_edits(assignment)
    named = {edit.name: {id for id in edit.fails if not id.startswith("network_")} for edit in edits}

    assert failed(assignment, observe, edits, seed) == named


@pytest.mark.parametrize("seed", SEEDS)
def test_right_rewrites_fail_nothing(assignment: Assignment, observe: Observe, seed: int) -> None:
    edits = right_edits(assignment)

    assert failed(assignment, observe, edits, seed) == {edit.name: set() for edit in edits}


def test_every_check_is_failed_by_some_wrong_rewrite(assignment: Assignment) -> None:
    named = {check for edit in wrong_edits(assignment) for check in edit.fails}

    assert named == {check.id for check in assignment.checks}


def test_points_are_those_of_the_hand_out(assignment: Assignment) -> None:
    automatic = {p.id: sum(c.points for c in assignment.checks if c.part.id == p.id) for p in assignment.parts}
    manual = {entry.part.id: entry.points for entry in assignment.manual if entry.points}

    assert {id: points for id, points in automatic.items() if points} == AUTOMATIC
    assert manual == MANUAL
    assert sum(automatic.values()) == 22
    assert sum(manual.values()) == 23


@pytest.mark.parametrize(
    "difference",
    [
        "import no_such_package\nprint((relu(x + 1e-6) - relu(x - 1e-6)) / 2e-6)\n",
        "found = {str(v): str((float(relu(v + 1e-6)) - float(relu(v - 1e-6))) / 2e-6) for v in x}\n",
    ],
)
def test_differences_that_cannot_be_followed_wait_for_a_person(
    assignment: Assignment, observe: Observe, difference: str
) -> None:
    numerical = 'print("Numerical", (relu(x + epsilon / 2) - relu(x - epsilon / 2)) / epsilon)\n'
    change = Change("assignment_1.py", numerical, difference)

    seen = observe(Edit(name="of its own", fails=(), changes=(change,)), 4)

    assert isinstance(seen["relu_numerical"], ForPerson)


def test_a_one_sided_difference_is_told_from_the_central_one(assignment: Assignment, observe: Observe) -> None:
    edit = next(e for e in wrong_edits(assignment) if e.name.startswith("one-sided"))
    check = next(c for c in assignment.checks if c.id == "sigmoid_numerical")
    expected, seen = (observe(e, 4)["sigmoid_numerical"] for e in (None, edit))

    assert not isinstance(expected, Exception)
    assert "to one side" in judged(assignment, check, expected, seen).arrays[0].message


@pytest.mark.parametrize(
    ("slope", "message"),
    [
        ("(func(at + h) - func(at)) / h", "to one side"),
        ("(func(at + h) - func(at - h)) / h", "2 times as much, as everywhere"),
        ("(func(at + 0.1) - func(at - 0.1)) / 0.2", "no finite difference"),
        ("sigmoid_grad(at)", "no finite difference"),
    ],
)
def test_a_wrong_difference_at_points_of_ones_own_is_seen(
    assignment: Assignment, observe: Observe, slope: str, message: str
) -> None:
    right = next(e for e in right_edits(assignment) if e.name.startswith("finite differences at points"))
    change = next(c for c in right.changes if "def slope" in c.new)
    text = change.new.replace("(func(at + h) - func(at - h)) / (2 * h)", slope)
    assert text != change.new
    edit = structs.replace(right, changes=(structs.replace(change, new=text),))
    check = next(c for c in assignment.checks if c.id == "sigmoid_numerical")
    expected, seen = (observe(e, 4)["sigmoid_numerical"] for e in (None, edit))

    assert not isinstance(expected, Exception)
    assert message in judged(assignment, check, expected, seen).arrays[0].message


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({}, "no finite difference"),
        ({"below": np.array([np.inf])}, "no finite difference"),
        ({"below": np.zeros(0), "above": np.zeros(0), "own": np.zeros(0), "result": np.zeros(0)}, "no finite"),
        ({"own": np.full(5, np.nan)}, "where your function has the slope nan"),
        ({"own": np.full((5, 1), 7.0)}, "where your function has the slope 7"),
        ({"own": np.ones(3)}, "no finite difference"),
    ],
)
def test_the_judge_of_differences_has_a_verdict_for_any_arrays(
    assignment: Assignment, observe: Observe, arrays: dict[str, np.ndarray], words: str
) -> None:
    check = next(c for c in assignment.checks if c.id == "sigmoid_numerical")
    expected = observe(None, 4)["sigmoid_numerical"]
    assert not isinstance(expected, Exception)
    seen = {**expected, **arrays} if arrays else dict.fromkeys(expected, np.array([np.inf]))

    result = judged(assignment, check, expected, seen)

    assert result.status == "failed"
    assert words in result.arrays[0].message


def descended(x: float, y: float, size: float, decay: float, steps: int) -> np.ndarray:
    """The path (2, steps + 1) of a descent, the start included."""
    path = [(x, y)]
    for n in range(steps):
        step = size * decay**n
        x, y = x - step * (2 * x - 3 * np.sin(3 * x) + y + 2), y - step * (x + 2 * y)
        path.append((x, y))
    return np.array(path).T


TUNED = descended(3, 2, 0.5, 0.95, 60)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (TUNED, "passed", ""),
        (TUNED[:, 1:], "passed", ""),
        (TUNED.astype(np.float32), "passed", ""),
        (descended(3, 2, 0.1, 1, 10), "failed", "not below -2"),
        (descended(0, 0, 0.1, 1, 300), "failed", "starts at (0, 0); a descent from (3, 2) is asked for"),
        (descended(-1.1, 0.5, 0.01, 1, 3), "failed", "starts at (-1.1, 0.5)"),
        (np.array([[3, -1.09], [2, 0.54]]), "failed", "point 1 of the path"),
        (np.linspace([3.0, 2.0], [-1.09, 0.54], 50).T, "failed", "point 1 of the path"),
        (np.column_stack([descended(3, 2, 0.1, 1, 10), [-1.09, 0.54]]), "failed", "point 11 of the path"),
        (np.array([[3.0, 3.0], [2.0, 2.0]]), "failed", "not below -2"),
        (np.array([[3.0, np.nan], [2.0, 0.0]]), "failed", ""),
        (np.array([[-1.0], [0.5]]), "failed", "not what optimize_f returns"),
        (np.zeros(0), "failed", "not what optimize_f returns"),
    ],
)
def test_the_tuned_descent_is_judged_by_its_path(
    assignment: Assignment, observe: Observe, path: np.ndarray, status: str, words: str
) -> None:
    check = next(c for c in assignment.checks if c.id == "tuned_descent")
    expected = observe(None, 4)["tuned_descent"]
    assert not isinstance(expected, Exception)

    result = judged(assignment, check, expected, {"end": path[..., -1:].ravel(), "path": path})

    assert result.status == status
    assert words in result.arrays[0].message


def test_a_path_of_wrong_steps_is_walked_again_with_an_optimize_f_put_right(checks: ModuleType) -> None:
    def returned(path: np.ndarray) -> tuple[object, ...]:
        return *path[:, -1], 0.0, *path

    wrong = TUNED + [[0], [0.01]] * (np.arange(TUNED.shape[1]) % 2)
    notebook = {
        "In": ["results = optimize_f(3, 2, 0.5, 60, 0.95)"],
        "get_ipython": lambda: SimpleNamespace(transform_cell=str),
        "optimize_f": lambda *given: returned(TUNED),
        "results": returned(wrong),
    }

    seen = checks.tuned_descent(Student(notebook), np.random.default_rng(0))

    assert np.array_equal(seen["path"], TUNED)


def stepping(step: str) -> object:
    """A layer with this text of its `step`."""
    space: dict[str, object] = {}
    exec(f"class Linear:\n    def step(self, step_size):\n        {step}", space)
    layer = space["Linear"]()  # type: ignore[operator]
    layer.W, layer.b = np.ones((3, 2)), np.ones(2)
    return layer


def test_a_step_that_moves_nothing_is_told_from_one_that_is_not_written(checks: ModuleType) -> None:
    written = "for p, g in ((self.W, self.dW), (self.b, self.db)): p = p - step_size * g"
    with pytest.raises(CheckFailed, match="leaves W and b as they are"):
        checks.moved(np.random.default_rng(0), stepping(written), 0.1)
    for given in ("self.W = self.W; self.b = self.b", "pass"):
        with pytest.raises(NotImplementedError):
            checks.moved(np.random.default_rng(0), stepping(given), 0.1)


@pytest.mark.parametrize(
    "difference",
    [
        "(sigmoid(x + epsilon / 2) - sigmoid(x - epsilon / 2)) / epsilon",
        "np.array([(sigmoid(v + epsilon) - sigmoid(v - epsilon)) / epsilon for v in x])",
    ],
)
def test_a_step_that_is_lost_in_rounding_is_told(assignment: Assignment, observe: Observe, difference: str) -> None:
    check = next(c for c in assignment.checks if c.id == "sigmoid_numerical")
    old = "numerical = (sigmoid(x + epsilon / 2) - sigmoid(x - epsilon / 2)) / epsilon\n"
    new = f"epsilon = 1e-17\nnumerical = {difference}\n"
    lost = Edit(name="lost", changes=(Change("assignment_1.py", old, new),), fails=())
    expected, seen = (observe(edit, 4)["sigmoid_numerical"] for edit in (None, lost))

    assert not isinstance(expected, Exception)
    assert "the step is so small" in judged(assignment, check, expected, seen).arrays[0].message
