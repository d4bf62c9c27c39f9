"""Grade a cohort: decide what has to be graded, have it graded, and write down what came of it.

Owns the order of things. Finding submissions is `discover`'s, keys are `slot`'s, processes `pool`'s, the price of a
late day `late_policy`'s. Every result is in the store before the next one is looked at, so that stopping costs only
what was running.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from grader import __version__
from grader.cohort.feedback_files import is_current
from grader.cohort.late_policy import Rules, apply_policy
from grader.cohort.records import BatchResult, CacheKey, CohortEntry, Job, RosterEntry, Setup, Status
from grader.cohort.slot import Slot
from grader.cohort.store import Store
from grader.errors import Fault, UsageError

Runner = Callable[[Iterable[Job], Setup], Iterator[tuple[Job, BatchResult | str] | None]]
"""Grades jobs somewhere: `pool.in_slots`, `cluster.on_cluster`."""


class Event(Struct, frozen=True):
    """One submission is done, or nothing was for a moment (`status` None)."""

    status: Status | None = None
    full: bool = False
    """Every automatic point was earned."""
    reused: bool = False


class BatchPlan(Struct, frozen=True):
    """What a batch has to do."""

    jobs: tuple[Job, ...]
    twins: dict[int, list[CohortEntry]]
    """Job number -> submissions that are the same to the last byte, and get its report, if it is graded."""
    kept: tuple[tuple[CohortEntry, int], ...]
    """Submissions with the report that they have already."""


class CurrentKeys(Struct, frozen=True):
    """The keys that a report must have to be current."""

    assignments: dict[str, CacheKey]
    unidentified: CacheKey
    """Of submissions whose assignment could not be determined."""

    def of(self, assignment: str) -> CacheKey | None:
        """The key for a report on this assignment (empty: none could be determined)."""
        return self.assignments.get(assignment) if assignment else self.unidentified


def current_keys(slot: Slot, assignment: str | None) -> CurrentKeys:
    """The current keys of the assignment, or of all of the course.

    Raises UsageError or a Fault if it does not exist or is inconsistent; without a name, only if that is so of all.
    """
    if assignment is not None:
        return CurrentKeys({assignment: slot.loaded(assignment, values=False).key}, slot.unidentified_key())
    keys: dict[str, CacheKey] = {}
    problem: Fault | None = None
    for id in slot.course.ids():
        try:
            keys[id] = slot.loaded(id, values=False).key
        except Fault as fault:  # its submissions are faults, the others' are not
            problem = problem or fault
    if problem is not None and not keys:
        raise problem
    return CurrentKeys(keys, slot.unidentified_key())


def make_plan(
    store: Store,
    submissions: Sequence[CohortEntry],
    current: CurrentKeys,
    assignment: str | None,
    since: str = "",
    pages: Path | None = None,
) -> BatchPlan:
    """Look each submission up in the store.

    Reports made before `since` are passed over. With `pages`, where each submission has a page of its own, one without
    is graded, and twins each for itself.
    """
    kept: list[tuple[CohortEntry, int]] = []
    jobs: list[Job] = []
    twins: dict[int, list[CohortEntry]] = {}
    first: dict[str, int] = {}
    """Content -> the job that grades it."""
    for submission in submissions:
        if submission.content in first and pages is None:
            twins.setdefault(first[submission.content], []).append(submission)
            continue
        report = _reusable(store, submission, current, assignment, since, pages)
        if report is not None:
            kept.append((submission, report))
            continue
        number = first[submission.content] = len(jobs)
        jobs.append(Job(number=number, submission=submission, assignment=assignment))
    return BatchPlan(tuple(jobs), twins, tuple(kept))


def _reusable(
    store: Store, submission: CohortEntry, current: CurrentKeys, assignment: str | None, since: str, pages: Path | None
) -> int | None:
    """The stored report that this submission would get again; None when it has to be graded."""
    for id, graded in store.reports(submission.content, since):
        key = current.of(graded.assignment)
        if key is None or graded.status == "fault" or (assignment or graded.assignment) != graded.assignment:
            continue
        if graded.status != "graded" and store.report(id)["submission"]["path"] != submission.path:
            continue  # the reason names another student's file
        if graded.key.fits(key) and (pages is None or is_current(pages, submission, key)):
            return id
    return None


def run_batch(
    store: Store,
    source: str,
    submissions: Sequence[CohortEntry],
    *,
    setup: Setup,
    runner: Runner,
    options: dict[str, Any],
    rules: Rules,
    assignment: str | None = None,
    again: bool = False,
    planned: Callable[[BatchPlan], None] = lambda plan: None,
    tell: Callable[[Event], None] = lambda event: None,
    people: Sequence[RosterEntry] = (),
) -> int:
    """Grade what has to be graded, keep the rest, and close the run; returns its number.

    `options` is what makes two calls the same command: one that was interrupted is gone on with. With `again`, nothing
    is kept that was graded before this run. `planned` is called once with what is to be done, `tell` with each
    submission that is. `people` is the roster, so that whoever handed in nothing is in the store too. Raises UsageError
    or a Fault before anything is graded if there is no such assignment, or it is inconsistent; later if what grades
    cannot, or is another grader than this one.
    """
    with Slot(setup) as slot:
        current = current_keys(slot, assignment)
        titles = {id: slot.loaded(id, values=False).assignment.title for id in current.assignments}
    environment = current.unidentified.environment
    if not submissions:
        raise UsageError(f"{source}: no submission in it")
    run = store.start(source, {**options, "again": again, "titles": titles}, __version__)
    store.enrol(run, people)
    pages = None if setup.pages is None else Path(setup.pages)
    plan = make_plan(store, submissions, current, assignment, store.run(run).started if again else "", pages)
    planned(plan)
    reports = dict(store.scores(id for _, id in plan.kept))
    for submission, id in plan.kept:
        store.reuse(run, submission, id)
        tell(Event(*reports[id], reused=True))
    jobs, twins = plan.jobs, plan.twins
    while jobs:
        apart: list[CohortEntry] = []
        """Twins of what could not be graded: each gets a report about its own file."""
        for result in runner(jobs, setup):
            if result is None:
                tell(Event())
                continue
            job, graded = result
            if isinstance(graded, str):
                graded = _lost(job, graded)
            if graded.fatal:
                raise UsageError(graded.fatal)
            if graded.key.environment not in ("", environment):  # another machine's, or somebody works on it
                what = f"it was graded with {graded.key.environment}, and this batch is with {environment}"
                raise UsageError(
                    f"{job.submission.path}: {what}; have the same everywhere, and the same command goes on"
                )
            id = store.add(run, job.submission, graded)
            full = graded.score == graded.max_score
            tell(Event(graded.status, full))
            for twin in twins.get(job.number, ()):
                if graded.status != "graded" and twin.path != job.submission.path:
                    apart.append(twin)
                    continue
                store.reuse(run, twin, id)
                tell(Event(graded.status, full, reused=True))
        jobs = tuple(Job(number=n, submission=twin, assignment=assignment) for n, twin in enumerate(apart))
        twins = {}
    elsewhere = store.elsewhere(run) if rules.late.term_days else ()
    store.finish(run, apply_policy(store.results(run, reports=False), rules, elsewhere))
    return run


def _lost(job: Job, why: str) -> BatchResult:
    """A submission that ended the slots that graded it."""
    key = CacheKey(submission=job.submission.content, environment="", seed="")
    return BatchResult(assignment=job.assignment or "", status="fault", reason=why, key=key)


def in_shard(submissions: Iterable[CohortEntry], number: int, of: int) -> list[CohortEntry]:
    """The submissions of shard `number` (from 1) of `of`: all of a student's, whatever else is there."""
    import zlib

    return [h for h in submissions if zlib.crc32(h.student.encode()) % of == number - 1]
