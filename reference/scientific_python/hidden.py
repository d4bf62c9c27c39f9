"""Hidden checks: nearly parallel columns, zeros, exact solutions, uneven times, complex and long arrays, few points."""

import numpy as np
from checks import CG, COUNT, DISC, FFT, FFT_ROUTINES, QR, QR_ROUTINES, RK4, SOLVERS, definite, distinct, spring

from grader import Verdict, check, fail

FEW = ("one", "two", "three")
DRAWN = ("first", "next", "other")


def wrong_number(seen):
    """How many points came where few were asked for; empty where the number is right for every generator."""
    for asked, name in enumerate(FEW, start=1):
        wrong = seen[name] != asked
        if wrong.any():
            numbers = " or ".join(str(number) for number in np.unique(seen[name][wrong]))
            share = f"{wrong.sum()} of {wrong.size} generators"
            return f"asked for count = {asked}, `disc` returns {numbers} points with {share}: it must always be `count`"
    return ""


def seeds_differ(seen, given):
    """Two generators give different points, one generator the same again, and always as many as are asked for."""
    text, drawn = "", [seen[name].astype(float) for name in DRAWN]
    if np.array_equal(seen["first"], seen["other"]):
        text = "two generators with different seeds give the same points: the one that is handed in is not used"
    elif not np.array_equal(seen["first"], seen["again"]):
        text = "two generators with the same seed give different points: another source of random numbers is used"
    elif not all(points.ndim == 2 and points.shape[1] == 2 for points in drawn):
        text = "`disc` returns another shape than (count, 2)"
    elif distinct(np.concatenate(drawn)) < sum(map(len, drawn)):
        text = "points are drawn twice, by one call or by two of them: each point needs numbers of its own"
    elif what := same_of_both(seen["first"], seen["other"]):
        text = f"two generators with different seeds give the same {what}: something else is drawn from, too"
    for name in ("first", "again", "other"):
        yield Verdict(name, 0 if text else 1, text)
    text = text or wrong_number(seen)
    for name in FEW:
        yield Verdict(name, 0 if text else 1, text)


def same_of_both(one, other):
    """What of two sets of points agrees, point by point, as numbers do that come from a generator seeded inside."""
    if one.shape != other.shape or one.ndim != 2 or one.shape[1] != 2 or not len(one) or one.dtype.kind not in "fiu":
        return ""
    parts = {
        "distances from the centre": lambda points: np.hypot(*points.T),
        "angles": lambda points: np.arctan2(points[:, 1], points[:, 0]),
        "x": lambda points: points[:, 0],
        "y": lambda points: points[:, 1],
    }
    return next((what for what, of in parts.items() if np.allclose(of(one), of(other), 1e-9, 1e-12)), "")


NEARLY = 1e-9
"""Relative room for factors of nearly parallel columns: one pass of Gram-Schmidt is off by some hundred times that."""


def off(got, wanted):
    """How far an array is from the reference's, in shares of its largest entry; nan where the shapes differ."""
    return abs(got - wanted).max() / abs(wanted).max() if got.shape == wanted.shape else np.nan


def factors_hold(seen, given):
    """Orthonormal columns, their product, and zeros below the diagonal, of a matrix that stays as it was.

    The first column of q and all of r, but for signs, are the reference's: others have these properties too.
    """
    q, r, matrix = (seen[name].astype(float) for name in ("q", "r", "matrix"))
    wanted = given.golden
    if q.shape != wanted["q"].shape or r.shape != wanted["r"].shape:
        for name in ("q", "matrix", "r"):
            yield Verdict(name, False, "`q` or `r` has another shape")
        return
    right = {
        "q": off(q.T @ q, np.eye(len(r))) <= NEARLY,
        "matrix": off(q @ r, wanted["matrix"]) <= NEARLY,
        "r": bool((np.abs(np.tril(r, -1)) <= NEARLY).all()),
    }
    texts = {
        "q": "the columns of `q` are not orthonormal where those of the matrix are nearly parallel",
        "matrix": "`q @ r` is not quite the matrix where its columns are nearly parallel",
        "r": "`r` is not zero below its diagonal",
    }
    kept = off(matrix, wanted["matrix"]) <= NEARLY
    if right["matrix"] and right["r"] and kept:
        texts["q"] += ": one pass of Gram-Schmidt gives such columns"
    if right["q"] and right["r"]:
        texts["matrix"] += ": where two passes are made, `r` is the second factor times the first"
    if not off(np.abs(q[:, 0]), np.abs(wanted["q"][:, 0])) <= 1e-6:
        right["q"], texts["q"] = False, "the first column of `q` is not that of the matrix, divided by its length"
    if not off(np.abs(r), np.abs(wanted["r"])) <= 1e-6:
        right["matrix"] = right["r"] = False
        texts["r"] = "`r` is not the triangular factor where columns are nearly parallel"
    if not kept:
        right["matrix"] = False
        texts["matrix"] = "the matrix that is given is changed: a second call with it factors another one"
    for name, holds in right.items():
        yield Verdict(name, holds, "" if holds else texts[name])


@check(QR, points=2, uses=["qr"], forbid=QR_ROUTINES, judge=factors_hold)
def qr_nearly_parallel(student, rng):
    """Orthonormal columns where those of the matrix are nearly parallel, twice with the same matrix"""
    a = rng.normal(size=(9, 1)) + 1e-9 * rng.normal(size=(9, 5))
    before = a.copy()
    student.qr(a)
    if (a != before).any():
        fail("the matrix that is given is changed, so that a second call gets another one")
    q, r = student.qr(a)
    return {"q": q, "r": r, "matrix": a}


@check(QR, points=1, uses=["qr"], forbid=QR_ROUTINES)
def qr_zeros(student, rng):
    """Factors where columns begin with 0, lie on an axis, or are triangular already"""
    leading = rng.normal(size=(5, 3))
    leading[0, 0] = 0.0
    q, r = student.qr(leading)
    lengths = rng.uniform(1, 2, size=3)
    triangular = np.triu(rng.normal(size=(4, 3)), 1) + np.eye(4, 3) * [1, -1, 1] * lengths
    return {
        "q": q,
        "r": r,
        "axes": student.qr(np.eye(4)[:, [2, 0, 1]] * lengths)[0],
        "triangular": student.qr(triangular)[1],
    }


@check(QR, points=1, uses=["qr"], forbid=QR_ROUTINES)
def qr_of_integers(student, rng):
    """Factors of a matrix of integers, which stays as it is, and of square ones"""
    a = rng.integers(-9, 10, size=(5, 3))
    before = a.copy()
    q, r = student.qr(a)
    if (a != before).any():
        fail("the matrix of integers that is given is changed")
    square = rng.normal(size=(4, 4))
    swapped = square[:, [1, 0, 2, 3]]  # one of the two determinants is negative
    return {
        "q": q,
        "r": r,
        "square": student.qr(square)[1],
        "swapped": student.qr(swapped)[1],
    }


@check(CG, points=1, uses=["conjugate_gradients"], forbid=SOLVERS)
def cg_exact(student, rng):
    """Solved exactly after as many steps as there are unknowns, twice with the same b"""
    matrix, b = definite(rng, 6), rng.normal(size=6)
    student.conjugate_gradients(lambda v: matrix @ v, b, 6)
    x, _ = student.conjugate_gradients(lambda v: matrix @ v, b, 6)
    return {"x": x}


@check(CG, points=1, uses=["conjugate_gradients"], forbid=SOLVERS)
def cg_small(student, rng):
    """All steps are taken where the residual is small, but not 0"""
    matrix = definite(rng, 40)
    x, norms = student.conjugate_gradients(lambda v: matrix @ v, 1e-8 * rng.normal(size=40), 34)
    return {"x": 1e8 * np.asarray(x), "norms": 1e8 * np.asarray(norms)}


def one_product_each(seen, given):
    """The right solution with as many products as steps, and x = 0 with its one norm where b is 0."""
    calls, steps, zero, wanted = seen["calls"], given.golden["calls"], seen["zero"], given.golden["zero"]
    texts = {"calls": "", "zero": ""}
    if not off(seen["x"], given.golden["x"]) <= 1e-6:
        texts = dict.fromkeys(texts, "x is not what the steps lead to; products are counted where it is")
    elif calls.shape == steps.shape and calls[0] != steps[0]:
        texts["calls"] = f"`product` is called {calls[0]} times in {steps[0]} steps: each step calls it once"
    elif not np.array_equal(calls, steps):
        texts["calls"] = "`product` is called where b is 0, and the residual with it: no step is taken"
    if zero.shape != wanted.shape or not np.allclose(zero, wanted, rtol=0, atol=1e-6):
        texts["zero"] = texts["zero"] or "where b is 0, x is 0 and the norms are one, that of the first residual, 0"
    for name, text in texts.items():
        yield Verdict(name, not text, text)


@check(CG, points=1, uses=["conjugate_gradients"], forbid=SOLVERS, judge=one_product_each)
def cg_calls(student, rng):
    """One product for each step, none where b is 0"""
    matrix, calls = definite(rng, 5), []

    def product(v):
        calls.append(1)
        return matrix @ v

    x, _ = student.conjugate_gradients(product, rng.normal(size=5), 4)
    first = len(calls)
    none, norms = student.conjugate_gradients(product, np.zeros(5), 4)
    return {"calls": np.array([first, len(calls)]), "x": x, "zero": np.array([*none, *norms], dtype=float) + 1}


@check(RK4, points=3, uses=["rk4"])
def rk4_uneven(student, rng):
    """The same spring at uneven times, also backwards and from whole numbers"""
    y0 = rng.normal(size=2)
    uneven = student.rk4(spring, y0, np.array([0.0, 0.2, 0.7, 0.8, 1.5]))
    whole = student.rk4(spring, [1, -2], np.array([0.0, 0.2, 0.7]))
    return {"uneven": uneven, "backwards": student.rk4(spring, y0, np.array([1.0, 0.6, 0.1])), "whole": whole}


@check(FFT, points=1, uses=["fft"], forbid=FFT_ROUTINES)
def fft_complex(student, rng):
    """Transform of 32 complex numbers, twice of the same, and of one"""
    x = rng.normal(size=32) + 1j * rng.normal(size=32)
    student.fft(x)
    return {"transform": student.fft(x), "one": student.fft(np.array([2.5 - 1j]))}


@check(FFT, points=2, uses=["fft"], forbid=FFT_ROUTINES, seconds=4)
def fft_long(student, rng):
    """Transform of 32,768 numbers in time"""
    return {"transform": student.fft(rng.normal(size=1 << 15))[::97]}


@check(DISC, points=2, uses=["disc"], judge=seeds_differ)
def disc_generator(student, rng):
    """Uses the generator that is handed in, and no other, for as many points as are asked for"""
    generator, few = np.random.default_rng(1), COUNT // 1000
    first, after = student.disc(generator, few), student.disc(generator, few)
    again = student.disc(np.random.default_rng(1), few)
    other = student.disc(np.random.default_rng(2), few)
    numbers = {
        name: np.array([len(np.array(student.disc(np.random.default_rng(seed), count))) for seed in range(100)])
        for count, name in enumerate(FEW, start=1)
    }
    return {"first": first, "next": after, "again": again, "other": other, **numbers}
