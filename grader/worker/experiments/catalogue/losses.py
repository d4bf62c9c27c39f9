"""Other formulas that stand where a cross-entropy or its gradient belongs.

`p` are probabilities, of shape (N, K) or of any shape in the binary case, `y` the labels as numbers, `hot` as rows of
zeros with a one, `d` what comes in from behind. Words complete "in `f`, ...". Losses are put together from a measure of
each row and a reduction, gradients from a difference, a factor and a count, so that two of them may be wrong at once.
Sources: Goodfellow, Bengio, Courville, Deep Learning (2016), sections 5.5 and 6.2; Bishop, Pattern Recognition and
Machine Learning (2006), sections 4.3.2 and 4.3.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from grader.worker.experiments.catalogue.basics import Arguments, Array, Formula, classes, same, softmax

FUNCTION, TERM, VARIABLE = "wrong-function", "missing-term", "wrong-variable"
SIGN, FACTOR, REDUCTION = "wrong-sign", "missing-factor", "wrong-reduction"
SQUARED = "a squared error stands where the cross-entropy belongs"


def _picked(p: Array, y: Array) -> Array:
    result: Array = p[np.arange(len(y)), y]
    return result


def _log(p: Array) -> Array:
    return np.log(np.maximum(p, 1e-300))


Measure = tuple[str, str, Callable[[Array, Array, Array], Array]]
"""Code, words, and the number of each row; the code of the right one is empty."""
MEASURES: tuple[Measure, ...] = (
    ("", "", lambda p, y, hot: -np.log(_picked(p, y))),
    (FUNCTION, SQUARED, lambda p, y, hot: ((p - hot) ** 2).sum(axis=1)),
    (FUNCTION, f"{SQUARED}, of the probability of the right class", lambda p, y, hot: (1 - _picked(p, y)) ** 2),
    (FUNCTION, "an absolute error stands where the cross-entropy belongs",
     lambda p, y, hot: np.abs(p - hot).sum(axis=1)),
    ("missing-function", "the logarithm is missing: the probability itself is taken", lambda p, y, hot: -_picked(p, y)),
    ("missing-function", "the logarithm is missing: 1 minus the probability is taken",
     lambda p, y, hot: 1 - _picked(p, y)),
    ("missing-function", "the logarithm is missing, and the minus sign", lambda p, y, hot: _picked(p, y)),
    (FUNCTION, "the logarithm is to the base 2, not the natural one", lambda p, y, hot: -np.log2(_picked(p, y))),
    (FUNCTION, "the logarithm is to the base 10, not the natural one", lambda p, y, hot: -np.log10(_picked(p, y))),
    (FUNCTION, "the logarithm is that of 1 plus the probability", lambda p, y, hot: -np.log1p(_picked(p, y))),
    (FUNCTION, "exponentials stand for the logarithms", lambda p, y, hot: -np.exp(_picked(p, y))),
    (FUNCTION, "reciprocals stand for the logarithms", lambda p, y, hot: 1 / _picked(p, y)),
    (FUNCTION, "the logarithms are squared", lambda p, y, hot: np.log(_picked(p, y)) ** 2),
    (VARIABLE, "the logarithms of all classes are summed, not only that of the label",
     lambda p, y, hot: -np.log(p).sum(axis=1)),
    (VARIABLE, "the probabilities stand in the place of the labels: an entropy is computed",
     lambda p, y, hot: -(p * np.log(p)).sum(axis=1)),
    (VARIABLE, "the logarithms of the other classes are taken, and not that of the label",
     lambda p, y, hot: -((1 - hot) * np.log(p)).sum(axis=1)),
    *(
        ("extra-term", "a binary cross-entropy is computed: a term for the other classes, with 1 minus their"
         " probability, is too many",
         lambda p, y, hot, small=small: -(hot * np.log(p + small) + (1 - hot) * np.log(1 - p + small)).sum(axis=1))
        for small in (0.0, 1e-10, 1e-9, 1e-8, 1e-7, 1e-5)
    ),
    (VARIABLE, "1 minus the probability stands in the logarithm", lambda p, y, hot: -np.log(1 - _picked(p, y))),
    (VARIABLE, "the most likely class is taken, the largest probability, whatever the label is",
     lambda p, y, hot: -np.log(p.max(axis=1))),
    (VARIABLE, "the least likely class is taken, the smallest probability, whatever the label is",
     lambda p, y, hot: -np.log(p.min(axis=1))),
    (VARIABLE, "the class beside that of the label is taken, the column after it",
     lambda p, y, hot: -np.log(_picked(p, (y + 1) % p.shape[1]))),
    (VARIABLE, "the class beside that of the label is taken, the column before it",
     lambda p, y, hot: -np.log(_picked(p, y - 1))),
    (VARIABLE, "the first class is taken, the first column, whatever the label is", lambda p, y, hot: -np.log(p[:, 0])),
    (VARIABLE, "the last class is taken, the last column, whatever the label is", lambda p, y, hot: -np.log(p[:, -1])),
    (FUNCTION, "the share of wrong guesses is returned, an error rate, not the cross-entropy",
     lambda p, y, hot: (p.argmax(axis=1) != y) * 1.0),
    (FUNCTION, "the share of right guesses is returned, an accuracy, not the cross-entropy",
     lambda p, y, hot: (p.argmax(axis=1) == y) * 1.0),
    (FUNCTION, "softmax applied twice: the softmax of the probabilities is taken",
     lambda p, y, hot: -np.log(_picked(softmax(p), y))),
    (VARIABLE, "the columns of all labels are taken in every row, and not in each row that of its own label",
     lambda p, y, hot: -np.log(p[:, y]).mean(axis=1)),
    (VARIABLE, "the columns of all labels are summed in every row, and not in each row that of its own label",
     lambda p, y, hot: -np.log(p[:, y]).sum(axis=1)),
    (FUNCTION, "a hinge loss stands where the cross-entropy belongs",
     lambda p, y, hot: (np.maximum(0, p - _picked(p, y)[:, None] + 1) * (1 - hot)).sum(axis=1)),
    *(
        ("extra-term", f"{small:g} is added to the probability inside the logarithm, a constant that changes the"
         f" result",
         lambda p, y, hot, small=small: -np.log(_picked(p, y) + small))
        for small in (1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
    ),
    *(
        (FUNCTION, f"probabilities below {small:g} are cut off, a constant that changes the result",
         lambda p, y, hot, small=small: -np.log(np.maximum(_picked(p, y), small)))
        for small in (0.1, 0.01, 1e-3)
    ),
)  # fmt: skip
Reduction = tuple[str, str, Callable[[Array, int], Any]]
"""Code, words, and what becomes of the rows, whose number of columns is known."""
REDUCTIONS: tuple[Reduction, ...] = (
    ("", "", lambda rows, k: rows.mean()),
    ("sum-for-mean", "a sum is taken where a mean belongs: the division by the number of rows is missing",
     lambda rows, k: rows.sum()),
    (REDUCTION, "the mean is over all entries, rows times classes, where it should be over the rows",
     lambda rows, k: rows.mean() / k),
    (REDUCTION, "the sum is divided by the number of classes (columns), not by the number of samples (rows)",
     lambda rows, k: rows.sum() / k),
    ("extra-factor", "the division by the number of rows is made twice", lambda rows, k: rows.mean() / len(rows)),
    ("left-out", "only the first row, a single sample, is used", lambda rows, k: rows[0]),
    ("left-out", "only the last row, a single sample, is used", lambda rows, k: rows[-1]),
    ("left-out", "the last row is left out of the sum", lambda rows, k: rows[:-1].sum() / len(rows)),
    ("left-out", "the first row is left out of the sum", lambda rows, k: rows[1:].sum() / len(rows)),
    (REDUCTION, "the largest of the rows' losses is returned, not their mean", lambda rows, k: rows.max()),
    (REDUCTION, "the smallest of the rows' losses is returned, not their mean", lambda rows, k: rows.min()),
    (REDUCTION, "the median of the rows' losses is returned, not their mean", lambda rows, k: np.median(rows)),
    (REDUCTION, "the root of the sum of squares, a norm, is returned, not the mean",
     lambda rows, k: np.linalg.norm(rows)),
    (REDUCTION, "the product of the rows' losses is returned, not their mean", lambda rows, k: rows.prod()),
    ("extra-factor", "the division is by the number of rows minus 1", lambda rows, k: rows.sum() / (len(rows) - 1)),
    (SIGN, "the minus sign is missing", lambda rows, k: -rows.mean()),
    ("extra-factor", "the loss is half of what it should be", lambda rows, k: rows.mean() / 2),
    ("extra-factor", "the loss is twice what it should be", lambda rows, k: rows.mean() * 2),
)  # fmt: skip

WITH_ANOTHER = ("sum-for-mean", REDUCTION, SIGN)
"""Codes of reductions that are likely beside another mistake."""


def _losses() -> Iterator[Formula]:
    for code, words, measure in MEASURES:
        for other_code, other_words, reduction in REDUCTIONS:

            def of(p: Array, y: Array, hot: Array, measure: Any = measure, reduction: Any = reduction) -> Array:
                return np.asarray(reduction(np.asarray(measure(p, y, hot), dtype=float), p.shape[1]))

            alone = not (code and other_code)
            if (code or other_code) and (alone or other_code in WITH_ANOTHER):
                yield Formula(code or other_code, _both(words, other_words), of, 1 + bool(code and other_code))
    yield Formula("wrong-operation", "the logarithm is taken of the mean, not the mean of the logarithms",
                  lambda p, y, hot: -np.log(np.mean(_picked(p, y))))  # fmt: skip


def _both(*words: str) -> str:
    return "; and ".join(one for one in words if one)


LOSSES = tuple(_losses())


def _labelled(arguments: Arguments) -> Iterator[tuple[Array, Array, Array]]:
    """Scores or probabilities of each row, its label as a number, and as a row of zeros with a one."""
    for labels in arguments.values():
        try:
            indices, count = classes(labels, arguments)
        except ValueError:
            continue
        for p in arguments.values():
            if p is not labels and p.shape == (len(indices), count) and p.dtype.kind == "f":
                yield p, indices, np.eye(count)[indices]


def is_loss(result: Array, arguments: Arguments) -> Iterator[tuple[Any, ...]]:
    """Probabilities and labels of which it is the mean cross-entropy; of scores, their softmax."""
    for p, y, hot in _labelled(arguments):
        for probabilities in (p, softmax(p)):
            with np.errstate(all="ignore"):
                wanted = np.asarray(-np.mean(np.log(_picked(probabilities, y))))
            if result.size == 1 and np.isfinite(wanted) and same(result.reshape(()), wanted):
                yield probabilities, y, hot


DIFFERENCES: tuple[Measure, ...] = (
    ("", "", lambda p, y, hot: p - hot),
    (SIGN, "the difference is taken the wrong way round: the sign is wrong", lambda p, y, hot: hot - p),
    (TERM, "the term with the label is missing: nothing is subtracted at the right class", lambda p, y, hot: p),
    (TERM, "the term with the probabilities is missing: only the label is left", lambda p, y, hot: -hot),
    (SIGN, "the label is added where it should be subtracted: the sign is wrong", lambda p, y, hot: p + hot),
    ("left-out", "only the right class has a gradient, those of the other classes are left at 0: a term is missing",
     lambda p, y, hot: (p - hot) * hot),
    ("left-out", "only the other classes have a gradient, that of the right class is left at 0",
     lambda p, y, hot: p * (1 - hot)),
    ("missing-step", "the derivative is the one with respect to the probabilities: that of the softmax is missing",
     lambda p, y, hot: -hot / p),
    ("missing-step", "the derivative is the one with respect to the probabilities, with the wrong sign: that of the"
     " softmax is missing",
     lambda p, y, hot: hot / p),
    ("missing-step", "the derivative is the one of a binary cross-entropy with respect to the probabilities",
     lambda p, y, hot: (p - hot) / (p * (1 - p))),
    ("missing-step", "the derivative of the softmax is returned, its diagonal, without that of the loss",
     lambda p, y, hot: p * (1 - p)),
    (TERM, "of the derivative of the softmax only the diagonal is used: the terms of the other classes are missing",
     lambda p, y, hot: -hot * (1 - p)),
    (FUNCTION, "the difference is squared", lambda p, y, hot: (p - hot) ** 2),
    (FUNCTION, "only the sign of the difference is returned", lambda p, y, hot: np.sign(p - hot)),
    (FUNCTION, "the absolute value of the difference is returned: its signs are lost",
     lambda p, y, hot: np.abs(p - hot)),
    (FUNCTION, "it is the derivative of a squared error behind the softmax, not of the cross-entropy",
     lambda p, y, hot: 2 * p * ((p - hot) - ((p - hot) * p).sum(axis=1, keepdims=True))),
    (FUNCTION, "it is the derivative of a squared error behind the softmax, not of the cross-entropy",
     lambda p, y, hot: p * ((p - hot) - ((p - hot) * p).sum(axis=1, keepdims=True))),
    ("missing-function", "logarithms of the probabilities stand for the probabilities: an exponential is missing",
     lambda p, y, hot: _log(p) - hot),
    (FUNCTION, "the loss of each entry is returned, and not its derivative: it is not derived",
     lambda p, y, hot: -hot * _log(p)),
    (VARIABLE, "something is subtracted at the most likely class, whatever the label is",
     lambda p, y, hot: p - np.eye(p.shape[1])[p.argmax(axis=1)]),
    (VARIABLE, "the most likely class stands for the probabilities: the guess minus the label",
     lambda p, y, hot: np.eye(p.shape[1])[p.argmax(axis=1)] - hot),
    (VARIABLE, "it is subtracted at the class beside that of the label, the column after it",
     lambda p, y, hot: p - np.roll(hot, 1, axis=1)),
    (VARIABLE, "it is subtracted at the class beside that of the label, the column before it",
     lambda p, y, hot: p - np.roll(hot, -1, axis=1)),
    (VARIABLE, "1 is subtracted from all classes, all columns, not only from that of the label",
     lambda p, y, hot: p - 1),
    (VARIABLE, "1 is subtracted from the other classes, and not from that of the label",
     lambda p, y, hot: p - (1 - hot)),
    (VARIABLE, "the number of the label is subtracted from all classes: it should be a row of zeros with a one",
     lambda p, y, hot: p - y[:, None]),
    (FUNCTION, "softmax applied twice: the softmax of the probabilities is taken", lambda p, y, hot: softmax(p) - hot),
    ("wrong-constant", "2 is subtracted at the right class, a wrong constant", lambda p, y, hot: p - 2 * hot),
    (VARIABLE, "the probability of the right class stands in every column of its row",
     lambda p, y, hot: _picked(p, y)[:, None] - hot),
    (VARIABLE, "the derivative at the right class stands in every column of its row",
     lambda p, y, hot: np.broadcast_to(_picked(p, y)[:, None] - 1, p.shape)),
)  # fmt: skip
FACTORS: tuple[Measure, ...] = (
    ("", "", lambda p, y, hot: np.ones(())),
    ("extra-factor", "the derivative of the softmax or sigmoid, probs * (1 - probs), comes in once more as a factor:"
     " it is derived"
     " twice", lambda p, y, hot: p * (1 - p)),
    ("extra-factor", "the probabilities come in once more as a factor", lambda p, y, hot: p),
    ("extra-factor", "1 minus the probabilities comes in as a factor", lambda p, y, hot: 1 - p),
    ("extra-factor", "it is divided by the probabilities", lambda p, y, hot: 1 / p),
    ("extra-factor", "the logarithm of the probabilities comes in as a factor", lambda p, y, hot: _log(p)),
    ("extra-factor", "it is twice as large, as the derivative of a square", lambda p, y, hot: np.full((), 2.0)),
    ("extra-factor", "it is half of what it should be", lambda p, y, hot: np.full((), 0.5)),
)  # fmt: skip
COUNTS: tuple[tuple[str, str, Callable[[int, int], float]], ...] = (
    ("", "", lambda n, k: 1 / n),
    ("missing-division", "the division by the number of rows is missing: a sum stands for a mean", lambda n, k: 1.0),
    (REDUCTION, "it is divided by the number of classes (columns), not by the number of samples (rows)",
     lambda n, k: 1 / k),
    (REDUCTION, "it is divided by the number of all entries, rows times classes, where it should be by that of the"
     " rows",
     lambda n, k: 1 / (n * k)),
    ("extra-factor", "the division by the number of rows is made twice", lambda n, k: 1 / n**2),
    ("wrong-operation", "it is multiplied by the number of rows where it should be divided by it",
     lambda n, k: float(n)),
)  # fmt: skip


def _gradients() -> Iterator[Formula]:
    """Every difference with one factor or one count that may be wrong as well."""
    for code, words, difference in DIFFERENCES:
        for factor_code, factor_words, factor in FACTORS:
            for count_code, count_words, count in COUNTS:
                wrong = [c for c in (code, factor_code, count_code) if c]
                if not 0 < len(wrong) < 3:
                    continue

                def of(
                    p: Array, y: Array, hot: Array, d: float, one: Any = difference, two: Any = factor, by: Any = count
                ) -> Array:
                    result: Array = d * one(p, y, hot) * two(p, y, hot) * by(*p.shape)
                    return result

                yield Formula(wrong[0], _both(words, factor_words, count_words), of, len(wrong))
    half = "only one of the two terms is divided by the number of rows, where both should be"
    yield Formula("missing-division", half, lambda p, y, hot, d: d * (p / len(p) - hot))
    yield Formula("missing-division", half, lambda p, y, hot, d: d * (p - hot / len(p)))
    yield Formula(REDUCTION, "the mean over the rows stands in every row",
                  lambda p, y, hot, d: d * np.broadcast_to((p - hot).mean(axis=0), p.shape))  # fmt: skip
    yield Formula(REDUCTION, "the mean over the rows stands in every row, divided by their number once more",
                  lambda p, y, hot, d: d * np.broadcast_to((p - hot).mean(axis=0), p.shape) / len(p))  # fmt: skip


GRADIENTS = tuple(_gradients())


def is_loss_gradient(result: Array, arguments: Arguments) -> Iterator[tuple[Any, ...]]:
    """Probabilities, labels and the incoming derivative of which it is the gradient of the mean cross-entropy."""
    numbers = [float(a) for a in arguments.values() if a.ndim == 0 and a.dtype.kind == "f"]
    for p, y, hot in _labelled(arguments):
        for probabilities in (p, softmax(p)):
            for d in (1.0, *numbers):
                if d and same(result, d * (probabilities - hot) / len(p)):
                    yield probabilities, y, hot, d
