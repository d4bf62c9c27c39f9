"""A rule, a code and a mutation operator are each added by one line of a table, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.diagnosis import codes, rules
from grader.diagnosis.codes import UNRANKED, Candidate, Code
from grader.diagnosis.evidence import Case, Evidence
from grader.diagnosis.explain import explain
from grader.diagnosis.matching.ranking import order
from grader.diagnosis.mutation import compound, sites
from grader.diagnosis.mutation.compound import SourceText, further
from grader.diagnosis.mutation.mutation import Mutation, Weakness
from grader.diagnosis.mutation.phrases import Words
from grader.diagnosis.mutation.sites import mutants_of
from grader.diagnosis.rules import Rule
from grader.grading.scoring import outcome
from grader.model import Check, Given, Observation, Part

SOURCE = "def forward(student, rng):\n    return {}\n"
SOLUTION = """def f(x):
    ### BEGIN SOLUTION
    return round(x)
    ### END SOLUTION
"""


def no_rounding(node: ast.AST, words: Words, inside: Set[str]) -> Iterator[Mutation]:
    match node:
        case ast.Call(func=ast.Name(id="round"), args=[inner]):
            yield Mutation(node, f"{ast.unparse(inner)} + 0.25", "missing-function", "nothing is rounded")


@pytest.mark.parametrize("tries_checks", [True, False])
def test_an_operator_in_the_table_makes_mutants_or_only_hypotheses(
    monkeypatch: pytest.MonkeyPatch, tries_checks: bool
) -> None:
    table = "FOR_CHECKS" if tries_checks else "FOR_STUDENTS"
    for module in (sites, compound):
        if hasattr(module, table):
            monkeypatch.setattr(module, table, (*getattr(module, table), no_rounding))
    mutants = [m.clause for m in mutants_of("f.py", SOLUTION)]
    compared = [w.hypothesis.text for w in further([SourceText("f.py", SOLUTION, "f")], [])]
    said = "nothing is rounded"
    assert (said in mutants, said in compared) == (tries_checks, not tries_checks)


def lost(evidence: Evidence) -> Candidate | None:
    return Candidate("toy", f"{evidence.failed} of {evidence.check.id} lost") if "a" in evidence.failed else None


def case(**values: Any) -> Case:
    part = Part("1", "A part")
    check = Check(id="forward", part=part, title="T", points=Fraction(1), visibility="public", source=SOURCE)
    observation = Observation(check="forward", ended="returned", values=values)
    golden = {"a": np.array([1.0, 2.0, 4.0])}
    expected = Given(golden=golden, rng=np.random.default_rng(0), data=Path())
    return Case(outcome(check, observation, expected), observation)


def test_a_rule_in_the_table_is_asked_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def said(*table: Rule) -> str:
        monkeypatch.setattr(rules, "RULES", table)
        wrong = case(a=np.array([2.0, 4.0, 8.0]))
        silent = lambda check, seed: Observation(check=check.id, ended="error")  # noqa: E731
        return explain([wrong], {"forward": {"a": np.array([1.0, 2.0, 4.0])}}, None, 1, silent).found["forward"].code

    usual = rules.RULES
    assert said(Rule(lost), *usual) == "toy"
    assert said(*usual, Rule(lost)) == "scaled"


def test_a_code_in_the_table_has_its_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(codes.CODES, "toy", Code("toy", -1))
    assert order("toy", Weakness.NONE, 0) < order("mean-for-sum", Weakness.NONE, 0)
    assert codes.CODES["toy"].anchor == "diagnoses.md#toy"


def test_ranks_differ_and_what_names_nothing_comes_last() -> None:
    ranks = [code.rank for code in codes.CODES.values() if code.rank != UNRANKED]
    assert len(ranks) == len(set(ranks)) > 20
    assert order("wrong-sign", Weakness.CONSTANT, 0) > order("wrong-constant", Weakness.NONE, 5)
    assert order("wrong-sign", Weakness.VAGUE, 0) > order("wrong-sign", Weakness.LAYOUT, 0)
    assert order("scaled", Weakness.NONE, 0) > order("wrong-constant", Weakness.NONE, 9)
