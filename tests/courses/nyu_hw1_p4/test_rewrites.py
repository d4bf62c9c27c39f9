"""Every wrong and right rewrite against every check but the accuracy, which needs the training."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from grader.assignment.loading.course import find_course
from grader.assignment.release.edits import right_edits, wrong_edits
from grader.model import Edit
from tests.support import one_in

from .conftest import ROOT, Lost

ASSIGNMENT = find_course(ROOT, ROOT).load("nyu_hw1_p4")
SEEDS = (240, 1)
WRONG = one_in(6, ((edit.name, (edit,)) for edit in wrong_edits(ASSIGNMENT)))
RIGHT = one_in(4, ((edit.name, (edit,)) for edit in right_edits(ASSIGNMENT)))


@pytest.mark.parametrize("edit", WRONG)
def test_a_wrong_rewrite_fails_exactly_its_checks(lost: Callable[..., Lost], edit: Edit) -> None:
    for seed in SEEDS:
        assert set(lost(edit, seed)) == set(edit.fails) - {"training_accuracy"}


@pytest.mark.parametrize("edit", RIGHT)
def test_a_right_rewrite_fails_none(lost: Callable[..., Lost], edit: Edit) -> None:
    for seed in SEEDS:
        assert lost(edit, seed) == {}
