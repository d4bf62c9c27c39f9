"""Grades submissions one after another in a reused worker; replaces the worker after any failure.

Owns the digests of all that a stored report depends on; the roster, due dates and policies are not among it. Knows
nothing of other slots or of the store: a `Job` comes in, a `BatchResult` goes out, whatever the submission does.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import msgspec

from grader.assignment.digest import assignment_digests, text_digest
from grader.assignment.loading.course import Course
from grader.cohort.discover import fingerprint_of, staged
from grader.cohort.evidence import evidence
from grader.cohort.feedback_files import write_page
from grader.cohort.records import BatchResult, CacheKey, CohortEntry, Job, Setup, Status
from grader.engine import assignment_of, grade_with, libraries, public_only
from grader.errors import Fault, GraderError, SubmissionError, UsageError, WorkerError
from grader.execution.process import RootProcess
from grader.execution.spawn import Launched
from grader.model import Assignment, Report
from grader.reference.expected import ExpectedValues
from grader.report.json_report import to_json
from grader.sandbox.tiers import Policy
from grader.sandbox.watchdog import remove
from grader.submission.files.gather import SubmittedFiles
from grader.versions import engine
from grader.worker import wire
from grader.worker.messages import Done, Sweep

TRIES = 2
"""A fault or a lost process may be the machine's mood; what comes again in a new worker counts."""


OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO)
"""Errors that no file of a submission is the cause of, whichever was being copied."""


class Loaded(msgspec.Struct, frozen=True):
    """An assignment with what its submissions are compared with."""

    assignment: Assignment
    expected: ExpectedValues
    key: CacheKey
    libraries: tuple[str, ...]


class Slot:
    """One warm worker for one course, which may have been started early; a context manager."""

    def __init__(self, setup: Setup, worker: Launched | None = None) -> None:
        self.course = Course(root=Path(setup.root), single=setup.single)
        self._setup = setup
        self._policy = Policy(setup.require, setup.unsafe)
        self._pages = None if setup.pages is None else Path(setup.pages)
        self._loaded: dict[str, Loaded] = {}
        self._unidentified: CacheKey | None = None
        self._root = None if worker is None else RootProcess(worker)

    def load(self, id: str) -> Assignment:
        """An assignment as this slot grades it."""
        assignment = self.course.load(id)
        if not self._setup.hidden:
            assignment = public_only(assignment)
        if self._setup.data is None:
            return assignment
        return msgspec.structs.replace(assignment, data=Path(self._setup.data).absolute())

    def loaded(self, id: str, *, values: bool = True) -> Loaded:
        """An assignment with its key, and with `values` its expected values; read once.

        Raises UsageError or a Fault if there is none of that id, or its files are inconsistent.
        """
        if id not in self._loaded:
            assignment = self.load(id)
            expected = ExpectedValues(assignment, self._setup.seed)
            self._loaded[id] = Loaded(assignment, expected, key_of(assignment, expected), libraries(assignment))
        if values:
            self._loaded[id].expected.prepare()
        return self._loaded[id]

    def unidentified_key(self) -> CacheKey:
        """The cache key of submissions whose assignment could not be determined."""
        if self._unidentified is None:
            assignments = []
            for id in self.course.ids():
                with contextlib.suppress(Fault):  # `identify` leaves a broken one out too
                    assignments.append(self.load(id))
            self._unidentified = unidentified_key(assignments)
        return self._unidentified

    def grade(self, job: Job) -> BatchResult:
        """Grade one submission; whatever goes wrong is in the result."""
        graded = self._grade(job)
        if not graded.fatal and _has_changed(job.submission):
            problem = WorkerError("the file changed during grading; the same command tries again")
            graded = _void(graded.assignment, problem, graded.key, job, graded.seconds)
        if graded.status == "graded":
            return graded
        return self._with_page(job, graded, _nothing(graded.assignment, graded.status, graded.reason, job))

    def _with_page(self, job: Job, graded: BatchResult, report: Report) -> BatchResult:
        """The same, when the submission's page has been written, if there shall be one."""
        if self._pages is None or graded.fatal:
            return graded
        try:
            write_page(self._pages, job.submission, report, graded.key)
        except OSError as error:  # a full disk, no permission: so it will be for everyone
            return msgspec.structs.replace(graded, fatal=f"--feedback {self._pages}: {error.strerror or error}")
        except Exception:  # a defect of ours in showing a result must not cost the result; the next run tries again
            return graded
        return graded

    def _grade(self, job: Job) -> BatchResult:
        started = time.monotonic()
        folder = Path(tempfile.mkdtemp(prefix="grade-slot-"))
        try:
            path = staged(job.submission, folder / "handed in")
            try:
                id, handed = assignment_of(self.course, path, job.assignment, folder / "unpacked")
            except SubmissionError as error:
                return _refused("", str(error), self.unidentified_key(), job, time.monotonic() - started)
            try:
                loaded = self.loaded(id)
            except GraderError as error:
                return _void(id, error, self.unidentified_key(), job, time.monotonic() - started)
            return self._graded(job, path, handed, loaded, started)
        except OSError as error:
            key = CacheKey(submission="", environment=engine(), seed="")
            if not _is_of_submission(error, job.submission, folder):
                return _void("", error, key, job, time.monotonic() - started)
            reason = f"{job.submission.path} cannot be read ({error.strerror or error})"
            return _refused("", reason, key, job, time.monotonic() - started)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _graded(
        self, job: Job, path: Path, handed: SubmittedFiles | None, loaded: Loaded, started: float
    ) -> BatchResult:
        problem: Exception = WorkerError("nothing was tried")
        for again in range(TRIES):
            folder: Path | None = None
            try:
                root = self._root = self._root or RootProcess()
                root.warm(loaded.libraries)
                folder = root.new_folder()
                report = grade_with(
                    root,
                    path,
                    loaded.assignment,
                    folder,
                    loaded.expected,
                    handed=handed,
                    policy=self._policy,
                    keep=True if self._pages is not None else "answers",
                )
                if again + 1 < TRIES and report.lost_process:
                    self.close()
                    continue
                self._tidy()
                graded = _from_report(report, loaded.key, job, time.monotonic() - started)
                return self._with_page(job, graded, report)
            except (WorkerError, wire.Closed, wire.DeadlineExceeded) as error:
                self.close()  # a dead worker shows in whatever is asked of it first
                problem = error if isinstance(error, WorkerError) else WorkerError(f"the worker ended: {error}")
            except UsageError as error:  # the sandbox is not what was asked for: so it will be for everyone
                self.close()
                return msgspec.structs.replace(
                    _void(loaded.assignment.id, error, loaded.key, job, time.monotonic() - started), fatal=str(error)
                )
            except GraderError as error:
                self.close()
                problem = error
                break
            except Exception as error:  # a defect of ours on this submission must not cost the cohort its other results
                self.close()
                problem = RuntimeError(f"internal fault: {type(error).__name__}: {error}")
                break
            finally:
                if folder is not None:
                    remove(folder)  # which hostile code may have nested deeper than Python can follow
        return _void(loaded.assignment.id, problem, loaded.key, job, time.monotonic() - started)

    def _tidy(self) -> None:
        """End what a submission left, or the worker where that is not possible; its home went with its supervisor."""
        root = self._root
        assert root is not None  # just graded with
        try:
            root.ask(Sweep(), Done)
        except (wire.Closed, wire.DeadlineExceeded, WorkerError):
            self.close()
            return
        for process in [p for p in root.open_processes if p is not root]:
            process.release()

    def close(self) -> None:
        """End the worker; the next submission starts another."""
        root, self._root = self._root, None
        if root is not None:
            root.close()

    def hang_up(self) -> None:
        """Close the worker's socket from another thread; the worker then ends everything and itself."""
        if self._root is not None:
            self._root.channel.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Slot:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _is_of_submission(error: OSError, submission: CohortEntry, copies: Path) -> bool:
    """Whether a file of the submission, or its copy, is at fault, and not the machine or the course's folder."""
    own = [copies, *map(Path, filter(None, (submission.place, *submission.files.values())))]
    if error.errno in OF_THE_MACHINE or not isinstance(error.filename, str | os.PathLike):
        return False
    return any(Path(error.filename).is_relative_to(place) for place in own)


def _has_changed(submission: CohortEntry) -> bool:
    """Whether its files are no longer those that it is known by: a report on them would be kept under a wrong name."""
    files = submission.files or {PurePosixPath(submission.path).name: submission.place}
    return fingerprint_of({name: Path(place) for name, place in files.items()}).content != submission.content


def _refused(assignment: str, reason: str, key: CacheKey, job: Job, seconds: float) -> BatchResult:
    return _from_report(_nothing(assignment, "ungradable", reason, job), key, job, seconds)


def _void(assignment: str, problem: Exception, key: CacheKey, job: Job, seconds: float) -> BatchResult:
    """Ours, not the student's; it is tried again in the next run."""
    return _from_report(_nothing(assignment, "fault", " ".join(str(problem).split()), job), key, job, seconds)


def _nothing(assignment: str, status: Status, reason: str, job: Job) -> Report:
    submission = job.submission
    return Report(assignment=assignment, path=submission.path, digest=submission.content, status=status, reason=reason)


def _from_report(report: Report, key: CacheKey, job: Job, seconds: float) -> BatchResult:
    report = msgspec.structs.replace(report, path=job.submission.path)
    automatic = [part for part in report.parts if part.manual is None]
    return BatchResult(
        assignment=report.assignment,
        status=report.status,
        reason=report.reason,
        score=str(sum(part.score for part in automatic)),
        max_score=str(sum(part.max_score for part in automatic)),
        pending=str(report.pending),
        report=to_json(report),
        evidence=evidence(report),
        key=msgspec.structs.replace(key, submission=job.submission.content),
        seconds=seconds,
    )


def key_of(assignment: Assignment, expected: ExpectedValues) -> CacheKey:
    """The key of an assignment as it is loaded; `submission` is left empty."""
    return CacheKey(submission="", environment=engine(), seed=expected.label, files=assignment_digests(assignment))


def unidentified_key(assignments: Iterable[Assignment]) -> CacheKey:
    """The key of a submission whose assignment could not be determined; it depends on all of them."""
    files = {a.id: text_digest(*(t for pair in assignment_digests(a).items() for t in pair)) for a in assignments}
    return CacheKey(submission="", environment=engine(), seed="", files=files)
