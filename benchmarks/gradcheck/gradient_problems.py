"""Functions with hand-written gradients, of the kinds that homework is made of, easy and unpleasant ones.

Used by the benchmark beside this file and by the tests of `check_grad`. A problem is drawn from a seed; its function
computes in float64, or casts everything to float32 first, as some students' code does.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[Any]


class Problem(NamedTuple):
    """A scalar function of one array, and its true gradient."""

    f: Callable[[Floats], Any]
    grad: Callable[[Floats], Floats]
    x: Floats


Maker = Callable[[np.random.Generator, Any], Problem]


def _softmax(s: Floats) -> Floats:
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _cross_entropy(s: Floats, y: Floats) -> Any:
    top = s.max(axis=1, keepdims=True)
    z = s - top
    return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]).mean()


def _cross_entropy_grad(s: Floats, y: Floats) -> Floats:
    return (_softmax(s) - np.eye(s.shape[1])[y]) / len(y)


def affine(rng: np.random.Generator, t: Any) -> Problem:
    a, b, d = (rng.normal(size=n).astype(t) for n in ((10, 6), (5,), (10, 5)))
    return Problem(lambda w: (d * (a @ w.astype(t) + b)).sum(), lambda w: a.T @ d, rng.normal(size=(6, 5)))


def sigmoid(rng: np.random.Generator, t: Any) -> Problem:
    d = rng.normal(size=60).astype(t)

    def grad(x: Floats) -> Floats:
        s = 1 / (1 + np.exp(-x.astype(t)))
        return d * s * (1 - s)

    return Problem(lambda x: (d / (1 + np.exp(-x.astype(t)))).sum(), grad, rng.uniform(-10, 10, 60))


def _logits(scale: float, shift: float) -> Maker:
    def make(rng: np.random.Generator, t: Any) -> Problem:
        y = rng.integers(10, size=30)
        x = scale * rng.normal(size=(30, 10)) + shift
        return Problem(lambda s: _cross_entropy(s.astype(t), y), lambda s: _cross_entropy_grad(s.astype(t), y), x)

    return make


def _bce(low: float) -> Maker:
    def make(rng: np.random.Generator, t: Any) -> Problem:
        y = rng.integers(2, size=40).astype(t)
        small = np.exp(rng.uniform(np.log(low), np.log(0.5), 40))
        p = np.where(rng.random(40) < 0.5, small, 1 - small)

        def f(p: Floats) -> Any:
            q = p.astype(t)
            return -(y * np.log(q) + (1 - y) * np.log(1 - q)).mean()

        def grad(p: Floats) -> Floats:
            q = p.astype(t)
            return ((1 - y) / (1 - q) - y / q) / t(40)

        return Problem(f, grad, p)

    return make


def _relu(near: float) -> Maker:
    def make(rng: np.random.Generator, t: Any) -> Problem:
        d = rng.normal(size=100).astype(t)
        x = rng.normal(size=100) * np.exp(rng.uniform(np.log(near), 0, 100))
        return Problem(lambda x: (d * np.maximum(x.astype(t), 0)).sum(), lambda x: d * (x.astype(t) > 0), x)

    return make


def _net(sizes: tuple[int, ...], rows: int, weight: float, reg: float, inputs: float) -> Maker:
    """Loss of a ReLU net with a softmax, as a function of all its parameters in one array."""

    def make(rng: np.random.Generator, t: Any) -> Problem:
        data = inputs * rng.normal(size=(rows, sizes[0])).astype(t)
        y = rng.integers(sizes[-1], size=rows)
        shapes = [s for a, b in pairwise(sizes) for s in ((a, b), (b,))]
        ends = np.cumsum([int(np.prod(s)) for s in shapes])

        def layers(x: Floats) -> list[Floats]:
            return [p.reshape(s) for p, s in zip(np.split(x.astype(t), ends[:-1]), shapes, strict=True)]

        def forward(params: list[Floats]) -> list[Floats]:
            kept = [data]
            for i in range(0, len(params), 2):
                z = kept[-1] @ params[i] + params[i + 1]
                kept.append(np.maximum(z, 0) if i < len(params) - 2 else z)
            return kept

        def f(x: Floats) -> Any:
            params = layers(x)
            return _cross_entropy(forward(params)[-1], y) + t(0.5 * reg) * sum((w * w).sum() for w in params[::2])

        def grad(x: Floats) -> Floats:
            params = layers(x)
            kept = forward(params)
            grads: list[Floats] = []
            d = _cross_entropy_grad(kept[-1], y).astype(t)
            for i in range(len(params) - 2, -1, -2):
                if i < len(params) - 2:
                    d = (d @ params[i + 2].T) * (kept[i // 2 + 1] > 0)
                grads = [kept[i // 2].T @ d + t(reg) * params[i], d.sum(axis=0), *grads]
            return np.concatenate([g.reshape(-1) for g in grads])

        return Problem(f, grad, weight * rng.normal(size=ends[-1]))

    return make


def batch_norm(rng: np.random.Generator, t: Any) -> Problem:
    d = rng.normal(size=(8, 5)).astype(t)

    def normal(x: Floats) -> tuple[Floats, Floats]:
        c = x.astype(t) - x.astype(t).mean(axis=0)
        s = np.sqrt((c * c).mean(axis=0) + t(1e-5))
        return c / s, s

    def grad(x: Floats) -> Floats:
        n, s = normal(x)
        return (d - d.mean(axis=0) - n * (d * n).mean(axis=0)) / s

    return Problem(lambda x: (d * normal(x)[0]).sum(), grad, 3 * rng.normal(size=(8, 5)) + 2)


def recurrent(rng: np.random.Generator, t: Any) -> Problem:
    """A tanh net over six steps, as a function of its recurrent weight."""
    inputs, d = rng.normal(size=(6, 4, 7)).astype(t), rng.normal(size=(4, 7)).astype(t)

    def states(w: Floats) -> list[Floats]:
        h = [np.zeros((4, 7), t)]
        for step in inputs:
            h.append(np.tanh(h[-1] @ w.astype(t) + step))
        return h

    def grad(w: Floats) -> Floats:
        h, back, total = states(w), d, np.zeros((7, 7), t)
        for i in range(6, 0, -1):
            z = back * (1 - h[i] * h[i])
            total = total + h[i - 1].T @ z
            back = z @ w.astype(t).T
        return total

    return Problem(lambda w: (d * states(w)[-1]).sum(), grad, rng.normal(size=(7, 7)) / 2)


def lasso(rng: np.random.Generator, t: Any) -> Problem:
    """Squared error with an L1 penalty; a third of the weights lie within 1e-4 of the kink."""
    a, y = rng.normal(size=(20, 30)).astype(t), rng.normal(size=20).astype(t)
    w = rng.normal(size=30) * np.where(rng.random(30) < 1 / 3, 1e-4, 1)

    def f(w: Floats) -> Any:
        r = a @ w.astype(t) - y
        return (r * r).mean() + t(0.3) * np.abs(w.astype(t)).sum()

    def grad(w: Floats) -> Floats:
        return a.T @ (a @ w.astype(t) - y) * t(0.1) + t(0.3) * np.sign(w.astype(t))

    return Problem(f, grad, w)


def max_pool(rng: np.random.Generator, t: Any) -> Problem:
    d = rng.normal(size=(4, 4)).astype(t)

    def blocks(x: Floats) -> Floats:
        return x.astype(t).reshape(4, 2, 4, 2).transpose(0, 2, 1, 3).reshape(4, 4, 4)

    def grad(x: Floats) -> Floats:
        g = np.eye(4, dtype=t)[blocks(x).argmax(axis=2)] * d[..., None]
        return g.reshape(4, 4, 2, 2).transpose(0, 2, 1, 3).reshape(8, 8)

    return Problem(lambda x: (d * blocks(x).max(axis=2)).sum(), grad, rng.normal(size=(8, 8)))


def convolution(rng: np.random.Generator, t: Any) -> Problem:
    image, d = rng.normal(size=(9, 8)).astype(t), rng.normal(size=(7, 6)).astype(t)
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))

    def grad(k: Floats) -> Floats:
        out = np.tanh((windows * k.astype(t)).sum(axis=(2, 3)))
        return ((d * (1 - out * out))[..., None, None] * windows).sum(axis=(0, 1))

    return Problem(
        lambda k: (d * np.tanh((windows * k.astype(t)).sum(axis=(2, 3)))).sum(), grad, rng.normal(size=(3, 3)) / 2
    )


def unit_length(rng: np.random.Generator, t: Any) -> Problem:
    d = rng.normal(size=12).astype(t)

    def grad(x: Floats) -> Floats:
        u = x.astype(t) / np.sqrt((x.astype(t) ** 2).sum())
        return (d - u * (d @ u)) / np.sqrt((x.astype(t) ** 2).sum())

    return Problem(lambda x: d @ x.astype(t) / np.sqrt((x.astype(t) ** 2).sum()), grad, rng.normal(size=12))


def _regression(scale: float, offset: float) -> Maker:
    """Sum of squared errors of a tanh model, times `scale`, plus `offset`."""

    def make(rng: np.random.Generator, t: Any) -> Problem:
        a, y = rng.normal(size=(15, 8)).astype(t), rng.normal(size=15).astype(t)

        def f(w: Floats) -> Any:
            r = np.tanh(a @ w.astype(t)) - y
            return t(scale) * (r * r).sum() + t(offset)

        def grad(w: Floats) -> Floats:
            h = np.tanh(a @ w.astype(t))
            return t(2 * scale) * (a.T @ ((h - y) * (1 - h * h)))

        return Problem(f, grad, rng.normal(size=8))

    return make


def noisy(rng: np.random.Generator, t: Any) -> Problem:
    """A loss with errors of 1e-9 of its size, as an iterative solver leaves them; the same at the same point."""
    f, grad, x = _regression(1.0, 1.0)(rng, t)
    return Problem(lambda w: f(w) * (1 + 1e-9 * np.sin(1e12 * w.sum())), grad, x)


PROBLEMS: dict[str, Maker] = {
    "affine": affine,
    "sigmoid": sigmoid,
    "softmax, logits 1e-3": _logits(1e-3, 0.0),
    "softmax, logits 10": _logits(10.0, 0.0),
    "softmax, shifted 1000": _logits(1.0, 1000.0),
    "cross-entropy": _bce(0.02),
    "cross-entropy, p to 1e-5": _bce(1e-5),
    "relu": _relu(1.0),
    "relu, x to 1e-8": _relu(1e-8),
    "two-layer net": _net((5, 20, 7), 5, 0.1, 0.7, 1.0),
    "three-layer net": _net((8, 12, 14, 6), 4, 0.1, 3.14, 1.0),
    "toy net, weights 1e-4": _net((4, 10, 3), 10, 1e-4, 0.0, 10.0),
    "batch norm": batch_norm,
    "recurrent": recurrent,
    "lasso": lasso,
    "max pool": max_pool,
    "convolution": convolution,
    "unit length": unit_length,
    "regression, scale 1e6": _regression(1e6, 0.0),
    "regression, scale 1e-9": _regression(1e-9, 0.0),
    "regression, offset 1e4": _regression(1.0, 1e4),
    "regression, noise 1e-9": noisy,
}
"""By name; each takes a generator and np.float64 or np.float32."""


Mistake = Callable[[Floats, int], Floats]


def _change(entry: Callable[[float, float], float], *, largest: bool) -> Mistake:
    """`entry` changed from (true value, largest one): the largest entry, or the one in the middle."""

    def mistake(g: Floats, at: int) -> Floats:
        wrong = np.array(g)
        i = at if largest else g.size // 2
        wrong.reshape(-1)[i] = entry(wrong.reshape(-1)[i], float(np.max(np.abs(g))))
        return wrong

    return mistake


MISTAKES: dict[str, Mistake] = {
    "zero": lambda g, at: 0 * g,
    "sign": lambda g, at: -g,
    "twice": lambda g, at: 2 * g,
    "a tenth (mean for sum)": lambda g, at: g / 10,
    "1 % too large": lambda g, at: g * g.dtype.type(1.01),
    "1e-3 too large": lambda g, at: g * g.dtype.type(1.001),
    "1e-4 too large": lambda g, at: g * g.dtype.type(1.0001),
    "reversed": lambda g, at: g.reshape(-1)[::-1].reshape(g.shape),
    "mean subtracted": lambda g, at: g - g.mean(),
    "largest entry zeroed": _change(lambda true, top: 0.0, largest=True),
    "largest entry 10 % too large": _change(lambda true, top: 1.1 * true, largest=True),
    "middle entry off by 1 % of the largest": _change(lambda true, top: true + 0.01 * top, largest=False),
}
"""What a mistake makes of the true gradient; `at` is the flat index of an entry, the same at every point."""


def mistaken(problem: Problem, mistake: Mistake) -> Problem | None:
    """The problem with a wrong gradient; None where the mistake makes no difference (a mean that is zero already)."""
    true = problem.grad(problem.x)
    at, top = int(np.argmax(np.abs(true))), np.max(np.abs(true))
    if np.max(np.abs(mistake(true, at) - true)) < 5e-5 * top:
        return None
    return problem._replace(grad=lambda x: mistake(problem.grad(x), at))
