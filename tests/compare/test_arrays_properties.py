"""Facts about the comparison that hold for any two arrays."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.compare.arrays import compare
from grader.model import NotArray, Tolerance

# The same examples every time, and no deadline: a busy machine must not fail a test.
MANY = settings(derandomize=True, database=None, deadline=None, max_examples=200)
SOME = settings(MANY, max_examples=100)

# What may come over the wire.
WIRE = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16", ">f4", ">f8", ">i4"]
DTYPES = st.sampled_from(WIRE).map(np.dtype)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
ARRAYS = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, SHAPES))
FLOATS = hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4), elements=st.floats(-1e6, 1e6))
LIMITS = st.floats(0, 1e3) | st.sampled_from([0.0, 1e-6])
RULES = st.builds(
    Tolerance,
    rule=st.sampled_from(["max", "sum_abs", "rel_error", "allclose"]),
    limit=LIMITS,
    limit32=LIMITS,
    atol=st.floats(0, 1e3),
    scale=st.floats(1e-300, 1e300),
)
SHARP = st.sampled_from(["max", "sum_abs", "rel_error", "allclose"]).map(lambda r: Tolerance(rule=r, limit=1e-9))


@MANY
@given(got=ARRAYS, expected=ARRAYS, rule=RULES, hidden=st.booleans())
def test_any_two_arrays_get_a_verdict(got, expected, rule, hidden):
    result = compare("x", got, expected, rule, hidden=hidden)
    assert result.status in ("passed", "failed")
    assert result.earned == (result.status == "passed")
    assert result.error is None or np.isfinite(result.error)
    assert (result.status == "passed") or result.message
    assert "\n" not in result.message
    if got.shape != expected.shape:
        assert result.status == "failed"


@SOME
@given(array=ARRAYS, rule=RULES)
def test_an_array_equals_itself(array, rule):
    result = compare("x", array.copy(), array, rule)
    assert (result.status, result.error) == ("passed", 0.0)


@SOME
@given(got=ARRAYS, expected=ARRAYS, rule=RULES)
def test_order_in_memory_does_not_matter(got, expected, rule):
    a = compare("x", got, expected, rule)
    b = compare("x", np.array(got, order="F"), np.array(expected, order="F"), rule)
    assert (a.status, a.message) == (b.status, b.message)


@SOME
@given(expected=FLOATS, rule=SHARP, data=st.data())
def test_one_entry_off_by_more_than_the_tolerance_fails(expected, rule, data):
    got = expected.copy()
    at = data.draw(st.integers(0, expected.size - 1))
    got.flat[at] += 1e-2 * max(np.abs(expected).max(), 1.0)
    assert compare("x", got, expected, rule).status == "failed"


@SOME
@given(expected=FLOATS, data=st.data())
def test_an_error_within_the_tolerance_passes(expected, data):
    noise = data.draw(hnp.arrays(np.float64, expected.shape, elements=st.floats(-0.9e-6, 0.9e-6)))
    scale = np.abs(expected).max() or 1.0
    assert compare("x", expected + noise * scale, expected, Tolerance(limit=1e-6)).status == "passed"


@SOME
@given(expected=FLOATS, value=st.sampled_from([np.nan, np.inf, -np.inf]), rule=RULES, data=st.data())
def test_one_nan_or_inf_fails_under_every_rule(expected, value, rule, data):
    got = expected.copy()
    got.flat[data.draw(st.integers(0, expected.size - 1))] = value
    assert compare("x", got, expected, rule).status == "failed"


@SOME
@given(shape=hnp.array_shapes(max_dims=3, max_side=4), axis=st.integers(0, 3), rule=RULES)
def test_broadcasting_never_hides_a_shape(shape, axis, rule):
    expected = np.full(shape, 0.5)
    longer = np.expand_dims(expected, min(axis, len(shape)))
    for got, wanted in ((longer, expected), (expected, longer), (np.asarray(0.5), expected)):
        assert compare("x", got, wanted, rule).status == "failed"


@SOME
@given(got=FLOATS, data=st.data(), rule=st.sampled_from(["max", "sum_abs", "rel_error", "allclose"]))
def test_the_verdict_is_the_rule_as_written(got, data, rule):
    expected = got + data.draw(hnp.arrays(np.float64, got.shape, elements=st.floats(-1e-3, 1e-3)))
    limit, atol = data.draw(st.floats(1e-9, 1e-1)), data.draw(st.floats(0, 1e-3))
    d = np.abs(got - expected)
    budget = {
        "max": (d.max(), limit * (np.abs(expected).max() or 1.0)),
        "sum_abs": (d.sum(), limit),
        "rel_error": ((d / np.maximum(1e-8, np.abs(got) + np.abs(expected))).max(), limit),
        "allclose": ((d - limit * np.abs(expected)).max(), atol),
    }
    error, allowed = budget[rule]
    assume(abs(error - allowed) > 1e-12 * max(abs(error), abs(allowed)))  # not on the very edge
    status = compare("x", got, expected, Tolerance(rule=rule, limit=limit, atol=atol)).status
    assert (status == "passed") == (error <= allowed)


@SOME
@given(expected=FLOATS, factor=st.floats(0.1, 0.9))
def test_a_hidden_message_holds_no_expected_value(expected, factor):
    # Integers plus a fraction that nothing else in a message can show by chance.
    secret = np.round(expected) + 0.7182818
    message = compare("x", secret * factor, secret, Tolerance(), hidden=True).message
    assert "7182" not in message
    assert "expected" not in message


@SOME
@given(kind=st.text(), detail=st.text(), shape=SHAPES.map(lambda s: np.zeros(s)))
def test_any_text_from_the_students_side_becomes_one_line(kind, detail, shape):
    message = compare("x", NotArray(kind, detail), shape, Tolerance()).message
    assert message.isprintable()
    assert len(message) < 500


@pytest.mark.parametrize("side", [1, 2])
def test_sixty_four_axes_are_no_trouble(side):
    got = np.full((side,) + (1,) * 63, 2.0)
    assert compare("x", got, np.ones((side,) + (1,) * 63), Tolerance()).status == "failed"
    assert compare("x", got, np.ones(3), Tolerance()).status == "failed"
