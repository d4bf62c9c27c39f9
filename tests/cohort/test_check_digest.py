"""A check's fingerprint moves with what its probe can reach, and with nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from grader.assignment.loading.check_files import read_checks
from grader.cohort.check_digest import check_fingerprints
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
        ("SIZE = 3", "SIZE = 3\npass", set()),
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


def test_a_helper_file_moves_only_the_checks_that_reach_what_changed_in_it(tmp_path: Path) -> None:
    files = {
        "checks_draw.py": "SIZE = 3\ndef draw(rng): return rng.normal(size=SIZE)\ndef twice(x): return 2 * x\n",
        "checks.py": SOURCE.replace("SIZE = 3\n\ndef draw(rng):\n    return rng.normal(size=SIZE)\n", "")
        .replace("import numpy", "from checks_draw import draw\nfrom checks_draw import twice as double\nimport numpy")
        .replace("student.g(2)", "student.g(double(2))"),
    }

    def moved_by(file: str, old: str, new: str) -> set[str]:
        found = []
        for text in (files[file], files[file].replace(old, new)):
            for name, content in (files | {file: text}).items():
                (tmp_path / name).write_text(content)
            found.append(check_fingerprints(read_checks(tmp_path)))
        return {id for id in found[0] if found[0][id] != found[1][id]}

    assert moved_by("checks_draw.py", "SIZE = 3", "SIZE = 4") == {"first"}
    assert moved_by("checks_draw.py", "2 * x", "3 * x") == {"second"}
    assert moved_by("checks_draw.py", "SIZE = 3", "OTHER = 1\nSIZE = 3") == set()
    assert moved_by("checks.py", "double(2)", "double(3)") == {"second"}


def test_fingerprints_are_the_same_in_every_process() -> None:
    """Names come out of sets, whose order is another each time; two statements may share a line."""
    names = [f"a{n}" for n in range(40)]
    source = SOURCE.replace("student.g(2)", f"student.g({' + '.join(names)})")
    source = source.replace("SIZE = 3", "SIZE = 3\n" + "; ".join(f"{name} = 1" for name in names))
    code = f"""
from tests.cohort.test_check_digest import fingerprints
print(fingerprints({source!r}))
"""
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
        ).stdout
        for seed in "123"
    }
    assert len(found) == 1
