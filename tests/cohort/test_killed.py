"""A cohort of every kind of hand-in, killed at random moments: every score once, none lost, none different."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.assignment.loading.course import Course
from grader.cohort.store import Store
from tests.cohort.generate import KINDS, make_cohort

ROOT = Path(__file__).parents[2]
COUNTS = {"ece176_a3": 10, "tum_ex09": 5}
SLICE = (4.0, 12.0)
"""Seconds after which the batch is killed: within the first, the middle and the last hand-ins."""


def batch(source: Path, store: Path, seconds: float | None) -> int | None:
    """Run it for so long; its exit code, None if it was killed."""
    command = [sys.executable, "-m", "grader", "batch", str(source), "--store", str(store), "--course", str(ROOT)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    popen = subprocess.Popen(command, cwd=source, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return popen.wait(seconds)
    except subprocess.TimeoutExpired:
        popen.kill()
        popen.wait()
        return None


def contents(store: Path) -> dict[str, Any]:
    with Store.open(store) as opened:
        assert len(opened.runs()) == 1
        listed = list(opened.results())
    found = {r.path: (r.status, r.points, {k: v for k, v in r.report.items() if k != "timings"}) for r in listed}
    assert len(found) == len(listed)
    return found


@pytest.mark.slow
def test_killed_three_times_it_comes_to_the_same(tmp_path: Path) -> None:
    names = make_cohort(Course(root=ROOT), tmp_path / "in", COUNTS)
    rng = random.Random(3)
    for _ in range(3):
        batch(tmp_path / "in", tmp_path / "killed.sqlite", rng.uniform(*SLICE))
    assert batch(tmp_path / "in", tmp_path / "killed.sqlite", None) == 0
    assert batch(tmp_path / "in", tmp_path / "plain.sqlite", None) == 0
    killed, plain = contents(tmp_path / "killed.sqlite"), contents(tmp_path / "plain.sqlite")
    assert sorted(path.partition(".")[0] for path in plain) == sorted(names)
    assert killed == plain
    by_kind = {kind: [v[1] for path, v in plain.items() if kind in path] for kind in KINDS}
    assert all(status == "ungradable" for path, (status, _, _) in plain.items() if "broken" in path)
    assert min(by_kind["correct"], default=0) >= 20  # every automatic point of the smaller assignment
