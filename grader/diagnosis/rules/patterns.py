"""Where an array of the right shape is wrong: patterns of its entries that stand for one kind of mistake each."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from grader.diagnosis.codes import Candidate
from grader.model import NotArray

Floats = npt.NDArray[np.float64]
Expected = Mapping[str, npt.NDArray[Any]]
FEW, FEW_ROWS = 6, 4
"""Entries, and rows, below which a pattern may be chance."""
MAX_AXES = 4
"""Axes of an array of which every order is tried."""


class ArrayPair(NamedTuple):
    """One array beside what was expected of it, both float64."""

    name: str
    got: Floats
    expected: Floats
    dtype: str
    """As the student returned it."""
    limit: float
    """Up to which share of the largest entry two numbers are the same."""


def pair_of(name: str, values: Mapping[str, Any], golden: Expected) -> ArrayPair | None:
    """The student's array of that name beside the expected one; None where either is no array of real numbers."""
    got, expected = values.get(name), golden.get(name)
    if isinstance(got, NotArray) or not isinstance(got, np.ndarray) or expected is None:
        return None
    if got.dtype.kind not in "biuf" or expected.dtype.kind not in "biuf":
        return None
    single = got.dtype.kind == "f" and got.dtype.itemsize <= 4
    return ArrayPair(name, got.astype(float), expected.astype(float), str(got.dtype), 1e-4 if single else 1e-9)


def close(pair: ArrayPair, got: Floats, expected: Floats | None = None) -> bool:
    """Whether `got` is `expected`, by default the pair's."""
    wanted = pair.expected if expected is None else expected
    size = float(np.max(np.abs(wanted), initial=0.0))
    return got.shape == wanted.shape and bool(np.all(np.abs(got - wanted) <= pair.limit * size))


def _zero(pair: ArrayPair) -> Candidate | None:
    if pair.got.size > 1 and not pair.got.any() and pair.expected.any():
        return Candidate("all-zero", f"`{pair.name}` is zero everywhere.")
    if pair.got.size > 2 and pair.got.any() and np.ptp(pair.got) == 0 and np.ptp(pair.expected) > 0:
        return Candidate("all-zero", f"`{pair.name}` holds one and the same number everywhere.")
    return None


def _cut(pair: ArrayPair) -> Candidate | None:
    """Right within bounds, and on the bound beyond them: negative numbers at 0, or large ones at some size."""
    top = float(np.max(np.abs(pair.got), initial=0.0))
    below = pair.expected < 0
    if pair.got.size < FEW or not below.any() or close(pair, pair.got):
        return None
    if not below.all() and not pair.got[below].any() and close(pair, pair.got, np.maximum(pair.expected, 0)):
        return Candidate(
            "cut-off",
            f"`{pair.name}` is zero wherever it should be negative, and right elsewhere: do you take a maximum with 0,"
            " or begin one at 0?",
        )
    at_bound = np.abs(pair.got) >= (1 - 10 * pair.limit) * top
    within = np.abs(pair.expected) < top
    if at_bound.sum() > 1 and within.any() and close(pair, pair.got, np.clip(pair.expected, -top, top)):
        return Candidate(
            "cut-off",
            f"`{pair.name}` is right but for its largest entries, which are cut off at one size: is it clipped?",
        )
    return None


def _signs(pair: ArrayPair) -> Candidate | None:
    """Right up to the signs of whole rows or columns."""
    if pair.got.ndim != 2 or min(pair.got.shape) < 2 or close(pair, pair.got):
        return None
    for axis, word in ((0, "columns"), (1, "rows")):
        signs = np.sign((pair.got * pair.expected).sum(axis=axis, keepdims=True))
        if signs.min() < signs.max() and close(pair, pair.got * signs):
            return Candidate(
                "signs-of-rows",
                f"`{pair.name}` is right up to the signs of some of its {word}: in those {word} every sign is reversed."
                " Which sign is asked for?",
            )
    return None


def _whole_numbers(pair: ArrayPair) -> Candidate | None:
    cut = (np.trunc(pair.expected), np.floor(pair.expected), np.rint(pair.expected))
    whole = bool((pair.got == np.rint(pair.got)).all()) and not bool((pair.expected == np.rint(pair.expected)).all())
    several = np.unique(pair.got).size > 2  # zeros and ones may be a mask, or a guess
    if pair.got.size >= FEW and whole and several and any(np.array_equal(pair.got, c) for c in cut):
        return Candidate(
            "whole-numbers",
            f"`{pair.name}` holds the right numbers without what comes after the decimal point.",
            evidence={"dtype": pair.dtype},
        )
    return None


def _mask(pair: ArrayPair) -> Candidate | None:
    """Right but for the entries that should be zero, or right but for some that are."""
    if pair.got.size < FEW:
        return None
    size = float(np.max(np.abs(pair.expected)))
    wrong = np.abs(pair.got - pair.expected) > pair.limit * size
    zero, blank = pair.expected == 0, pair.got == 0
    if zero.any() and not zero.all() and wrong.any():
        if np.array_equal(zero, ~blank) and zero.sum() >= 2:
            return Candidate(
                "wrong-mask",
                f"`{pair.name}` is zero just where it should not be: the mask is the wrong way round.",
                evidence={"entries": int(wrong.sum())},
            )
        if np.array_equal(wrong, zero):
            return Candidate(
                "not-zero",
                f"`{pair.name}` is right wherever it should not be zero, but not zero in any of the"
                f" {int(wrong.sum())} entries that should be.",
                evidence={"entries": int(wrong.sum())},
            )
        if np.array_equal(wrong, zero & ~blank) and wrong.sum() >= 2:
            return Candidate(
                "not-zero",
                f"`{pair.name}` is right wherever it should not be zero; {int(wrong.sum())} of the {int(zero.sum())}"
                " entries that should be zero are not.",
                evidence={"entries": int(wrong.sum())},
            )
    if wrong.any() and not wrong.all() and np.array_equal(wrong, blank & ~zero) and wrong.sum() >= 2:
        return Candidate(
            "zero-entries",
            f"`{pair.name}` is zero in {int(wrong.sum())} entries that should not be, and right in all others.",
            evidence={"entries": int(wrong.sum())},
        )
    return None


def _absolute(pair: ArrayPair) -> Candidate | None:
    if pair.got.size >= FEW and (pair.expected < 0).any() and close(pair, pair.got, np.abs(pair.expected)):
        return Candidate("absolute-value", f"`{pair.name}` is right except for the signs: no entry is negative.")
    return None


def _constant(pair: ArrayPair) -> Candidate | None:
    if pair.got.size < FEW:
        return None
    offset = pair.got - pair.expected
    if close(pair, offset - offset.reshape(-1)[0] + pair.expected):
        return Candidate(
            "constant-offset",
            f"`{pair.name}` is off by the same number in all entries: a constant is added or missing.",
        )
    return None


def _rows(pair: ArrayPair) -> Candidate | None:
    if pair.got.ndim != 2 or min(pair.got.shape) < 3:
        return None
    offset = pair.got - pair.expected
    if close(pair, offset - offset[:1] + pair.expected):
        return Candidate(
            "row-offset",
            f"`{pair.name}` is off by the same vector in every row: something that is added to"
            " all rows, such as a bias, is missing or wrong.",
        )
    if close(pair, offset - offset[:, :1] + pair.expected):
        return Candidate(
            "row-offset",
            f"In every row of `{pair.name}` all entries are off by the same number: something"
            " that is subtracted from or added to a whole row is missing or wrong.",
        )
    for axis, word in ((1, "row"), (0, "column")):
        top = np.argmax(np.abs(pair.expected), axis=axis, keepdims=True)
        base = np.take_along_axis(pair.expected, top, axis)
        factor = np.take_along_axis(pair.got, top, axis) / base
        if not np.isfinite(factor).all() or not factor.all() or np.ptp(factor) <= 1e-6 * np.abs(factor).max():
            continue  # one factor for all of them is another mistake
        if np.linalg.matrix_rank(pair.expected) < 2:
            continue  # of an outer product, as of a single sample, every other one is off by such factors
        if close(pair, pair.got / factor):
            return Candidate(
                "row-factor",
                f"In every {word} of `{pair.name}` all entries are off by one factor, another"
                f" for each {word}: a normalisation or a weight of the {word} is wrong.",
            )
    return None


def _one_row(pair: ArrayPair) -> Candidate | None:
    """Right in the first or the last row and in no other, or wrong in it alone."""
    if pair.expected.ndim < 2 or len(pair.expected) < FEW_ROWS:
        return None
    size = float(np.max(np.abs(pair.expected), initial=0.0))
    far = np.abs(pair.got - pair.expected) > pair.limit * size
    wrong: npt.NDArray[np.bool_] = np.asarray(far.reshape(len(far), -1).any(axis=1))
    for place, others, row in (("first", wrong[1:], wrong[0]), ("last", wrong[:-1], wrong[-1])):
        if others.all() and not row:
            text = (
                f"`{pair.name}` is right in its {place} row alone: does a line stand outside of a loop, or one inside"
            )
            return Candidate("one-row", f"{text} that returns too early?")
        if row and not others.any():
            text = f"`{pair.name}` is wrong in its {place} row alone: does a loop or a slice leave it out?"
            return Candidate("one-row", text)
    return None


def _function(pair: ArrayPair) -> Candidate | None:
    """One function of every entry, or the softmax, too many or too few."""
    if pair.got.size < FEW or np.ptp(pair.expected) == 0:
        return None
    for name, function in FUNCTIONS.items():
        if _agree(pair, pair.got, function(pair.expected)):
            return Candidate("wrong-function", f"`{pair.name}` is the {name} of what is asked for.", f"the {name}")
        if _agree(pair, function(pair.got), pair.expected):
            text = f"The {name} of `{pair.name}` would be what is asked for."
            return Candidate("missing-function", text, f"the {name} is missing")
    return None


def _agree(pair: ArrayPair, got: Floats, wanted: Floats) -> bool:
    """Whether two arrays agree, and by more than their largest entries."""
    sizes = np.abs(wanted)
    return bool(np.isfinite(sizes).all() and np.median(sizes) > 1e-6 * sizes.max()) and close(pair, got, wanted)


def _softmax(array: Floats) -> Floats:
    powers = np.exp(array - array.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


FUNCTIONS: Mapping[str, Callable[[Floats], Floats]] = {
    "softmax": _softmax,
    "sigmoid": lambda array: 1 / (1 + np.exp(-array)),
    "exponential": np.exp,
    "logarithm": np.log,
    "square": np.square,
    "square root": np.sqrt,
    "reciprocal": np.reciprocal,
    "hyperbolic tangent": np.tanh,
}
"""By their names in a sentence."""


def _places(pair: ArrayPair) -> Candidate | None:
    """The right numbers in other places."""
    got, expected = pair.got, pair.expected
    if got.size < FEW or np.unique(expected).size < 0.7 * got.size or close(pair, got):
        return None
    if not close(pair, np.sort(got, axis=None), np.sort(expected, axis=None)):
        return None
    what, why = (
        _turned(pair) or _reordered(pair) or ("in other places", "is something sorted, or read by rows for columns?")
    )
    return Candidate(
        "other-places",
        f"`{pair.name}` has the right numbers, but {what}: {why}",
        f"the right numbers {what.partition(' (')[0]}",
    )


def _turned(pair: ArrayPair) -> tuple[str, str] | None:
    """What is reversed or shifted along one axis, and what to ask oneself."""
    for axis in (axis for axis, length in enumerate(pair.got.shape) if length > 1):
        along = f" along axis {axis}" if pair.got.ndim > 1 else ""
        if close(pair, np.flip(pair.got, axis)):
            return f"in the reverse order{along}", "does an index or a slice run the other way?"
        for step, way in ((1, "early"), (-1, "late")):
            if close(pair, np.roll(pair.got, step, axis)):
                return f"one place too {way}{along}", "is an index off by one?"
    return None


def _reordered(pair: ArrayPair) -> tuple[str, str] | None:
    """What has its axes in another order, or was reshaped where they had to be moved."""
    shape = pair.got.shape
    for order in itertools.permutations(range(len(shape))) if len(shape) <= MAX_AXES else ():
        moved = pair.expected.transpose(order)
        if not close(pair, pair.got, moved.reshape(shape)):
            continue
        if moved.shape == shape:
            return f"with its axes in the order {order}", "a `transpose` is missing, or there is one too many."
        why = "`reshape` leaves all numbers in the order in which they lie; it takes `transpose` to move an axis."
        return f"reshaped (from the shape {moved.shape}) where axes had to change places", why
    return None


PATTERNS: tuple[Callable[[ArrayPair], Candidate | None], ...] = (
    _zero,
    _whole_numbers,
    _absolute,
    _cut,
    _mask,
    _signs,
    _constant,
    _one_row,
    _rows,
    _function,
    _places,
)
"""In the order in which they are tried: from what says most to what says least."""
BY_CHANCE = frozenset({"constant-offset", "row-offset", "row-factor"})
"""Codes of what may come about by chance where the inputs are evenly spaced: they must show at another point."""
