"""The tolerance rules, a class each, and the table that names them.

`grader.compare.arrays` calls them with NumPy's warnings off: an overflow is inf, which is within no budget.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from grader.compare.printed import parse_printed
from grader.compare.relative import FLOOR
from grader.errors import AuthoringError
from grader.model import Tolerance

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TIGHTEST = 1e-12
"""A limit below this is in reach of rounding in longer computations (numbers up to 8e-10 were measured where a
logarithm amplifies it), and nothing wrong was ever seen nearer than 8e-4."""


class RuleResult(NamedTuple):
    """Computed against expected under one rule, entry by entry."""

    wrong: Bools
    """Flat: the entries over their budget (for a sum: over their even share of it)."""
    worst: int
    """Flat index of the largest excess; 0 for an empty array."""
    passed: bool
    error: float
    """In the units of the rule."""
    tolerance: float
    """What `error` may be at most, in the same units."""


class Arrays(NamedTuple):
    """Computed and expected values on their way into a rule: flat, finite, float64 or complex128."""

    x: Array
    e: Array
    unequal: Bools | None = None
    """For two integer arrays, which entries differ: beyond 2**53 different integers are one float64."""
    half: Floats | float = 0.0
    """Added to every entry's budget, for expected values that are known to so many digits only."""


class Rule:
    """One rule of `Tolerance`. A new one is a class here and a place in `RULES`; most need `measure` alone."""

    name = ""
    """As an author writes it."""
    relative_to_largest = False
    """The error is in units of max|expected|, so that another limit means the same for every array."""
    budget_shows_expected = False
    """The tolerance in the units of `error` depends on the expected values: hidden checks show one digit of it."""

    def measure(self, arrays: Arrays, tolerance: Tolerance, limit: float) -> RuleResult:
        """Measure `arrays`; `limit` is the tolerance's `limit` or `limit32`."""
        raise NotImplementedError

    def describe(self, error: float, shown: str, allowed: float) -> str:
        """The size of the error in words, for the student; `shown` is `error` as text."""
        return f"relative error {shown}, allowed {allowed:.3g}"

    def rounding_share(self, size: Floats, eps: float, tolerance: Tolerance) -> float:
        """The share of the budget that rounding alone spends on entries of this size, none of them zero."""
        return 0.0

    def expected(self, name: str, golden: Array, tolerance: Tolerance) -> tuple[Array, Floats | float]:
        """The expected values, and `Arrays.half`, for a golden array.

        Raises AuthoringError if the tolerance does not fit the array.
        """
        return golden, 0.0

    def problems(self, tolerance: Tolerance) -> Iterator[tuple[Literal["error", "warning"], str]]:
        """What is wrong with a tolerance whatever it is compared with, for `grade lint`."""
        return iter(())


class Largest(Rule):
    """Every entry within limit * max|expected|. Rounding is relative to the largest entry, too, so it has no share."""

    name = "max"
    relative_to_largest = True

    def measure(self, arrays: Arrays, tolerance: Tolerance, limit: float) -> RuleResult:
        """|x - e| <= limit * max|e| + half, in units of max|e|."""
        top = float(np.max(np.abs(arrays.e), initial=0.0)) or tolerance.scale
        off = difference(arrays)
        return worst(off, np.broadcast_to(limit * top + arrays.half, off.shape), np.full(off.shape, top), limit)

    def problems(self, tolerance: Tolerance) -> Iterator[tuple[Literal["error", "warning"], str]]:
        if 0 < tolerance.limit < TIGHTEST:
            yield "warning", f"a limit of {tolerance.limit:g} is in reach of rounding; 1e-6 tells all mistakes apart"


class SumAbs(Rule):
    """The sum of all differences within the limit: the budget of an entry tightens as arrays grow."""

    name = "sum_abs"

    def measure(self, arrays: Arrays, tolerance: Tolerance, limit: float) -> RuleResult:
        off = difference(arrays)
        error = float(np.sum(off))
        at = int(np.argmax(off)) if off.size else 0
        return RuleResult(off > limit / max(off.size, 1), at, error <= limit, error, limit)

    def describe(self, error: float, shown: str, allowed: float) -> str:
        return f"sum of absolute differences {shown}, allowed {allowed:.3g}"

    def rounding_share(self, size: Floats, eps: float, tolerance: Tolerance) -> float:
        return eps * float(size.sum()) / tolerance.limit


class RelError(Rule):
    """The elementwise relative error that course notebooks print: every entry has a scale of its own."""

    name = "rel_error"

    def measure(self, arrays: Arrays, tolerance: Tolerance, limit: float) -> RuleResult:
        size = np.abs(arrays.x) / 2 + np.abs(arrays.e) / 2  # in halves: a sum that overflows would be within the limit
        relative = difference(arrays) / 2 / np.maximum(FLOOR / 2, size)
        return worst(relative, np.full(relative.shape, limit), np.ones(relative.shape), limit)

    def rounding_share(self, size: Floats, eps: float, tolerance: Tolerance) -> float:
        return eps * float(size.max()) / max(FLOOR, 2 * float(size.min())) / tolerance.limit


class AllClose(Rule):
    """Every entry within atol + limit * |expected|, as `numpy.allclose` has it; the error is in multiples of that."""

    name = "allclose"

    def measure(self, arrays: Arrays, tolerance: Tolerance, limit: float) -> RuleResult:
        budget = tolerance.atol + limit * np.abs(arrays.e)
        return worst(difference(arrays), budget, budget, 1.0)

    def describe(self, error: float, shown: str, allowed: float) -> str:
        return f"{shown} times the allowed difference" if isfinite(error) else "no difference is allowed"

    def rounding_share(self, size: Floats, eps: float, tolerance: Tolerance) -> float:
        return eps * float(size.max()) / (tolerance.atol + tolerance.limit * float(size.min()))


class Printed(Largest):
    """As `max`, of values that exist as printed text: half a unit of the last decimal is added to the budget."""

    name = "printed"
    budget_shows_expected = True

    def expected(self, name: str, golden: Array, tolerance: Tolerance) -> tuple[Array, Floats | float]:
        if tolerance.text is None:
            raise AuthoringError(f"tolerance of {name!r}: rule 'printed' needs text=, the expected values as printed")
        values, half = parse_printed(tolerance.text)
        if values.size != golden.size:
            raise AuthoringError(
                f"tolerance of {name!r}: the printed text has shape {values.shape}, the golden {golden.shape};"
                " give the whole array as printed"
            )
        return values.reshape(golden.shape), half.reshape(-1)

    def problems(self, tolerance: Tolerance) -> Iterator[tuple[Literal["error", "warning"], str]]:
        try:
            parse_printed(tolerance.text or "")
        except AuthoringError:
            yield "error", f"rule printed needs a text of numbers, not {tolerance.text!r}"


RULES: dict[str, Rule] = {rule.name: rule for rule in (Largest(), SumAbs(), RelError(), AllClose(), Printed())}


def rule_of(tolerance: Tolerance) -> Rule:
    """The rule that a tolerance names; raises AuthoringError if there is none of that name."""
    rule = RULES.get(tolerance.rule)
    if rule is None:
        raise AuthoringError(f"Tolerance(rule={tolerance.rule!r}): no such rule; choose one of {', '.join(RULES)}")
    return rule


def worst(difference: Floats, budget: Floats, unit: Floats, nominal: float) -> RuleResult:
    """The entry that exceeds its budget most, in multiples of its `unit`; `nominal` is the tolerance without one."""
    wrong = ~(difference <= budget)
    if not difference.size:
        return RuleResult(wrong, 0, True, 0.0, nominal)
    share = np.where(difference > 0, difference / budget, 0.0)  # 0 / 0: an exact entry under a zero budget
    at = int(np.argmax(share))
    error = float(difference[at] / unit[at]) if difference[at] > 0 else 0.0
    return RuleResult(wrong, at, not wrong.any(), error, float(budget[at] / unit[at]) if unit[at] else nominal)


def difference(arrays: Arrays) -> Floats:
    """|x - e|; different integers are at least 1 apart."""
    off: Floats = np.abs(arrays.x - arrays.e)
    return off if arrays.unequal is None else np.where(arrays.unequal & (off == 0), 1.0, off)
