"""What an array of a wrong shape shows: which step makes it the expected one, where the numbers bear that out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from grader.diagnosis.codes import Candidate
from grader.diagnosis.evidence import Evidence
from grader.diagnosis.rules.patterns import ArrayPair, Expected, close, pair_of


def wrong_shape(evidence: Evidence) -> Candidate | None:
    """The first wrong array of a wrong shape."""
    return shape_rule(evidence.values, evidence.expected, evidence.failed)


@np.errstate(all="ignore")
def shape_rule(values: Mapping[str, Any], golden: Expected, wrong: Sequence[str]) -> Candidate | None:
    """What the first wrong array of a wrong shape shows; the values must bear it out."""
    for name in wrong:
        pair = pair_of(name, values, golden)
        if pair is not None and pair.expected.size and not pair.got.size:
            return _empty(pair)
        if pair is not None and pair.got.shape != pair.expected.shape and pair.expected.size:
            for rule in (_axis, _transposed, _not_reduced, _reduced, _flat):
                for candidate in rule(pair):
                    return candidate
    return None


def _empty(pair: ArrayPair) -> Candidate:
    return Candidate(
        "empty-axis",
        f"`{pair.name}` is empty: an axis has length 0. A slice such as `[p:-p]` is empty where p is 0.",
        evidence={"shape": list(pair.got.shape)},
    )


def _axis(pair: ArrayPair) -> Iterator[Candidate]:
    got, expected = pair.got, pair.expected
    longer = got if got.ndim > expected.ndim else expected
    squeezed = tuple(n for n in got.shape if n != 1) == tuple(n for n in expected.shape if n != 1)
    if squeezed and got.ndim != expected.ndim and close(pair, got.reshape(expected.shape)):
        verb = "has" if longer is got else "lacks"
        yield Candidate(
            "kept-axis",
            f"The numbers of `{pair.name}` are right, but it {verb} an axis of length 1: shape {got.shape}"
            f" instead of {expected.shape}. `keepdims` and slices such as `[:1]` decide whether such an axis stays.",
            evidence={"shape": list(got.shape), "expected_shape": list(expected.shape)},
        )


def _transposed(pair: ArrayPair) -> Iterator[Candidate]:
    if pair.got.ndim > 1 and pair.got.T.shape == pair.expected.shape and close(pair, pair.got.T):
        yield Candidate(
            "transposed",
            f"The numbers of `{pair.name}` are right, but its axes are swapped: the factors of a matrix product stand"
            " in the other order, or a `.T` is missing, or there is one too many.",
            evidence={"shape": list(pair.got.shape), "expected_shape": list(pair.expected.shape)},
        )


def _flat(pair: ArrayPair) -> Iterator[Candidate]:
    if pair.got.size == pair.expected.size and close(pair, pair.got.reshape(pair.expected.shape)):
        yield Candidate(
            "not-reshaped",
            f"The numbers of `{pair.name}` are right, but in another shape: {pair.got.shape} instead of"
            f" {pair.expected.shape}.",
            evidence={"shape": list(pair.got.shape), "expected_shape": list(pair.expected.shape)},
        )


def _not_reduced(pair: ArrayPair) -> Iterator[Candidate]:
    got, expected = pair.got, pair.expected
    if got.ndim <= expected.ndim:
        return
    axes: list[int | None] = list(range(got.ndim)) if expected.ndim else [None]
    for axis in axes:
        for word, reduced in (("summed", got.sum(axis=axis)), ("averaged", got.mean(axis=axis))):
            if np.shape(reduced) == expected.shape and close(pair, np.asarray(reduced)):
                along = "" if axis is None else f" along axis {axis}"
                yield Candidate(
                    "not-reduced",
                    f"`{pair.name}` is not {word} yet: {word}{along} it is right. Its shape is {got.shape} instead"
                    f" of {expected.shape}.",
                    evidence={"axis": axis, "shape": list(got.shape)},
                )
                return


def _reduced(pair: ArrayPair) -> Iterator[Candidate]:
    got, expected = pair.got, pair.expected
    if got.ndim >= expected.ndim:
        return
    axes: list[int | None] = [None] if not got.ndim else list(range(expected.ndim))
    functions: tuple[tuple[str, Callable[..., Any]], ...] = (("summed", np.sum), ("averaged", np.mean))
    for axis in axes:
        for word, function in functions:
            reduced = np.asarray(function(expected, axis=axis))
            if reduced.shape == got.shape and close(ArrayPair(pair.name, got, reduced, pair.dtype, pair.limit), got):
                along = "over all axes" if axis is None else f"along axis {axis}"
                yield Candidate(
                    "reduced-too-far",
                    f"`{pair.name}` is {word} {along}, where it should keep shape {expected.shape}.",
                    evidence={"axis": axis, "shape": list(got.shape)},
                )
                return
