"""Compares one computed array with the expected one: the verdict under a `Tolerance`.

Owns what holds under every rule: shapes, dtypes, nan and inf. How far entries may be off is a rule's
(`grader.compare.rules`). Owns no words for the student (`grader.compare.messages`), no points beyond the share 0 or 1
of one array (`grader.grading.scoring`), and no guess at what went wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt

from grader.compare import messages as describe
from grader.compare.rules import RULES, Array, Arrays, Floats, Rule, RuleResult, rule_of
from grader.model import Comparison, NotArray, Tolerance

LARGEST_HIDDEN_ERROR = 10.0
"""Of a hidden check: whatever is larger is as wrong as can be."""


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
        If there is no such rule, or it does not fit the expected array. No student array raises.
    """
    rule = rule_of(tolerance)
    expected, half = rule.expected(name, expected, tolerance)
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
        fit = _fits(got, expected, tolerance)
        return _failed(name, describe.shape(name, got.shape, expected.shape, fit, hidden=hidden), got)
    if got.dtype.kind == "c" and expected.dtype.kind != "c":
        return _failed(name, describe.complex_for_real(name), got)

    single = _is_single(got) and not _is_single(expected)
    limit = tolerance.limit32 if single else tolerance.limit
    computed, wanted = _flat(got, expected)
    strange = _strange(computed, wanted)
    measured = _measure(computed, wanted, got, expected, rule, tolerance, limit, half)
    passed = measured.passed and not strange.any()
    facts = describe.Facts(
        name=name,
        rule=rule,
        got=got,
        computed=computed,
        wanted=wanted,
        strange=strange,
        wrong=measured.wrong,
        worst=measured.worst,
        error=_hidden_error(measured.error, tolerance.limit, passed) if hidden else measured.error,
        tolerance=measured.tolerance,
        limits=(tolerance.limit, tolerance.limit32),
        single=single,
        hidden=hidden,
    )
    if hidden and rule.budget_shows_expected:
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


def _hidden_error(error: float, limit: float, passed: bool) -> float:
    """One digit, and nothing beyond what is wholly wrong: its exponent could be made to spell something."""
    return min(describe.blurred(error, up=not passed), LARGEST_HIDDEN_ERROR * max(1.0, limit))


def _failed(name: str, message: str, got: Array | None = None) -> Comparison:
    return Comparison(
        name=name,
        status="failed",
        shape=None if got is None else got.shape,
        dtype=None if got is None else str(got.dtype),
        message=message,
    )


def _fits(got: Array, expected: Array, tolerance: Tolerance) -> describe.Rearrangement:
    """Whether an array of another shape holds the right values, only reshaped or transposed."""
    if got.size != expected.size or got.size == 0 or (got.dtype.kind == "c" and expected.dtype.kind != "c"):
        return None
    # A hint, not a verdict: the default rule with the wider limit does for every rule and dtype.
    limit = max(tolerance.limit32, 1e-4)
    for fit, array in _rearranged(got, expected.shape):
        computed, wanted = _flat(array, expected)
        finite = np.isfinite(computed).all() and np.isfinite(wanted).all()
        if finite and RULES["max"].measure(Arrays(computed, wanted), tolerance, limit).passed:
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
    return np.ascontiguousarray(got.reshape(-1), dtype=wide), np.ascontiguousarray(expected.reshape(-1), dtype=wide)


def _strange(computed: Array, wanted: Array) -> npt.NDArray[np.bool_]:
    """Entries where a nan or an inf stands on one side and not the same one on the other."""
    both_finite = np.isfinite(computed) & np.isfinite(wanted)
    x, e = (a.view(np.float64).reshape(a.size, a.itemsize // 8) for a in (computed, wanted))
    same = ((x == e) | (np.isnan(x) & np.isnan(e))).all(axis=1)
    result: npt.NDArray[np.bool_] = ~(both_finite | same)
    return result


def _measure(
    computed: Array,
    wanted: Array,
    got: Array,
    expected: Array,
    rule: Rule,
    tolerance: Tolerance,
    limit: float,
    half: Floats | float,
) -> RuleResult:
    both_finite = np.isfinite(computed) & np.isfinite(wanted)
    x, e = np.where(both_finite, computed, 0), np.where(both_finite, wanted, 0)
    integers = got.dtype.kind in "biu" and expected.dtype.kind in "biu"
    unequal = got.reshape(-1) != expected.reshape(-1) if integers else None
    return rule.measure(Arrays(x, e, unequal, half), tolerance, limit)
