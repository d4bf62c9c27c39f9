"""One computed array against the expected one: the verdict under a `Tolerance`.

Owns the rules, overflow-safe and without warnings. Owns no words for the student (`grader.compare.messages`), no
points beyond the share 0 or 1 of one array (`grader.grading.scoring`), and no guess at what went wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from grader.compare import messages as describe
from grader.compare.printed import parse_printed
from grader.compare.relative import FLOOR
from grader.errors import AuthoringError
from grader.model import Comparison, NotArray, Tolerance

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

_ROOM = 1000
"""Elementwise rules work on numbers below 2**1000, so that sums and differences of two cannot overflow."""


class Measured(NamedTuple):
    """Computed against expected under one rule, entry by entry."""

    wrong: npt.NDArray[np.bool_]
    """Flat: the entries over their budget (for `sum_abs`: over their even share of it)."""
    worst: int
    """Flat index of the largest excess; 0 for an empty array."""
    passed: bool
    error: float
    """In the units of the rule."""
    tolerance: float
    """What `error` may be at most, in the same units."""


@np.errstate(all="ignore")
def compare(
    name: str, got: Array | NotArray | None, expected: Array, tolerance: Tolerance, *, hidden: bool = False
) -> Comparison:
    """Compare one named array with what was expected.

    Parameters
    ----------
    name
        As in the probe's dictionary; for the message.
    got
        What the student's code computed, any shape and dtype; None when the name is missing from what it returned.
    expected
        The golden, numeric. For the rule ``printed`` only its shape is used; the values are those of the text.
    tolerance
        The rule; see `grader.model.Tolerance`.
    hidden
        Keep expected values, and numbers that would reveal them, out of the message.

    Returns
    -------
    Comparison
        `earned` is 1 or 0. `error` and `tolerance` are in the units of the rule: relative to max|expected| for
        ``max`` and ``printed``, an absolute sum for ``sum_abs``, a relative error for ``rel_error``, and multiples
        of the allowance for ``allclose``. `error` is None when there is nothing finite to measure.

    Raises
    ------
    AuthoringError
        If the rule is ``printed`` and its text cannot be read or does not fit the shape. No student array raises.
    """
    half = np.zeros(())
    if tolerance.rule == "printed":
        expected, half = _printed(name, expected, tolerance)
    if got is None:
        return _failed(name, describe.missing(name))
    if isinstance(got, NotArray):
        return _failed(name, describe.not_array(name, got, expected.shape))
    got = np.asarray(got)
    if got.dtype.kind not in "biufc":
        odd = {"O": NotArray("object array"), "U": NotArray("text array"), "S": NotArray("text array")}
        kind = odd.get(got.dtype.kind, NotArray("other", f"of dtype {got.dtype}"))
        return _failed(name, describe.not_array(name, kind, expected.shape), got)
    if got.shape != expected.shape:
        return _failed(name, describe.shape(name, got.shape, expected.shape, _fits(got, expected, tolerance)), got)
    if got.dtype.kind == "c" and expected.dtype.kind != "c":
        return _failed(name, describe.complex_for_real(name), got)

    single = _is_single(got) and not _is_single(expected)
    limit = tolerance.limit32 if single else tolerance.limit
    computed, wanted = _flat(got, expected)
    strange = _strange(computed, wanted)
    measured = _measure(computed, wanted, got, expected, tolerance, limit, half.reshape(-1))
    passed = measured.passed and not strange.any()
    facts = describe.Facts(
        name=name,
        rule=tolerance.rule,
        got=got,
        computed=computed,
        wanted=wanted,
        strange=strange,
        wrong=measured.wrong,
        worst=measured.worst,
        error=describe.blurred(measured.error, up=not passed) if hidden else measured.error,
        tolerance=measured.tolerance,
        limits=(tolerance.limit, tolerance.limit32),
        single=single,
        hidden=hidden,
    )
    if hidden and tolerance.rule == "printed":  # its budget in units of max|expected| would give that away
        facts = replace(facts, tolerance=describe.blurred(measured.tolerance, up=passed))
    return Comparison(
        name=name,
        status="passed" if passed else "failed",
        shape=got.shape,
        dtype=str(got.dtype),
        error=facts.error if np.isfinite(facts.error) and not strange.any() else None,
        tolerance=facts.tolerance,
        message=describe.passed(facts) if passed else describe.failed(facts),
        earned=Fraction(int(passed)),
    )


def _failed(name: str, message: str, got: Array | None = None) -> Comparison:
    return Comparison(
        name=name,
        status="failed",
        shape=None if got is None else got.shape,
        dtype=None if got is None else str(got.dtype),
        message=message,
    )


def _printed(name: str, expected: Array, tolerance: Tolerance) -> tuple[Array, Floats]:
    if tolerance.text is None:
        raise AuthoringError(f"tolerance of {name!r}: rule 'printed' needs text=, the expected values as printed")
    values, half = parse_printed(tolerance.text)
    if values.size != expected.size:
        raise AuthoringError(
            f"tolerance of {name!r}: the printed text has shape {values.shape}, the golden {expected.shape};"
            " give the whole array as printed"
        )
    return values.reshape(expected.shape), half


def _fits(got: Array, expected: Array, tolerance: Tolerance) -> describe.Fit:
    """Whether an array of another shape holds the right values, only reshaped or transposed."""
    if got.size != expected.size or got.size == 0 or (got.dtype.kind == "c" and expected.dtype.kind != "c"):
        return None
    # A hint, not a verdict: the plain rule with the wider limit does for every rule and dtype.
    limit = max(tolerance.limit32, 1e-4)
    for fit, array in _rearranged(got, expected.shape):
        computed, wanted = _flat(array, expected)
        finite = np.isfinite(computed).all() and np.isfinite(wanted).all()
        if finite and _measure_max(computed, wanted, tolerance, limit, 0.0).passed:
            return fit
    return None


def _rearranged(got: Array, shape: tuple[int, ...]) -> Iterator[tuple[Literal["reshaped", "transposed"], Array]]:
    if got.ndim > 1 and got.T.shape == shape:
        yield "transposed", got.T
    yield "reshaped", got.reshape(shape)


def _is_single(a: Array) -> bool:
    """Whether the numbers are float32 or float16, in either byte order, or complex ones made of those."""
    return a.dtype.itemsize <= {"f": 4, "c": 8}.get(a.dtype.kind, 0)


def _flat(got: Array, expected: Array) -> tuple[Array, Array]:
    """Both as contiguous 1-D arrays of float64, or of complex128 if one is complex."""
    wide = np.complex128 if "c" in (got.dtype.kind, expected.dtype.kind) else np.float64
    return tuple(np.ascontiguousarray(a.reshape(-1), dtype=wide) for a in (got, expected))  # type: ignore[return-value]


def _strange(computed: Array, wanted: Array) -> npt.NDArray[np.bool_]:
    """Entries where a nan or an inf stands on one side and not the same one on the other."""
    both_finite = np.isfinite(computed) & np.isfinite(wanted)
    x, e = (a.view(np.float64).reshape(a.size, a.itemsize // 8) for a in (computed, wanted))
    same = ((x == e) | (np.isnan(x) & np.isnan(e))).all(axis=1)
    result: npt.NDArray[np.bool_] = ~(both_finite | same)
    return result


def _measure(
    computed: Array, wanted: Array, got: Array, expected: Array, tolerance: Tolerance, limit: float, half: Floats
) -> Measured:
    both_finite = np.isfinite(computed) & np.isfinite(wanted)
    x, e = np.where(both_finite, computed, 0), np.where(both_finite, wanted, 0)
    unequal: npt.NDArray[np.bool_] | None = None
    if got.dtype.kind in "biu" and expected.dtype.kind in "biu":
        # Beyond 2**53 two different integers are one float64; then they are at least 1 apart.
        unequal = got.reshape(-1) != expected.reshape(-1)
    if tolerance.rule == "sum_abs":
        return _measure_sum(x, e, limit, unequal)
    if tolerance.rule in ("rel_error", "allclose"):
        return _measure_entries(x, e, tolerance, limit, unequal)
    return _measure_max(x, e, tolerance, limit, half, unequal)


def _measure_max(
    x: Array,
    e: Array,
    tolerance: Tolerance,
    limit: float,
    half: Floats | float,
    unequal: npt.NDArray[np.bool_] | None = None,
) -> Measured:
    """Rules `max` and `printed`: |x - e| <= limit * max|e| + half, in units of max|e|."""
    power = _exponent(e if e.any() else np.array([tolerance.scale]))
    x, e = _scaled(x, -power), _scaled(e, -power)
    top = float(np.max(np.abs(e), initial=0.0)) or float(np.ldexp(tolerance.scale, -power))
    difference = _difference(x, e, power, unequal)
    budget = np.broadcast_to(limit * top + np.ldexp(half, -power), difference.shape)
    return _worst(difference, budget, np.full(difference.shape, top), limit)


def _measure_entries(
    x: Array, e: Array, tolerance: Tolerance, limit: float, unequal: npt.NDArray[np.bool_] | None
) -> Measured:
    """Rules `rel_error` and `allclose`: every entry has a scale of its own."""
    power = max(_exponent(x) - _ROOM, _exponent(e) - _ROOM, 0)
    x, e = _scaled(x, -power), _scaled(e, -power)
    difference = _difference(x, e, power, unequal)
    if tolerance.rule == "rel_error":
        relative = difference / np.maximum(np.ldexp(FLOOR, -power), np.abs(x) + np.abs(e))
        return _worst(relative, np.full(relative.shape, limit), np.ones(relative.shape), limit)
    budget = np.ldexp(tolerance.atol, -power) + limit * np.abs(e)
    return _worst(difference, budget, budget, 1.0)


def _measure_sum(x: Array, e: Array, limit: float, unequal: npt.NDArray[np.bool_] | None) -> Measured:
    """Rule `sum_abs`."""
    difference = _difference(x, e, 0, unequal)
    error = float(np.sum(difference))
    worst = int(np.argmax(difference)) if difference.size else 0
    return Measured(difference > limit / max(difference.size, 1), worst, error <= limit, error, limit)


def _worst(difference: Floats, budget: Floats, unit: Floats, nominal: float) -> Measured:
    """The entry that exceeds its budget most, in multiples of its `unit`; `nominal` is the tolerance without one."""
    wrong = ~(difference <= budget)
    if not difference.size:
        return Measured(wrong, 0, True, 0.0, nominal)
    share = np.where(difference > 0, difference / budget, 0.0)  # 0 / 0: an exact entry under a zero budget
    worst = int(np.argmax(share))
    error = float(difference[worst] / unit[worst]) if difference[worst] > 0 else 0.0
    return Measured(
        wrong, worst, not wrong.any(), error, float(budget[worst] / unit[worst]) if unit[worst] else nominal
    )


def _difference(x: Array, e: Array, power: int, unequal: npt.NDArray[np.bool_] | None) -> Floats:
    difference: Floats = np.abs(x - e)
    if unequal is not None:
        difference = np.where(unequal & (difference == 0), np.ldexp(1.0, -power), difference)
    return difference


def _exponent(a: Array) -> int:
    """Smallest k with every component of `a` below 2**k in size; 0 for no entries or only zeros."""
    return int(np.frexp(np.max(np.abs(a.view(np.float64)), initial=0.0))[1])


def _scaled(a: Array, power: int) -> Array:
    """`a` times 2**power, exact but for underflow; keeps huge and denormal numbers away from the limits of float64."""
    scaled: Array = np.ldexp(a.view(np.float64), power).view(a.dtype)
    return scaled
