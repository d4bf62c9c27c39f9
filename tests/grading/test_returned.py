"""A result that a check cannot take apart is told with the function's name and what is expected of it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from grader.grading.scoring import outcome
from grader.model import Given, Observation, StudentError
from tests.support import make_check

BODY = "dx, dw = student.affine_backward(1)\nreturn {'dx': dx, 'dw': dw}"


def message(type: str, text: str, body: str = BODY, **changes: Any) -> str:
    check = structs.replace(make_check(body), **changes)
    line = check.source.splitlines().index(f"    {body.splitlines()[0]}") + 1
    error = StudentError(type=type, message=text)
    observation = Observation(check=check.id, ended="error", error=error, at=(check.file, line))
    return outcome(check, observation, Given(golden={}, rng=None, data=None)).message  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("type", "text", "told"),
    [
        ("TypeError", "cannot unpack non-iterable NoneType object", "`affine_backward` returned None: is a `return`"),
        ("TypeError", "cannot unpack non-iterable float object", "`affine_backward` returned one float; 2 values"),
        (
            "ValueError",
            "not enough values to unpack (expected 2, got 1)",
            "`affine_backward` returned 1 value; 2 values",
        ),
        (
            "ValueError",
            "too many values to unpack (expected 2)",
            "`affine_backward` returned more values than expected, or one array; 2",
        ),
    ],
)
def test_what_was_returned_is_told(type: str, text: str, told: str) -> None:
    assert message(type, text).startswith(told)
    assert message(type, text).endswith("2 values are expected: `dx` and `dw`.")


def test_one_value_is_expected_in_the_singular() -> None:
    body = BODY.replace("dx, dw =", "(dx,) =").replace(", 'dw': dw", "")
    told = message("ValueError", "too many values to unpack (expected 1)", body)
    assert told == "`affine_backward` returned more values than expected, or one array; 1 value is expected: `dx`."


def test_another_error_and_a_hidden_check_are_told_as_they_were() -> None:
    assert message("TypeError", "unsupported operand").startswith("Your code raised TypeError")
    hidden = message("TypeError", "cannot unpack non-iterable NoneType object", visibility="hidden")
    assert "affine_backward" not in hidden
