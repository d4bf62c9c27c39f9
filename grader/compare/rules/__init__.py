"""The tolerance rules, one module each, and the table that names them."""

from __future__ import annotations

from grader.compare.rules import allclose, largest, printed, rel_error, sum_abs
from grader.compare.rules.rule import Rule
from grader.errors import AuthoringError
from grader.model import Tolerance

RULES: dict[str, Rule] = {
    rule.name: rule for rule in (largest.RULE, sum_abs.RULE, rel_error.RULE, allclose.RULE, printed.RULE)
}


def rule_of(tolerance: Tolerance) -> Rule:
    """The rule that a tolerance names.

    Raises
    ------
    AuthoringError
        If there is none of that name.
    """
    rule = RULES.get(tolerance.rule)
    if rule is None:
        raise AuthoringError(f"Tolerance(rule={tolerance.rule!r}): no such rule; choose one of {', '.join(RULES)}")
    return rule
