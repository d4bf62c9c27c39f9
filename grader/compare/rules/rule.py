"""What a tolerance rule is: how it measures, how it says so, and what rounding costs it.

Owns the protocol and the arithmetic that rules share, safe from overflow and without warnings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from grader.model import Tolerance

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

ROOM = 1000
"""Elementwise rules work on numbers below 2**1000, so that sums and differences of two cannot overflow."""


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


class Rule(Protocol):
    """One rule of `Tolerance`. A new one is a module of this folder and one line in `RULES`."""

    name: str
    """As an author writes it."""
    relative_to_largest: bool
    """The error is in units of max|expected|, so that another limit means the same for every array."""
    budget_shows_expected: bool
    """The tolerance in the units of `error` depends on the expected values: hidden checks show one digit of it."""

    def measure(self, arrays: Arrays, tolerance: Tolerance, limit: float) -> RuleResult:
        """Measure `arrays`; `limit` is the tolerance's `limit` or `limit32`."""

    def describe(self, error: float, shown: str, allowed: float) -> str:
        """The size of the error in words, for the student; `shown` is `error` as text."""

    def rounding_share(self, size: Floats, eps: float, tolerance: Tolerance) -> float:
        """The share of the budget that rounding alone spends on entries of this size, none of them zero."""

    def expected(self, name: str, golden: Array, tolerance: Tolerance) -> tuple[Array, Floats | float]:
        """The expected values, and `Arrays.half`, for a golden array.

        Raises
        ------
        AuthoringError
            If the tolerance does not fit the array.
        """

    def problems(self, tolerance: Tolerance) -> Iterator[tuple[Literal["error", "warning"], str]]:
        """What is wrong with a tolerance whatever it is compared with, for `grade lint`."""


class Base:
    """What most rules have in common."""

    relative_to_largest = False
    budget_shows_expected = False

    def describe(self, error: float, shown: str, allowed: float) -> str:
        return f"relative error {shown}, allowed {allowed:.3g}"

    def rounding_share(self, size: Floats, eps: float, tolerance: Tolerance) -> float:
        return 0.0

    def expected(self, name: str, golden: Array, tolerance: Tolerance) -> tuple[Array, Floats | float]:
        return golden, 0.0

    def problems(self, tolerance: Tolerance) -> Iterator[tuple[Literal["error", "warning"], str]]:
        return iter(())


def worst(difference: Floats, budget: Floats, unit: Floats, nominal: float) -> RuleResult:
    """The entry that exceeds its budget most, in multiples of its `unit`; `nominal` is the tolerance without one."""
    wrong = ~(difference <= budget)
    if not difference.size:
        return RuleResult(wrong, 0, True, 0.0, nominal)
    share = np.where(difference > 0, difference / budget, 0.0)  # 0 / 0: an exact entry under a zero budget
    at = int(np.argmax(share))
    error = float(difference[at] / unit[at]) if difference[at] > 0 else 0.0
    return RuleResult(wrong, at, not wrong.any(), error, float(budget[at] / unit[at]) if unit[at] else nominal)


def difference(arrays: Arrays, power: int) -> Floats:
    """|x - e| of arrays that were scaled by 2**-power; different integers are at least 1 apart."""
    off: Floats = np.abs(arrays.x - arrays.e)
    if arrays.unequal is not None:
        off = np.where(arrays.unequal & (off == 0), np.ldexp(1.0, -power), off)
    return off


def exponent(a: Array) -> int:
    """Smallest k with every component of `a` below 2**k in size; 0 for no entries or only zeros."""
    return int(np.frexp(np.max(np.abs(a.view(np.float64)), initial=0.0))[1])


def scaled(arrays: Arrays, power: int) -> Arrays:
    """Both times 2**power, exact but for underflow; keeps huge and denormal numbers away from float64's limits."""
    x, e = (np.ldexp(a.view(np.float64), power).view(a.dtype) for a in (arrays.x, arrays.e))
    return arrays._replace(x=x, e=e)


def below_overflow(arrays: Arrays) -> tuple[Arrays, int]:
    """The arrays scaled so that sums of two entries stay finite, and k: they were divided by 2**k."""
    power = max(exponent(arrays.x) - ROOM, exponent(arrays.e) - ROOM, 0)
    return scaled(arrays, -power), power
