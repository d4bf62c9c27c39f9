"""Estimating how rough a function is."""

import numpy as np
import pytest

from grader.gradcheck.forward import Forward
from grader.gradcheck.noise import roughness

X = np.random.default_rng(5).normal(size=20)


def rough(f, x=X, df=None):
    return roughness(Forward(f, x.shape, df), x.reshape(-1), np.random.default_rng(0))


@pytest.mark.parametrize("level", [1e-3, 1e-6, 1e-9])
def test_noise_of_a_known_level_is_found_to_a_factor_of_three(level):
    noise = np.random.default_rng(1)
    found = rough(lambda x: (x**2).sum() + level * noise.normal()).noise
    assert level / 3 < found < 3 * level


def test_a_smooth_function_has_the_noise_of_its_last_bits():
    found = rough(lambda x: np.exp(x).sum())
    assert 1e-17 < found.noise / found.size < 3e-16


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e6])
def test_noise_goes_with_the_size_of_the_values(scale):
    found = rough(lambda x: scale * np.exp(x).sum())
    assert found.noise / found.size < 3e-16


def test_a_kink_at_the_point_is_not_taken_for_noise():
    x = X.copy()
    x[3] = 1e-9
    found = rough(lambda x: np.maximum(x, 0).sum(), x)
    assert found.noise / found.size < 3e-16


def test_float32_inside_is_noticed():
    found = rough(lambda x: np.exp(x.astype(np.float32)).sum())
    assert found.single
    assert 1e-9 < found.noise / found.size < 1e-6
    assert not rough(lambda x: np.exp(x).sum()).single


def test_a_lattice_inside_is_noticed():
    # 1e7 swallows the last bits of x: the values stand on steps of 2e-9.
    assert rough(lambda x: ((x + 1e7) - 1e7).sum()).noise > 1e-10


def test_a_constant_function_has_almost_no_noise_and_is_not_float32():
    found = rough(lambda x: 3.0)
    assert found.noise == pytest.approx(3 * np.finfo(float).eps / 2)
    assert not found.single


def test_it_stays_within_the_domain_of_a_logarithm():
    p = np.array([1e-5, 0.5, 1 - 1e-5])
    found = rough(lambda p: -np.log(p).sum() - np.log(1 - p).sum(), p)
    assert found.noise / found.size < 1e-11  # 1 - p has lost digits
