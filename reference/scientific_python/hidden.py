"""Hidden checks: nearly parallel columns, exact solutions, uneven times, complex and long arrays."""

import numpy as np
from checks import CG, COUNT, DISC, FFT, QR, RK4, definite, spring

from grader import Tolerance, Verdict, check


def seeds_differ(seen, given):
    """Two generators give different points, one generator the same again."""
    text = ""
    if np.array_equal(seen["first"], seen["other"]):
        text = "two generators with different seeds give the same points: the one that is handed in is not used"
    elif not np.array_equal(seen["first"], seen["again"]):
        text = "two generators with the same seed give different points: another source of random numbers is used"
    for name in ("first", "again", "other"):
        yield Verdict(name, 0 if text else 1, text)


@check(QR, points=2, uses=["qr"], tolerance=Tolerance(limit=1e-9))
def qr_nearly_parallel(student, rng):
    """Orthonormal columns where those of the matrix are nearly parallel, twice with the same matrix"""
    a = rng.normal(size=(9, 1)) + 1e-9 * rng.normal(size=(9, 5))
    student.qr(a)
    q, r = student.qr(a)
    return {"gram": q.T @ q, "product": q @ r, "below": np.tril(r, -1) + np.eye(5)}


@check(QR, points=1, uses=["qr"])
def qr_of_integers(student, rng):
    """Factors of a matrix of integers, which stays as it is"""
    a = rng.integers(-9, 10, size=(5, 3))
    before = a.copy()
    q, r = student.qr(a)
    return {"q": q, "r": r, "matrix": a - before + 1}


@check(CG, points=1, uses=["conjugate_gradients"])
def cg_exact(student, rng):
    """Solved exactly after as many steps as there are unknowns"""
    matrix = definite(rng, 6)
    x, _ = student.conjugate_gradients(lambda v: matrix @ v, rng.normal(size=6), 6)
    return {"x": x}


@check(CG, points=1, uses=["conjugate_gradients"])
def cg_small(student, rng):
    """All steps are taken where the residual is small, but not 0"""
    matrix = definite(rng, 40)
    x, norms = student.conjugate_gradients(lambda v: matrix @ v, 1e-8 * rng.normal(size=40), 34)
    return {"x": 1e8 * np.asarray(x), "norms": 1e8 * np.asarray(norms)}


@check(CG, points=1, uses=["conjugate_gradients"])
def cg_calls(student, rng):
    """One product for each step, none where b is 0"""
    matrix, calls = definite(rng, 5), []

    def product(v):
        calls.append(1)
        return matrix @ v

    student.conjugate_gradients(product, rng.normal(size=5), 4)
    first = len(calls)
    x, norms = student.conjugate_gradients(product, np.zeros(5), 4)
    return {"calls": np.array([first, len(calls)]), "zero": np.array([*x, *norms]) + 1}


@check(RK4, points=3, uses=["rk4"])
def rk4_uneven(student, rng):
    """The same spring at uneven times, also backwards"""
    y0 = rng.normal(size=2)
    uneven = student.rk4(spring, y0, np.array([0.0, 0.2, 0.7, 0.8, 1.5]))
    return {"uneven": uneven, "backwards": student.rk4(spring, y0, np.array([1.0, 0.6, 0.1]))}


@check(FFT, points=1, uses=["fft"])
def fft_complex(student, rng):
    """Transform of 32 complex numbers, and of one"""
    x = rng.normal(size=32) + 1j * rng.normal(size=32)
    return {"transform": student.fft(x), "one": student.fft(np.array([2.5 - 1j]))}


@check(FFT, points=2, uses=["fft"], seconds=4)
def fft_long(student, rng):
    """Transform of 32,768 numbers in time"""
    return {"transform": student.fft(rng.normal(size=1 << 15))[::97]}


@check(DISC, points=2, uses=["disc"], judge=seeds_differ)
def disc_generator(student, rng):
    """Uses the generator that is handed in, and no other"""
    first = student.disc(np.random.default_rng(1), COUNT // 1000)
    again = student.disc(np.random.default_rng(1), COUNT // 1000)
    return {"first": first, "again": again, "other": student.disc(np.random.default_rng(2), COUNT // 1000)}
