"""The assignment on scientific Python: its examples, its judges, its rewrites."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.assignment.loading.check_source import load_check_files
from grader.grading.scoring import outcome
from grader.model import Assignment, Given, Observation, Outcome
from tests.courses.reports import Reports, lost, outcomes

ID = "scientific_python"


@pytest.mark.slow
def test_the_reference_has_full_marks_and_the_stub_none(reports: Reports) -> None:
    assert (reports["correct"].score, reports["correct"].max_score) == (42, 42)
    assert reports["stub"].score == 0


@pytest.mark.slow
def test_each_mistake_costs_its_own_part(reports: Reports) -> None:
    taken = lost(reports["three_mistakes"])

    assert taken.keys() == {"1", "3", "5"}
    assert taken["5"] == 4


def test_the_judge_says_which_statistic_is_off(reports: Reports) -> None:
    outcome = outcomes(reports["three_mistakes"])["disc_points"]

    assert "the radius is spread evenly, not the area" in outcome.message
    assert "the mean of the squared radius is 0.33" in outcome.message
    assert "0.5 is asked for, to within 0.01" in outcome.message


Array = np.ndarray[Any, Any]


class Made(np.ndarray):
    """An array that says of itself that its products are what is asked for."""

    answers: tuple[Array, Array]

    def __matmul__(self, other: Any) -> Any:
        return self.answers[0 if isinstance(other, Made) else 1]

    def __array_finalize__(self, source: Any) -> None:
        self.answers = getattr(source, "answers", (np.eye(1), np.eye(1)))


def made_factors(a: Array) -> tuple[Array, Array]:
    q = np.zeros(a.shape).view(Made)
    q.answers = np.eye(a.shape[1]), a.copy()
    return q, np.zeros((a.shape[1], a.shape[1]))


def made_solution(product: Any, b: Array, steps: int) -> tuple[Array, list[float]]:
    for _ in range(steps if np.any(b) else 0):
        product(b)
    return np.zeros(b.shape), [0.0]


def gathered(jitter: float) -> Callable[[np.random.Generator, int], Array]:
    """Points around 24 places, whose means and shares are those of the disc."""

    def disc(rng: np.random.Generator, count: int) -> Array:
        at = np.arange(count)
        angle = np.pi / 6 * (at + rng.random()) + jitter * rng.random(count)
        radius = np.sqrt(np.where(at // 12 % 4 == 0, 1, 5) / 8) + jitter * rng.uniform(-1, 1, size=count)
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)

    return disc


def single_precision(rng: np.random.Generator, count: int) -> Array:
    radius, turn = np.sqrt(rng.random(count, dtype=np.float32)), rng.random(count, dtype=np.float32)
    return np.stack([radius * np.cos(2 * np.pi * turn), radius * np.sin(2 * np.pi * turn)], axis=1)


def scored(assignment: Assignment, id: str, **functions: Any) -> Outcome:
    """A check on functions in the place of a student's; what they return arrives as plain arrays."""
    files = load_check_files(assignment.root)
    check = next(c for c in assignment.checks if c.id == id)
    probe: Any = getattr(files[check.file.removesuffix(".py")].module, id)

    def observed(student: Any) -> dict[str, Array]:
        return {name: np.array(value) for name, value in probe(student, np.random.default_rng(5)).items()}

    space: dict[str, Any] = {}
    solution = (assignment.root / "solution" / "scientific_python.py").read_text(encoding="utf-8")
    exec(solution.partition("# ## 6")[0], space)
    given = Given(golden=observed(SimpleNamespace(**space)), rng=np.random.default_rng(0), data=Path())
    seen = observed(SimpleNamespace(**{**space, **functions}))
    return outcome(check, Observation(check=id, ended="returned", values=seen), given)


@pytest.mark.parametrize(
    ("id", "functions", "words"),
    [
        ("qr_nearly_parallel", {"qr": made_factors}, "the first column of `q` is not that of the matrix"),
        ("qr_nearly_parallel", {"qr": lambda a: (a.copy(), np.eye(5))}, "the first column of `q` is not that"),
        ("qr_nearly_parallel", {"qr": lambda a: (np.eye(9, 5), np.eye(5))}, "the first column of `q` is not that"),
        ("cg_calls", {"conjugate_gradients": made_solution}, "not what the steps lead to"),
        ("disc_points", {"disc": gathered(0.0)}, "only 24 different places"),
        ("disc_points", {"disc": gathered(1e-8)}, "different places"),
        ("disc_points", {"disc": gathered(1e-3)}, "lie in clusters"),
        ("disc_generator", {"disc": lambda rng, count: gathered(0.0)(rng, 2 * count)[::2]}, "drawn twice"),
        ("disc_generator", {"disc": lambda rng, count: rng.random(count)}, "another shape"),
    ],
)
def test_answers_that_are_made_up_earn_nothing(
    assignment: Assignment, id: str, functions: dict[str, Any], words: str
) -> None:
    result = scored(assignment, id, **functions)

    assert result.score == 0
    assert words in result.message


@pytest.mark.parametrize("id", ["disc_points", "disc_generator"])
def test_points_in_single_precision_are_right(assignment: Assignment, id: str) -> None:
    assert scored(assignment, id, disc=single_precision).status == "passed"


@pytest.mark.slow
def test_even_points_are_refused_less_than_once_in_a_thousand(assignment: Assignment) -> None:
    checks: Any = load_check_files(assignment.root)["checks"].module
    for seed in range(1000):
        points = single_precision(np.random.default_rng(seed), checks.COUNT)
        assert [v.message for v in checks.disc_is_even({"points": points}, None)] == [""]
