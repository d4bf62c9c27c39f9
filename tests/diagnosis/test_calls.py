"""Lines that use NumPy in a way it does not take: each is run, and what its exception shows is said, or nothing."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from grader.diagnosis.evidence import Case
from grader.diagnosis.explain import explain
from grader.model import Check, Diagnosis, Excerpt, Observation, Part, Uses
from grader.worker.student_error import student_error
from tests.diagnosis.test_errors import EXPECTED, case_of

X = np.arange(6.0).reshape(2, 3)


def said(*lines: str, message: bool = True) -> Diagnosis | None:
    """The diagnosis of a function `f(x, n)` with these lines, called with a (2, 3) array and 4."""
    text = "def f(x, n):\n" + "".join(f"    {line}\n" for line in lines)
    scope: dict[str, Any] = {"np": np, "math": __import__("math")}
    exec(compile(text, "<cell 2>", "exec"), scope)
    with pytest.raises(Exception) as raised:  # noqa: PT011 - of whichever type
        scope["f"](X, 4)
    error = student_error(raised.value, {})
    if not message:  # as a hidden check's
        error = type(error)(type=error.type, message="")
    check = Check(
        id="c", part=Part("1", "P"), title="T", points=Fraction(1), visibility="public",
        source="def c(s, r): ...", uses=(Uses(name="f"),),
    )  # fmt: skip
    seen = Observation(check="c", ended="error", error=error)
    case: Case = case_of(check, seen)
    code = {"c": (Excerpt(name="f", file="cell 2", line=1, text=text),)}
    return explain([case], {"c": EXPECTED}, None, 1, lambda check, seed: seen, code=lambda: code).found.get("c")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("return np.max(0, x)", "What compares two numbers, entry by entry, is `np.maximum`"),
        ("return np.min(1, x) * 2", "entry by entry, is `np.minimum`"),
        ("return max(0, x)", "in `max(0, x)` one is an array. Entry by entry it is `np.maximum`"),
        ("if x > 0: return x", "`if` wants one answer, and `x > 0` has one for each entry"),
        ("while np.abs(x) > n: x = x / 2", "`while` wants one answer, and `np.abs(x) > n` has one"),
        ("return 1 if x == 0 else x", "`if` wants one answer, and `x == 0` has one"),
        ("return x[x > 0 and x < 3]", "entry by entry it is `&`, with each comparison in brackets"),
        ("return x[(x < 0) | (x > 4) or x == 2]", ""),
        ("return np.zeros(n, x.shape[1])", "the second one, `x.shape[1]`, is taken for a dtype"),
        ("return np.random.randn((n, 2))", "`randn` takes the sizes one by one"),
        ("return np.concatenate(x, x)", "`np.concatenate` takes the arrays in one list or tuple"),
        ("return np.vstack(x, x.T)", "`np.vstack` takes the arrays in one list or tuple"),
        ("return np.split(x, n) + np.split(x, n, axis=1)", "`np.split` cuts into pieces of one length"),
        ("return math.exp(x)", "`math.exp` takes a single number"),
        ("return x.T()", "`.T` of an array is a value and no function"),
        ("return x.shape(0)", "`.shape` of an array is a value and no function"),
        ("return [i for i in range(n / 2)]", "in `range(n / 2)` a whole number is needed, which `//` gives"),
        ("return x[np.arange(2), np.eye(2)]", "in `x[np.arange(2), np.eye(2)]` one holds floats. One-hot rows are no"),
        ("return x[:, n / 2]", "a whole number is needed"),
        ("return x[: n / 2 + 1]", "a whole number is needed"),
        ("return np.zeros((n / 2, 3))", "a whole number is needed"),
        ("return x.reshape(6 / 2, -1)", "a whole number is needed"),
    ],
)  # fmt: skip
def test_what_the_line_asks_for_is_named(line: str, named: str) -> None:
    found = said("y = x + 1", line)
    assert (found is not None and found.code == "misused-call" and named in found.text) if named else found is None, (
        found
    )


@pytest.mark.parametrize(
    "line",
    [
        "return math.exp(float(x))",  # float raises, and not math.exp
        "return max(1, n) if x > 0 else x",  # the `if`, and not max
        "return np.zeros(int(n / 2), dtype='no')",
        "return x[int(n / 2)][9]",
        "return np.concatenate([x, x], axis=7)",
        "return np.max(x, 5)",
        "return x in [x + 1, x] and n > 1",
        "raise TypeError('object is not callable')",
        "return range(int(n / 2), n + 0.5)",
    ],
)
def test_nothing_is_said_of_what_another_part_of_the_line_raised(line: str) -> None:
    found = said(line)
    assert found is None or found.code != "misused-call", found


def test_of_a_hidden_exception_only_what_is_always_wrong_is_named() -> None:
    found = said("return np.max(0, x)", message=False)
    assert found is not None
    assert "`np.maximum`" in found.text
    assert said("return max(0, x)", message=False) is None
