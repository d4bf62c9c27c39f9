"""A check's fingerprint moves with what its probe can reach, and with nothing else."""

from __future__ import annotations

from fractions import Fraction

import pytest

from grader.cohort.probes import check_fingerprints
from grader.model import Check, Part

SOURCE = '''\
"""Checks."""
import numpy as np
from grader import Part, check

ONE = Part("1", "One")
SIZE = 3

def draw(rng):
    return rng.normal(size=SIZE)

def judge(seen, given):
    return []

@check(ONE, points=1)
def first(student, rng):
    """First"""
    return {"out": student.f(draw(rng))}

@check(ONE, points=1, judge=judge)
def second(student, rng):
    """Second"""
    return {"out": student.g(2)}
'''


def fingerprints(source: str) -> dict[str, str]:
    checks = [
        Check(id=id, part=Part("1", "One"), title=id, points=Fraction(1), visibility="public", source=source)
        for id in ("first", "second")
    ]
    return check_fingerprints(checks)


def moved(old: str, new: str) -> set[str]:
    assert old in SOURCE
    before, after = fingerprints(SOURCE), fingerprints(SOURCE.replace(old, new))
    return {id for id in before if before[id] != after[id]}


@pytest.mark.parametrize(
    ("old", "new", "which"),
    [
        ("student.g(2)", "student.g(3)", {"second"}),
        ("student.g(2)}", "student.g( 2 )}  # a comment", set()),
        ("SIZE = 3", "SIZE = 4", {"first"}),
        ("rng.normal(size=SIZE)", "rng.uniform(size=SIZE)", {"first"}),
        ("return []", "return [1]", {"second"}),
        ("@check(ONE, points=1)\n", "@check(ONE, points=2)\n", {"first"}),
        ('"""Second"""', '"""Another title"""', {"second"}),
        ('"""Checks."""', '"""Other words."""', set()),
        ("SIZE = 3", "SIZE = 3\nUNUSED = 1", set()),
        ("SIZE = 3", "SIZE = 3\nnp.random.seed(0)", {"first", "second"}),
        ("student.g(2)", "globals()['SIZE']", {"second"}),
    ],
)
def test_only_what_a_check_rests_on_moves_it(old: str, new: str, which: set[str]) -> None:
    assert moved(old, new) == which


@pytest.mark.parametrize(
    ("reaching", "all_of_it"),
    [
        ("globals()['draw'](rng)", True),
        ("vars()['draw'](rng)", True),
        ("vars(student.g)", False),
        ("eval('draw')(rng)", True),
        ("exec('draw(rng)')", True),
        ("eval('x', {'x': 1})", False),
        ("exec('y = 1', dict(student.notebook))", False),
        ("exec('draw(rng)', globals())", True),
    ],
)
def test_a_probe_that_may_reach_everything_rests_on_everything(reaching: str, all_of_it: bool) -> None:
    source = SOURCE.replace("student.g(2)", reaching)
    before, after = fingerprints(source), fingerprints(source.replace("SIZE = 3", "SIZE = 4"))
    assert (before["second"] != after["second"]) == all_of_it
