"""A method that stands beside its class is told as such."""

from __future__ import annotations

import pytest

from grader.execution.observe import outside_class
from grader.model import StudentError

LACKS = StudentError(type="AttributeError", message="'Affine' object has no attribute 'backward'")
BESIDE = (
    "class Affine:\n    def forward(self, x):\n        return x\n\n\ndef backward(self, d_out):\n    return d_out\n"
)


@pytest.mark.parametrize("message", [LACKS.message, "`Affine` has no `backward`"])
def test_the_method_and_its_line_are_named(message: str) -> None:
    told = outside_class(StudentError(type=LACKS.type, message=message), {"cell 6": BESIDE})
    assert told is not None
    assert told.message == "`backward` stands outside the class `Affine` (cell 6, line 6): indent it"


@pytest.mark.parametrize(
    "text", [BESIDE.replace("self, d_out", "d_out"), BESIDE.replace("def backward", "def back"), ""]
)
def test_nothing_is_said_where_no_such_method_stands_outside(text: str) -> None:
    assert outside_class(LACKS, {"cell 6": text}) == LACKS


def test_other_errors_stay_as_they_are() -> None:
    other = StudentError(type="TypeError", message="unsupported operand")
    assert outside_class(other, {"cell 6": BESIDE}) == other
    assert outside_class(None, {}) is None
