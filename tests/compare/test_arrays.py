"""The rules of `Tolerance`, one behaviour at a time."""

import numpy as np
import pytest

from grader.compare.arrays import compare
from grader.errors import AuthoringError
from grader.model import NotArray, Tolerance

MAX = Tolerance()
E = np.array([[0.5, -2.0, 0.25], [1.0, 0.0, -0.125]])


def passes(got, expected, tolerance=MAX):
    return compare("d_bias", got, expected, tolerance).status == "passed"


def test_equal_arrays_pass_with_the_whole_share_and_no_remark():
    result = compare("d_bias", E.copy(), E, MAX)
    assert (result.status, result.earned, result.error, result.message) == ("passed", 1, 0.0, "")
    assert (result.name, result.shape, result.dtype, result.tolerance) == ("d_bias", (2, 3), "float64", 1e-6)


def test_failed_array_earns_nothing():
    assert compare("d_bias", 2 * E, E, MAX).earned == 0


def test_max_rule_measures_against_the_largest_expected_entry():
    off = E.copy()
    off[1, 1] += 1.9e-6  # the expected entry is 0; the largest one is 2
    assert passes(off, E)
    off[1, 1] += 0.2e-6
    assert not passes(off, E)
    assert compare("x", off, E, MAX).error == pytest.approx(2.1e-6 / 2)


def test_max_rule_uses_the_checks_scale_where_everything_expected_is_zero():
    zero, tiny = np.zeros(3), np.full(3, 5e-5)
    assert not passes(tiny, zero)
    assert passes(tiny, zero, Tolerance(scale=100.0))


def test_sum_abs_rule_adds_up_over_the_array():
    rule = Tolerance(rule="sum_abs", limit=1e-7)
    assert passes(E + 1.6e-8, E, rule)
    result = compare("x", E + 1.7e-8, E, rule)
    assert result.status == "failed"
    assert result.error == pytest.approx(6 * 1.7e-8)


def test_rel_error_rule_looks_at_every_entry_alone():
    expected = np.array([1e6, 1e-3])
    got = expected + np.array([0.0, 1e-8])
    assert passes(got, expected)
    assert not passes(got, expected, Tolerance(rule="rel_error", limit=1e-6))
    assert compare("x", got, expected, Tolerance(rule="rel_error")).error == pytest.approx(5e-6, rel=1e-3)


def test_rel_error_rule_has_a_floor_for_entries_near_zero():
    assert passes(np.array([1e-15]), np.array([0.0]), Tolerance(rule="rel_error"))


def test_allclose_rule_adds_atol_and_counts_in_allowances():
    rule = Tolerance(rule="allclose", limit=1e-3, atol=1e-2)
    assert passes(np.array([0.009, 10.019]), np.array([0.0, 10.0]), rule)
    result = compare("x", np.array([0.02, 10.0]), np.array([0.0, 10.0]), rule)
    assert (result.error, result.tolerance) == (pytest.approx(2.0), 1.0)


def test_allclose_rule_without_atol_wants_zeros_exactly():
    rule = Tolerance(rule="allclose", limit=1e-3)
    assert passes(np.zeros(2), np.zeros(2), rule)
    result = compare("x", np.array([0.0, 1e-300]), np.zeros(2), rule)
    assert (result.status, result.error) == ("failed", None)


def test_printed_rule_forgives_half_a_unit_of_the_last_digit():
    rule = Tolerance(rule="printed", text="[1.0986 -0.5 ]")
    golden = np.array([1.0986123, -0.49996])
    assert passes(golden, golden, rule)
    assert passes(np.array([1.09864, -0.50004]), golden, rule)
    assert not passes(np.array([1.09868, -0.5]), golden, rule)


def test_printed_rule_compares_with_the_text_and_not_with_the_golden():
    assert not passes(np.array(3.0), np.array(3.0), Tolerance(rule="printed", text="2.5"))


def test_printed_text_that_does_not_fit_is_the_authors_error():
    with pytest.raises(AuthoringError, match="shape"):
        compare("x", E, E, Tolerance(rule="printed", text="[1. 2.]"))
    with pytest.raises(AuthoringError, match="text="):
        compare("x", E, E, Tolerance(rule="printed"))


@pytest.mark.parametrize("rule", ["max", "sum_abs", "rel_error", "allclose"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_inf_never_equal_a_finite_number(rule, value):
    got = E.copy()
    got[0, 1] = value
    # Even under a limit that lets every finite number pass.
    for computed, expected in ((got, E), (E, got)):
        result = compare("x", computed, expected, Tolerance(rule=rule, limit=1e9, atol=1e9))
        assert (result.status, result.error) == ("failed", None)


def test_expected_nan_and_inf_are_matched_in_place_and_sign():
    expected = np.array([np.nan, np.inf, -np.inf, 1.0])
    assert passes(expected.copy(), expected)
    assert not passes(np.array([np.nan, np.inf, np.inf, 1.0]), expected)
    assert not passes(np.array([np.inf, np.nan, -np.inf, 1.0]), expected)
    assert not passes(np.array([np.nan, np.inf, -np.inf, 1.1]), expected)


def test_nan_limit_lets_nothing_pass():
    assert not passes(E, E, Tolerance(limit=np.nan))


@pytest.mark.parametrize(
    ("got", "expected"),
    [((1, 3), (3,)), ((3, 1), (3,)), ((3,), (3, 1)), ((), (1,)), ((1,), ()), ((0,), (0, 2)), ((0, 3), (3,))],
)
def test_shapes_are_exact_even_where_the_arrays_would_broadcast(got, expected):
    result = compare("x", np.ones(got), np.ones(expected), Tolerance(limit=1e9))
    assert (result.status, result.error, result.shape) == ("failed", None, got)


def test_float32_is_held_to_its_own_limit_with_a_remark():
    single = (E * (1 + 3e-5)).astype(np.float32)
    result = compare("x", single, E, MAX)
    assert (result.status, result.tolerance, result.dtype) == ("passed", 1e-4, "float32")
    assert result.message == "`x` was computed in float32: compared with tolerance 0.0001 instead of 1e-06"
    assert not passes(single, E.astype(np.float32))  # the reference computes in float32 too: no allowance
    assert passes(single.astype(">f4"), E)
    assert passes(single.astype(np.complex64), E.astype(np.complex128))


def test_float16_beyond_the_wider_limit_fails():
    assert not passes((E / 3).astype(np.float16), E / 3)


def test_integers_and_booleans_compare_by_value():
    assert passes(np.array([True, False]), np.array([1.0, 0.0]))
    assert passes(np.array([1, 0], np.int8), np.array([True, False]))
    assert passes(np.array([3], np.uint64), np.array([3], np.int64))
    assert not passes(np.array([2], np.int8), np.array([True]))


def test_integers_that_float64_cannot_tell_apart_differ_under_an_exact_rule():
    big, next_to_it = np.array([2**63 - 1], np.int64), np.array([2**63], np.uint64)
    assert not passes(big, next_to_it, Tolerance(limit=0.0))
    assert passes(big, big.copy(), Tolerance(limit=0.0))


def test_complex_fails_where_real_is_expected_and_is_measured_where_it_is_not():
    assert not passes(E + 0j, E)
    assert passes(E, E + 0j)
    z = np.array([3 + 4j, 1j])
    assert passes(z * (1 + 1e-9), z)
    assert compare("z", z * 1.1, z, MAX).error == pytest.approx(0.1)


@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1e-9, 1e6, 1e300, 1.7e308])
def test_the_scale_of_the_numbers_does_not_matter(scale):
    expected = np.array([1.0, -0.5]) * scale
    assert passes(expected, expected)
    assert not passes(-expected, expected)
    assert not passes(np.zeros(2), expected)


@pytest.mark.parametrize("rule", ["max", "sum_abs", "rel_error", "allclose"])
def test_what_overflows_is_within_no_tolerance(rule):
    tolerance = Tolerance(rule=rule, atol=1e-8)
    for got, expected in ((1.7e308, -1.7e308), (1.7e308, 0.8e308)):
        result = compare("x", np.array([got]), np.array([expected]), tolerance)
        assert result.status == "failed"
    assert "beyond measure" in compare("x", np.array([1.7e308]), np.array([-1.7e308]), MAX).message
    assert compare("x", np.array([1.0]), np.array([5e-324]), MAX).error is None  # the quotient is no float64


@pytest.mark.parametrize(
    "got", [None, NotArray("None"), np.array(["a"]), np.array([object()]), np.zeros(2, "M8[s]"), np.zeros(2, "f8,f8")]
)
def test_what_is_no_numeric_array_fails_with_a_sentence(got):
    result = compare("d_bias", got, np.ones(2), MAX)
    assert (result.status, result.earned, result.error) == ("failed", 0, None)
    assert result.message.startswith("`d_bias` ")
    assert "\n" not in result.message


def test_empty_arrays_of_the_same_shape_pass():
    assert passes(np.zeros((0, 3)), np.zeros((0, 3)))


def test_hidden_error_is_one_digit_and_stays_on_its_side_of_the_tolerance():
    result = compare("x", np.array(3.0 + 3.06e-6), np.array(3.0), MAX, hidden=True)
    assert (result.status, result.error) == ("failed", 2e-6)
    result = compare("x", np.array(3.0 + 2.9e-6), np.array(3.0), MAX, hidden=True)
    assert (result.status, result.error) == ("passed", 9e-7)


def test_hidden_printed_rule_does_not_give_away_the_size_of_the_text():
    rule = Tolerance(rule="printed", text="2.3471")
    shown = compare("x", np.array(1.0), np.array(2.3471), rule)
    hidden = compare("x", np.array(1.0), np.array(2.3471), rule, hidden=True)
    assert shown.tolerance == pytest.approx(1e-6 + 0.5e-4 / 2.3471)
    assert hidden.tolerance == 2e-5


def test_hidden_error_of_a_wide_limit_is_not_shown_below_it():
    wide = Tolerance(rule="sum_abs", limit=50.0)

    result = compare("x", np.array([70.0, 10.0]), np.array([1.0, 2.0]), wide, hidden=True)

    assert (result.status, result.error, result.tolerance) == ("failed", 80.0, 50.0)
