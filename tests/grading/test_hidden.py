"""What of a hidden check's sentences may be shown."""

from __future__ import annotations

import numpy as np
import pytest

from grader.grading.hidden import _rounded, shown_diagnosis
from grader.model import Diagnosis

GOLDEN = {"dw": np.zeros((5, 3))}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`dw` is reshaped (from the shape (3, 5)).", "`dw` is reshaped (from another shape)."),
        ("`dw` has the shape (3, 5), not (5, 3).", "`dw` has another shape, not (5, 3)."),
        ("an array of shape (7,) is added", "An array of another shape is added"),
        ("`dw` has the shape (5, 3)", "`dw` has the shape (5, 3)"),
    ],
)
def test_a_shape_that_is_none_of_the_expected_ones_is_not_told(text: str, shown: str) -> None:
    diagnosis = Diagnosis(code="other-places", text=text, evidence={"shape": [3, 5]})

    found = shown_diagnosis(diagnosis, GOLDEN, GOLDEN.keys())

    assert (found.text, found.evidence) == (shown, {})


@pytest.mark.parametrize("numbers", ["7, 8", "7 and 8", "7…8"])
def test_numbers_that_are_left_out_beside_each_other_or_an_ellipsis_are_one_ellipsis(numbers: str) -> None:
    assert _rounded(f"1, 2, 1, 2, 1, 2, of {numbers} entries", "1 2") == "1, 2, 1, 2, 1, 2, of … entries"
