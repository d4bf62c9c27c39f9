from __future__ import annotations

import numpy as np
import pytest

from grader.model import NotArray
from grader.worker.experiments.fingerprints import ABSENT, agree, fingerprint

RNG = np.random.default_rng(3)
ARRAYS = [RNG.normal(size=s) for s in ((), (1,), (4, 3), (2, 3, 4), (50, 40))]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: str(a.shape))
def test_rounding_keeps_an_array_the_same(array: np.ndarray) -> None:
    assert agree(fingerprint(array), fingerprint(np.asarray(array * (1 + 1e-13))))


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: str(a.shape))
def test_one_changed_entry_shows(array: np.ndarray) -> None:
    other = np.array(array)
    other.reshape(-1)[-1] += 1e-4 * np.abs(array).max()
    assert not agree(fingerprint(array), fingerprint(other))


def test_another_shape_of_the_same_numbers_shows() -> None:
    row = RNG.normal(size=6)
    assert not agree(fingerprint(row), fingerprint(row.reshape(1, 6)))
    assert not agree(fingerprint(row.reshape(2, 3)), fingerprint(row.reshape(3, 2)))


def test_rows_in_another_order_show() -> None:
    rows = RNG.integers(0, 3, size=(6, 2)).astype(float)
    assert not agree(fingerprint(rows), fingerprint(rows[::-1]))


def test_nan_and_inf_must_stand_in_the_same_places() -> None:
    one, other = np.ones(5), np.ones(5)
    one[1], other[2] = np.nan, np.nan
    assert agree(fingerprint(one), fingerprint(one.copy()))
    assert not agree(fingerprint(one), fingerprint(other))
    assert not agree(fingerprint(np.array([np.inf])), fingerprint(np.array([-np.inf])))
    assert not agree(fingerprint(np.array([np.inf])), fingerprint(np.array([np.nan])))


@pytest.mark.parametrize("value", [None, "text", NotArray("None"), np.array(["a"]), np.array([None])])
def test_what_is_no_array_agrees_with_nothing_that_is(value: object) -> None:
    assert (fingerprint(value) == ABSENT).all()
    assert not agree(fingerprint(value), fingerprint(np.array(0.0)))


def test_largest_floats_and_empty_arrays_are_taken() -> None:
    huge = np.full(9, 1.7e308)
    assert agree(fingerprint(huge), fingerprint(huge))
    assert not agree(fingerprint(huge), fingerprint(-huge))
    assert agree(fingerprint(np.empty((0, 3))), fingerprint(np.empty((0, 3))))
    assert not agree(fingerprint(np.zeros(3)), fingerprint(np.full(3, 1e-300)))


def test_a_giant_has_none() -> None:
    assert np.array_equal(fingerprint(np.zeros(1_000_001, dtype=bool)), ABSENT)
    assert not np.array_equal(fingerprint(np.zeros(1_000_000, dtype=bool)), ABSENT)
