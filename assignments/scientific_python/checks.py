"""Public checks: factors, iterates and transforms at random points; the sampler by its statistics."""

import re

import numpy as np

from grader import Part, Verdict, check, figure_data

QR = Part("1", "QR factorisation")
CG = Part("2", "Conjugate gradients")
RK4 = Part("3", "Runge-Kutta")
FFT = Part("4", "Fast Fourier transform")
DISC = Part("5", "Points spread over a disc")
TABLE = Part("7", "The order in numbers")

QR_ROUTINES = ["numpy.linalg.qr", "scipy.linalg.qr"]
SOLVERS = ["numpy.linalg.solve", "scipy.linalg.solve", "scipy.sparse.linalg.cg"]
FFT_ROUTINES = ["numpy.fft.fft", "scipy.fft.fft", "scipy.fftpack.fft"]
"""Routines that do the whole task, which the hand-out asks to be written."""

COUNT = 20_000
"""Points that are drawn: a mean of 20,000 is known to a hundredth of its spread."""
SPREADS = 5.0
"""Standard deviations that a mean may be off: one right answer in a million is refused."""

RINGS = SECTORS = 20
"""The disc in 400 cells of one area, with 50 points each."""
UNEVEN = 557.0
"""Limit of chi squared over these cells, five standard deviations above what it is on average."""


def definite(rng, n):
    """A symmetric positive definite matrix whose eigenvalues lie between 1 and 10."""
    basis, _ = np.linalg.qr(rng.normal(size=(n, n)))
    return basis @ np.diag(np.linspace(1, 10, n)) @ basis.T


def spring(t, y):
    """A damped spring that is pushed: depends on the time, and mixes both entries."""
    return np.array([y[1], -2.0 * y[0] - 0.3 * y[1] + np.cos(1.7 * t)])


def known_spread(points, radii):
    """What students draw in the place of an even disc; empty where it is none of these."""
    on_circle, room = (radii > 1 - 1e-9).mean(), SPREADS * np.sqrt(4 / 45 / COUNT)
    if on_circle > 0.01:
        return f"{on_circle:.0%} of the points lie on the circle itself, which has no area"
    for name, values in zip("xy", points.T, strict=True):
        if values.min() > -1e-9 or values.max() < 1e-9:
            return f"all {name} have one sign: the points fill half of the disc or less"
    squares = (points**2).mean(axis=0)
    for i, (along, ends) in enumerate((("x", "left and right"), ("y", "upper and lower"))):
        if abs(squares[i] - 1 / 3) < room and abs(squares[1 - i] - 2 / 9) < room:
            return f"{along} is spread evenly, not the area: the points crowd at the {ends} ends"
    if abs((radii**2).mean() - 1 / 3) < room:
        return "the radius is spread evenly, not the area: the points crowd in the middle"
    return ""


def errors_of_order(rng, order, count):
    """Steps that fall unevenly, and errors that fall with about that power of them."""
    steps = np.cumprod(rng.uniform(0.3, 0.7, size=count))
    return steps, steps**order * rng.uniform(0.9, 1.1, size=count)


def number_in(text, before):
    """The number that follows `before` in a text; nan where there is none."""
    found = re.search(rf"{before}\s*([-+]?\d+(\.\d+)?)", text) if isinstance(text, str) else None
    return float(found[1]) if found else np.nan


def rows_of(steps, errors, orders):
    """A table as `order_table` returns it."""
    return [{"step": h, "error": e, "order": p} for h, e, p in zip(steps, errors, orders, strict=True)]


def distinct(points):
    """How many different places points have, to six decimals: single precision is enough to keep them apart."""
    return len(np.unique(np.round(points.astype(float), 6), axis=0))


def clusters(points, squares):
    """How points of the right means crowd all the same; empty where they do not."""
    places = distinct(points)
    if places < 0.99 * COUNT:
        return f"the {COUNT} points have only {places} different places"
    rings = np.minimum(squares * RINGS, RINGS - 1).astype(int)
    turns = np.arctan2(points[:, 1], points[:, 0]) / (2 * np.pi) + 0.5
    sectors = np.minimum(turns * SECTORS, SECTORS - 1).astype(int)
    counts, mean = np.bincount(rings * SECTORS + sectors, minlength=RINGS * SECTORS), COUNT / (RINGS * SECTORS)
    if np.sum((counts - mean) ** 2) / mean <= UNEVEN:
        return ""
    cells = f"of {RINGS * SECTORS} cells of one area, one has {counts.max()} points and another {counts.min()}"
    return f"the points lie in clusters: {cells}; about {mean:g} in each are asked for"


def disc_is_even(seen, given):
    """Means and shares within five standard deviations, hardly two points in one place, and no clusters."""
    points = seen["points"].astype(float)
    if points.shape != (COUNT, 2):
        yield Verdict("points", 0, f"`points` has shape {points.shape}, expected ({COUNT}, 2)")
        return
    squares = (points**2).sum(axis=1)
    if not squares.max() <= 1 + 1e-12:
        outside, farthest = (squares > 1 + 1e-12).mean(), np.sqrt(squares.max())
        text = f"{outside:.0%} of the points lie outside of the disc, up to {farthest:.3g} from its centre; at most 1"
        yield Verdict("points", 0, f"{text} is asked for")
        return
    known = known_spread(points, np.sqrt(squares))
    facts = {
        "the mean of x": (points[:, 0], 0.0, 0.5),
        "the mean of y": (points[:, 1], 0.0, 0.5),
        "the mean of x * y": (points[:, 0] * points[:, 1], 0.0, np.sqrt(1 / 24)),
        "the mean of the squared radius": (squares, 0.5, np.sqrt(1 / 12)),
        "the share within radius 1/2": (squares < 0.25, 0.25, np.sqrt(3 / 16)),
    }
    for what, (values, mean, spread) in facts.items():
        off = abs(values.mean() - mean) / (spread / np.sqrt(COUNT))
        if not off <= SPREADS:
            room = SPREADS * spread / np.sqrt(COUNT)
            text = f"{what} is {values.mean():.4f}; {mean:g} is asked for, to within {room:.2g}"
            yield Verdict("points", 0, f"{known}; {text}" if known else text)
            return
    text = clusters(points, squares)
    yield Verdict("points", not text, text)


@check(QR, points=4, uses=["qr"], forbid=QR_ROUTINES)
def qr_factors(student, rng):
    """Factors of a random matrix"""
    q, r = student.qr(rng.normal(size=(7, 4)))
    return {"q": q, "r": r}


@check(CG, points=5, uses=["conjugate_gradients"], forbid=SOLVERS)
def cg_steps(student, rng):
    """Solution and residuals after three steps"""
    matrix = definite(rng, 8)
    x, norms = student.conjugate_gradients(lambda v: matrix @ v, rng.normal(size=8), 3)
    return {"x": x, "norms": norms}


@check(RK4, points=5, uses=["rk4"])
def rk4_even(student, rng):
    """A damped spring at evenly spaced times"""
    return {"values": student.rk4(spring, rng.normal(size=2), np.linspace(0.5, 3.0, 7))}


@check(FFT, points=3, uses=["fft"], forbid=FFT_ROUTINES)
def fft_real(student, rng):
    """Transform of 16 real numbers"""
    return {"transform": student.fft(rng.normal(size=16))}


@check(DISC, points=4, uses=["disc"], judge=disc_is_even)
def disc_points(student, rng):
    """Evenly spread: means and shares of 20,000 points"""
    return {"points": student.disc(rng, COUNT)}


@check(TABLE, points=3, uses=["order_table"])
def table_rows(student, rng):
    """A row for each step, with the order from the row before"""
    return {"table": student.order_table(*errors_of_order(rng, 4.0, 5))}


@check(TABLE, points=1, uses=["order_text"])
def table_text(student, rng):
    """The line of text: median of the orders, also of an even number and with one of 0, and number of rows"""
    steps, errors = errors_of_order(rng, 4.0, 6)
    text = student.order_text(rows_of(steps, errors, [None, *rng.uniform(1, 9, size=5)]))
    lowest = rng.uniform(1, 2)
    orders = [None, lowest + 3, lowest, lowest + 7, lowest + 1]  # apart, so that each middle rounds to another number
    even = student.order_text(rows_of(steps[:5], errors[:5], orders))
    zero = student.order_text(rows_of(steps[:4], errors[:4], [None, lowest + 3, 0.0, lowest]))
    texts = {"text": text, "even": even, "zero": zero}
    numbers = {what: np.array([number_in(t, what) for t in texts.values()]) for what in ("order", "after")}
    return {**texts, "P": numbers["order"], "N": numbers["after"]}


def points_of(table, drawn):
    """The points of the table, shape (2, n), from whichever of the lines and markers hold them."""
    every = np.hstack([np.empty((2, 0)), *drawn])
    close = np.isclose(every[:, None, :], table[:, :, None], rtol=1e-9, atol=0).all(axis=0)
    if close.any(axis=1).all():  # whatever else is drawn, a fitted line say, and in whichever order
        return every[:, close.argmax(axis=1)]
    return max(drawn, key=lambda line: line.shape == table.shape, default=None)


@check(TABLE, points=2, uses=["draw_table"])
def table_figure(student, rng):
    """The figure: a new one, the errors over the steps, logarithmic and labelled axes"""
    from matplotlib import pyplot

    steps, errors = errors_of_order(rng, 2.0, 5)
    table = rows_of(steps, errors, [None, 2.0, 2.0, 2.0, 2.0])
    (axes,) = figure_data(student.draw_table(table))
    earlier = pyplot.figure()
    student.draw_table(table)
    drawn = [*axes["lines"], *(points.T for points in axes["points"])]
    return {
        "points": points_of(np.array([steps, errors]), drawn),
        "scales": (axes["xscale"], axes["yscale"]),
        "x label": "given" if axes["xlabel"] else "missing",
        "y label": "given" if axes["ylabel"] else "missing",
        "figure": "the open one" if earlier.axes else "a new one",
    }
