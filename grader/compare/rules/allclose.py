"""Rule `allclose`: every entry within atol + limit * |expected|, as `numpy.allclose` has it."""

from __future__ import annotations

from math import isfinite

import numpy as np

from grader.compare.rules import rule
from grader.compare.rules.rule import Arrays, Floats, RuleResult
from grader.model import Tolerance


class AllClose(rule.Base):
    """The error is in multiples of the allowed difference."""

    name = "allclose"

    def measure(self, arrays: Arrays, tolerance: Tolerance, limit: float) -> RuleResult:
        near, power = rule.below_overflow(arrays)
        budget = np.ldexp(tolerance.atol, -power) + limit * np.abs(near.e)
        return rule.worst(rule.difference(near, power), budget, budget, 1.0)

    def describe(self, error: float, shown: str, allowed: float) -> str:
        return f"{shown} times the allowed difference" if isfinite(error) else "no difference is allowed"

    def rounding_share(self, size: Floats, eps: float, tolerance: Tolerance) -> float:
        return eps * float(size.max()) / (tolerance.atol + tolerance.limit * float(size.min()))


RULE = AllClose()
