"""Rule `sum_abs`: the sum of all differences within the limit."""

from __future__ import annotations

import numpy as np

from grader.compare.rules import rule
from grader.compare.rules.rule import Arrays, Floats, RuleResult
from grader.model import Tolerance


class SumAbs(rule.Base):
    """A budget for the whole array: it tightens as arrays grow."""

    name = "sum_abs"

    def measure(self, arrays: Arrays, tolerance: Tolerance, limit: float) -> RuleResult:
        off = rule.difference(arrays, 0)
        error = float(np.sum(off))
        at = int(np.argmax(off)) if off.size else 0
        return RuleResult(off > limit / max(off.size, 1), at, error <= limit, error, limit)

    def describe(self, error: float, shown: str, allowed: float) -> str:
        return f"sum of absolute differences {shown}, allowed {allowed:.3g}"

    def rounding_share(self, size: Floats, eps: float, tolerance: Tolerance) -> float:
        return eps * float(size.sum()) / tolerance.limit


RULE = SumAbs()
