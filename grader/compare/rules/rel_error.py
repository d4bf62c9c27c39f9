"""Rule `rel_error`: the elementwise relative error that course notebooks print, within the limit."""

from __future__ import annotations

import numpy as np

from grader.compare.relative import FLOOR
from grader.compare.rules import rule
from grader.compare.rules.rule import Arrays, Floats, RuleResult
from grader.model import Tolerance


class RelError(rule.Base):
    """Every entry has a scale of its own, and small ones a fine one."""

    name = "rel_error"

    def measure(self, arrays: Arrays, tolerance: Tolerance, limit: float) -> RuleResult:
        near, power = rule.below_overflow(arrays)
        off = rule.difference(near, power)
        relative = off / np.maximum(np.ldexp(FLOOR, -power), np.abs(near.x) + np.abs(near.e))
        return rule.worst(relative, np.full(relative.shape, limit), np.ones(relative.shape), limit)

    def rounding_share(self, size: Floats, eps: float, tolerance: Tolerance) -> float:
        return eps * float(size.max()) / max(FLOOR, 2 * float(size.min())) / tolerance.limit


RULE = RelError()
