"""What of a hidden check's sentences may be shown."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import numpy as np
import pytest

from grader.grading.hidden import TRY_OTHERS, _rounded, beside_public, shown_diagnosis
from grader.model import CellRun, Check, Diagnosis, Outcome, Part, Status, StudentError, Uses

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


def ended(status: Status, visibility: Literal["public", "hidden"], *names: str, message: str = "") -> Outcome:
    check = Check(
        id="c", part=Part("1", "P"), title="T", points=Fraction(1), visibility=visibility, source="",
        uses=tuple(Uses(name=name) for name in names),
    )  # fmt: skip
    return Outcome(check=check, status=status, score=Fraction(0), message=message)


def test_an_exception_in_a_hidden_check_leads_to_what_a_public_one_has_found_of_its_names() -> None:
    raised = ended("error", "hidden", "Net", "ReLU", message=f"Your code raised ValueError. {TRY_OTHERS}")
    begin = "Your code raised ValueError. A public check of {} found something wrong, too: see there first."
    assert beside_public(raised, [ended("failed", "public", "ReLU")]).message == begin.format("`ReLU`")
    assert beside_public(raised, [ended("error", "public", "Net", "ReLU")]).message == begin.format("the same code")

    for other in (
        ended("passed", "public", "ReLU"),
        ended("failed", "hidden", "ReLU"),
        ended("missing", "public", "ReLU"),
        ended("failed", "public", "Linear"),
        ended("failed", "public", "ReLU", "Linear"),
    ):
        assert beside_public(raised, [other]) == raised
        stops = CellRun(index=15, status="error", error=StudentError(type="ValueError", message="m"))
        assert "Cell 15 of the notebook stops with one, too" in beside_public(raised, [other], [stops]).message
        elsewhere = CellRun(index=3, status="error", error=StudentError(type="TypeError", message="m"))
        assert beside_public(raised, [other], [elsewhere]) == raised
    failed = ended("failed", "hidden", "ReLU", message="`a` is wrong.")
    assert beside_public(failed, [ended("failed", "public", "ReLU")]) == failed
