"""Slots in parallel: one that is killed or hangs costs its hand-in another start, and nothing else."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.cohort import pool
from grader.cohort.discover import find
from grader.cohort.pool import in_slots, started
from grader.cohort.records import BatchResult, Job, Setup
from tests.cohort.test_batch import descendants


@pytest.fixture
def jobs(hand_ins: Path, tmp_path: Path) -> list[Job]:
    found = find(hand_ins, tmp_path / "unpacked", rule=None, roster=None, file_times=False)
    return [
        Job(number=n, submission=h, assignment="toy") for n, h in enumerate(found.submissions) if h.path != "twin_two"
    ]


def slots() -> list[int]:
    """The slots' processes, children of ours."""
    found = []
    for pid in descendants(os.getpid()):
        with contextlib.suppress(OSError):  # it has ended
            if b"grader.cohort.slot_process" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                found.append(pid)
    return found


def collected(results: Iterator[tuple[Job, BatchResult | str] | None]) -> dict[str, BatchResult | str]:
    found: dict[str, BatchResult | str] = {}
    for result in results:
        if result is not None:
            assert result[0].submission.path not in found
            found[result[0].submission.path] = result[1]
    return found


def points(results: dict[str, BatchResult | str]) -> dict[str, str]:
    return {path: r if isinstance(r, str) else f"{r.status} {r.score}" for path, r in results.items()}


EXPECTED = {"broken.ipynb": "ungradable 0", "right": "graded 5", "wrong_one": "graded 3", "wrong_two": "graded 2"}


def test_a_slot_that_is_killed_is_replaced_and_its_hand_in_graded(course: Path, jobs: list[Job]) -> None:
    def run() -> Iterator[tuple[Job, BatchResult | str] | None]:
        results = in_slots(jobs, Setup(root=str(course)), 1)
        yield next(r for r in results if r is not None)  # the next one has been given out
        (slot,) = slots()
        os.kill(slot, signal.SIGKILL)
        yield from results

    assert points(collected(run())) == EXPECTED
    assert slots() == []


def test_a_slot_started_ahead_is_taken_and_one_that_is_not_needed_ended(course: Path, jobs: list[Job]) -> None:
    setup = Setup(root=str(course))
    with started(2) as ahead:
        found = points(collected(in_slots(jobs, setup, 1, ahead)))
        assert len(ahead) == len(slots()) == 1
    assert found == EXPECTED
    assert slots() == []


@pytest.mark.slow
def test_a_hand_in_that_costs_two_slots_is_given_up_and_said(
    course: Path, jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = Path(jobs[1].submission.place) / "toy.ipynb"
    assert jobs[1].submission.path == "right"
    notebook.write_text(
        notebook.read_text().replace("import numpy as np", "import time; time.sleep(28)\\nimport numpy")
    )
    monkeypatch.setattr(pool, "JOB_SECONDS", 20.0)
    found = points(collected(in_slots(jobs, Setup(root=str(course)), 2)))
    assert "crashed twice" in found.pop("right")
    assert found == {path: told for path, told in EXPECTED.items() if path != "right"}
