"""Goldens that exist only as printed text."""

import numpy as np
import pytest

from grader.compare.printed import parse_printed
from grader.errors import AuthoringError


def test_a_bare_number_is_zero_dimensional():
    values, half = parse_printed("2.3026")
    assert (values.shape, values.item(), half.item()) == ((), 2.3026, pytest.approx(0.5e-4))


def test_trimmed_zeros_count_to_the_decimals_of_the_whole_array():
    # NumPy prints 2.5 for 2.5000 when it stands beside -0.8129.
    _, half = parse_printed("[ 2.5    -0.8129]")
    np.testing.assert_allclose(half, [0.5e-4, 0.5e-4])


def test_scientific_notation_moves_the_last_digit_of_each_entry():
    values, half = parse_printed("[1.25e-07 3.5e+00]")
    np.testing.assert_allclose(values, [1.25e-7, 3.5])
    np.testing.assert_allclose(half, [0.5e-9, 0.5e-2])


def test_whole_numbers_reach_half_a_unit():
    assert parse_printed("[3. 4.]").half.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3), (2, 1, 3), (0,)])
@pytest.mark.parametrize("write", [str, repr, lambda a: str(a.tolist())], ids=["str", "repr", "list"])
def test_what_numpy_or_python_prints_is_read_back(shape, write):
    array = np.random.default_rng(1).normal(size=shape)
    text = write(array).removeprefix("array(").removesuffix(")").split(", dtype")[0].split(", shape")[0]
    values, half = parse_printed(text)
    assert values.shape == shape
    assert (np.abs(values - array) <= half * (1 + 1e-9)).all()


def test_nan_and_inf_have_no_last_digit():
    values, half = parse_printed("[nan -inf 1.5]")
    np.testing.assert_array_equal(values, [np.nan, -np.inf, 1.5])
    assert half.tolist() == [0.0, 0.0, pytest.approx(0.05)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "]",
        "1 2",
        "[1 2] [3]",
        "[[1 2] [3]]",
        "[1. ... 3.]",
        "about 3",
        "1.2.3",
        "[1+2j]",
        "1e5e5",
        "--1",
        "[1 -]",
    ],
)
def test_what_cannot_be_read_is_the_authors_error(text):
    with pytest.raises(AuthoringError, match=r"printed golden .*: .*; give one number or one whole array"):
        parse_printed(text)


def test_an_exponent_beyond_float64_is_no_crash():
    assert parse_printed("1e400").values == np.inf
