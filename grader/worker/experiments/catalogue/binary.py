"""Other formulas that stand where the cross-entropy of two classes, or its derivative, belongs.

`p` is the probability of class 1, `y` the label, 0 or 1. Words complete "in `f`, ...". Source: Bishop, Pattern
Recognition and Machine Learning (2006), section 4.3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

import numpy as np

from grader.worker.experiments.catalogue.basics import Arguments, Array, Formula, same

FUNCTION, TERM, VARIABLE = "wrong-function", "missing-term", "wrong-variable"
SIGN, FACTOR = "wrong-sign", "missing-factor"
SQUARED = "a squared error stands where the cross-entropy belongs"


def _bce(p: Array, y: Array) -> Array:
    result: Array = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    return result


BINARY = (
    Formula(FUNCTION, SQUARED, lambda p, y: (p - y) ** 2),
    Formula(FUNCTION, SQUARED, lambda p, y: 0.5 * (p - y) ** 2),
    Formula(FUNCTION, "an absolute error stands where the cross-entropy belongs", lambda p, y: np.abs(p - y)),
    Formula(FUNCTION, "a plain difference stands where the cross-entropy belongs", lambda p, y: p - y),
    Formula(FUNCTION, "a plain difference stands where the cross-entropy belongs", lambda p, y: y - p),
    Formula(TERM, "the term with 1 - y is missing, the one for y = 0", lambda p, y: -y * np.log(p)),
    Formula(TERM, "the term with y is missing, the one for y = 1", lambda p, y: -(1 - y) * np.log(1 - p)),
    Formula(SIGN, "the minus sign is missing", lambda p, y: -_bce(p, y)),
    Formula(SIGN, "the sign between the two terms is wrong", lambda p, y: -(y * np.log(p) - (1 - y) * np.log(1 - p))),
    Formula(SIGN, "the sign of one of the two terms is wrong", lambda p, y: y * np.log(p) - (1 - y) * np.log(1 - p)),
    Formula(VARIABLE, "y and 1 - y stand in each other's place",
            lambda p, y: -((1 - y) * np.log(p) + y * np.log(1 - p))),
    Formula(VARIABLE, "labels and predictions stand in each other's place",
            lambda p, y: -(p * np.log(y) + (1 - p) * np.log(1 - y))),
    Formula("wrong-operation", "the logarithm is subtracted from 1, where it should be taken of a difference",
            lambda p, y: -(y * np.log(p) + (1 - y) * (1 - np.log(p)))),
    Formula(VARIABLE, "the same logarithm stands in both terms", lambda p, y: -np.log(p) * np.ones_like(y)),
    Formula(VARIABLE, "the same logarithm stands in both terms", lambda p, y: -np.log(1 - p) * np.ones_like(y)),
    Formula("missing-function", "the logarithm is missing", lambda p, y: -(y * p + (1 - y) * (1 - p))),
    Formula("missing-function", "the logarithm is missing in the second term",
            lambda p, y: -(y * np.log(p) + (1 - y) * (1 - p))),
    Formula("missing-function", "the logarithm is missing in the first term",
            lambda p, y: -(y * p + (1 - y) * np.log(1 - p))),
    Formula(FUNCTION, "the logarithm is to the base 2, not the natural one", lambda p, y: _bce(p, y) / np.log(2)),
    Formula(FUNCTION, "the logarithm is to the base 10, not the natural one", lambda p, y: _bce(p, y) / np.log(10)),
    Formula("extra-factor", "the loss is half of what it should be", lambda p, y: _bce(p, y) / 2),
    Formula("missing-function", "the logarithm is missing: the likelihood itself is returned",
            lambda p, y: p**y * (1 - p) ** (1 - y)),
    Formula(FACTOR, "the factor 1 - y is missing in the second term", lambda p, y: -(y * np.log(p) + np.log(1 - p))),
    Formula(FACTOR, "the factor y is missing in the first term", lambda p, y: -(np.log(p) + (1 - y) * np.log(1 - p))),
    Formula(FACTOR, "the factors y and 1 - y are missing", lambda p, y: -(np.log(p) + np.log(1 - p))),
    Formula("wrong-operation", "the two terms are multiplied, not added",
            lambda p, y: y * np.log(p) * (1 - y) * np.log(1 - p)),
    Formula("wrong-operation", "the minus sign stands inside the logarithm's factor",
            lambda p, y: -y * np.log(p) - y * np.log(1 - p)),
    Formula(VARIABLE, "the prediction stands in the place of the label: an entropy is computed",
            lambda p, y: _bce(p, p)),
    Formula(FUNCTION, "the logarithms are those of 1 plus the number",
            lambda p, y: -(y * np.log1p(p) + (1 - y) * np.log1p(1 - p))),
)  # fmt: skip
LOGIT = "the derivative is the one with respect to the logit, the argument of the sigmoid: a division is missing"
BINARY_GRADIENTS = (
    Formula(SIGN, "the sign is wrong", lambda p, y: y / p - (1 - y) / (1 - p)),
    Formula("missing-division", LOGIT, lambda p, y: p - y),
    Formula("missing-division", f"{LOGIT}; and the sign is wrong", lambda p, y: y - p, 2),
    Formula(FUNCTION, "it is the derivative of a squared error", lambda p, y: 2 * (p - y)),
    Formula(FUNCTION, "it is the derivative of a squared error, with the wrong sign", lambda p, y: 2 * (y - p)),
    Formula(TERM, "the term with 1 - y is missing, the one for y = 0", lambda p, y: -y / p),
    Formula(TERM, "the term with y is missing, the one for y = 1", lambda p, y: (1 - y) / (1 - p)),
    Formula(SIGN, "the sign of the second term, the one for y = 0, is wrong: the inner derivative is forgotten",
            lambda p, y: -y / p - (1 - y) / (1 - p)),
    Formula(SIGN, "the sign of the first term, the one for y = 1, is wrong", lambda p, y: y / p + (1 - y) / (1 - p)),
    Formula(VARIABLE, "the denominators stand in each other's place", lambda p, y: (1 - y) / p - y / (1 - p)),
    Formula(VARIABLE, "y and 1 - y stand in each other's place", lambda p, y: y / (1 - p) - (1 - y) / p),
    Formula(VARIABLE, "labels and predictions stand in each other's place", lambda p, y: (1 - p) / (1 - y) - p / y),
    Formula(FACTOR, "a factor of the denominator is missing, the prediction", lambda p, y: (p - y) / (1 - p)),
    Formula(FACTOR, "a factor of the denominator is missing, the one with 1", lambda p, y: (p - y) / p),
    Formula("wrong-operation", "it is multiplied where it should be divided", lambda p, y: (p - y) * p * (1 - p)),
    Formula(FUNCTION, "the logarithms are still there: they are not derived",
            lambda p, y: -y * np.log(p) + (1 - y) * np.log(1 - p)),
    Formula(FUNCTION, "the loss itself is returned, and not its derivative", _bce),
    Formula(FACTOR, "the factors y and 1 - y are missing", lambda p, y: -1 / p + 1 / (1 - p)),
    Formula("extra-factor", "the result is half of what it should be", lambda p, y: 0.5 * ((1 - y) / (1 - p) - y / p)),
    Formula("missing-division", "the divisions are missing", lambda p, y: -y * p + (1 - y) * (1 - p)),
    Formula(FACTOR, "the factor 1 - y is missing in the second term", lambda p, y: 1 / (1 - p) - y / p),
    Formula(FACTOR, "the factor y is missing in the first term", lambda p, y: (1 - y) / (1 - p) - 1 / p),
    Formula(VARIABLE, "the same denominator stands in both terms", lambda p, y: (1 - y) / p - y / p),
    Formula(VARIABLE, "the same denominator stands in both terms", lambda p, y: ((1 - y) - y) / (1 - p)),
    Formula(FUNCTION, "the denominators are squared", lambda p, y: (1 - y) / (1 - p) ** 2 - y / p**2),
)  # fmt: skip


def _binary(formula: Callable[[Array, Array], Array]) -> Callable[[Array, Arguments], Iterator[tuple[Any, ...]]]:
    def known(result: Array, arguments: Arguments) -> Iterator[tuple[Any, ...]]:
        for p, y in permutations(arguments.values(), 2):
            if np.size(p) == np.size(result) and np.all((p > 0) & (p < 1)) and np.all((y >= 0) & (y <= 1)):
                with np.errstate(all="ignore"):
                    wanted = np.asarray(formula(np.asarray(p, dtype=float), np.asarray(y, dtype=float)))
                if same(result, wanted):
                    yield p, y

    return known


is_binary_loss = _binary(_bce)
is_binary_gradient = _binary(lambda p, y: (1 - y) / (1 - p) - y / p)
