"""Whether a check's tolerances can be met by correct code and mean what they say, measured on the golden arrays.

A rule is a budget; correct code spends some of it on rounding, since another order of sums moves every entry by about
eps times the largest of the array. A rule that spends over a quarter on it will misjudge somebody.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from grader.assignment.golden.golden import Array
from grader.assignment.lint.issue import Issue, Level
from grader.assignment.loading.check_source import probe_definitions
from grader.compare.rules import RULES, rule_of
from grader.errors import AuthoringError
from grader.model import Assignment, Check, Plain, Tolerance

_SHARE = 0.25
"""The part of the budget that rounding may spend."""


def lint_tolerances(assignment: Assignment, observations: Mapping[str, Mapping[str, Array]]) -> Iterator[Issue]:
    """Findings about the tolerances of all checks without a judge."""
    probes = probe_definitions(assignment.checks)
    for check in assignment.checks:
        if check.judge is not None:
            continue
        probe = probes.get(check.id)
        where = f"{check.file}:{probe.lineno}" if probe else check.file
        arrays = observations.get(check.id, {})
        for name, tolerance in [("", check.tolerance), *check.tolerances.items()]:
            subject = f"check {check.id}, {name}" if name else f"check {check.id}"
            for level, text in _alone(tolerance):
                yield Issue(level, where, f"{subject}: {text}")
            if name and arrays and name not in arrays:
                yield Issue("error", where, f"{subject}: tolerances names an array that the probe does not return")
        for name, array in arrays.items():
            if isinstance(array, Plain):
                continue
            if text := _rounding(_rule_of(check, name), array):
                yield Issue("warning", where, f"check {check.id}, {name}: {text}")
            if text := _unlike(_rule_of(check, name), array):
                yield Issue("error", where, f"check {check.id}, {name}: {text}")


def _rule_of(check: Check, name: str) -> Tolerance:
    return check.tolerances.get(name, check.tolerance)


def _alone(tolerance: Tolerance) -> Iterator[tuple[Level, str]]:
    """What is wrong with a tolerance whatever it is compared with."""
    for key in ("limit", "limit32", "scale"):
        value = getattr(tolerance, key)
        if not 0 < value < math.inf:
            yield "error", f"{key} is {value}; it must be a number above 0"
    if not 0 <= tolerance.atol < math.inf:
        yield "error", f"atol is {tolerance.atol}; it must be a number, 0 or more"
    if tolerance.rule in RULES:
        yield from rule_of(tolerance).problems(tolerance)
    else:
        yield "error", f"rule {tolerance.rule!r} does not exist; choose one of {', '.join(RULES)}"


def _unlike(tolerance: Tolerance, array: Array) -> str:
    """Why the expected values of this array cannot be made; empty where they can, or where `_alone` said why."""
    if tolerance.rule not in RULES or any(_alone(tolerance)):
        return ""
    try:
        rule_of(tolerance).expected("", array, tolerance)
    except AuthoringError as error:
        return str(error).partition(": ")[2]
    return ""


def _rounding(tolerance: Tolerance, array: Array) -> str:
    """A sentence where rounding alone spends over a quarter of the rule's budget; empty where it does not."""
    size = np.abs(array[np.isfinite(array)]) if array.dtype.kind in "fc" else np.zeros(0)
    size = size[size > 0].astype(np.float64)  # a zero is most often exact: a mask, a bound
    if not size.size or not tolerance.limit > 0 or tolerance.rule not in RULES:
        return ""
    spent = rule_of(tolerance).rounding_share(size, float(np.finfo(array.dtype).eps), tolerance)
    if spent <= _SHARE:
        return ""
    return f"rounding of {array.dtype.name} alone spends {spent:.0%} of the {tolerance.rule} limit {tolerance.limit:g}"
