"""The sentence that a stuck student reads."""

import numpy as np
import pytest

from grader.compare.arrays import compare
from grader.model import NotArray, Tolerance

E = np.array([[0.5, -2.0, 0.25], [1.0, 0.75, -0.125]])


def sentence(got, expected, *, hidden=False, **rule):
    return compare("d_bias", got, expected, Tolerance(**rule), hidden=hidden).message


def test_no_reshape_is_advised_that_would_not_make_it_right():
    rng = np.random.default_rng(0)
    message = sentence(rng.normal(size=(7, 6)), rng.normal(size=(7, 2, 3)))
    assert message == "`d_bias` has shape (7, 6), expected (7, 2, 3)"


@pytest.mark.parametrize(
    ("got", "expected", "hint"),
    [
        ((1, 3), (3,), "drop the axis of length 1"),
        ((4, 1), (4,), "drop the axis of length 1"),
        ((3,), (1, 3), "keep the axis of length 1"),
        ((4,), (4, 1), "keep the axis of length 1"),
        ((3, 4), (4, 3), "check the order of the factors"),
        ((2, 4, 3), (4, 3, 2), "the axes are in another order"),
        ((), (4,), "one number for the whole array: is a sum or mean taken that does not belong there"),
        ((1,), (), "`.item()`"),
        ((4,), (), "is a sum or mean missing?"),
        ((), (1,), "an array with one entry is expected"),
        ((4, 4), (4,), "(N, 1) with (N,) broadcasts to (N, N)"),
        ((7, 3), (3,), "is a sum over axis 0 missing?"),
        ((7, 3), (7,), "is a sum over axis 1 missing?"),
        ((3,), (7, 3), "is there a sum, mean or maximum over axis 0 too many?"),
    ],
)
@pytest.mark.parametrize("hidden", [False, True])
def test_a_wrong_shape_comes_with_a_hint(got, expected, hint, hidden):
    rng = np.random.default_rng(0)
    message = sentence(rng.normal(size=got), rng.normal(size=expected), hidden=hidden)
    if hidden:
        assert message.startswith(f"`d_bias` has another shape than the expected {expected}; ")
    else:
        assert message.startswith(f"`d_bias` has shape {got}, expected {expected}; ")
    assert hint in message
    assert "right once" not in message


def test_a_shape_that_nothing_explains_gets_no_hint():
    assert sentence(np.ones((2, 5)), np.ones((3, 4))) == "`d_bias` has shape (2, 5), expected (3, 4)"


def test_right_values_in_the_wrong_arrangement_are_acknowledged():
    assert "its values are right once transposed" in sentence(E.T, E)
    assert "its values are right once reshaped" in sentence(E.reshape(-1), E)
    assert "its values are right once reshaped" in sentence(E.sum(0, keepdims=True), E.sum(0))


def test_the_largest_difference_is_shown_with_its_index_and_both_values():
    got = E.copy()
    got[0, 1] = -2.5
    got[1, 2] = 0.125
    assert sentence(got, E) == (
        "`d_bias`: 2 of 6 entries differ; the largest difference is at [0, 1]:"
        " got -2.5, expected -2 (relative error 0.25, allowed 1e-06)"
    )


def test_close_numbers_are_shown_with_enough_digits():
    assert "got 3.00001, expected 3 (" in sentence(np.array(3.00001), np.array(3.0))
    assert "got 3.00000000001, expected 3 (" in sentence(np.array(3.00000000001), np.array(3.0), limit=1e-13)


def test_each_rule_states_its_own_measure():
    assert "sum of absolute differences 1.2, allowed 1e-07" in sentence(E + 0.2, E, rule="sum_abs", limit=1e-7)
    assert "relative error 0.048, allowed 1e-06" in sentence(E * 1.1, E, rule="rel_error")
    assert "100 times the allowed difference" in sentence(E * 1.1, E, rule="allclose", limit=1e-3)


@pytest.mark.parametrize("rule", ["max", "sum_abs", "rel_error", "allclose"])
def test_hidden_tells_the_size_of_the_error_and_no_count(rule):
    got = E.copy()
    got[0, 1] = -2.3456
    message = sentence(got, E, hidden=True, rule=rule)
    assert message.startswith("`d_bias`: not all entries are right (")
    assert not any(text in message for text in ("2.3", "got", "expected", "[0, 1]"))


def test_a_negative_zero_is_shown_as_zero():
    assert "got 3, expected 0 " in compare("dx", np.array([1.0, 3.0]), np.array([1.0, -0.0]), Tolerance()).message


def test_of_an_array_of_one_entry_no_index_is_told():
    said = sentence(np.array([2.5]), np.array([2.0]))
    assert said == "`d_bias`: its one entry differs: got 2.5, expected 2 (relative error 0.25, allowed 1e-06)"


def test_hidden_number_is_only_said_to_differ():
    assert (
        sentence(np.array(2.5), np.array(2.0), hidden=True) == "`d_bias`: differs (relative error 0.3, allowed 1e-06)"
    )


def test_nan_and_inf_are_counted_with_the_first_index():
    got = E.copy()
    got[0, 2], got[1, 0], got[1, 1] = np.nan, np.inf, np.nan
    assert sentence(got, E) == (
        "`d_bias`: 2 nan and 1 inf among 6 entries, the first at [0, 2]; look for an overflow, log(0) or 0/0"
    )
    assert sentence(got, E, hidden=True) == (
        "`d_bias`: holds nan or inf where a number belongs; look for an overflow, log(0) or 0/0"
    )


def test_a_number_where_inf_is_expected():
    expected = np.array([1.0, np.inf])
    assert sentence(np.array([1.1, 2.0]), expected) == (
        "`d_bias`: 1 of 2 entries differs; the first is at [1]: got 2, expected inf"
    )
    assert sentence(np.array([1.1, 2.0]), expected, hidden=True) == "`d_bias`: holds numbers where others are expected"


def test_a_loss_that_is_nan():
    assert sentence(np.array(np.nan), np.array(2.3)).startswith("`d_bias`: is nan; look for an overflow")


def test_the_numbers_give_away_dtype_and_zeros():
    assert "its dtype is int64, which cannot hold fractions" in sentence(np.zeros((2, 3), np.int64), E)
    assert sentence(np.zeros((2, 3)), E).endswith("; it is zero everywhere")
    assert sentence(E.astype(np.float32) * 2, E).endswith("; it was computed in float32")
    third = E / 3
    rounded = third.astype(np.float32).astype(np.float64)
    assert sentence(rounded, third, limit=1e-9).endswith("its values are float32 numbers: compute in float64")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (NotArray("None"), "is None, expected an array of shape (2, 3); is a `return` or an assignment missing?"),
        (NotArray("text", "'todo'"), "is text ('todo'), expected an array of shape (2, 3)"),
        (NotArray("text array", "of dtype <U1"), "holds text (of dtype <U1), expected an array of shape (2, 3)"),
        (NotArray("empty list"), "is an empty list, expected an array of shape (2, 3)"),
        (NotArray("uneven list", "its rows have different lengths"), "is a list of rows of unequal length"),
        (NotArray("object array", "of shape (2,)"), "is an array of Python objects (of shape (2,)), expected an array"),
        (NotArray("too large", "shape (9, 9), 99 MB"), "is too large to be compared (shape (9, 9), 99 MB), expected"),
        (NotArray("other", "generator"), "is a generator, expected an array of shape (2, 3); collect its values first"),
        (NotArray("other", "function"), "is a function, expected an array of shape (2, 3); is it to be called"),
        (NotArray("other", "ellipsis"), "is still `...`, expected an array of shape (2, 3)"),
        (NotArray("other", "Affine"), "is an Affine, expected an array of shape (2, 3)"),
        (NotArray("other", "set"), "is a set, expected an array of shape (2, 3)"),
        (NotArray("other", "a masked array"), "is a masked array, expected an array of shape (2, 3)"),
        (NotArray("other", "of dtype datetime64[s]"), "is of dtype datetime64[s], expected an array of shape (2, 3)"),
        (NotArray(""), "is a value of another kind, expected an array of shape (2, 3)"),
        (np.zeros(2, "M8[s]"), "is of dtype datetime64[s], expected an array of shape (2, 3)"),
        (np.array(["a"]), "holds text, expected an array of shape (2, 3)"),
        (np.array([None]), "is an array of Python objects, expected an array of shape (2, 3)"),
    ],
    ids=repr,
)
def test_each_kind_of_value_that_is_no_array_has_its_line(value, said):
    assert sentence(value, E).startswith(f"`d_bias` {said}")


def test_where_a_number_is_expected_the_line_says_so():
    assert "expected a number" in sentence(NotArray("other", "dict"), np.array(1.0))


def test_a_missing_name_is_named():
    assert sentence(None, E) == "`d_bias` is missing from what your code returned"


def test_a_hostile_kind_is_cut_and_stays_on_one_line():
    message = sentence(NotArray("x\n\x1b[31m" * 1000, "y\n" * 1000), E)
    assert message.isprintable()
    assert len(message) < 400
