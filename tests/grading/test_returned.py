"""A result that a check cannot take apart is told with the function's name and what is expected of it."""

from __future__ import annotations

import ast
from fractions import Fraction
from typing import Any

import pytest
from msgspec import structs

from grader.grading.scoring import by_source, outcome
from grader.model import Given, Observation, Outcome, StudentError, Uses
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


LAYER = "class Layer:\n    def forward(self, x):\n        {}\n\n    def show(self):\n        pass\n"


def judged(student: str, status: str, body: str, error: StudentError | None = None) -> Outcome:
    check = structs.replace(make_check(body), uses=(Uses(name="f"),))
    result = Outcome(check=check, status=status, score=Fraction(0), message="as it was")  # type: ignore[arg-type]
    observation = Observation(check=check.id, ended="error" if error else "returned", error=error)
    return by_source(result, observation, ast.parse(student).body)


@pytest.mark.parametrize(
    ("student", "told"),
    [
        ("def f(x):\n    y = x + 1\n    # return y", "`f` returned None: is a `return` missing?"),
        ("def f(x):\n    def g():\n        return 1\n    y = g()", "`f` returned None: is a `return` missing?"),
        ("def f(x):\n    y = x\n    return", "`f` returned None: is a `return` missing?"),
        ("def f(x):\n    y = compute(x)\n    return y", ""),
        ("def f(x):\n    '''Text.'''\n    pass", ""),
        ("def f(x):\n    out = None\n    return out", ""),
        ("def f(x):\n    yield x", ""),
        ("f = make()", ""),
        (LAYER.format("y = x"), "`Layer.forward` returned None: is a `return` missing?"),
        (LAYER.format("return y"), ""),
    ],
)
def test_what_is_written_and_returns_nothing_is_a_mistake_and_no_stub(student: str, told: str) -> None:
    body = "return {'y': student.f(1), 'z': student.Layer().forward(1)}"
    result = judged(student, "missing", body)
    assert (result.status, result.message) == (("failed", told) if told else ("missing", "as it was"))


@pytest.mark.parametrize(("visibility", "status"), [("hidden", "failed"), ("public", "missing")])
def test_of_a_hidden_check_that_was_not_answered_the_source_says_why(visibility: Any, status: str) -> None:
    check = structs.replace(make_check("return {'y': student.f(1)}"), uses=(Uses(name="f"),), visibility=visibility)
    result = Outcome(check=check, status="missing", score=Fraction(0), message="as it was")
    observation = Observation(check=check.id, ended="missing", error=StudentError(type="Missing", message=""))
    assert by_source(result, observation, ast.parse("def f(x):\n    y = x + 1").body).status == status
    stub = "def f(x):\n    y = x + 1\n    raise NotImplementedError"
    assert by_source(result, observation, ast.parse(stub).body).status == "missing"


@pytest.mark.parametrize(
    ("student", "stub"),
    [
        ("def f(x):\n    pass", "f"),
        ("def f(x):\n    a, b = None, None\n    return a, b", "f"),
        (LAYER.format("..."), "Layer.forward"),
        ("def f(x):\n    y = x + 1", ""),
        (LAYER.format("y = x"), ""),
    ],
)
def test_what_is_empty_is_not_begun_whatever_the_check_met(student: str, stub: str) -> None:
    body = "a, b = student.f(1)\nreturn {'a': student.Layer().forward(a)}"
    error = StudentError(type="TypeError", message="cannot unpack non-iterable NoneType object")
    result = judged(student, "error", body, error)
    assert result.status == ("missing" if stub else "error")
    assert result.message == (f"`{stub}` is not implemented yet." if stub else "as it was")
    assert judged(student, "error", body, StudentError(type="ValueError", message="x")).status == "error"
