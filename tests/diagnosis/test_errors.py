"""What the shapes at the line of an exception show, and that nothing is said where they show nothing."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from grader.diagnosis.evidence import Case
from grader.diagnosis.explain import explain
from grader.grading.scoring import outcome
from grader.model import Check, Diagnosis, Frame, Given, Observation, Part, StudentError
from grader.worker.student_error import student_error

SHAPES = {"dout": (7, 3), "w": (5, 3), "x": (7, 5), "self.w": (5, 3), "e": (7, 3), "s": (7,), "square": (3, 3)}
EXPECTED = {"dx": np.ones((7, 5)), "dw": np.ones((5, 3))}


def said(line: str, shapes: Any = SHAPES, type: str = "ValueError") -> Diagnosis | None:
    check = Check(
        id="c", part=Part("1", "P"), title="T", points=Fraction(1), visibility="public", source="def c(s, r): ..."
    )
    error = StudentError(type=type, message="m", frames=(Frame("layers.py", 3, line),), shapes=shapes)
    seen = Observation(check="c", ended="error", error=error)
    case = Case(outcome(check, seen, Given(golden=EXPECTED, rng=np.random.default_rng(0), data=None)), seen)  # type: ignore[arg-type]
    return explain([case], {"c": EXPECTED}, None, 1, lambda check, seed: seen).found.get("c")


@pytest.mark.parametrize(
    ("line", "fits"),
    [
        ("dx = dout @ w", "With `w.T` they do, and the product has shape (7, 5)."),
        ("dx = np.dot(dout, self.w)", "With `self.w.T` they do, and the product has shape (7, 5)."),
        ("return dout.dot(w), 1", "With `w.T` they do, and the product has shape (7, 5)."),
        ("self.dw = np.matmul(x, dout)", "With `x.T` they do, and the product has shape (5, 3)."),
        ("dw = x @ dout / len(x)", "With `x.T` they do, and the product has shape (5, 3)."),
    ],
)
def test_a_product_that_fits_with_one_transpose_names_it(line: str, fits: str) -> None:
    found = said(line)
    assert found is not None
    assert found.code == "missing-transpose"
    assert found.text.endswith(fits)


def test_a_transpose_too_many_is_named_as_that() -> None:
    found = said("out = x @ w.T")
    assert found is not None
    assert found.text == (
        "`x @ w.T` multiplies shape (7, 5) by shape (3, 5): 5 columns do not go with 3 rows."
        " With `w` without `.T` they do, and the product has shape (7, 3)."
    )


def test_a_product_that_nothing_makes_fit_is_only_described() -> None:
    found = said("a = square @ x")
    assert found is not None
    assert found.code == "shapes-do-not-fit"
    assert "With" not in found.text


def test_a_lost_axis_is_named() -> None:
    for line in ("p = e / s", "p = np.exp(e) / np.sum(np.exp(e), axis=1)", "p = e - e.max(axis=1)"):
        found = said(line)
        assert found is not None
        assert found.code == "kept-axis"
        assert "(7, 1)" in found.text


@pytest.mark.parametrize(
    ("line", "shapes", "type"),
    [
        ("dx = dout @ w.T", SHAPES, "ValueError"),
        ("dx = unknown @ w", SHAPES, "ValueError"),
        ("dx = f(dout) @ w", SHAPES, "ValueError"),
        ("dx = dout @ w", {}, "ValueError"),
        ("dx = dout @ w", SHAPES, "KeyError"),
        ("dx = (dout @", SHAPES, "ValueError"),
        ("", SHAPES, "ValueError"),
        ("(" * 300, SHAPES, "ValueError"),
        ("a = b / c", {"b": (1,), "c": (3, 4)}, "ValueError"),
    ],
)
def test_what_shows_nothing_says_nothing(line: str, shapes: Any, type: str) -> None:
    assert said(line, shapes, type) is None


class Odd(np.ndarray):
    @property
    def shape(self) -> Any:  # type: ignore[override]
        raise RuntimeError


class Layer:
    def __init__(self) -> None:
        self.w = np.ones((5, 3))
        self.odd = np.ones(2).view(Odd)

    def backward(self, dout: Any) -> Any:
        text, odd = "w", self.odd  # noqa: F841
        return dout @ self.w


def test_the_worker_tells_the_shapes_of_the_innermost_frame_and_of_its_object() -> None:
    with pytest.raises(ValueError, match="mismatch") as caught:
        Layer().backward(np.ones((7, 3)))
    error = student_error(caught.value, {__file__: "layers.py"})
    assert error.shapes == {"dout": (7, 3), "self.w": (5, 3)}
    assert student_error(KeyError("a"), {}).shapes == {}
