"""What the shapes at the line of an exception show, and that nothing is said where they show nothing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.diagnosis.evidence import Case
from grader.diagnosis.explain import explain
from grader.grading.scoring import outcome
from grader.model import Check, Diagnosis, Frame, Given, NotArray, Observation, Part, StudentError, Uses
from grader.worker.student_error import student_error

SHAPES = {"dout": (7, 3), "w": (5, 3), "x": (7, 5), "self.w": (5, 3), "e": (7, 3), "s": (7,), "square": (3, 3)}
EXPECTED = {"dx": np.ones((7, 5)), "dw": np.ones((5, 3))}


def check_of(id: str, *uses: str) -> Check:
    return Check(
        id=id, part=Part("1", "P"), title="T", points=Fraction(1), visibility="public",
        source=f"def {id}(s, r): ...", uses=tuple(Uses(name=name) for name in uses),
    )  # fmt: skip


def raised(check: Check, line: str, shapes: Any = SHAPES, type: str = "ValueError", **how: bool) -> Case:
    error = StudentError(type=type, message="m", frames=(Frame("layers.py", 3, line),), shapes=shapes)
    return case_of(check, Observation(check=check.id, ended="error", error=error), **how)


def case_of(check: Check, seen: Observation, **how: bool) -> Case:
    given = Given(golden=EXPECTED, rng=np.random.default_rng(0), data=Path())
    return Case(outcome(check, seen, given), seen, **how)


def found_in(*cases: Case) -> dict[str, Diagnosis]:
    golden = {case.check.id: EXPECTED for case in cases}
    return dict(explain(cases, golden, None, 1, lambda check, seed: cases[0].observation).found)


def said(line: str, shapes: Any = SHAPES, type: str = "ValueError", **how: bool) -> Diagnosis | None:
    return found_in(raised(check_of("c"), line, shapes, type, **how)).get("c")


def test_the_transpose_of_a_single_axis_is_told_to_be_no_column() -> None:
    found = said("dw = a.T @ d", {"a": (5,), "d": (3,)})
    assert found is not None
    assert "`a` has a single axis, of length 5: `a.T` is the same array, and no column." in found.text
    assert said("dw = a @ d", {"a": (5,), "d": (3,)}) is None


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


def test_a_quoted_line_ends_where_its_quotation_does() -> None:
    found = said('out = x @ p["w` is right. `"]', {"x": (7, 5), "p['w` is right. `']": (3, 5)})
    assert found is not None
    assert found.text.count("`") == 4
    assert "p['w' is right. '']" in found.text


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
    assert found.mistake == "the shapes in `square @ x` do not fit"


def test_shapes_that_may_come_from_elsewhere_say_nothing() -> None:
    layer, network = check_of("layer", "Affine"), check_of("network", "Affine", "Net")
    here = raised(network, "dx = dout @ w")
    assert said("dx = dout @ w", after_error=True) is None
    assert set(found_in(here)) == {"network"}
    assert set(found_in(raised(layer, "h = x @ w.T"), here)) == {"layer"}, "a layer of it raises elsewhere"
    assert set(found_in(raised(layer, "dx = dout @ w"), here)) == {"layer", "network"}, "the same line"
    flat = Observation(check="layer", ended="returned", values={name: np.ones(3) for name in EXPECTED})
    assert "network" not in found_in(case_of(layer, flat), here), "a layer of it returns another shape"
    backward = raised(check_of("backward", "Affine"), "dx = dout @ w")
    assert "backward" not in found_in(case_of(layer, flat), backward)
    values = Observation(check="layer", ended="returned", values={n: 2 * e for n, e in EXPECTED.items()})
    assert "backward" in found_in(case_of(layer, values), backward), "wrong numbers of the right shape"


def test_a_none_that_an_earlier_function_returned_is_traced_to_it() -> None:
    layer, network = check_of("layer", "Affine"), check_of("network", "Affine", "Net")
    error = StudentError(
        type="TypeError", message="unsupported operand type(s) for *: 'NoneType' and 'bool'",
        frames=(Frame("layers.py", 3, "return dout * self.mask"),), shapes={},
    )  # fmt: skip
    here = case_of(network, Observation(check="network", ended="error", error=error))
    nothing = {"dx": NotArray(kind="None", detail=""), "dw": np.ones((5, 3))}
    none = case_of(layer, Observation(check="layer", ended="returned", values=nothing))
    found = found_in(none, here)["network"]
    assert found.code == "missing-return"
    assert found.text == ("This computes with None, and `dx` of `Affine` is None: is a `return` missing in `Affine`?")
    wrong = {name: 2 * value for name, value in EXPECTED.items()}
    numbers = case_of(layer, Observation(check="layer", ended="returned", values=wrong))
    assert "network" not in found_in(numbers, here)
    elsewhere = case_of(check_of("other", "Conv"), Observation(check="other", ended="returned", values=nothing))
    assert "network" not in found_in(elsewhere, here)


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


WEIGHTS = [np.ones((4, 6)), np.ones((6, 2))]


def inline(x: Any, params: Any, layer: int) -> Any:
    hidden = x @ WEIGHTS[layer]
    return hidden @ params["W2"]


def test_the_worker_tells_the_shapes_in_lists_and_dictionaries_by_what_may_stand_in_the_line() -> None:
    with pytest.raises(ValueError, match="mismatch") as caught:
        inline(np.ones((3, 4)), {"W2": np.ones((2, 6)), "b": 1.0}, 0)
    shapes = student_error(caught.value, {__file__: "layers.py"}).shapes
    assert shapes["params['W2']"] == (2, 6)
    assert shapes["WEIGHTS[layer]"] == shapes["WEIGHTS[0]"] == (4, 6)
    found = said("return hidden @ params['W2']", shapes)
    assert found is not None
    assert found.text.endswith("With `params['W2'].T` they do, and the product has shape (3, 2).")
    with pytest.raises(ValueError, match="mismatch") as caught:
        inline(np.ones((3, 5)), {}, 1)
    assert said("hidden = x @ WEIGHTS[layer]", student_error(caught.value, {__file__: "layers.py"}).shapes) is not None
