"""Other functions that stand where a softmax belongs; as `grader.worker.experiments.catalogue.activations`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from grader.worker.experiments.catalogue.basics import Arguments, Array, Formula, positive, same, sigmoid, softmax

FUNCTION, SIGN, VARIABLE, AXIS = "wrong-function", "wrong-sign", "wrong-variable", "wrong-axis"
INSIDE = "inside the exponential"


def over(numerator: Array, axis: int | None) -> Array:
    """Divided by its sum along an axis, or over everything."""
    result: Array = numerator / numerator.sum(axis=axis, keepdims=axis is not None)
    return result


def shifted(x: Array) -> Array:
    """Below the largest entry of each row."""
    result: Array = x - x.max(axis=-1, keepdims=True)
    return result


WHOLE = "the sum of the exponentials runs over the whole batch, all rows and columns, and not over each row: an axis is"
ALONG = "the sum of the exponentials runs along the wrong axis, over the rows, across the samples, and not within each"
BARE = "the exponentials are not normalised: they are not divided by their sum"
NO_EXP = "the exponential is missing: the numbers themselves are divided by their sum"
NORMALISED = (
    *(Formula(AXIS, f"{WHOLE} missing",
    lambda x, f=f: over(np.exp(f(x)), None)) for f in (shifted, lambda x: x - x.max())),
    *(
        Formula(AXIS, f"{ALONG} row", lambda x, f=f: over(np.exp(f(x)), 0))
        for f in (shifted, lambda x: x - x.max(), lambda x: x - x.max(axis=0))
    ),
    *(
        Formula("missing-division", BARE, lambda x, f=f: np.exp(f(x)))
        for f in (shifted, lambda x: x - x.max(), lambda x: x)
    ),
    Formula("mean-for-sum", "the exponentials are divided by their mean and not by their sum",
            lambda x: np.exp(x) / np.exp(x).mean(axis=-1, keepdims=True)),
    Formula("wrong-reduction", "the exponentials are divided by the number of columns and not by their sum",
            lambda x: np.exp(x) / x.shape[-1]),
    Formula(VARIABLE, "the largest entry is subtracted in the numerator only, not in the sum below it as well",
            lambda x: np.exp(shifted(x)) / np.exp(x).sum(axis=-1, keepdims=True)),
    Formula(VARIABLE, "the largest entry is subtracted in the sum of the denominator only, not in the numerator as"
            " well",
            lambda x: np.exp(x) / np.exp(shifted(x)).sum(axis=-1, keepdims=True)),
    Formula(FUNCTION, "powers of 2 stand for the exponentials", lambda x: over(np.exp2(x), -1)),
    Formula(FUNCTION, "powers of 10 stand for the exponentials", lambda x: over(10.0**x, -1)),
    Formula(FUNCTION, "the sigmoid of each entry is returned, not normalised over the row: it is no softmax", sigmoid),
    Formula(FUNCTION, "sigmoids stand for the exponentials, and are divided by their sum",
            lambda x: over(sigmoid(x), -1)),
    *(Formula("missing-function", NO_EXP, lambda x, f=f: over(f(x), -1)) for f in (lambda x: x, shifted)),
    Formula("missing-function", "the exponential is missing in the numerator",
            lambda x: x / np.exp(x).sum(axis=-1, keepdims=True)),
    Formula("missing-function", "the exponential is missing in the denominator, below the fraction",
            lambda x: np.exp(x) / x.sum(axis=-1, keepdims=True)),
    Formula(FUNCTION, "absolute values stand for the exponentials", lambda x: over(np.abs(x), -1)),
    Formula(FUNCTION, "squares stand for the exponentials", lambda x: over(x**2, -1)),
    Formula(FUNCTION, "ReLUs, the larger of the number and 0, stand for the exponentials",
            lambda x: over(positive(x), -1)),
    Formula(FUNCTION, "the logarithm of the softmax is returned: an exponential is missing at the end",
            lambda x: np.log(softmax(x))),
    Formula(SIGN, "the sign in the exponential is wrong: the smallest number gets the largest share",
            lambda x: softmax(-x)),
    *(
        Formula("extra-factor", f"there is a factor {words} {INSIDE}", lambda x, by=by: softmax(by * x))
        for words, by in (("2", 2), ("1/2", 0.5), ("10", 10), ("1/10", 0.1))
    ),
    Formula(FUNCTION, "softmax applied twice: it is applied to probabilities", lambda x: softmax(softmax(x))),
    Formula(FUNCTION, "the logarithm of the sum stands in the denominator, below the fraction",
            lambda x: np.exp(x) / np.log(np.exp(x).sum(axis=-1, keepdims=True))),
    Formula(FUNCTION, "1 stands for the largest entry and 0 for the others: a hard maximum, an argmax",
            lambda x: (x == x.max(axis=-1, keepdims=True)) * 1.0),
    Formula(FUNCTION, "the hyperbolic tangent is returned, not the softmax", np.tanh),
    Formula(FUNCTION, "a ReLU is returned, not the softmax", positive),
    Formula("missing-function", "the argument is returned as it came in: the softmax is missing", lambda x: x * 1.0),
    Formula(FUNCTION, "the exponentials are divided by the root of the sum of their squares, a norm, not by their sum",
            lambda x: np.exp(x) / np.linalg.norm(np.exp(x), axis=-1, keepdims=True)),
    *(
        Formula("extra-term", "1 is added to the sum of the exponentials, as in a sigmoid",
                lambda x, f=f: np.exp(f(x)) / (1 + np.exp(f(x)).sum(axis=-1, keepdims=True)))
        for f in (lambda x: x, shifted)
    ),
    Formula("wrong-variable", "the other exponentials only are summed, without the entry's own",
            lambda x: np.exp(x) / (np.exp(x).sum(axis=-1, keepdims=True) - np.exp(x))),
    Formula("extra-term", "the shares are subtracted from 1", lambda x: 1 - softmax(x)),
    Formula("extra-factor", "the shares are divided by the number of columns, or averaged",
            lambda x: softmax(x) / x.shape[-1]),
    Formula("extra-factor", "the shares are divided by the number of rows, the batch size",
            lambda x: softmax(x) / len(x)),
    Formula("wrong-operation", "the largest entry is the divisor, where it should be subtracted",
            lambda x: softmax(x / x.max(axis=-1, keepdims=True))),
    Formula("wrong-operation", "the mean and the spread of each row are taken out first: numbers are standardised",
            lambda x: softmax((x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True))),
)  # fmt: skip


def is_softmax(result: Array, arguments: Arguments) -> Iterator[tuple[Any, ...]]:
    """The argument of which it is the softmax of each row."""
    for x in arguments.values():
        fits = x.dtype.kind == "f" and x.ndim > 0 and x.shape == result.shape and np.isfinite(x).all()
        if fits and np.ptp(x) > 0 and same(result, softmax(x)):
            yield (x,)
