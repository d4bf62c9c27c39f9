"""What a mistake does to one argument or one result of a function: changes of arrays, each with a code and words.

Owns the list of such effects and the words; no code of any solution is in it, so they serve every assignment. They
are run by `grader.worker.experiments.wrappers`. A clause completes "in `f`, ..."; `{x}` is an argument, in backticks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from grader.worker.experiments.catalogue.basics import Arguments, Array, classes, positive, rows_of, sigmoid, softmax


class Effect(NamedTuple):
    """A change of an array; what does not apply to it raises ValueError."""

    code: str
    words: str
    apply: Callable[[Array, Arguments], Array]


class Both(NamedTuple):
    """A change of an array by another argument, of the name `{x}`."""

    code: str
    words: str
    apply: Callable[[Array, Array], Array]


def _square_matrix(x: Array) -> Array:
    if x.ndim != 2 or x.shape[0] != x.shape[1]:
        raise ValueError("not square")
    return x.T


def _by_columns(x: Array) -> Array:
    """The entries of each row in the order in which Fortran stores them."""
    if x.ndim < 3:
        raise ValueError("rows are flat")
    return x.transpose(0, *range(x.ndim - 1, 0, -1)).reshape(x.shape)


def _only(x: Array, rows: slice) -> Array:
    if x.ndim < 2 or len(x) < 2:
        raise ValueError("no rows")
    kept = np.zeros_like(x)
    kept[rows] = x[rows]
    return kept


def _every_row(x: Array, of: Callable[..., Array]) -> Array:
    if x.ndim < 2 or len(x) < 2:
        raise ValueError("no rows")
    return np.broadcast_to(of(x, axis=0, keepdims=True), x.shape).copy()


def _labels_like(labels: Array, indices: Array, count: int) -> Array:
    return np.eye(count)[indices] if labels.ndim == 2 else indices.astype(labels.dtype)


def _next_label(labels: Array, arguments: Arguments) -> Array:
    indices, count = classes(labels, arguments)
    return _labels_like(labels, (indices + 1) % count, count)


def _label_before(labels: Array, arguments: Arguments) -> Array:
    indices, count = classes(labels, arguments)
    return _labels_like(labels, (indices - 1) % count, count)


def _likeliest(labels: Array, arguments: Arguments) -> Array:
    indices, count = classes(labels, arguments)
    scores = next(a for a in arguments.values() if a.shape == (len(indices), count) and a is not labels)
    return _labels_like(labels, scores.argmax(axis=1), count)


def _others(labels: Array, arguments: Arguments) -> Array:
    classes(labels, arguments)
    if labels.ndim != 2:
        raise ValueError("labels are numbers")
    return 1 - labels


def _numbers(x: Array) -> Array:
    if x.dtype.kind != "f":
        raise ValueError("no numbers with a fraction")
    return x


FUNCTIONS: dict[str, tuple[str, Callable[[Array], Array]]] = {
    "absolute value": ("absolute", np.abs),
    "square": ("square", np.square),
    "sign": ("sign", np.sign),
    "larger of it and 0, as by a ReLU,": ("positive", positive),
    "sigmoid": ("sigmoid", sigmoid),
    "hyperbolic tangent": ("tanh", np.tanh),
    "exponential": ("exp", np.exp),
    "logarithm": ("log", np.log),
    "softmax": ("softmax", softmax),
    "square root": ("root", np.sqrt),
    "reciprocal": ("reciprocal", np.reciprocal),
    "mask of where it is positive": ("mask", lambda x: (x > 0).astype(float)),
    "difference from 1": ("rest", lambda x: 1 - x),
}
"""Words for functions of an array, and the name and what they do."""


def _of_function(function: Callable[[Array], Array]) -> Callable[[Array, Arguments], Array]:
    return lambda x, _: function(_numbers(x))


ON_ARGUMENT: dict[str, Effect] = {
    "ones": Effect("missing-factor", "{x} is not used: it counts as 1", lambda x, _: np.ones_like(_numbers(x))),
    "negative": Effect("wrong-sign", "{x} comes in with the wrong sign", lambda x, _: -_numbers(x)),
    **{
        name: Effect("wrong-function", f"the {word} of {{x}} is taken for {{x}} itself", _of_function(function))
        for word, (name, function) in FUNCTIONS.items()
    },
    "transposed": Effect("missing-transpose", "{x} is transposed once too often, or once too seldom",
                         lambda x, _: _square_matrix(x)),
    "by columns": Effect("wrong-axis", "the entries of each row of {x} are put in another order, column by column",
                         lambda x, _: _by_columns(x)),
    "row mean": Effect("wrong-reduction", "{x} is averaged over the rows before it is used, not afterwards",
                       lambda x, _: _every_row(_numbers(x), np.mean)),
    "row sum": Effect("wrong-reduction", "{x} is summed over the rows before it is used, not afterwards",
                      lambda x, _: _every_row(_numbers(x), np.sum)),
    "first row": Effect("left-out", "only the first row of {x} is used", lambda x, _: _only(x, slice(0, 1))),
    "last row": Effect("left-out", "only the last row of {x} is used", lambda x, _: _only(x, slice(-1, None))),
    "but last": Effect("left-out", "the last row of {x} is left out", lambda x, _: _only(x, slice(0, -1))),
    "but first": Effect("left-out", "the first row of {x} is left out", lambda x, _: _only(x, slice(1, None))),
    "even rows": Effect("left-out", "every second row of {x} is left out, beginning with the second",
                        lambda x, _: _only(x, slice(0, None, 2))),
    "odd rows": Effect("left-out", "every second row of {x} is left out, beginning with the first",
                       lambda x, _: _only(x, slice(1, None, 2))),
    "one mean": Effect("wrong-reduction", "the mean of all entries of {x} stands for each of them",
                       lambda x, _: np.full_like(_numbers(x), x.mean())),
    "one sum": Effect("wrong-reduction", "the sum of all entries of {x} stands for each of them",
                      lambda x, _: np.full_like(_numbers(x), x.sum())),
    "reversed": Effect("wrong-axis", "{x} comes in in reverse order", lambda x, _: _numbers(x)[::-1]),
    "within one": Effect("wrong-function", "{x} is cut off at 1 and -1", lambda x, _: np.clip(_numbers(x), -1, 1)),
    "centred": Effect("extra-term", "the mean over the rows is subtracted from {x}",
                      lambda x, _: x - _every_row(_numbers(x), np.mean)),
    "next label": Effect("wrong-variable", "the class beside that of the label is taken", _next_label),
    "label before": Effect("wrong-variable", "the class before that of the label is taken", _label_before),
    "likeliest": Effect("wrong-variable", "the most likely class is taken, whatever the label is", _likeliest),
    "others": Effect("wrong-variable", "the other classes are taken, and not that of the label", _others),
}  # fmt: skip
"""Name -> what may become of an argument before the function uses it."""
IN_ONE_CALL = {"zeros": Effect("missing-term", "{x} is left out", lambda x, _: np.zeros_like(_numbers(x)))}
"""What more may become of it in one of several calls."""


def _columns(x: Array, arguments: Arguments, keep: bool) -> Array:
    """A result of one row for each label, with only the column of the label, or only the others, left."""
    for array in arguments.values():
        try:
            indices, count = classes(array, arguments)
        except ValueError:
            continue
        if x.shape == (len(indices), count):
            hot = np.eye(count)[indices]
            return x * (hot if keep else 1 - hot)
    raise ValueError("no labels")


ON_RESULT: dict[str, Effect] = {
    "ones": Effect("missing-factor", "the result counts as 1", lambda x, _: np.ones_like(_numbers(x))),
    "negative": Effect("wrong-sign", "the sign of the result is wrong", lambda x, _: -x),
    "double": Effect("extra-factor", "the result is twice what it should be", lambda x, _: 2 * x),
    "half": Effect("extra-factor", "the result is half of what it should be", lambda x, _: x / 2),
    "over rows": Effect("extra-factor", "the result is divided by the number of rows, which has no place there",
                        lambda x, a: x / rows_of(a)),
    "times rows": Effect("extra-factor", "the result is multiplied by the number of rows, or a division by it is"
                         " missing", lambda x, a: x * rows_of(a)),
    **{
        name: Effect("wrong-function", f"the {word} of the result is returned", _of_function(function))
        for word, (name, function) in FUNCTIONS.items()
    },
    "transposed": ON_ARGUMENT["transposed"]._replace(words="the result is transposed, or a transpose is missing"),
    "by columns": ON_ARGUMENT["by columns"]._replace(
        words="the entries of each row of the result are put in another order, column by column"
    ),
    "row mean": ON_ARGUMENT["row mean"]._replace(words="the mean over the rows is returned for every row"),
    "one mean": ON_ARGUMENT["one mean"]._replace(words="the mean of all entries is returned for each of them"),
    "one sum": ON_ARGUMENT["one sum"]._replace(words="the sum of all entries is returned for each of them"),
    **{
        name: ON_ARGUMENT[name]._replace(words=words)
        for name, words in (
            ("first row", "only the first row of the result is filled in"),
            ("last row", "only the last row of the result is filled in"),
            ("but last", "the last row of the result is left at 0"),
            ("but first", "the first row of the result is left at 0"),
            ("even rows", "every second row of the result is left at 0"),
            ("odd rows", "every second row of the result is left at 0"),
        )
    },
    "reversed": ON_ARGUMENT["reversed"]._replace(words="the result is in reverse order"),
    "within one": ON_ARGUMENT["within one"]._replace(words="the result is cut off at 1 and -1"),
    "within 0 and 1": Effect("wrong-function", "the result is cut off at 0 and 1", lambda x, _: np.clip(x, 0, 1)),
    "centred": Effect("extra-term", "the mean is subtracted from the result", lambda x, _: x - np.mean(x)),
    "by norm": Effect("extra-factor", "the result is divided by its norm, the root of the sum of the squares",
                      lambda x, _: _numbers(x) / np.linalg.norm(x)),
    "by sum": Effect("extra-factor", "the result is divided by the sum of its entries", lambda x, _: x / x.sum()),
    "by row sum": Effect("extra-factor", "each row of the result is divided by its sum",
                         lambda x, _: x / x.sum(axis=-1, keepdims=True)),
    "by column sum": Effect("extra-factor", "each column of the result is divided by its sum",
                            lambda x, _: x / x.sum(axis=0, keepdims=True)),
    "by largest": Effect("extra-factor", "the result is divided by its largest entry",
                         lambda x, _: x / np.abs(x).max()),
    "label column": Effect("left-out", "only the entries of the right class are filled in, those of the other classes"
                           " are left at 0", lambda x, a: _columns(x, a, keep=True)),
    "other columns": Effect("left-out", "the entries of the right class are left at 0",
                            lambda x, a: _columns(x, a, keep=False)),
}  # fmt: skip
"""Name -> what may become of a result before it is returned."""

WITH_OTHER: dict[str, Both] = {
    "times": Both("extra-factor", "the result is multiplied by {x}, which has no place there as a factor",
                  lambda r, x: r * x),
    "over": Both("extra-factor", "the result is divided by {x}, which has no place there", lambda r, x: r / x),
    "plus": Both("extra-term", "{x} is added to the result, which is once too often", lambda r, x: r + x),
    "as a factor": Both("wrong-operation", "{x} is multiplied with, where it should be added",
                        lambda r, x: (r - x) * x),
    "as a divisor": Both("wrong-operation", "it is divided by {x}, which should be added", lambda r, x: (r - x) / x),
    "first row": Both("left-out", "{x} is added to one row only, of one sample, and is missing in the others",
                      lambda r, x: np.concatenate([r[:1], r[1:] - x])),
    "where positive": Both("wrong-mask", "the result is cut off to 0 where {x} is not positive, which has no place"
                           " there", lambda r, x: r * (x > 0)),
    "where negative": Both("wrong-mask", "the result is cut off to 0 where {x} is positive, which has no place there",
                           lambda r, x: r * (x <= 0)),
    "sign of": Both("wrong-mask", "the result is multiplied by the sign of {x}", lambda r, x: r * np.sign(x)),
    "over columns": Both("extra-factor", "the result is divided by the number of columns of {x}, which has no place"
                         " there", lambda r, x: r / _count(x, 1)),
    "over root": Both("extra-factor", "the result is divided by the square root of the number of columns of {x}",
                      lambda r, x: r / np.sqrt(_count(x, 1))),
    "times columns": Both("extra-factor", "the result is multiplied by the number of columns of {x}, or a division by"
                          " it is missing", lambda r, x: r * _count(x, 1)),
    "over entries": Both("extra-factor", "the result is divided by the number of all entries of {x}, which has no place"
                         " there", lambda r, x: r / x.size),
    "instead": Both("wrong-variable", "{x} itself is returned", lambda r, x: x * 1.0),
    "sum instead": Both("wrong-variable", "the sum of {x} over the rows is returned", lambda r, x: x.sum(axis=0)),
    "mean instead": Both("wrong-variable", "the mean of {x} over the rows is returned", lambda r, x: x.mean(axis=0)),
    "largest instead": Both("wrong-reduction", "the largest entry of each column of {x} is returned",
                            lambda r, x: x.max(axis=0)),
    "first row instead": Both("left-out", "the first row of {x} is returned", lambda r, x: x[0]),
    "last row instead": Both("left-out", "the last row of {x} is returned", lambda r, x: x[-1]),
    "row sums instead": Both("wrong-axis", "the sum of each row of {x} is returned",
                             lambda r, x: x.sum(axis=1)[: len(r)]),
    "total instead": Both("wrong-axis", "the sum of all entries of {x} is returned for each of them",
                          lambda r, x: np.full_like(r, x.sum())),
}  # fmt: skip
"""Name -> what an argument that has no place there may do to a result."""


WITH_ARGUMENT: dict[str, Both] = {
    "and": Both("extra-term", "{x} is added to {a} before that is used", lambda a, x: a + x),
    "less": Both("extra-term", "{x} is subtracted from {a} before that is used", lambda a, x: a - x),
    "by": Both("extra-factor", "{a} is multiplied by {x} before that is used", lambda a, x: a * x),
}
"""Name -> what another argument may do to an argument, `{a}`."""
RARE = frozenset({"rest", "reciprocal", "root", "reversed", "row sum", "one sum", "centred", "within one", "sign of"})
"""Changes that are seldom meant: of changes that come to the same, another is."""


def _count(x: Array, axis: int) -> int:
    if x.ndim <= axis:
        raise ValueError("no such axis")
    return int(x.shape[axis])
