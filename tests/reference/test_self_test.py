"""What counts as an edit that does what it names."""

from __future__ import annotations

import pytest

from grader.model import Edit
from grader.reference.self_test import Trial

EDIT = Edit(name="softmax twice", changes=(), fails=("gradients",), may_fail=("accuracy",))


@pytest.mark.parametrize(
    ("failed", "as_named"),
    [
        (("gradients",), True),
        (("gradients", "accuracy"), True),
        (("accuracy",), False),
        ((), False),
        (("gradients", "loss"), False),
    ],
)
def test_an_edit_fails_what_it_names_and_at_most_what_it_may_besides(failed: tuple[str, ...], as_named: bool) -> None:
    trial = Trial(edit=EDIT, seed=0, failed=failed)

    assert bool(trial.text) is not as_named
