"""Immutable types of a cohort: its submissions, jobs, results, scores and decisions.

Owns no behaviour beyond small derived properties. Keeping them is `store`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Literal

from msgspec import Struct, field

Status = Literal["graded", "ungradable", "fault"]


class CohortEntry(Struct, frozen=True, kw_only=True):
    """One submission as it was found, before anything of it is run."""

    path: str
    """How it is called in messages and in the store: relative to what was given, with `/`."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Name in the submission -> file on disk, where its files have to be gathered; empty: `place` as it is."""
    place: str = ""
    """The notebook, folder or archive on disk."""
    student: str
    """The key that attempts are gathered under: the roster's id, or what the platform or the file's name says."""
    name: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    """What platforms and the roster call the student: `canvas_id`, `moodle_id`, `email`, `sid`, roster columns."""
    attempt: int = 1
    submitted: str = ""
    """ISO 8601 with the offset; empty when nothing says when."""
    late: bool = False
    """The platform marked it as late."""
    content: str = ""
    """`sha256:` over the names and bytes of what was handed in."""


class RosterEntry(Struct, frozen=True, kw_only=True):
    """One student of the roster."""

    key: str
    name: str
    columns: Mapping[str, str]


class CacheKey(Struct, frozen=True, kw_only=True):
    """Everything that can move a report, as digests; what differs between two is why a score moved."""

    submission: str
    environment: str = ""
    """Versions of the grader, Python, NumPy and SciPy."""
    seed: str = ""
    """Which points the checks are asked at."""
    files: Mapping[str, str] = field(default_factory=dict)
    """File of the assignment -> its digest."""

    def fits(self, other: CacheKey) -> bool:
        """Whether a submission graded under the one would get the same report under the other."""
        return (self.environment, self.seed, self.files) == (other.environment, other.seed, other.files)


class BatchResult(Struct, frozen=True, kw_only=True):
    """What came of one submission: a report and what it rests on."""

    assignment: str
    status: Status
    reason: str = ""
    score: str = "0"
    """Points earned in automatic parts, as an exact fraction in text (`5/2`), like the next two."""
    max_score: str = "0"
    """Points of all automatic parts."""
    pending: str = "0"
    """Points that wait for a person."""
    report: Mapping[str, Any] = field(default_factory=dict)
    """The `grade/1` object."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """What a person sees beside the answers (`grader.cohort.evidence`)."""
    key: CacheKey
    seconds: float = 0.0
    fatal: str = ""
    """Why no submission can be graded here; the batch ends with it."""


class Setup(Struct, frozen=True, kw_only=True):
    """What all jobs of a slot have in common."""

    root: str
    """The course."""
    single: bool = False
    """As in `Course`."""
    seed: int | Literal["recorded"] | None = None
    """As in `grader.grade`: None grades each submission at a seed of its own."""
    hidden: bool = True
    """False leaves the hidden checks out."""
    data: str | None = None
    """Folder that takes the place of the assignment's `data/`."""
    require: str | None = None
    """The sandbox's tier below which nothing is graded."""
    unsafe: bool = False
    pages: str | None = None
    """Folder for a page on each submission; None makes none."""


class Job(Struct, frozen=True, kw_only=True):
    """One submission to grade, as sent to a slot; plain data."""

    number: int
    submission: CohortEntry
    assignment: str | None
    """None: detect it."""


class Run(Struct, frozen=True, kw_only=True):
    """One `grade batch`."""

    id: int
    started: str
    """ISO 8601, UTC."""
    finished: str | None
    """None: interrupted; the same command goes on with it."""
    source: str
    """What was graded, as an absolute path."""
    options: Mapping[str, Any]
    """What decides which submissions there are and what they are worth."""
    grader: str
    """Version of the grader."""


class Result(Struct, frozen=True, kw_only=True):
    """One submission in one run."""

    run: int
    path: str
    """The submission, relative to the run's source."""
    student: str
    name: str
    ids: Mapping[str, str]
    """`canvas_id`, `moodle_id`, `email`, `sid` and the roster's columns, as far as they are known."""
    attempt: int
    submitted: str
    """ISO 8601, or empty."""
    content: str
    assignment: str
    """Empty when unknown."""
    status: Status
    reason: str
    """One line, for what could not be graded."""
    points: Fraction | None
    """Earned in automatic parts; None unless graded."""
    max_points: Fraction
    pending: Fraction
    """Points that wait for a person."""
    late: bool
    """The platform marked it as late."""
    late_days: int
    """Days that count as late, after grace and extensions."""
    penalty: Fraction
    """Points taken off for them."""
    final: Fraction | None
    """`points` less `penalty`; None unless graded."""
    counts: bool
    """Whether this attempt is the student's result for the assignment."""
    reused: bool
    """It had been graded before this run."""
    report: Mapping[str, Any]
    """The `grade/1` object, its `submission.path` that of this submission; empty for a fault."""
    key: CacheKey
    seconds: float
    """What grading it took, in the run that did."""
    term_days: int = 0
    """Of the days that it was late, those that the days for the whole term paid for."""


class FinalScore(Struct, frozen=True, kw_only=True):
    """What one submission of a run is worth."""

    path: str
    student: str
    late_days: int
    penalty: Fraction
    counts: bool
    term_days: int = 0


class Decision(Struct, frozen=True, kw_only=True):
    """What a person decided about a student's result, as long as the submission stays the same."""

    assignment: str
    student: str
    content: str
    """The submission that was decided about; empty: that there is none."""
    points: Fraction | None
    """None: the student is excused."""
    reason: str
    decided: str = ""
    """ISO 8601, UTC."""
