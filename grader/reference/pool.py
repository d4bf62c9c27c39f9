"""Runs edited copies of the reference in a pool of reusable workers.

Used by `grader.reference.self_test` and `grader.reference.mutation_testing`, which decide what to run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import TypeVar

from grader.assignment.notebooks import by_notebook
from grader.errors import WorkerError
from grader.execution.observe import observe
from grader.execution.process import RootProcess
from grader.grading.evaluate import GoldenTable, given_for
from grader.grading.scoring import outcome
from grader.model import Assignment, Check, Edit
from grader.reference.session import ReferenceSession

PROCESSES = 2
"""Concurrent runs; 2 keeps a laptop usable."""
Job = TypeVar("Job")
Result = TypeVar("Result")


def in_parallel(jobs: Iterable[Job], work: Callable[[RootProcess, Job], Result]) -> Iterator[Result]:
    """`work(root, job)` of each job, in the order of the jobs, some at a time, each with a worker to itself.

    A worker in which a job failed is not used again.
    """
    idle: SimpleQueue[RootProcess | None] = SimpleQueue()
    for _ in range(PROCESSES):
        idle.put(None)

    def run(job: Job) -> Result:
        kept = idle.get()
        root = kept if kept is not None else RootProcess()
        try:
            result = work(root, job)
        except BaseException:
            root.close()
            idle.put(None)
            raise
        idle.put(root)
        return result

    try:
        with ThreadPoolExecutor(max_workers=PROCESSES) as pool:
            yield from pool.map(run, jobs)
    finally:
        for _ in range(PROCESSES):
            last = idle.get()
            if last is not None:
                with suppress(WorkerError):
                    last.close()


def is_caught(root: RootProcess, assignment: Assignment, edit: Edit, golden: GoldenTable) -> bool:
    """Whether any check fails on the solution with `edit`; each is asked as soon as it can be, up to the first."""
    return any(_is_caught(root, one, edit, golden) for one in by_notebook(assignment))


def _is_caught(root: RootProcess, assignment: Assignment, edit: Edit, golden: GoldenTable) -> bool:
    asked: set[str] = set()

    def fails(session: ReferenceSession, checks: Iterable[Check]) -> bool:
        # what has a deadline of its own takes longest: asked of what the others let through
        for check in sorted(checks, key=lambda c: c.seconds is not None):
            if check.id not in asked:
                asked.add(check.id)
                observation = observe(session.session, check, seed=assignment.seed)
                given = given_for(assignment, check, golden.get(check.id, {}), assignment.seed)
                if outcome(check, observation, given).status != "passed":
                    return True
        return False

    def probe_checks(session: ReferenceSession, when: str, cell: int) -> None:
        anchors = session.session.anchors
        if fails(session, [c for c in assignment.checks if (anchors[c.id].when, anchors[c.id].cell) == (when, cell)]):
            raise _CaughtError

    try:
        with ReferenceSession(assignment, edit=edit, root=root, on_snapshot=probe_checks) as session:
            return fails(session, assignment.checks)
    except _CaughtError:
        return True


class _CaughtError(Exception):
    """A check has failed: the cells that follow need not run."""
