"""Directional derivatives and their bounds."""

import numpy as np
import pytest

from grader.gradcheck.forward import Forward
from grader.gradcheck.noise import Roughness, roughness
from grader.gradcheck.slopes import Point, measure, measure_once
from grader.gradcheck.stencils import lean, rich


def probe(f, x, gradient, rough=None):
    x = np.asarray(x, dtype=float)
    forward = Forward(f, x.shape, None)
    rough = rough or roughness(forward, x, np.random.default_rng(0))
    return Point(forward, x, forward.at(x[None])[0], np.asarray(gradient, dtype=float), rough)


EXACT = Roughness(noise=1e-16, size=1.0, single=False, scale=1.0)


@pytest.mark.parametrize("stencil", [lean(), rich()], ids=["lean", "rich"])
@pytest.mark.parametrize("curvature", [-100.0, 0.0, 3.0])
@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("distance", [0.0, 0.05, 0.1, 0.15, 0.2, 0.24, 0.26, 0.5, 0.9, 1.1])
def test_one_kink_anywhere_is_within_the_bound(distance, side, curvature, stencil):
    step, jump = 1e-3, 2.0
    at = side * distance * step

    def f(x):
        return jump * np.maximum(x[0] - at, 0) + curvature * x[0] ** 2

    slopes = measure_once(probe(f, [0.0], [0.0], EXACT), [0], np.array([step]), stencil).slopes
    right, left = jump * (at <= 0), jump * (at < 0)
    for true in (right, left):
        assert abs(slopes.value[0] - true) <= slopes.bound[0] * (1 + 1e-9)


def test_a_smooth_function_is_measured_to_ten_digits():
    slopes = measure(probe(lambda x: np.exp(x).sum(), [0.3, -1.0], [0.0, 0.0]), [0, 1], target=1e-6)
    np.testing.assert_allclose(slopes.value, np.exp([0.3, -1.0]), rtol=1e-9)
    assert (np.abs(slopes.value - np.exp([0.3, -1.0])) <= slopes.bound).all()
    assert (slopes.bound < 1e-8).all()
    assert not slopes.kink.any()


def test_a_vector_gives_the_derivative_along_it():
    direction = np.array([1.0, -2.0])
    slopes = measure(probe(lambda x: x[0] * x[1], [3.0, 5.0], [5.0, 3.0]), [direction], target=1e-6)
    assert slopes.value[0] == pytest.approx(5 - 6, rel=1e-8)
    assert slopes.given[0] == pytest.approx(5 - 6, rel=1e-8)


def test_the_step_grows_over_noise_until_the_bound_is_small():
    noise = np.random.default_rng(2)
    slopes = measure(probe(lambda x: 3 * x[0] + 1e-4 * noise.normal(), [1.0], [3.0]), [0], target=1e-3)
    assert slopes.bound[0] < 0.05
    assert abs(slopes.value[0] - 3) <= slopes.bound[0]


def test_the_step_shrinks_until_a_near_kink_is_left_behind():
    slopes = measure(probe(lambda x: np.maximum(x, 0).sum(), [1e-7, 1.0], [1.0, 1.0]), [0, 1], target=1e-5)
    np.testing.assert_allclose(slopes.value, [1.0, 1.0], atol=1e-5)
    assert slopes.step[0] < 4e-7


def test_where_nothing_finite_comes_back_there_is_no_bound():
    def f(x):
        return np.nan if x[0] != 1 else 0.0

    slopes = measure(probe(f, [1.0], [0.0], EXACT), [0], target=1e-5)
    assert slopes.bound[0] == np.inf


def test_the_bounds_hold_for_thousands_of_noisy_derivatives():
    noise, a = np.random.default_rng(3), np.random.default_rng(4).normal(size=1000)
    point = probe(lambda x: a @ np.sin(x) + 1e-9 * noise.normal(), np.zeros(1000) + 0.5, np.zeros(1000))
    slopes = measure(point, range(1000), target=1e-5)
    assert (np.abs(slopes.value - a * np.cos(0.5)) <= slopes.bound).all()
