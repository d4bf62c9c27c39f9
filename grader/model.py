"""Data model: the immutable types that every stage takes and returns.

Owns no behaviour beyond small derived properties.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct, field

from grader.marks import Answer as Answer  # of this glossary, as any other type
from grader.marks import Manual as Manual
from grader.marks import Mark
from grader.marks import Part as Part

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Visibility = Literal["public", "hidden"]
Status = Literal["passed", "partial", "failed", "missing", "error", "timeout", "skipped", "pending"]
LOST: frozenset[str] = frozenset({"failed", "partial", "error"})
"""The statuses that set off follow-through: work was done and it is wrong."""


class Tolerance(Struct, frozen=True, kw_only=True):
    """How far a computed array may lie from the expected one.

    Rules (`x` computed, `e` expected, both as float64 or complex128):

    - ``max``        max|x - e| <= limit * max|e|   (max|e| = 0: the check's `scale`, default 1)
    - ``sum_abs``    sum|x - e| <= limit
    - ``rel_error``  max(|x - e| / max(1e-8, |x| + |e|)) <= limit
    - ``allclose``   |x - e| <= atol + limit * |e| for every entry
    - ``printed``    as ``max``, and half a unit of the last decimal of `text` is added to the budget;
                     the expected values are those of `text`

    `limit32` replaces `limit` where the student's array is float32 or float16 and the expected one is not.
    """

    rule: str = "max"
    """One of `grader.compare.rules.RULES`."""
    limit: float = 1e-6
    limit32: float = 1e-4
    atol: float = 0.0
    scale: float = 1.0
    text: str | None = None


class Uses(Struct, frozen=True, kw_only=True):
    """A name that a check needs, and which of its definitions, where a student has several."""

    name: str
    under: str | None = None
    """Only a definition below a heading that contains this text (case-insensitive)."""
    signature: tuple[str, ...] | None = None
    """Only a function whose parameters are these."""
    occurrence: int | None = None
    """The n-th of the definitions that are left (0 the first, -1 the last, which is the default)."""


class Verdict(Struct, frozen=True):
    """What a judge says about one named thing: its share of the points and one sentence for the student."""

    name: str
    earned: bool | Fraction
    message: str = ""
    error: float | None = None
    tolerance: float | None = None


class Given(Struct, frozen=True, kw_only=True):
    """What a judge may use in addition to the observation."""

    golden: Mapping[str, Any]
    """The reference's observation of the same probe, by name: arrays, and of what is none a `Plain`."""
    rng: np.random.Generator
    """Drawn from the run's seed and the check's id; independent of the probe's."""
    data: Path
    """The assignment's data folder."""


Judge = Callable[[Mapping[str, "npt.NDArray[Any]"], Given], Iterable[Verdict]]


class Check(Struct, frozen=True, kw_only=True):
    """One probe with its points, tolerance and visibility."""

    id: str
    """The probe function's name: unique in an assignment."""
    part: Part
    title: str
    """First line of the probe's docstring: what the student reads."""
    points: Fraction
    visibility: Visibility
    uses: tuple[Uses, ...] = ()
    builds_on: tuple[str, ...] = ()  # names of earlier parts that follow-through replaces by the reference's
    tolerance: Tolerance = Tolerance()
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    """Overrides for single arrays, by name."""
    judge: Judge | None = None
    all_or_nothing: bool = False  # earns its points only where every array is right
    forbid: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    """What the student's code must not call, and what it must, as `numpy.linalg.inv` (`grader.checks.check`)."""
    changes: tuple[str, ...] = ()
    """Arrays that the student's code is to change in place."""
    seconds: float | None = None  # deadline of one probe; None: the assignment's
    source: str = ""
    """Text of the file that defines the probe: this and `helpers` reach only the child that runs it."""
    helpers: Mapping[str, str] = field(default_factory=dict)  # by file name, those that it imports, in their order
    file: str = ""  # file name of `source` (`checks.py`)

    @property
    def files(self) -> dict[str, str]:
        """All texts by file name, each after those that it imports."""
        return {**self.helpers, self.file: self.source}


class Place(Struct, frozen=True):
    """Where a name lives: a module's attribute, or with `module` empty a global of the notebook, up to cell `until`."""

    module: str
    name: str
    until: int | None = None


class Limits(Struct, frozen=True, kw_only=True):
    """Deadlines in seconds, without those spent waiting for a core; sizes in bytes."""

    cell: float = 60.0
    check: float = 20.0
    submission: float = 300.0
    memory: int = 4 << 30
    output: int = 1 << 20
    """Text kept of what the cells print, over the whole submission."""
    observation: int = 64 << 20
    """Total size of the arrays that one probe may return."""


class Assignment(Struct, frozen=True, kw_only=True):
    """Everything about one assignment, loaded either from `reference/<id>/` or from a hand-out alone."""

    id: str
    title: str
    points: Fraction
    """Declared total, automatic and manual."""
    seed: int
    root: Path
    """The folder that holds `assignment.toml`."""
    handout: Path
    """The folder of pristine files that a student got."""
    solution: Path | None
    """`reference/<id>/solution`, or None when only the hand-out is here."""
    notebook: str | None
    """Path inside the hand-out: of the notebook, or of the first of several; None when there is none."""
    student_files: tuple[str, ...]
    """Module paths that the student fills in, relative to the hand-out."""
    provided_files: tuple[str, ...]
    """Course files laid under every submission; a student's edit of one is ignored and mentioned."""
    names: Mapping[str, tuple[Place, ...]]
    checks: tuple[Check, ...]
    manual: tuple[Manual, ...]
    order: tuple[str, ...]
    """Part ids in printed order."""
    notebooks: Mapping[str, tuple[str, ...]] = {}  # of several: each one's parts (`assignment.notebooks`)
    extra: tuple[str, ...] = ()
    cap: Fraction = Fraction(0)
    """Parts of extra credit, and what all automatic parts can come to with them."""
    limits: Limits = Limits()
    follow_through: Fraction = Fraction(1)
    """What a point earned only in follow-through is worth."""
    hints: Literal["none", "name"] = "name"
    """How much a failed check tells: nothing of the mistake, or its name."""
    stand_ins: tuple[Path, ...] = ()
    """Folders put at the end of the import path (a `tensorflow` that only loads MNIST)."""
    compat: str | None = None
    """Source that runs in the worker before the first cell."""
    requirements: tuple[str, ...] = ()  # packages, pinned: `pandas==2.2.3`
    preload: tuple[str, ...] = ()  # modules worth importing while the submission is still being read
    data: Path | None = None
    install: str = ""
    """Requirement that a student's CI installs to get the grader."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every part once, in printed order."""
        by_id = {p.id: p for p in [c.part for c in self.checks] + [m.part for m in self.manual]}
        rank = {id: i for i, id in enumerate(self.order)}
        return tuple(sorted(by_id.values(), key=lambda p: rank.get(p.id, len(rank))))


class Change(Struct, frozen=True):
    """One edit of a solution file: `old` must occur exactly once (empty: `new` replaces the whole file)."""

    file: str
    """Path below `solution/` (a notebook by its percent text, `neural_network.py`)."""
    old: str
    new: str


class Equivalent(Struct, frozen=True, kw_only=True):
    """Small changes of the solution that no check need see, from `equivalent.py` (list `EQUIVALENT`)."""

    file: str
    """Path below `solution/`."""
    code: str
    """Stands in the lines that are changed."""
    reason: str
    new: str = ""
    """The changed code, where only this one change of the lines is meant."""


class Edit(Struct, frozen=True, kw_only=True):
    """A named rewrite of the solution, from `wrong.py` (list `WRONG`) or `right.py` (list `RIGHT`)."""

    name: str
    """The mistake, or the way of writing, in words."""
    changes: tuple[Change, ...]
    fails: tuple[str, ...] = ()
    """Exactly the checks that must not pass; empty for a right one."""
    may_fail: tuple[str, ...] = ()
    """Checks that it ends so near the threshold of that the processor's rounding decides."""


class Cell(Struct, frozen=True, kw_only=True):
    """One notebook cell as handed in."""

    index: int
    """Position among all cells of the notebook, from 0: the number in reports."""
    kind: Literal["code", "markdown", "raw"]
    source: str
    headings: tuple[str, ...] = ()
    """Titles of the headings that the cell stands under, outermost first, without `#`."""
    execution_count: int | None = None
    has_outputs: bool = False  # whether outputs are stored: it was run once


class Notebook(Struct, frozen=True, kw_only=True):
    """A notebook, whatever its format was."""

    name: str  # path relative to the submission's folder
    cells: tuple[Cell, ...]
    assignment: str | None = None  # the id that release wrote into the metadata, if it is there
    python2: bool = False

    @property
    def code(self) -> tuple[Cell, ...]:
        return tuple(c for c in self.cells if c.kind == "code")


class Submission(Struct, frozen=True, kw_only=True):
    """One submission laid out for running: the student's files over the pristine provided ones."""

    path: str  # as the caller gave it
    digest: str
    """`sha256:` and hex over the names and bytes of what was handed in."""
    folder: Path
    """Working copy; the cells run in the notebook's folder inside it."""
    notebook: Notebook | None
    modules: Mapping[str, str]
    """Source text of the student's Python files, by path relative to `folder`."""
    handouts_notebook: bool = False
    """Whether no notebook was handed in, and the hand-out's own is run."""
    places: Mapping[str, tuple[Place, ...]] = {}  # of names that are not looked for in the assignment's order
    notes: tuple[str, ...] = ()


class Anchor(Struct, frozen=True, kw_only=True):
    """After which cell a check is probed."""

    when: Literal["before", "after", "end"]
    """`before` the first cell (modules only), `after` cell `cell`, at the `end` when no definition was found."""
    cell: int = -1
    bindings: Mapping[str, int] = field(default_factory=dict)
    """For each name found in the notebook: the index of the cell that defines it."""


STUB_ENDING = ": not implemented yet"
"""Ends the message of the error that a released stub raises, after the name that is to be written."""
MAX_LINE = 2**31 - 1
"""Of a traceback's line numbers, which a student's code can set to anything."""


class Frame(Struct, frozen=True):
    """One line of a student's traceback: a file of the submission or `cell N`, the line number and its text."""

    file: Annotated[str, Meta(max_length=4096)]
    line: Annotated[int, Meta(ge=0, le=MAX_LINE)]
    text: Annotated[str, Meta(max_length=1000)] = ""


Name = Annotated[str, Meta(max_length=100)]
Shape = Annotated[tuple[Annotated[int, Meta(ge=0, le=2**63 - 1)], ...], Meta(max_length=8)]


class StudentError(Struct, frozen=True, kw_only=True):
    """An exception of the student's code, as data, or how a process of it ended."""

    type: Annotated[str, Meta(max_length=100)]
    message: Annotated[str, Meta(max_length=10_000)]
    frames: Annotated[tuple[Frame, ...], Meta(max_length=50)] = ()
    shapes: Annotated[Mapping[Name, Shape], Meta(max_length=60)] = {}
    """Of arrays that the innermost frame knows by name (`w`, `self.w`), to say which do not fit."""
    kind: Literal["", "stub", "import", "process", "author"] = ""
    """`stub`: the hand-out's own error, for what is still to be written. `import`: a module did not finish importing;
    `process`: how a process ended. The message of these two is the grader's own. `author`: the check's own words."""


class NotArray(Struct, frozen=True):
    """A returned value that is no numeric array: `kind` says what it is (`None`, `object array`, `too large`, …)."""

    kind: str
    detail: str = ""


class Plain(NotArray, frozen=True):
    """A returned value of Python's own types: text, None, bytes, a number, or a list, tuple, set or dict of these."""

    value: Any = None


class Observation(Struct, frozen=True, kw_only=True):
    """What one probe returned, or how it ended."""

    check: str
    ended: Literal["returned", "missing", "error", "failed", "unclear", "timeout", "crashed"]
    values: Mapping[str, Any] = field(default_factory=dict)
    """Name -> `numpy.ndarray`, `Plain` or `NotArray`."""
    error: StudentError | None = None
    """For `error` and `missing`; for `failed`, `unclear` and `crashed` a sentence in its message."""
    at: tuple[str, int] = ("", 0)  # file and line of the check's own that an exception came through last
    calls: tuple[str, ...] | None = None  # of what `Check` forbids and requires; None where nobody looked
    changed: tuple[str, ...] = ()  # names of input arrays that the student's code altered
    private: bool = False
    """Of a hidden check, or with a piece of the reference: nothing of it is shown (`grader.execution.private`)."""
    replaced: Mapping[str, int] = field(default_factory=dict)
    """Follow-through: how many bindings of each name were replaced; 0 means that none could be."""
    seconds: float = 0.0


class CellRun(Struct, frozen=True, kw_only=True):
    """How one cell went."""

    index: int
    status: Literal["ok", "error", "timeout", "crashed", "skipped"]
    error: StudentError | None = None
    text: str = ""
    """What it printed and its result's text form, cut at the limit."""
    figures: tuple[str, ...] = ()
    """A sentence for each figure that the cell drew (`a line of 50 points, title 'Loss'`)."""
    pictures: tuple[bytes, ...] = ()  # the figures as PNG, when they were asked for
    seconds: float = 0.0
    notebook: str = ""  # whose cell it is, where the assignment has several


class Excerpt(Struct, frozen=True, kw_only=True):
    """A student's definition of a name that a check uses."""

    name: str
    file: str  # path of a module, or `cell N`
    line: int  # of the definition's first line in that file or cell, from 1
    text: str


class Work(Struct, frozen=True, kw_only=True):
    """What was handed in, kept for formats that show it beside the feedback."""

    notebook: Notebook | None = None
    modules: Mapping[str, str] = field(default_factory=dict)
    """Source text of the student's Python files, by path."""
    code: Mapping[str, tuple[Excerpt, ...]] = field(default_factory=dict)
    """Check id -> the definitions of the names that it uses."""


class Comparison(Struct, frozen=True, kw_only=True):
    """One named array against what was expected."""

    name: str
    status: Literal["passed", "failed"]
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    error: float | None = None  # in the units of the rule; None when there is nothing to measure (shape, nan, missing)
    tolerance: float | None = None
    message: str = ""
    """One sentence for the student; empty when it passed without remark."""
    earned: Fraction = Fraction(0)  # share of its points, 0 to 1


class Diagnosis(Struct, frozen=True, kw_only=True):
    """A named mistake with its evidence in numbers."""

    code: str
    text: str
    mistake: str = ""
    """The mistake alone, by which a cohort's are counted; empty where `text` says what is seen and names none."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = True  # whether it explains all that is wrong in the check


class Outcome(Struct, frozen=True, kw_only=True):
    """A check's result for one submission."""

    check: Check
    status: Status
    score: Fraction
    message: str
    arrays: tuple[Comparison, ...] = ()
    diagnosis: Diagnosis | None = None
    seconds: float = 0.0
    mark: Mark | None = None
    """What a person decided, where the probe left it to one."""


class PartResult(Struct, frozen=True, kw_only=True):
    """A part's score with everything that led to it."""

    part: Part
    status: Status
    score: Fraction
    """With what follow-through added."""
    max_score: Fraction
    """Without the points of checks that were left to a person."""
    outcomes: tuple[Outcome, ...] = ()
    follow_through: Fraction | None = None
    """What the part earned with the earlier names replaced by the reference's; None: not tried."""
    credited_with: tuple[str, ...] = ()  # the replaced names
    manual: Manual | None = None
    answer: Answer | None = None
    mark: Mark | None = None

    @property
    def is_scored(self) -> bool:
        """Whether its points count: a part for a person has none before it is marked."""
        return self.manual is None or self.mark is not None

    @property
    def pending(self) -> Fraction:
        """Points that wait for a person."""
        if self.manual is not None:
            return Fraction(0) if self.is_scored else self.max_score
        return sum((o.check.points for o in self.outcomes if o.status == "pending"), Fraction(0))


class Environment(Struct, frozen=True, kw_only=True):
    """Versions that can move a number, and the active layers of isolation."""

    python: str
    numpy: str
    scipy: str
    grader: str
    sandbox: tuple[str, ...] = ()
    sandbox_tier: str = "none"
    """What the layers are worth together: `A`, `B`, `C` or `none` (SECURITY.md)."""


class Report(Struct, frozen=True, kw_only=True):
    """Everything about one graded submission."""

    assignment: str
    title: str = ""
    path: str = ""
    digest: str = ""  # of the submission; empty where none was read
    status: Literal["graded", "ungradable", "fault"]
    parts: tuple[PartResult, ...] = ()
    cells: tuple[CellRun, ...] = ()
    notes: tuple[str, ...] = ()
    seed: int = 0
    environment: Environment | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    """For `ungradable` and `fault`: the one line that says why and what to do."""
    work: Work | None = None  # the submission itself, when it was asked to be kept; JSON never has it
    by_notebook: tuple[Report, ...] = ()  # of an assignment of several notebooks: each one's own report
    unchecked: Fraction = Fraction(0)
    """Automatic points of the assignment whose checks are not here: a student's folder has the public ones only."""
    lost_process: bool = False
    """A cell or check was not run, its process being gone: the student did it, or the machine stood still."""

    def __repr__(self) -> str:
        return f"<Report {self.assignment}: {self.status}, {float(self.score):g} of {float(self.max_score):g} points>"

    @property
    def score(self) -> Fraction:
        """Points earned in automatic parts and in those that a person has marked."""
        return sum((p.score for p in self.parts if p.is_scored), Fraction(0))

    @property
    def max_score(self) -> Fraction:
        """Points of all automatic parts and of those that a person has marked."""
        return sum((p.max_score for p in self.parts if p.is_scored), Fraction(0))

    @property
    def pending(self) -> Fraction:
        """Points that wait for a person."""
        return sum((p.pending for p in self.parts), Fraction(0))
