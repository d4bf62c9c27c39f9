"""Rule `max`: every entry within limit * max|expected|."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from grader.compare.rules import rule
from grader.compare.rules.rule import Arrays, RuleResult
from grader.model import Tolerance

TIGHTEST = 1e-12
"""A limit below this is in reach of rounding in longer computations (numbers up to 8e-10 were measured where a
logarithm amplifies it), and nothing wrong was ever seen nearer than 8e-4."""


class Largest(rule.Base):
    """The limit alone decides: rounding is relative to the largest entry, as the budget is."""

    name = "max"
    relative_to_largest = True

    def measure(self, arrays: Arrays, tolerance: Tolerance, limit: float) -> RuleResult:
        """|x - e| <= limit * max|e| + half, in units of max|e|."""
        power = rule.exponent(arrays.e if arrays.e.any() else np.array([tolerance.scale]))
        near = rule.scaled(arrays, -power)
        top = float(np.max(np.abs(near.e), initial=0.0)) or float(np.ldexp(tolerance.scale, -power))
        off = rule.difference(near, power)
        budget = np.broadcast_to(limit * top + np.ldexp(arrays.half, -power), off.shape)
        return rule.worst(off, budget, np.full(off.shape, top), limit)

    def problems(self, tolerance: Tolerance) -> Iterator[tuple[Literal["error", "warning"], str]]:
        if 0 < tolerance.limit < TIGHTEST:
            yield "warning", f"a limit of {tolerance.limit:g} is in reach of rounding; 1e-6 tells all mistakes apart"


RULE = Largest()
