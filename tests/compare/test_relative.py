"""The relative error of the course notebooks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader import rel_error

FLOATS = hnp.arrays(
    np.float64, hnp.array_shapes(max_dims=2, max_side=4), elements=st.floats(allow_nan=False, allow_infinity=False)
)
SOME = settings(derandomize=True, database=None, deadline=None, max_examples=100)


def test_known_values():
    assert rel_error(1.0, 3.0) == 0.5
    assert rel_error([1.0, 2.0], [1.0, -2.0]) == 1.0
    assert rel_error(np.array([0.0]), np.array([1e-9])) == pytest.approx(0.1)  # the floor of 1e-8


def test_the_worst_entry_counts():
    assert rel_error([[1.0, 1.0]], [[1.0, 1.2]]) == pytest.approx(0.2 / 2.2)


@SOME
@given(FLOATS)
def test_an_array_has_no_error_against_itself_and_full_error_against_its_opposite(x):
    assert rel_error(x, x) == 0.0
    assert rel_error(x, -x) <= 1.0
    if np.abs(x).max() > 1e-8:
        assert rel_error(x, -x) == pytest.approx(1.0)


@SOME
@given(FLOATS, st.integers(0, 100))
def test_the_order_of_the_two_does_not_matter(x, seed):
    y = np.random.default_rng(seed).permutation(x.reshape(-1)).reshape(x.shape)
    assert rel_error(x, y) == rel_error(y, x)


def test_nan_stays_nan():
    assert np.isnan(rel_error([np.nan, 1.0], [1.0, 1.0]))


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(ValueError, match=r"\(4, 1\) and \(4,\)"):
        rel_error(np.ones((4, 1)), np.ones(4))


def test_every_dtype_is_measured_wide_enough():
    assert rel_error(np.array([200], np.uint8), np.array([100], np.uint8)) == pytest.approx(1 / 3)
    assert rel_error([True], [False]) == 1.0
    assert rel_error(np.array([60000], np.float16), np.array([-60000], np.float16)) == 1.0
    assert rel_error([3 + 4j], [3 + 4j]) == 0.0


def test_empty_arrays_agree():
    assert rel_error([], []) == 0.0


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (None, "rel_error: x is None"),
        ("abc", "rel_error: x is of type str"),
        (np.array([None, 1]), "rel_error: x is an array of dtype object"),
        ([[1], [2, 3]], "rel_error: x is no array: its rows differ in length"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(x, message):
    with pytest.raises(ValueError, match=message):
        rel_error(x, 1.0)
