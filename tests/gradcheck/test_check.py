"""The verdict on gradients: right ones pass, wrong ones do not, and what cannot be told is said to be so."""

import re

import numpy as np
import pytest
from gradient_problems import MISTAKES, PROBLEMS, mistaken
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.gradcheck.check import GradCheck, check_grad

SMALL = ["affine", "sigmoid", "cross-entropy", "recurrent", "convolution", "unit length", "max pool"]


def problem(name, dtype=np.float64, seed=3):
    return PROBLEMS[name](np.random.default_rng(seed), dtype)


def quiet(name, dtype=np.float64, seed=3, mistake=None):
    p = problem(name, dtype, seed)
    if mistake is not None:
        p = mistaken(p, MISTAKES[mistake])
    with np.errstate(all="ignore"):  # some steps leave the domain of a logarithm
        return check_grad(p.f, p.grad, p.x)


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_right_gradient_passes(name):
    result = quiet(name)
    assert result.verdict == "ok", result.message
    assert result.error < 1e-2
    assert result.resolution < 1e-2


@pytest.mark.parametrize("name", [n for n in PROBLEMS if "net" not in n and "noise" not in n])
def test_a_gradient_one_thousandth_too_large_fails(name):
    assert quiet(name, mistake="1e-3 too large").verdict == "bad"


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("name", SMALL)
def test_each_mistake_fails(name, mistake):
    assert quiet(name, mistake=mistake).verdict == "bad"


@pytest.mark.parametrize("name", ["two-layer net", "three-layer net", "toy net, weights 1e-4"])
def test_one_wrong_entry_of_a_net_fails_and_is_named(name):
    result = quiet(name, mistake="largest entry 10 % too large")
    assert result.verdict == "bad"
    assert result.analytic == pytest.approx(1.1 * result.numerical, rel=1e-3)


@pytest.mark.parametrize("name", [n for n in PROBLEMS if "net" not in n])
def test_a_right_gradient_in_float32_is_never_called_wrong(name):
    assert quiet(name, np.float32).verdict != "bad"


@pytest.mark.parametrize("name", [*SMALL, "relu", "batch norm", "regression, scale 1e6", "regression, scale 1e-9"])
def test_ordinary_float32_passes_and_gross_mistakes_do_not(name):
    assert quiet(name, np.float32).verdict == "ok"
    assert quiet(name, np.float32, mistake="twice").verdict == "bad"
    assert quiet(name, np.float32, mistake="largest entry zeroed").verdict == "bad"


SOME = settings(derandomize=True, database=None, deadline=None, max_examples=30)
SEEDS = st.integers(0, 2**32 - 1)
SHAPES = st.sampled_from([(), (1,), (7,), (3, 4), (2, 1, 3)])


def smooth(seed, shape):
    """A random smooth function of scale 10**-12 to 10**12, with its gradient and a point."""
    rng = np.random.default_rng(seed)
    a, b, c = rng.normal(size=(3, *shape))
    size = 10.0 ** rng.uniform(-12, 12)
    return (
        lambda x: size * (a * np.sin(x + b) + c * x * x).sum(),
        lambda x: size * (a * np.cos(x + b) + 2 * c * x),
        rng.normal(size=shape),
    )


@SOME
@given(seed=SEEDS, shape=SHAPES)
def test_any_smooth_function_passes_with_its_gradient(seed, shape):
    f, grad, x = smooth(seed, shape)
    result = check_grad(f, grad, x)
    assert result.verdict == "ok", result.message
    assert result.error <= result.resolution


@SOME
@given(seed=SEEDS, shape=SHAPES, size=st.floats(1e-3, 10), data=st.data())
def test_any_smooth_function_fails_with_one_entry_off(seed, shape, size, data):
    f, grad, x = smooth(seed, shape)
    at = data.draw(st.integers(0, x.size - 1))
    off = np.zeros(x.size)
    off[at] = size * np.abs(grad(x)).max()
    result = check_grad(f, lambda x: grad(x) + off.reshape(shape), x)
    assert result.verdict == "bad"
    assert result.worst == tuple(np.unravel_index(at, shape))


def test_noise_is_allowed_for_and_limits_what_is_seen():
    noise = np.random.default_rng(0)
    x = np.random.default_rng(1).normal(size=10)
    checks = {
        factor: check_grad(lambda x: np.sin(x).sum() + 1e-6 * noise.normal(), lambda x, c=factor: c * np.cos(x), x)
        for factor in (1.0, 1.1)
    }
    assert checks[1.0].verdict == "ok"
    assert 2e-5 < checks[1.0].resolution < 5e-4
    assert checks[1.1].verdict == "bad"


def test_too_much_noise_is_unresolved():
    noise = np.random.default_rng(0)
    result = check_grad(lambda x: np.sin(x).sum() + 0.1 * noise.normal(), np.cos, np.linspace(0.1, 0.5, 5))
    assert result.verdict == "unresolved"
    assert result.resolution > 1e-2


@pytest.mark.parametrize("slope", [0.0, 0.4, 1.0])
def test_right_at_a_kink_every_slope_in_between_is_right(slope):
    x = np.array([0.0, *range(1, 12)], dtype=float)
    gradient = np.ones(12)
    gradient[0] = slope
    assert check_grad(lambda x: np.maximum(x, 0).sum(), gradient, x).verdict == "ok"


@pytest.mark.parametrize("slope", [-0.1, 1.1])
def test_right_at_a_kink_a_slope_outside_is_wrong(slope):
    x = np.array([0.0, *range(1, 12)], dtype=float)
    gradient = np.ones(12)
    gradient[0] = slope
    result = check_grad(lambda x: np.maximum(x, 0).sum(), gradient, x)
    assert (result.verdict, result.worst) == ("bad", (0,))


def test_a_check_that_sees_only_kinks_says_so():
    result = check_grad(lambda x: np.abs(x).sum(), np.zeros(5), np.zeros(5))
    assert result.verdict == "unresolved"
    assert "kink" in result.message


def test_an_array_function_takes_an_upstream_gradient():
    rng = np.random.default_rng(0)
    w, a, df = rng.normal(size=(4, 3)), rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    assert check_grad(lambda w: a @ w, a.T @ df, w, df=df)
    assert not check_grad(lambda w: a @ w, a.T @ np.ones((5, 3)), w, df=df)


def test_a_failure_is_described_by_index_values_and_factor():
    x = np.array([[1.0, -3.0], [0.5, 2.0]])
    result = check_grad(lambda x: (x**2).sum(), lambda x: x, x)
    assert (result.verdict, result.worst, result.analytic) == ("bad", (0, 1), -3.0)
    assert result.numerical == pytest.approx(-6.0)
    assert result.error == pytest.approx(0.5)
    assert result.message == (
        "wrong at [0, 1]: the gradient is -3, finite differences give -6; everywhere it is 0.5 times what it should be"
    )
    one = check_grad(lambda x: (x**2).sum(), lambda x: 2 * x + np.array([[0, 0], [1, 0]]), x)
    assert one.worst == (1, 0)
    assert "1 of 4 entries looked at is wrong" in one.message


def test_numbers_that_differ_are_printed_so_that_they_do():
    x = np.linspace(1.13, 2.17, 6)
    result = check_grad(lambda x: (x**3).sum(), lambda x: 3 * x**2 * (1 + 2e-6 * np.arange(6)), x, rtol=1e-7)
    assert result.verdict == "bad"
    got, expected = re.findall(r"\d+\.\d+", result.message)[:2]
    assert float(got) != float(expected)


def test_only_ok_is_true():
    found = {v: GradCheck(verdict=v, error=0.0, resolution=0.0, message="") for v in ("ok", "bad", "unresolved")}
    assert [bool(found[v]) for v in found] == [True, False, False]


@pytest.mark.parametrize(
    "gradient", [np.ones((3, 1)), np.ones(4), 1.0, None, np.array(["a", "b", "c"]), np.ones(3) * 1j]
)
def test_what_is_no_gradient_of_this_shape_is_bad_without_a_look(gradient):
    result = check_grad(lambda x: x.sum(), gradient, np.ones(3))
    assert (result.verdict, result.evaluations) == ("bad", 0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_is_bad_at_its_index(value):
    result = check_grad(lambda x: x.sum(), np.array([1.0, value, 1.0]), np.ones(3))
    assert (result.verdict, result.worst) == ("bad", (1,))


def test_a_function_that_is_nan_decides_nothing():
    assert check_grad(lambda x: np.nan, np.ones(3), np.ones(3)).verdict == "unresolved"


def test_a_failure_must_repeat_at_a_second_point():
    x = np.linspace(1, 2, 12)
    calls = []

    def grad(point):
        calls.append(point)
        return 2 * point if len(calls) > 1 else 3 * point

    assert check_grad(lambda x: (x**2).sum(), grad, x).verdict == "unresolved"
    assert len(calls) == 2
    np.testing.assert_allclose(calls[0], calls[1], rtol=2e-2)
    assert (calls[0] != calls[1]).all()


def test_the_second_point_stays_where_the_function_is_defined():
    p = np.array([0.5, 1 - 1e-9])
    with np.errstate(all="ignore"):
        assert check_grad(lambda p: -np.log(1 - p).sum(), lambda p: 2 / (1 - p), p).verdict == "bad"


def test_a_function_that_ignores_its_argument_is_found_out():
    weight = np.ones(3)
    result = check_grad(lambda _: (weight**2).sum(), lambda _: 2 * weight, weight)
    assert result.verdict == "bad"
    assert "does the result depend on this argument?" in result.message


def test_a_constant_with_a_zero_gradient_is_right():
    assert check_grad(lambda x: 3.0, np.zeros(3), np.ones(3)).verdict == "ok"


def test_an_empty_x_has_nothing_wrong():
    assert check_grad(lambda x: x.sum(), np.zeros((0, 2)), np.zeros((0, 2))).verdict == "ok"


def test_a_number_is_checked_like_an_array():
    result = check_grad(np.sin, np.cos, 0.3)
    assert (result.verdict, result.worst) == ("ok", ())


def _spoiling(x):
    x *= 2
    return (x**2).sum() / 4


def test_x_is_not_altered_and_neither_is_the_next_point():
    x = np.array([1.0, 2.0, 3.0])
    assert check_grad(_spoiling, lambda x: 2 * x, x)
    assert x.tolist() == [1.0, 2.0, 3.0]


def test_integers_and_float32_points_are_taken():
    assert check_grad(lambda x: (x**2).sum(), lambda x: 2 * x, [1, 2, 3])
    assert check_grad(lambda x: (x**2).sum(), lambda x: 2 * x, np.array([1, 2, 3], np.float32))


@pytest.mark.parametrize("scale", [1e-12, 1e-4, 1e5])
def test_the_scale_of_x_does_not_matter(scale):
    x = scale * np.random.default_rng(0).normal(size=8)
    assert check_grad(lambda x: np.sin(x / scale).sum(), lambda x: np.cos(x / scale) / scale, x)
    assert not check_grad(lambda x: np.sin(x / scale).sum(), lambda x: 1.01 * np.cos(x / scale) / scale, x)


def test_batches_give_the_same_result_with_the_same_evaluations():
    p = problem("recurrent")
    single = check_grad(p.f, p.grad, p.x)
    batched = check_grad(lambda points: [p.f(x) for x in points], p.grad, p.x, batched=True)
    assert (single.verdict, single.error, single.evaluations) == (batched.verdict, batched.error, batched.evaluations)


def test_the_same_seed_gives_the_same_result():
    p = problem("recurrent")
    first, second = (check_grad(p.f, p.grad, p.x, seed=4) for _ in range(2))
    assert (first.error, first.resolution, first.message) == (second.error, second.resolution, second.message)


@pytest.mark.parametrize(
    ("f", "df", "match"),
    [
        (lambda x: x, None, "give the upstream gradient df"),
        (lambda x: x, np.ones((3, 1)), r"f returned shape \(3,\), but df has shape \(3, 1\)"),
        (lambda x: 1j * x.sum(), None, "complex"),
    ],
)
def test_a_function_that_does_not_go_with_df_is_refused(f, df, match):
    with pytest.raises(ValueError, match=match):
        check_grad(f, np.ones(3), np.ones(3), df=df)


def test_a_complex_point_is_refused():
    with pytest.raises(ValueError, match="real numbers"):
        check_grad(lambda x: x.sum(), np.ones(2), np.ones(2) * 1j)


class TestManyEntries:
    """Over 2000 entries a few mixtures and 64 entries stand for all."""

    rng = np.random.default_rng(8)
    w, a, df = rng.normal(size=(60, 50)), rng.normal(size=(7, 60)), rng.normal(size=(7, 50))

    def f(self, w):
        return np.tanh(self.a @ w)

    def grad(self, w):
        return self.a.T @ (self.df * (1 - np.tanh(self.a @ w) ** 2))

    def test_a_right_gradient_passes_with_few_evaluations(self):
        result = check_grad(self.f, self.grad, self.w, df=self.df)
        assert result.verdict == "ok"
        assert result.evaluations < 600
        assert result.resolution < 1e-2

    def test_one_wrong_entry_is_found_and_named(self):
        def grad(w):
            g = self.grad(w)
            g[41, 17] += 0.02 * np.abs(g).max()
            return g

        result = check_grad(self.f, grad, self.w, df=self.df)
        assert (result.verdict, result.worst) == ("bad", (41, 17))
        assert result.evaluations < 1000

    @pytest.mark.parametrize(
        "mistake", ["sign", "a tenth (mean for sum)", "1e-3 too large", "reversed", "mean subtracted"]
    )
    def test_mistakes_all_over_are_found(self, mistake):
        result = check_grad(self.f, lambda w: MISTAKES[mistake](self.grad(w), 0), self.w, df=self.df)
        assert result.verdict == "bad"

    def test_a_float32_net_passes_and_gross_mistakes_do_not(self):
        single = self.a.astype(np.float32), self.df.astype(np.float32)

        def f(w):
            return (single[1] * np.maximum(single[0] @ w.astype(np.float32), 0)).sum()

        def grad(w):
            return single[0].T @ (single[1] * (single[0] @ w.astype(np.float32) > 0))

        assert check_grad(f, grad, self.w).verdict == "ok"
        assert check_grad(f, lambda w: 2 * grad(w), self.w).verdict == "bad"

    def test_fast_can_be_asked_for_and_refused(self):
        w, df = self.w[:, :5], self.df[:, :5]

        def grad(w):
            return self.a.T @ (df * (1 - np.tanh(self.a @ w) ** 2))

        fast, full = (check_grad(self.f, grad, w, df=df, fast=fast) for fast in (True, False))
        assert fast.verdict == full.verdict == "ok"
        assert fast.evaluations < full.evaluations / 2


def test_float16_is_allowed_its_three_digits():
    x = np.random.default_rng(0).normal(size=6)
    exact = np.cos(x)
    assert check_grad(lambda x: np.sin(x).sum(), exact.astype(np.float16), x).verdict == "ok"
    assert check_grad(lambda x: np.sin(x).sum(), exact.astype(np.float16).astype(float), x).verdict == "bad"


class TestHonestVerdicts:
    """A right gradient is never called wrong, and no error above the reported resolution is called right."""

    float32 = settings(derandomize=True, database=None, deadline=None, max_examples=12)
    kinds = st.sampled_from(["affine", "relu", "batch norm", "recurrent", "lasso", "max pool", "cross-entropy"])

    @float32
    @given(name=kinds, seed=SEEDS)
    def test_a_right_gradient_in_float32_is_not_bad(self, name, seed):
        assert quiet(name, np.float32, seed).verdict != "bad"

    @float32
    @given(name=kinds, seed=SEEDS, size=st.floats(-6, -1))
    def test_no_factor_above_the_resolution_is_ok(self, name, seed, size):
        p = problem(name, np.float32, seed)
        result = _checked(p, lambda g: g * (1 + 10**size))
        assert result.verdict != "ok" or 10**size <= result.resolution
        if 10**size > 2e-4:  # both limits lie at or below this for a factor
            assert result.verdict != "ok"

    @float32
    @given(name=kinds, seed=SEEDS, size=st.floats(-5, 0), data=st.data())
    def test_no_error_of_one_entry_above_the_resolution_is_ok(self, name, seed, size, data):
        p = problem(name, np.float32, seed)
        at = data.draw(st.integers(0, p.x.size - 1))
        off = np.zeros(p.x.size)
        off[at] = 10**size * np.abs(p.grad(p.x)).max()
        result = _checked(p, lambda g: g + off.reshape(g.shape))
        assert result.verdict != "ok" or 10**size <= result.resolution

    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_an_ok_says_that_every_entry_is_known_well(self, dtype):
        right = [result for name in SMALL if (result := quiet(name, dtype)).verdict == "ok"]
        assert right
        assert max(result.resolution for result in right) <= 5e-4

    def test_noise_that_hides_more_than_the_limit_is_unresolved_and_says_how_much(self):
        noise, x = np.random.default_rng(0), np.random.default_rng(1).normal(size=10)
        result = check_grad(lambda x: np.sin(x).sum() + 3e-4 * noise.normal(), np.cos, x)
        assert result.verdict == "unresolved"
        assert 5e-4 < result.resolution < 0.3
        assert f"{result.resolution:.1e}" in result.message

    def test_a_factor_that_could_hide_is_reported(self):
        noise, x = np.random.default_rng(0), np.array([0.3, 0.5])
        result = check_grad(lambda x: np.sin(x).sum() + 1e-5 * noise.normal(), np.cos, x)
        assert result.verdict == "unresolved"
        assert result.resolution < 5e-4
        assert "factor of 1 ± " in result.message


def _checked(p, mistake):
    with np.errstate(all="ignore"):
        return check_grad(p.f, lambda x: mistake(p.grad(x).astype(float)), p.x)


class TestBesideAKink:
    """Where a kink lies nearer than float32 can see, a gradient that is a function is looked at on both sides of it."""

    x = np.array([1e-7, -1e-7, *np.random.default_rng(6).normal(size=20)])
    d = np.random.default_rng(7).normal(size=22).astype(np.float32)

    def f(self, x):
        return (self.d * np.maximum(x.astype(np.float32), 0)).sum()

    def grad(self, x):
        return self.d * (x > 0)

    def test_the_right_gradient_passes(self):
        assert check_grad(self.f, self.grad, self.x).verdict == "ok"

    @pytest.mark.parametrize("at", [0, 1])
    def test_a_wrong_entry_there_is_found_on_the_side_where_it_shows(self, at):
        def grad(x):
            g = self.grad(x)
            g[at] *= 1.1
            return g

        assert check_grad(self.f, grad, self.x).verdict != "ok"

    def test_an_array_is_not_called_wrong(self):
        assert check_grad(self.f, self.grad(self.x), self.x).verdict != "bad"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: check_grad(3.0, np.ones(2), np.ones(2)), TypeError, "check_grad: f is of type float; give a function"),
        (lambda: check_grad(np.sum, np.ones, "abc"), ValueError, "check_grad: x is of type str; give an array of real"),
        (lambda: check_grad(np.sum, np.ones(2), [1, np.nan]), ValueError, r"check_grad: x is nan at \[1\]"),
        (lambda: check_grad(np.sum, np.ones(2), [[1], [2, 3]]), ValueError, "check_grad: x is no array: its rows"),
        (lambda: check_grad(np.sum, np.ones(2), np.ones(2), rtol=0), ValueError, "check_grad: rtol is 0; give a"),
        (lambda: check_grad(lambda x: x, np.ones(2), np.ones(2), df="a"), ValueError, "check_grad: df is of type str"),
        (lambda: check_grad(lambda x: None, np.ones(2), np.ones(2)), ValueError, "check_grad: f returned None; it has"),
        (
            lambda: check_grad(lambda x: "a", np.ones(2), np.ones(2)),
            ValueError,
            "check_grad: f returned str; it has to",
        ),
        (
            lambda: check_grad(lambda x: (1.0, x), np.ones(2), np.ones(2)),
            ValueError,
            r"a tuple of 2 \(a number, an array",
        ),
        (
            lambda: check_grad(lambda x: (1.0, {}), np.ones(2), np.ones(2)),
            ValueError,
            r"\(a number, a dict\); it has to",
        ),
        (
            lambda: check_grad(lambda x: (1.0, 2.0), np.ones(2), np.ones(2)),
            ValueError,
            "it has to return a number alone",
        ),
        (lambda: check_grad(lambda x: [x, 1.0], np.ones(2), np.ones(2)), ValueError, "a list that is no array"),
        (
            lambda: check_grad(lambda x: (x, 1), np.ones(2), np.ones(2), df=np.ones(2)),
            ValueError,
            r"one array of shape",
        ),
        (lambda: check_grad(lambda xs: [1.0], np.ones(2), np.ones(2), batched=True), ValueError, "got 2 points and"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_one_line(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("gradient", "message"),
    [
        (None, "the gradient is None: expected an array of shape (2,)"),
        ((1.0, np.ones(2)), "the gradient is a tuple of 2 (a number, an array of shape (2,)): expected an array"),
        ((1.0, {"w": np.ones(2)}), "the gradient is a tuple of 2 (a number, a dict): expected an array"),
        ({"w": np.ones(2)}, "the gradient is of type dict: expected an array"),
        ([1.0, [1.0, 2.0]], "the gradient is a list that is no array: expected an array"),
    ],
)
@pytest.mark.parametrize("by_function", [True, False])
def test_what_a_gradient_is_instead_of_an_array_is_named(gradient, message, by_function):
    grad = (lambda x: gradient) if by_function else gradient
    if grad is None or isinstance(grad, dict):
        grad = np.array(grad)
    result = check_grad(lambda x: x.sum(), grad, np.ones(2))
    assert result.verdict == "bad"
    assert result.message.startswith(message)


def test_a_check_prints_as_its_message():
    result = check_grad(lambda x: (x**2).sum(), lambda x: x, np.array([1.0, -3.0]))
    assert f"{result}" == result.message


class TestRandomFunctions:
    """What gives another value at each call is said to do so, not to have kinks or noise."""

    rng = np.random.default_rng(2)
    x, w = rng.normal(size=(4, 5)), rng.normal(size=(5, 3))

    def dropout(self, rng, keep=0.5):
        return lambda x: (np.maximum(x @ self.w, 0) * (rng.random((4, 3)) < keep) / keep).sum()

    def test_dropout_is_said_to_be_random(self):
        result = check_grad(self.dropout(np.random.default_rng(0)), lambda x: np.ones_like(x), self.x)
        assert not result
        assert "two calls of f at the same x differ by" in result.message
        assert "kink" not in result.message

    def test_dropout_with_a_fixed_seed_is_not(self):
        def f(x):
            return self.dropout(np.random.default_rng(0))(x)

        kept = (np.random.default_rng(0).random((4, 3)) < 0.5) / 0.5
        assert check_grad(f, lambda x: ((x @ self.w > 0) * kept) @ self.w.T, self.x)
        wrong = check_grad(f, lambda x: (x @ self.w > 0) @ self.w.T, self.x)
        assert "two calls" not in wrong.message

    def test_little_noise_leaves_a_wrong_gradient_wrong_and_is_mentioned(self):
        noise = np.random.default_rng(0)
        result = check_grad(lambda x: np.sin(x).sum() + 1e-6 * noise.normal(), lambda x: 1.1 * np.cos(x), self.x[0])
        assert result.verdict == "bad"
        assert result.message.startswith("wrong at [")
        assert "two calls of f at the same x differ by" in result.message
