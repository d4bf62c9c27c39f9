"""One slot grades five hundred submissions and is at the end what it was at the beginning."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.cohort.discover import fingerprint_of
from grader.cohort.records import CohortEntry, Job, Setup
from grader.cohort.slot import Slot
from grader.sandbox.watchdog import descendants
from tests.hostile.arena import COURSE, HONEST, notebook
from tests.hostile.attacks import Attack

KINDS = {
    "honest": HONEST,
    "raises": "raise ValueError('no')",
    "ends": "import os\nos._exit(0)",
    "forks": "import os\nos.fork() or __import__('time').sleep(60)\n" + HONEST,
}
"""Bodies of the gradients: the worker must not only survive what is well-behaved."""
LEAST = 5
"""Submissions until everything that is loaded once has been."""


def pages(pid: int) -> int:
    """Bytes of memory of a process that no file stands behind."""
    text = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(next(line for line in text.splitlines() if line.startswith("RssAnon")).split()[1])


def sample(slot: Slot) -> dict[str, int]:
    root = slot._root
    assert root is not None
    return {
        "descriptors here": len(os.listdir("/proc/self/fd")),
        "descriptors of the worker": len(os.listdir(f"/proc/{root.pid}/fd")),
        "processes": len(descendants(root.pid)),
        "files of the worker": sum(1 for _ in root.folder.rglob("*")),
        "worker": root.pid,
    }


def run(folder: Path, count: int) -> None:
    for name, body in KINDS.items():
        told = notebook(Attack(name, body, where="gradients"), {})
        (folder / f"{name}.ipynb").write_text(told)
    with Slot(Setup(root=str(COURSE))) as slot:

        def graded(name: str) -> str:
            place = str(folder / f"{name}.ipynb")
            content = fingerprint_of({f"{name}.ipynb": Path(place)})[0]
            hand_in = CohortEntry(path=f"{name}.ipynb", place=place, content=content, student=name)
            report = slot.grade(Job(number=0, submission=hand_in, assignment="target")).report
            return str({key: report[key] for key in report if key not in ("timings", "submission")})

        names = [list(KINDS)[n % len(KINDS)] for n in range(count)]
        first = graded("honest")
        for name in names[:LEAST]:
            graded(name)
        before = sample(slot)
        assert slot._root is not None
        here, there = pages(os.getpid()), pages(slot._root.pid)
        for name in names[LEAST:]:
            graded(name)
        assert sample(slot) == before
        assert graded("honest") == first
        # some kilobytes each are the allocators' and the caches'; a leaked notebook would be a megabyte
        assert pages(slot._root.pid) - there < max(2 << 20, count << 13)
        assert pages(os.getpid()) - here < max(16 << 20, count << 16)


@pytest.mark.slow
@pytest.mark.hostile
def test_five_hundred_submissions_leave_a_slot_as_it_was(tmp_path: Path) -> None:
    run(tmp_path, 500)
