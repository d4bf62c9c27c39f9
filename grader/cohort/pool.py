"""Slots in parallel on this machine: hands out jobs, collects results, replaces a slot that dies or hangs.

Owns the processes. In which order the jobs come, and what is done with a result, is `batch`'s.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from multiprocessing import Pipe
from pathlib import Path

import msgspec

from grader.cohort.records import BatchResult, Job, Setup
from grader.cohort.slot_process import receive, send
from grader.sandbox.watchdog import remove

TRIES = 2
"""Slots that a submission may cost: one that kills its slot twice is the cause, and its report says so."""
JOB_SECONDS = 7200.0
"""When a slot counts as hung: far beyond a submission's own deadlines, which the slot keeps."""
LOOK_SECONDS = 0.5
"""How often the caller is woken where nothing happens, for its clock."""


class SlotProcess:
    """One slot's process and what it is doing."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="grade-slot-"))
        self.channel, theirs = Pipe()
        try:
            self.popen = subprocess.Popen(
                [sys.executable, "-P", "-m", "grader.cohort.slot_process", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, "TMPDIR": str(self.folder)},
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # so that Ctrl-C reaches the batch alone
            )
        finally:
            theirs.close()
        self.job: Job | None = None
        self.since = time.monotonic()

    def set_up(self, setup: Setup) -> None:
        with contextlib.suppress(OSError):  # it died at once: the first job finds out
            send(self.channel, setup)

    def give(self, job: Job) -> None:
        self.job, self.since = job, time.monotonic()
        with contextlib.suppress(OSError):  # its end is seen where results are awaited
            send(self.channel, job)

    def close(self) -> None:
        self.channel.close()  # it ends itself, its worker and its folder
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()
        remove(self.folder)  # which hostile code may have nested deeper than Python can follow


@contextlib.contextmanager
def started(number: int) -> Iterator[list[SlotProcess]]:
    """That many slots, which load while the caller finds out what there is to do; ends those that are not taken."""
    waiting = [SlotProcess() for _ in range(number)]
    try:
        yield waiting
    finally:
        for process in waiting:
            process.close()


def in_slots(
    jobs: Iterable[Job], setup: Setup, slots: int, ahead: list[SlotProcess] | None = None
) -> Iterator[tuple[Job, BatchResult | str] | None]:
    """Grade `jobs` in up to `slots` processes, those of `ahead` first, and yield each result as it comes.

    Each is (job, graded), where a text in the place of `graded` says what happened if the grader itself failed. None is
    a heartbeat: no result yet.
    """
    waiting = iter(jobs)
    again: list[Job] = []
    lost: dict[int, int] = {}
    """Job number -> slots that it has cost."""
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        running: set[SlotProcess] = set()

        @stack.callback
        def end() -> None:
            for process in running:
                process.channel.close()  # all at once, before any is waited for
            for process in running:
                process.close()

        def start(job: Job) -> None:
            process = ahead.pop() if ahead else SlotProcess()
            process.set_up(setup)
            running.add(process)
            selector.register(process.channel, selectors.EVENT_READ, process)
            process.give(job)

        def drop(process: SlotProcess) -> None:
            selector.unregister(process.channel)
            running.discard(process)
            process.close()

        while True:
            while len(running) < slots and (job := again.pop() if again else next(waiting, None)) is not None:
                start(job)
            if not running:
                return
            for process in _ready(selector, running):
                job = process.job
                assert job is not None  # a process without one is dropped
                body = None if time.monotonic() - process.since > JOB_SECONDS else receive(process.channel)
                if body is not None:
                    following = again.pop() if again else next(waiting, None)
                    if following is None:
                        drop(process)
                    else:
                        process.give(following)
                    yield job, msgspec.json.decode(body, type=BatchResult)
                    continue
                drop(process)
                lost[job.number] = lost.get(job.number, 0) + 1
                if lost[job.number] < TRIES:
                    again.append(job)
                else:
                    yield job, "the grading process crashed twice (out of memory?); try it alone with `grade`"
            yield None


def _ready(selector: selectors.BaseSelector, running: Iterable[SlotProcess]) -> list[SlotProcess]:
    """Slots with something to read, or that are hung."""
    ready = [key.data for key, _ in selector.select(LOOK_SECONDS)]
    return ready + [p for p in running if p not in ready and time.monotonic() - p.since > JOB_SECONDS]
