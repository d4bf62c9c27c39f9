"""Whether a check's tolerances can be met by correct code and mean what they say, measured on the golden arrays.

A rule is a budget; correct code spends some of it on rounding, since another order of sums moves every entry by about
eps times the largest of the array. A rule that spends over a quarter on it will misjudge somebody.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

import numpy as np

from grader.assignment.golden.golden import Array
from grader.assignment.lint.issue import Finding, Level
from grader.assignment.loading.check_files import author_line, probe_definitions
from grader.model import Assignment, Check, Tolerance

_TIGHTEST = 1e-12
"""A `max` rule below this is in reach of rounding in longer computations (numbers up to 8e-10 were measured where a
logarithm amplifies it), and nothing wrong was ever seen nearer than 8e-4."""
_SHARE = 0.25
"""The part of the budget that rounding may spend."""
_FLOOR = 1e-8
"""The least denominator of the `rel_error` rule."""
_NUMBER = r"[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|nan|inf)"


def lint_tolerances(assignment: Assignment, observations: Mapping[str, Mapping[str, Array]]) -> Iterator[Finding]:
    """Findings about the tolerances of all checks without a judge."""
    probes = probe_definitions(assignment.checks)
    for check in assignment.checks:
        if check.judge is not None:
            continue
        probe = probes.get(check.id)
        where = ":".join(map(str, author_line(check, probe.lineno))) if probe else check.file
        arrays = observations.get(check.id, {})
        for name, tolerance in [("", check.tolerance), *check.tolerances.items()]:
            subject = f"check {check.id}, {name}" if name else f"check {check.id}"
            for level, text in _alone(tolerance):
                yield Finding(level, where, f"{subject}: {text}")
            if name and arrays and name not in arrays:
                yield Finding("error", where, f"{subject}: tolerances names an array that the probe does not return")
        for name, array in arrays.items():
            if text := _measured(_rule_of(check, name), array):
                yield Finding("warning", where, f"check {check.id}, {name}: {text}")
            if text := _unlike(_rule_of(check, name), array):
                yield Finding("error", where, f"check {check.id}, {name}: {text}")


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
    if tolerance.rule == "max" and 0 < tolerance.limit < _TIGHTEST:
        yield "warning", f"a limit of {tolerance.limit:g} is in reach of rounding; 1e-6 tells all mistakes apart"
    if tolerance.rule == "printed" and not _numbers(tolerance.text or ""):
        yield "error", f"rule printed needs a text of numbers, not {tolerance.text!r}"


def _numbers(text: str) -> list[str]:
    """The numbers of a printed array; empty if anything else but brackets, commas and space stands there."""
    rest = re.sub(_NUMBER, " ", text, flags=re.IGNORECASE)
    return [] if re.search(r"[^\s\[\](),]", rest) else re.findall(_NUMBER, text, flags=re.IGNORECASE)


def _unlike(tolerance: Tolerance, array: Array) -> str:
    count = len(_numbers(tolerance.text or "")) if tolerance.rule == "printed" else 0
    if not count or count == array.size:
        return ""
    return f"the printed text holds {count} numbers, the array {array.size} of shape {array.shape}"


def _measured(tolerance: Tolerance, array: Array) -> str:
    """A sentence where rounding alone spends over a quarter of the rule's budget; empty where it does not."""
    size = np.abs(array[np.isfinite(array)]) if array.dtype.kind in "fc" else np.zeros(0)
    size = size[size > 0].astype(np.float64)  # a zero is most often exact: a mask, a bound
    if not size.size or not tolerance.limit > 0:
        return ""
    eps = float(np.finfo(array.dtype).eps)
    rounding = eps * float(size.max())
    if tolerance.rule == "sum_abs":
        spent = eps * float(size.sum()) / tolerance.limit
    elif tolerance.rule == "rel_error":
        spent = rounding / max(_FLOOR, 2 * float(size.min())) / tolerance.limit
    elif tolerance.rule == "allclose":
        spent = rounding / (tolerance.atol + tolerance.limit * float(size.min()))
    else:
        return ""  # `max` and `printed` measure against the largest entry: the limit alone decides
    if spent <= _SHARE:
        return ""
    return f"rounding of {array.dtype.name} alone spends {spent:.0%} of the {tolerance.rule} limit {tolerance.limit:g}"
