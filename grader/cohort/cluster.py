"""The same jobs on the workers of a Dask scheduler: `--cluster tcp://head:8786`.

Owns handing out and collecting. The store stays with the batch and is the truth: a worker that is lost costs the job
that it was doing, which the scheduler gives to another. Workers need this package, the course at the same path, and
the submissions at the same path (a shared file system or a mounted volume); one thread each (`--nthreads 1`).
"""

from __future__ import annotations

import math
import queue
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from grader.cohort.records import BatchResult, Job, Setup
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.cohort.slot import Slot

AHEAD = 4
"""Jobs handed out for each thread of the cluster: none waits for the network, and Ctrl-C has few to forget."""
CONNECT_SECONDS = 20
WORKERS_SECONDS = 60
"""For the first worker to be there: on one machine they start together with the batch."""
WORKERS_LOOK_SECONDS = 5
"""How often the workers are counted."""
LOOK_SECONDS = 0.5
"""How often the caller is woken where nothing happens."""
SLOT = "grader_slot"
"""The attribute of a Dask worker that keeps its warm slot."""


def on_cluster(jobs: Iterable[Job], setup: Setup, address: str) -> Iterator[tuple[Job, BatchResult | str] | None]:
    """Grade `jobs` on the scheduler at `address`; yields as `pool.in_slots` does.

    Raises UsageError if Dask is not installed, nobody answers, or the scheduler has no workers.
    """
    client = _client(address)
    try:
        yield from _collect(client, jobs, setup, address)
    finally:
        client.close()


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise UsageError("--cluster needs Dask: pip install 'numgrade[cluster]'") from None
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as problem:
        raise UsageError(f"--cluster {address}: no scheduler answers there ({type(problem).__name__})") from None


def _collect(
    client: Any, jobs: Iterable[Job], setup: Setup, address: str
) -> Iterator[tuple[Job, BatchResult | str] | None]:
    try:
        client.wait_for_workers(1, timeout=WORKERS_SECONDS)
    except TimeoutError:
        what = f"the scheduler has no workers after {WORKERS_SECONDS} s"
        raise UsageError(f"--cluster {address}: {what}; start some with `dask worker {address} --nthreads 1`") from None
    threads, looked = 0, -math.inf
    encoded = msgspec.json.encode(setup)
    waiting = iter(jobs)
    running: dict[Any, Job] = {}
    done: queue.SimpleQueue[Any] = queue.SimpleQueue()
    while True:
        if time.monotonic() > looked + WORKERS_LOOK_SECONDS:  # a queue starts them one after the other
            threads, looked = max(sum(client.nthreads().values()), 1), time.monotonic()
        while len(running) < AHEAD * threads and (job := next(waiting, None)) is not None:
            # pure=False: the same job twice is two tasks, never an old answer from the scheduler's memory
            future = client.submit(grade_job, encoded, msgspec.json.encode(job), pure=False)
            running[future] = job
            future.add_done_callback(done.put)
        if not running:
            return
        try:
            future = done.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            yield None
            continue
        yield running.pop(future), _result(future)


def _result(future: Any) -> BatchResult | str:
    if future.status == "finished":
        return msgspec.json.decode(future.result(), type=BatchResult)
    # the scheduler has given it to `distributed.scheduler.allowed-failures` workers, and lost them all
    problem = future.exception()
    return f"the cluster could not grade it: {type(problem).__name__}: {problem}"


def grade_job(setup: bytes, job: bytes) -> bytes:
    """Grade one job on a Dask worker, in the warm slot that this worker keeps; JSON in and out."""
    from distributed import get_worker

    from grader.cohort.slot import Slot

    worker = get_worker()
    kept: tuple[bytes, Slot] | None = getattr(worker, SLOT, None)
    if kept is None or kept[0] != setup:
        if kept is not None:
            kept[1].close()
        kept = setup, Slot(msgspec.json.decode(setup, type=Setup))
        setattr(worker, SLOT, kept)
    return msgspec.json.encode(kept[1].grade(msgspec.json.decode(job, type=Job)))
