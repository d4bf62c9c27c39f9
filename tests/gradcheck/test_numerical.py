"""The plain centred differences of course notebooks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import numerical_gradient, numerical_gradient_array, rel_error

SOME = settings(derandomize=True, database=None, deadline=None, max_examples=50)


@SOME
@given(seed=st.integers(0, 2**32 - 1), shape=st.sampled_from([(), (3,), (2, 3), (2, 1, 3), (0,)]))
def test_a_quadratic_form_has_its_gradient(seed, shape):
    rng = np.random.default_rng(seed)
    x, a, b = (rng.normal(size=shape) for _ in range(3))
    gradient = numerical_gradient(lambda x: (a * x * x + b * x).sum(), x)
    assert gradient.shape == shape
    np.testing.assert_allclose(gradient, 2 * a * x + b, rtol=0, atol=1e-8)


@SOME
@given(seed=st.integers(0, 2**32 - 1))
def test_an_array_is_weighted_with_the_upstream_gradient(seed):
    rng = np.random.default_rng(seed)
    w, a, df = rng.normal(size=(4, 3)), rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    assert rel_error(numerical_gradient_array(lambda w: a @ w, w, df), a.T @ df) < 1e-6


def test_the_formula_is_the_usual_one_to_the_last_bit():
    f, x, h = np.sin, 0.3, 1e-5
    assert numerical_gradient(f, x) == (np.sin(x + h) - np.sin(x - h)) / (2 * h)


@pytest.mark.parametrize("x", [3, 3.0, np.array(3), np.float32(3), np.array(3.0)])
def test_numbers_and_integers_are_taken(x):
    gradient = numerical_gradient(lambda x: x * x, x)
    assert gradient.shape == ()
    assert gradient == pytest.approx(6)


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float64, bool])
def test_integer_lists_and_arrays_are_not_truncated(dtype):
    x = np.array([1, 0], dtype)
    np.testing.assert_allclose(numerical_gradient(lambda x: (x**3).sum(), x), [3.0, 0.0], atol=1e-8)


def _raising(x):
    if x[1] != 2.0:
        raise RuntimeError("not here")
    return x.sum()


def test_x_is_left_alone_when_f_raises():
    x = np.array([1.0, 2.0, 3.0])
    with pytest.raises(RuntimeError):
        numerical_gradient(_raising, x)
    assert x.tolist() == [1.0, 2.0, 3.0]


def _writing(x):
    x *= 2
    return x.sum() / 2


def test_a_function_that_writes_into_x_neither_harms_it_nor_the_result():
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(numerical_gradient(_writing, x), [1.0, 1.0], atol=1e-9)
    assert x.tolist() == [1.0, 2.0]


def test_a_function_may_read_x_from_elsewhere():
    weight = np.array([1.0, -2.0])
    np.testing.assert_allclose(numerical_gradient(lambda _: (weight**2).sum(), weight), [2.0, -4.0], atol=1e-8)


def test_a_read_only_x_is_copied():
    x = np.array([1.0, 2.0])
    x.flags.writeable = False
    np.testing.assert_allclose(numerical_gradient(lambda x: (x**2).sum(), x), [2.0, 4.0], atol=1e-8)


class Net:
    """A loss that reads its weight from the object, as courses' networks do."""

    def __init__(self, weight):
        self.weight = weight

    def loss(self, _=None):
        return float((np.asarray(self.weight, dtype=float) ** 2).sum())


def _read_only(x):
    x.flags.writeable = False
    return x


@pytest.mark.parametrize(
    ("weight", "named"),
    [
        (np.ones(3, np.float32), "an array of dtype float32"),
        (np.ones((2, 2), np.float16), "an array of dtype float16"),
        (np.array([1, -2]), "an array of dtype int64"),
        ([1.0, 2.0], "list"),
        (_read_only(np.ones(3)), "a read-only array"),
        (np.broadcast_to(1.0, (2, 3)), "a read-only array"),
        (np.ones((4, 4), np.float32)[::2, 1:], "an array of dtype float32"),
    ],
)
@pytest.mark.parametrize("difference", [numerical_gradient, lambda f, x: numerical_gradient_array(f, x, 1.0)])
def test_a_copied_weight_that_f_reads_from_elsewhere_is_an_error_and_not_zero(weight, named, difference):
    with pytest.raises(ValueError, match=r"f does not change with its argument\. x is " + named):
        difference(Net(weight).loss, weight)


@pytest.mark.parametrize("weight", [np.ones((4, 4))[::2, 1:], np.asfortranarray(np.ones((2, 3))), np.ones((3, 2)).T])
def test_a_strided_weight_may_be_read_from_elsewhere(weight):
    np.testing.assert_allclose(numerical_gradient(Net(weight).loss, weight), 2 * weight, atol=1e-6)


def test_a_flat_place_of_a_copied_x_has_a_gradient_of_zero():
    x = np.array([-1.0, -2.0], np.float32)
    assert numerical_gradient(lambda x: np.maximum(x, 0).sum(), x).tolist() == [0.0, 0.0]
    assert numerical_gradient(lambda x: float(x[5 - x.size] if x.max() > 0 else 0), [-1.0, -2.0]).tolist() == [0, 0]


@pytest.mark.parametrize("result", [lambda x: (x.sum(), x), lambda x: (x.sum(), {"w": x}), lambda x: [x.sum(), x]])
def test_a_loss_that_comes_with_its_gradients_is_named(result):
    with pytest.raises(ValueError, match=r"what f returns is a (tuple|list) of 2 \(a number, a"):
        numerical_gradient(result, np.ones(3))


def test_a_strided_view_keeps_its_neighbours():
    base = np.arange(12.0).reshape(3, 4)
    view = base[:, ::2]
    np.testing.assert_allclose(numerical_gradient(lambda x: (x**2).sum(), view), 2 * view, atol=1e-6)
    assert base.reshape(-1).tolist() == list(range(12))


def test_a_function_may_hand_out_one_buffer_again_and_again():
    out = np.zeros(2)
    gradient = numerical_gradient_array(lambda x: np.multiply(x, 3, out=out), np.ones(2), np.array([1.0, 2.0]))
    np.testing.assert_allclose(gradient, [3.0, 6.0], atol=1e-8)


def test_an_array_without_upstream_gradient_is_refused_with_advice():
    with pytest.raises(ValueError, match="use numerical_gradient_array"):
        numerical_gradient(lambda x: x * 2, np.ones(3))


def test_an_upstream_gradient_that_would_broadcast_is_refused():
    with pytest.raises(ValueError, match=r"f returned shape \(3,\), df has shape \(3, 1\)"):
        numerical_gradient_array(lambda x: x * 2, np.ones(3), np.ones((3, 1)))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: numerical_gradient(3.0, np.ones(2)), TypeError, "numerical_gradient: f is of type float"),
        (lambda: numerical_gradient(np.sum, "abc"), ValueError, "numerical_gradient: x is of type str"),
        (lambda: numerical_gradient(np.sum, np.ones(2) * 1j), ValueError, "x is an array of dtype complex128"),
        (lambda: numerical_gradient(np.sum, np.ones(2), h=0), ValueError, "numerical_gradient: h is 0"),
        (lambda: numerical_gradient(lambda x: None, np.ones(2)), ValueError, "what f returns is None"),
        (lambda: numerical_gradient_array(None, np.ones(2), 1.0), TypeError, "numerical_gradient_array: f is None"),
        (lambda: numerical_gradient_array(np.sin, np.ones(2), None), ValueError, "df is None"),
    ],
)
def test_what_cannot_be_differentiated_is_refused_in_one_line(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
