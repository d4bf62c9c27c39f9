"""The order of a report for a reader: lost points first, what passed folded, one mistake explained once.

Owns the grouping that terminal, HTML and Markdown share; sentences are `grader.report.sentences`'s.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from grader.compare.messages import enumerated
from grader.diagnosis.codes import CODES
from grader.model import LOST, CellRun, Outcome, PartResult, Report
from grader.report import sentences
from grader.report.sanitize import one_line
from grader.report.sentences import Feedback

RIGHT_FOR_OWN = "right-for-your-forward"


class Explanation(Struct, frozen=True, kw_only=True):
    """The feedback on one lost check."""

    feedback: Feedback
    also: tuple[Outcome, ...] = ()
    """Further checks of the same part that fail by the same mistake; they have no explanation of their own."""


class LostPart(Struct, frozen=True, kw_only=True):
    """A part that lost points, with the checks that say why."""

    result: PartResult
    lost: tuple[Outcome, ...]
    """Checks that did not pass, without those that are named beside another one with the same mistake."""
    explained: dict[str, Explanation] = field(default_factory=dict)
    """Check id -> feedback. A check without an entry is shown by its title alone."""
    same_as: str = ""
    """Id of an earlier part whose mistake explains this one, or some of it."""
    builds_on: tuple[str, ...] = ()
    """Ids of earlier parts that are to be put right first: no mistake of this one's own is known."""

    @property
    def follows(self) -> str:
        """Why its feedback is left out; empty where it has a mistake of its own, or is the first with one."""
        if self.builds_on:
            parts = enumerated([one_line(part) for part in self.builds_on])
            if len(self.builds_on) > 1:
                return f"parts {parts}, which are used here, have to be right first"
            return f"part {parts}, which is used here, has to be right first"
        return self.same if not self.explained else ""

    @property
    def same(self) -> str:
        """What it has in common with `same_as`, in words; empty where it has nothing."""
        if not self.same_as:
            return ""
        rest = [o for o in self.lost if o.check.id not in self.explained]
        what = "not started" if rest and all(o.status == "missing" for o in rest) else "the same mistake"
        return f"{what}{',' if what == 'not started' else ''} as in {one_line(self.same_as)}"


class Sections(Struct, frozen=True, kw_only=True):
    """All parts of a report, grouped for reading."""

    lost: tuple[LostPart, ...]
    following: tuple[LostPart, ...]
    """Those that lost points with an earlier part and have nothing to say beside it."""
    not_started: tuple[PartResult, ...]
    by_person: tuple[PartResult, ...]
    """Those that wait for a person."""
    marked: tuple[PartResult, ...]
    credited: tuple[PartResult, ...]
    """Full points with the reference in the place of earlier parts: nothing to look for here."""
    passed: tuple[PartResult, ...]


def sections(report: Report, *, limit: int | None = 1) -> Sections:
    """Group the parts; `limit` is the number of sentences on arrays for each check."""
    first: dict[str, str] = {}
    blamed: dict[str, list[Outcome]] = {}
    lost: list[LostPart] = []
    following: list[LostPart] = []
    automatic = [p for p in report.parts if p.manual is None]
    started = [p for p in automatic if not _not_started(p)]
    credited = [p for p in started if sentences.is_innocent(p) and p.score == p.max_score]
    for part in automatic:
        if part in credited or (part.status == "passed" and all(o.status == "passed" for o in part.outcomes)):
            continue
        if part in started:
            entry = _lost_part(part, first, limit, blamed)
            (following if entry.follows else lost).append(entry)
            if entry.follows:
                continue
        for outcome in part.outcomes:
            if outcome.status != "passed":
                own = {uses.name for uses in outcome.check.uses} - set(outcome.check.builds_on)
                for name in own:
                    blamed.setdefault(name, []).append(outcome)
    shown = {p.result.part.id for p in (*lost, *following)}
    return Sections(
        lost=tuple(lost),
        following=tuple(following),
        not_started=tuple(p for p in automatic if _not_started(p)),
        by_person=tuple(p for p in report.parts if not p.is_scored),
        marked=tuple(p for p in report.parts if p.manual is not None and p.is_scored),
        credited=tuple(credited),
        passed=tuple(p for p in started if p.part.id not in shown and p not in credited),
    )


class FailedCells(Struct, frozen=True, kw_only=True):
    """Cells with errors."""

    own: tuple[CellRun, ...]
    """Those with an error to read."""
    followed: tuple[CellRun, ...]
    """Those that only miss a name that an earlier failed cell or stub would have defined, or fail in an untouched
    hand-out."""

    @property
    def unreadable(self) -> tuple[CellRun, ...]:
        """Those with a syntax error, or that import a module with one: nothing of it ran, so they come first."""
        return tuple(c for c in self.own if c.error is not None and c.error.type in sentences.SYNTAX_ERRORS)

    @property
    def others(self) -> tuple[CellRun, ...]:
        """The rest of those with an error to read."""
        return tuple(c for c in self.own if c not in self.unreadable)


def failed_cells(report: Report) -> FailedCells:
    """Cells with an error: one that stops at a stub has none, and the ones that miss its names follow from it."""
    own: list[CellRun] = []
    followed: list[CellRun] = []
    earlier, notebook = False, ""
    scored = [p for p in report.parts if p.manual is None]
    untouched = bool(scored) and all(map(_not_started, scored))
    for cell in report.cells:
        if cell.notebook != notebook:
            earlier, notebook = False, cell.notebook
        if cell.status == "ok":
            continue
        if not sentences.is_unwritten(cell):
            name = cell.error.type if cell.error is not None else ""
            follows = (earlier and name == "NameError") or (untouched and name not in sentences.SYNTAX_ERRORS)
            (followed if follows else own).append(cell)
        earlier = True
    return FailedCells(own=tuple(own), followed=tuple(followed))


def _not_started(part: PartResult) -> bool:
    """Whether nothing was written; of a part without points, whether anything is missing."""
    missing = [o.status == "missing" for o in part.outcomes if part.mark is None and not part.credited_with]
    return any(missing) and (all(missing) or (part.max_score == 0 and not any(o.status in LOST for o in part.outcomes)))


def _lost_part(
    part: PartResult, first: dict[str, str], limit: int | None, blamed: dict[str, list[Outcome]]
) -> LostPart:
    """`first`: a mistake -> the part that explains it; grows. `blamed`: a name -> the earlier checks that it failed."""
    lost = [o for o in part.outcomes if o.status != "passed"]
    if sentences.is_innocent(part):
        return LostPart(result=part, lost=tuple(lost))
    if builds_on := _builds_on(part, lost, blamed):
        return LostPart(result=part, lost=tuple(lost), builds_on=builds_on)
    explained: dict[str, Explanation] = {}
    leading: dict[str, str] = {}
    same_as = ""
    for outcome in lost:
        key = _mistake(outcome)
        whole = outcome.diagnosis is None or outcome.diagnosis.whole
        if whole and key in leading:
            leader = explained[leading[key]]
            explained[leading[key]] = Explanation(feedback=leader.feedback, also=(*leader.also, outcome))
            continue
        if whole and key in first:
            same_as = same_as or first[key]
            continue
        explained[outcome.check.id] = Explanation(feedback=sentences.feedback(outcome, limit=limit))
        if key:
            leading[key] = outcome.check.id
            first[key] = part.part.id
    aside = {o.check.id for e in explained.values() for o in e.also}
    return LostPart(
        result=part,
        lost=tuple(o for o in lost if o.check.id not in aside),
        explained=explained,
        same_as=same_as,
    )


def _builds_on(part: PartResult, lost: list[Outcome], blamed: dict[str, list[Outcome]]) -> tuple[str, ...]:
    """The parts of which the lost checks, all of them, use something wrong, unless a mistake of their own is known.

    Follow-through knows: where it was tried, what is lost is the part's own.
    """
    if part.mark is not None or part.follow_through is not None:
        return ()
    parts: dict[str, None] = {}
    for outcome in lost:
        provided = part.max_score == 0  # a part of no points only tries out what others define
        used = {*outcome.check.builds_on, *([u.name for u in outcome.check.uses] if provided else ())}
        wrong = [o for name, failed in blamed.items() if name in used for o in failed]  # in the report's order
        if not wrong or not (_may_follow(outcome, wrong[0]) or _is_elsewhere(outcome, blamed, provided)):
            return ()
        parts |= dict.fromkeys(o.check.part.id for o in wrong)
    return tuple(parts)


def _may_follow(outcome: Outcome, earlier: Outcome) -> bool:
    if outcome.status not in (*LOST, "timeout"):
        return False
    diagnosis = outcome.diagnosis
    if diagnosis is None or diagnosis.code == RIGHT_FOR_OWN or not CODES[diagnosis.code].names_a_mistake:
        return True
    return earlier.diagnosis is not None and diagnosis.code == earlier.diagnosis.code


def _is_elsewhere(outcome: Outcome, blamed: Mapping[str, object], provided: bool) -> bool:
    """Whether the mistake that is named is in functions which earlier checks of their own already failed."""
    if outcome.diagnosis is None:
        return False
    own = set() if provided else {uses.name for uses in outcome.check.uses} - set(outcome.check.builds_on)
    functions = {name.partition(".")[0] for name in outcome.diagnosis.evidence.get("functions", ())}
    return bool(functions) and functions <= blamed.keys() - own


def _mistake(outcome: Outcome) -> str:
    """What two checks have in common if the same mistake explains both; empty where nothing says so."""
    if outcome.diagnosis is not None:
        return outcome.diagnosis.mistake or outcome.diagnosis.text
    return outcome.message if outcome.status in ("missing", "error", "timeout") else ""
