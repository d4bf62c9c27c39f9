"""A tolerance rule is a class and a place of the table: comparison, sentence and lint come from there."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from grader.assignment.lint.tolerances import lint_tolerances
from grader.assignment.loading.load import load_assignment
from grader.compare.arrays import compare
from grader.compare.rules import RULES, Arrays, Floats, Rule, RuleResult, rule_of, worst
from grader.errors import AuthoringError
from grader.model import Tolerance

ROOT = Path(__file__).parents[2]


class Ulp(Rule):
    """At most `limit` representable numbers lie between computed and expected."""

    name = "ulp"

    def measure(self, arrays: Arrays, tolerance: Tolerance, limit: float) -> RuleResult:
        off = np.abs(arrays.x - arrays.e) / np.spacing(np.abs(arrays.e))
        return worst(off, np.full(off.shape, limit), np.ones(off.shape), limit)

    def describe(self, error: float, shown: str, allowed: float) -> str:
        return f"{shown} units in the last place, allowed {allowed:g}"

    def rounding_share(self, size: Floats, eps: float, tolerance: Tolerance) -> float:
        return float(size.max() / size.min()) / tolerance.limit


@pytest.fixture
def ulp(monkeypatch: pytest.MonkeyPatch) -> Tolerance:
    monkeypatch.setitem(RULES, "ulp", Ulp())
    return Tolerance(rule="ulp", limit=4)


def test_a_rule_is_added_through_the_table_alone(ulp: Tolerance) -> None:
    expected = np.array([1.0, 2.0, 4.0])
    assert compare("out", np.nextafter(expected, 9), expected, ulp).status == "passed"
    far = compare("out", expected * (1 + 20 * np.finfo(float).eps), expected, ulp)
    assert far.status == "failed"
    assert far.error == pytest.approx(20, rel=0.1)
    assert "20 units in the last place, allowed 4" in far.message


def test_lint_asks_the_rule_of_the_table(ulp: Tolerance) -> None:
    toy = load_assignment(ROOT / "reference" / "tum_ex09", ROOT / "assignments" / "tum_ex09")
    check = next(c for c in toy.checks if c.judge is None)
    strict = msgspec.structs.replace(check, tolerance=ulp, tolerances={})
    one = msgspec.structs.replace(toy, checks=(strict,))
    near = {check.id: {"out": np.array([1.0, 1.0])}}
    wide = {check.id: {"out": np.array([1.0, 1e6])}}
    assert "of the ulp limit 4" in " ".join(issue.text for issue in lint_tolerances(one, wide))
    assert list(lint_tolerances(one, near)) == []


def test_every_rule_of_the_table_passes_equal_arrays_and_fails_other_ones() -> None:
    expected = np.array([1.0, -2.0, 3.0])
    for name in RULES:
        tolerance = Tolerance(rule=name, text="[1. -2. 3.]", atol=1e-8)
        assert compare("out", expected.copy(), expected, tolerance).status == "passed", name
        assert compare("out", expected * 1.5, expected, tolerance).status == "failed", name
        assert rule_of(tolerance).name == name


def test_a_rule_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(AuthoringError, match=r"rule='ulps'.*no such rule; choose one of max, sum_abs"):
        compare("out", np.ones(2), np.ones(2), Tolerance(rule="ulps"))
