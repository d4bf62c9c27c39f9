"""Edits of a solution, two at a time: in warm workers, and asked no more than it takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import grader.reference.pool
from grader.assignment.loading.course import find_course
from grader.assignment.release.edits import right_edits, wrong_edits
from grader.assignment.release.new import make_new
from grader.execution.process import RootProcess
from grader.grading.evaluate import GoldenTable
from grader.model import Assignment, Change, Edit
from grader.reference.pool import in_parallel, is_caught
from grader.reference.self_test import run_trials, seedless, try_edit
from grader.reference.session import ReferenceSession, live
from grader.reference.variants import VariantRunner


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    root = tmp_path_factory.mktemp("course")
    make_new(root, "toy")
    return find_course(root, root).load("toy")


@pytest.fixture(scope="module")
def golden(assignment: Assignment) -> GoldenTable:
    return live(assignment, [assignment.seed])[assignment.seed]


def edit(old: str, new: str) -> Edit:
    return Edit(name="an edit", changes=(Change("toy.py", old, new),))


def test_results_come_in_the_order_of_the_jobs_and_workers_are_used_again() -> None:
    found = list(in_parallel(range(6), lambda root, job: (job, root.pid)))
    assert [job for job, _ in found] == list(range(6))
    assert len({pid for _, pid in found}) <= grader.reference.pool.PROCESSES


def test_a_worker_in_which_a_job_failed_is_closed_and_its_error_comes_out() -> None:
    roots: list[RootProcess] = []

    def work(root: RootProcess, job: int) -> None:
        roots.append(root)
        raise ValueError(job)

    with pytest.raises(ValueError, match="0"):
        list(in_parallel([0], work))
    assert roots[0]._popen.poll() is not None


@pytest.mark.parametrize(
    ("old", "new", "caught", "asked"),
    [
        ("return x @ w + b", "return x @ w - b", True, ["forward_values"]),
        ("d_out.sum(axis=0)", "d_out.mean(axis=0)", True, ["forward_values", "gradient_values"]),
        ("np.zeros(2)", "np.ones(2)", False, ["forward_values", "gradient_values", "gradients_of_one_row"]),
    ],
)
def test_a_wrong_edit_is_asked_up_to_the_first_check_that_it_fails(
    assignment: Assignment,
    golden: GoldenTable,
    monkeypatch: pytest.MonkeyPatch,
    old: str,
    new: str,
    caught: bool,
    asked: list[str],
) -> None:
    seen = []
    original = grader.reference.pool.observe

    def observe(session: Any, check: Any, **rest: Any) -> Any:
        seen.append(check.id)
        return original(session, check, **rest)

    monkeypatch.setattr(grader.reference.pool, "observe", observe)
    with RootProcess() as root:
        assert is_caught(root, assignment, edit(old, new), golden) is caught
        assert sorted(seen) == sorted(asked)
        assert not list(root.folder.glob("grade-work-*"))
        assert is_caught(root, assignment, edit(old, new), golden) is caught


def test_wrong_edits_are_tried_at_one_seed_and_right_ones_at_several(assignment: Assignment) -> None:
    told: list[str] = []
    trials = run_trials(assignment, 3, told.append)
    wrong, right = len(wrong_edits(assignment)), len(right_edits(assignment))
    assert told == [f"toy: {wrong} wrong edits at one seed, {right} right ones at 3"]
    assert [trial.text for trial in trials if trial.text] == []
    assert all(0 <= trial.spent[0] < 1e-6 for trial in trials if not trial.edit.fails)
    assert {trial.spent[1] for trial in trials if trial.spent[0] > 1} <= {
        f"{check.id}, {name}" for check in assignment.checks for name in ("out", "d_x", "d_w", "d_b")
    }
    assert [trial.seed for trial in trials] == [assignment.seed] * wrong + [
        assignment.seed + n for n in range(3)
    ] * right


def test_a_check_that_draws_no_points_is_asked_at_the_first_seed_alone(assignment: Assignment) -> None:
    golden = live(assignment, [assignment.seed, assignment.seed + 1])
    with RootProcess() as root:
        trials = try_edit(root, assignment, edit("return x @ w + b", "return x @ w - b"), golden, {"forward_values"})

    assert seedless(golden) == set()
    assert ["forward_values" in trial.failed for trial in trials] == [True, False]
    assert seedless({1: {"a": {"x": np.ones(2)}, "b": {"x": np.ones(2)}}, 2: {"a": {"x": np.ones(2)}, "b": {}}}) == {
        "a"
    }


def test_a_check_is_concerned_by_the_definitions_that_it_makes_run(assignment: Assignment) -> None:
    inner = "return _product(x, w) + b\n\n\ndef _product(x, w):\n    return x @ w\n"
    with ReferenceSession(assignment, edit=edit("return x @ w + b", inner)) as session:
        runner = VariantRunner(session, assignment)
        concerned = {
            name: [c.id for c in assignment.checks if runner._concerns((("", name, ""),), c.id)]
            for name in ("linear_forward", "_product", "linear_gradients", "unused")
        }
    assert concerned == {
        "linear_forward": ["forward_values"],
        "_product": ["forward_values"],
        "linear_gradients": ["gradient_values", "gradients_of_one_row"],
        "unused": [],
    }
