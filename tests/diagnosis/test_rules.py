"""Each rule on the arrays of one mistake, and none on right arrays or on noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.diagnosis.codes import CODES
from grader.diagnosis.points import sizes_in
from grader.diagnosis.rules.patterns import BY_CHANCE
from grader.diagnosis.rules.shapes import shape_rule
from grader.diagnosis.rules.values import value_rule
from grader.model import NotArray

RNG = np.random.default_rng(11)
W, B, X = RNG.normal(size=(5, 4)), RNG.normal(size=4), RNG.normal(size=(7, 5))
MASKED = np.where(RNG.uniform(size=(7, 4)) < 0.5, 0.0, RNG.normal(size=(7, 4)))
ROWS = RNG.normal(size=(7, 4))
SIZES = RNG.uniform(1, 2, size=(7, 1))
LOSS = np.array(2.337)

SHAPES = [
    ("kept-axis", B[None], B),
    ("kept-axis", X[:, 0], X[:, :1]),
    ("transposed", W.T, W),
    ("not-reshaped", X.reshape(7, 5, 1).reshape(5, 7).reshape(35), X),
    ("not-reduced", ROWS, ROWS.sum(axis=0)),
    ("not-reduced", ROWS[:, 0], np.asarray(ROWS[:, 0].mean())),
    ("reduced-too-far", np.asarray(ROWS.sum()), ROWS),
    ("reduced-too-far", ROWS.mean(axis=0), ROWS),
    ("empty-axis", ROWS[0:-0], ROWS),
]
VALUES = [
    ("wrong-sign", -W, W),
    ("scaled", 2 * W, W),
    ("scaled", W / 2, W),
    ("scaled", W / np.log(2), W),
    ("one-factor", 1.7 * W, W),
    ("scaled-by-count", W / 5, W),
    ("scaled-by-count", 4 * W, W),
    ("one-factor", W / 7, W),
    ("one-factor", np.asarray(9 * LOSS), LOSS),
    ("all-zero", np.zeros_like(W), W),
    ("whole-numbers", (3 * W).astype(int), 3 * W),
    ("real-part", W, W + 1j * W[::-1]),
    ("real-part", W + 0j, W + 1j * W[::-1]),
    ("wrong-sign", W - 1j * W[::-1], W + 1j * W[::-1]),
    ("not-zero", np.where(MASKED == 0, 0.3 + ROWS**2, MASKED), MASKED),
    ("wrong-mask", np.where(MASKED == 0, ROWS, 0), MASKED),
    ("zero-entries", np.where(ROWS > 0, MASKED, 0), MASKED),
    ("absolute-value", np.abs(W), W),
    ("all-zero", np.ones_like(W), W),
    ("cut-off", np.maximum(W, 0), W),
    ("cut-off", np.clip(W, -0.5, 0.5), W),
    ("signs-of-rows", W * [1, -1, 1, -1], W),
    ("signs-of-rows", X * np.sign(ROWS[:, :1]), X),
    ("constant-offset", W + 0.25, W),
    ("one-row", np.vstack([ROWS[:-1] + SIZES[:-1], ROWS[-1:]]), ROWS),
    ("one-row", np.vstack([ROWS[:1], ROWS[1:] ** 2]), ROWS),
    ("one-row", np.vstack([ROWS[:-1], ROWS[-1:] ** 2]), ROWS),
    ("row-offset", ROWS + B, ROWS),
    ("row-offset", ROWS + SIZES, ROWS),
    ("row-factor", ROWS * SIZES, ROWS),
    ("wrong-function", np.exp(W) / np.exp(W).sum(axis=1, keepdims=True), W),
    ("missing-function", X, 1 / (1 + np.exp(-X))),
    ("wrong-function", SIZES, np.sqrt(SIZES)),
    ("wrong-function", np.exp(W), W),
    ("other-places", ROWS[::-1], ROWS),
    ("other-places", np.sort(X, axis=None).reshape(X.shape), X),
]
CUBE, IMAGES = RNG.normal(size=(2, 3, 3)), RNG.normal(size=(2, 3, 4, 5))
PLACES = [
    ("in the reverse order along axis 1: ", ROWS[:, ::-1], ROWS),
    ("one place too early along axis 0: is an index off by one?", np.roll(X, -1, axis=0), X),
    (
        "with its axes in the order (0, 2, 1): a `transpose` is missing, or there is one too many.",
        CUBE.swapaxes(1, 2),
        CUBE,
    ),
    ("reshaped (from the shape (2, 4, 5, 3)) where ", IMAGES.transpose(0, 2, 3, 1).reshape(IMAGES.shape), IMAGES),
    ("in other places: ", RNG.permuted(X, axis=None).reshape(X.shape), X),
]


@pytest.mark.parametrize(("code", "got", "expected"), SHAPES, ids=[f"{c}-{i}" for i, (c, _, _) in enumerate(SHAPES)])
def test_a_wrong_shape_is_named(code: str, got: Any, expected: Any) -> None:
    found = shape_rule({"a": got}, {"a": expected}, ["a"])
    assert found is not None
    assert found.code == code
    assert "`a`" in found.text


@pytest.mark.parametrize(("code", "got", "expected"), VALUES, ids=[f"{c}-{i}" for i, (c, _, _) in enumerate(VALUES)])
def test_wrong_values_are_named(code: str, got: Any, expected: Any) -> None:
    elsewhere = ({"a": 2 * got}, {"a": 2 * expected}) if code in BY_CHANCE else None
    found = value_rule({"a": got}, {"a": expected}, ["a"], hidden=False, elsewhere=elsewhere)
    assert found is not None
    assert found.code == code
    assert "`a`" in found.text


@pytest.mark.parametrize(("how", "got", "expected"), PLACES)
def test_how_right_numbers_come_to_other_places(how: str, got: Any, expected: Any) -> None:
    found = value_rule({"a": got}, {"a": expected}, ["a"], hidden=False)
    assert found is not None
    assert found.text.startswith(f"`a` has the right numbers, but {how}")


@pytest.mark.parametrize(("code", "got", "expected"), VALUES, ids=[f"{c}-{i}" for i, (c, _, _) in enumerate(VALUES)])
def test_a_little_noise_and_no_name_is_given(code: str, got: Any, expected: Any) -> None:
    noise = 1e-3 * np.abs(expected).max() * RNG.normal(size=np.shape(got))
    assert value_rule({"a": got + noise}, {"a": expected}, ["a"], hidden=False) is None


@pytest.mark.parametrize(("got", "expected"), [(W + 0.25, W), (ROWS + B, ROWS), (ROWS * SIZES, ROWS)])
def test_what_evenly_spaced_inputs_may_give_is_named_only_where_it_repeats(got: Any, expected: Any) -> None:
    for elsewhere in (None, ({"a": got}, {"a": expected}), ({"a": W[::-1]}, {"a": W})):  # none, the same, another
        assert value_rule({"a": got}, {"a": expected}, ["a"], hidden=False, elsewhere=elsewhere) is None


def test_rows_of_an_outer_product_say_nothing_by_their_factors() -> None:
    one, other = np.outer(SIZES, B), np.outer(SIZES**2, B)
    assert (
        value_rule({"a": other}, {"a": one}, ["a"], hidden=False, elsewhere=({"a": 2 * other}, {"a": 2 * one})) is None
    )


def test_outputs_in_each_others_place_are_told_from_one_that_is_a_copy() -> None:
    golden = {"one": W, "other": W[::-1] + 1}
    swapped = value_rule({"one": golden["other"], "other": golden["one"]}, golden, ["one", "other"], hidden=False)
    copied = value_rule({"one": golden["other"], "other": golden["other"]}, golden, ["one"], hidden=False)
    assert swapped is not None
    assert swapped.code == "swapped-outputs"
    assert copied is not None
    assert copied.code == "other-output"


def test_different_counts_of_different_arrays_are_one_mistake() -> None:
    golden = {"a": W, "b": B, "x": X}
    found = value_rule({"a": W / 7, "b": B / 5, "x": X}, golden, ["a", "b"], hidden=False)
    assert found is not None
    assert found.code == "scaled-by-count"
    assert "`a` and `b`" in found.text


def test_a_whole_number_that_is_no_length_is_no_count() -> None:
    """A step ten times too short is not divided by anything that is counted."""
    found = value_rule({"a": W / 10}, {"a": W, "x": X}, ["a"], hidden=False)
    assert found is not None
    assert found.code == "one-factor"
    assert found.text == "`a` is 10 times too small, in all entries alike."


def test_one_entry_that_is_not_zero_has_no_factor_to_tell() -> None:
    lone = np.array([0.0, 0.0, 1.3, 0.0])
    assert value_rule({"a": 0.466 * lone}, {"a": lone}, ["a"], hidden=False) is None


def test_a_fixed_number_that_stands_for_the_number_of_rows() -> None:
    golden = {"a": W, "x": X}
    found = value_rule({"a": W * 5 / 10, "x": X * 7 / 10}, golden, ["a", "x"], hidden=False)
    assert found is not None
    assert found.text == "`a` and `x` are divided by one fixed number, 10, where the number of rows belongs."


def test_one_array_that_was_divided_by_another_count_than_its_rows() -> None:
    found = value_rule({"x": X * 7 / 10}, {"x": X}, ["x"], hidden=False)
    assert found is not None
    assert (
        found.text == "`x` is 0.7 times what it should be in all entries: is it divided by 10, and not by its 7 rows?"
    )
    other = value_rule({"x": X * 0.7123}, {"x": X}, ["x"], hidden=False)
    assert other is not None
    assert other.text == "`x` is right up to one factor, the same for all entries."


def test_a_length_of_the_inputs_counts_as_well() -> None:
    """A check of gradients alone returns nothing that has as many rows as its batch."""
    source = "SEED = 10\ndef g(student, rng):\n    return {'a': student.g(rng.normal(size=(25, 3)))}\n"
    sizes = sizes_in(source, "g")
    assert sizes == {25, 3}
    found = value_rule({"a": W / 25}, {"a": W}, ["a"], hidden=False, sizes=sizes)
    assert found is not None
    assert found.code == "scaled-by-count"
    other = value_rule({"a": W / 10}, {"a": W}, ["a"], hidden=False, sizes=sizes)
    assert other is not None
    assert other.code == "one-factor"


def test_a_hidden_check_tells_no_count() -> None:
    for got in (W / 13, 13 * W):
        found = value_rule({"a": got}, {"a": W}, ["a"], hidden=True)
        assert found is not None
        assert "13" not in found.text


def test_a_single_number_off_by_any_factor_has_no_name() -> None:
    assert value_rule({"a": np.array(1.234)}, {"a": LOSS}, ["a"], hidden=False) is None


ANYTHING = st.one_of(
    hnp.arrays(
        dtype=st.sampled_from(["f8", "f4", "i8", "u1", "?", "c16"]),
        shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    ),
    st.just(NotArray("None")),
    st.just(np.array([None, 1], dtype=object)),
)


@settings(max_examples=150, deadline=None)
@given(got=ANYTHING, other=ANYTHING, hidden=st.booleans())
def test_no_array_raises(got: Any, other: Any, hidden: bool) -> None:
    golden = {"a": W, "b": np.array(1.5), "c": MASKED}
    values = {"a": got, "b": other, "c": got}
    for found in (
        shape_rule(values, golden, ["a", "b", "c", "absent"]),
        value_rule(values, golden, ["a", "b", "c"], hidden=hidden),
    ):
        assert found is None or found.code in CODES


def test_zeros_and_ones_for_probabilities_are_not_said_to_be_cut_to_whole_numbers() -> None:
    expected = np.array([[0.2, 0.8], [0.9, 0.1], [0.4, 0.6], [0.7, 0.3]])
    assert value_rule({"p": np.rint(expected)}, {"p": expected}, ["p"], hidden=False) is None
