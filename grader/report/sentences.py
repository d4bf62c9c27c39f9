"""What a report says in words, cleaned and in order; every format for people takes its sentences from here.

Owns which sentences there are and which of them a reader can do without; how they are set, and the escaping that a
format needs, is the format's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from msgspec import Struct

from grader.compare.messages import enumerated
from grader.model import CellRun, Comparison, Outcome, PartResult, Report
from grader.report.sanitize import clean, cut, in_points, one_line, points

CELL_MESSAGE = 300
"""Characters of a failing cell's message, of its first paragraph: a library may tell a page."""
PARAGRAPH = 2_000
"""Characters of one message or sentence."""
SENTENCES = 3
"""Sentences on arrays of one check: the message names all arrays, and one mistake reaches many."""
NAMES = 6
"""Arrays named of which a sentence says the same: a network has dozens."""
_NAMES_AND_NUMBERS = re.compile(r"`[^`]*`|\w*\d[\w.]*")
REPEATED = frozenset({"all-zero", "kept-axis", "not-reshaped", "transposed"})
"""Diagnoses that say of an array what the comparison has said of it, unless they name a mistake."""
STATUS = {
    "passed": "passed",
    "partial": "partially correct",
    "failed": "incorrect",
    "error": "raised an error",
    "timeout": "ran out of time",
    "missing": "not started",
    "skipped": "not run",
    "pending": "needs manual grading",
}
_ANSWER = {
    "answered": "answered",
    "untouched": "not answered",
    "empty": "not answered",
    "not found": "no answer found",
}
SYNTAX_ERRORS = ("SyntaxError", "IndentationError", "TabError")
_CELL = {"error": "stopped", "timeout": "ran out of time", "crashed": "crashed Python", "skipped": "did not run"}


class Feedback(Struct, frozen=True, kw_only=True):
    """The feedback on one check."""

    message: str
    arrays: tuple[str, ...] = ()
    """Sentences that add to the message."""
    more: int = 0
    """How many of them were left out."""
    diagnosis: str = ""

    @property
    def seen(self) -> tuple[str, ...]:
        """What was observed, as sentences."""
        return tuple(filter(None, (self.message, *self.arrays)))

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it, as sentences."""
        return tuple(filter(None, (*self.seen, self.diagnosis)))


def feedback(outcome: Outcome, *, limit: int | None = SENTENCES) -> Feedback:
    """The check's message, a sentence for each array that adds to it (`limit` of them at most), and the diagnosis."""
    message = paragraph(outcome.message)
    added = [(a, sentence) for a in outcome.arrays if (sentence := paragraph(a.message)) not in message]
    if outcome.check.judge is None and outcome.check.visibility == "public":
        added = [(a, _named(a, sentence)) for a, sentence in added]
    named_arrays = _unlike_first(message, _said_once(outcome, message, added))
    shown = named_arrays if limit is None else named_arrays[:limit]
    diagnosis = outcome.diagnosis
    named = paragraph(diagnosis.text) if diagnosis and (diagnosis.mistake or diagnosis.code not in REPEATED) else ""
    return Feedback(
        message=message,
        arrays=tuple(shown),
        more=len(named_arrays) - len(shown),
        diagnosis="" if named in message else named,
    )


def _said_once(outcome: Outcome, message: str, added: Sequence[tuple[Comparison, str]]) -> list[str]:
    """The sentences, where those that say of several arrays the same but for the name are one."""
    said = {_without_name(a, message): message for a in outcome.arrays if paragraph(a.message) == message}
    said.pop(message, None)
    same: dict[str, dict[str, str]] = {kind: {} for kind in said}
    for array, sentence in added:
        kind = _without_name(array, sentence)
        same.setdefault(kind, {})[sentence] = f"`{one_line(array.name)}`"
    sentences = []
    for kind, names in same.items():
        if kind in said:
            sentences += [f"the same for {_some(list(names.values()))}"] if names else []
        else:
            first, *others = names
            more = [names[other] for other in others]
            sentences.append(f"{first} (the same for {_some(more)})" if more else first)
    return sentences


def _some(names: list[str]) -> str:
    return enumerated(names if len(names) <= NAMES else [*names[: NAMES - 1], f"{len(names) - NAMES + 1} more"])


def _without_name(array: Comparison, sentence: str) -> str:
    return re.sub(rf"(?<![\w.]){re.escape(one_line(array.name))}(?!\w)", "\0", sentence)


def _unlike_first(message: str, sentences: Sequence[str]) -> list[str]:
    """One of each that differ by more than names and numbers from the message and each other, then the rest."""
    kinds = {_NAMES_AND_NUMBERS.sub("", message): message}
    for sentence in sentences:
        kinds.setdefault(_NAMES_AND_NUMBERS.sub("", sentence), sentence)
    return [s for s in dict.fromkeys([*kinds.values(), *sentences]) if s in sentences]


def _named(array: Comparison, sentence: str) -> str:
    """The sentence with the array's name before it, unless it speaks of it by name already."""
    name = one_line(array.name)
    return sentence if name in sentence else f"{name}: {sentence}"


def paragraph(text: str) -> str:
    """Cleaned text of bounded length."""
    return cut(clean(text[: 2 * PARAGRAPH]), PARAGRAPH)


def check_title(outcome: Outcome) -> str:
    """The check's title, with the remark that it is hidden."""
    return one_line(outcome.check.title) + (" (hidden)" if outcome.check.visibility == "hidden" else "")


def submission_name(report: Report) -> str:
    """File or folder that was handed in, without the way to it."""
    return one_line(Path(report.path).name or Path(report.path).absolute().name)  # `grade .`


def answer_state(part: PartResult) -> str:
    """What is known of a manual part's answer, or that it is marked."""
    if part.mark is not None:
        return "marked by a person"
    if part.answer is None:
        return "needs manual grading"
    cell = "" if part.answer.cell is None else f" (cell {part.answer.cell})"
    return _ANSWER[part.answer.state] + cell


def state(part: PartResult) -> str:
    """How a part stands, in a few words."""
    return answer_state(part) if part.manual is not None else STATUS[part.status]


def score(part: PartResult) -> str:
    """Points earned, or a dash where nobody has marked it yet."""
    return points(part.score) if part.is_scored else "–"


def mark_lines(part: PartResult, *, comment: bool = True) -> tuple[str, ...]:
    """What the person said who marked or overrode the part: a line for each item, then the comment."""
    mark = part.mark
    if mark is None:
        return ()
    replaced = "" if mark.replaces is None else f"a person changed the score of {in_points(mark.replaces)}"
    items = (f"{'+' if i.points > 0 else ''}{points(i.points)}: {one_line(i.text)}" for i in mark.items)
    return tuple(filter(None, (replaced, *items, paragraph(mark.comment) if comment else "")))


def also(outcome: Outcome) -> str:
    """What further checks do that the same sentence explains: they fail too, or were not begun either."""
    return "also not started" if outcome.status == "missing" else "also fails"


def is_innocent(part: PartResult) -> bool:
    """Whether the course's own earlier parts make everything in it right: there is nothing to look for here."""
    return part.mark is None and bool(part.credited_with) and part.follow_through == part.max_score


def credit(part: PartResult) -> str:
    """The outcome of follow-through; empty when it was not tried."""
    earned = part.follow_through
    if earned is None:
        return ""
    result = f"{points(earned)} of {points(part.max_score)}"
    if not part.credited_with:
        return f"no change with the reference's earlier parts: {result}"
    if earned > part.score:
        result += f", which counts as {points(part.score)}"
    return f"follow-through with the reference {enumerate_names(part.credited_with)}: {result}"


def enumerate_names(names: Sequence[str]) -> str:
    """`a, b and c`."""
    return enumerated([one_line(name) for name in names])


def cell_name(cell: CellRun) -> str:
    """`cell 5`, of several notebooks with whose it is."""
    return f"{one_line(cell.notebook)}, cell {cell.index}" if cell.notebook else f"cell {cell.index}"


def cell_problem(cell: CellRun) -> str:
    """How a cell that did not run through ended."""
    how = _CELL.get(cell.status, cell.status)
    if cell.error is None:
        return how
    message = one_line(cell.error.message.strip().partition("\n\n")[0], CELL_MESSAGE)
    before = one_line(cell.error.type) if cell.status == "error" else how  # other types are the grader's own
    if file := unreadable_module(cell):
        before = f"{before} in {file}, line {cell.error.frames[-1].line}, which it imports"
    return ": ".join(filter(None, (before, message)))


def unreadable_module(cell: CellRun) -> str:
    """The module that Python cannot read, where the cell failed by its import; the cell itself can be read then."""
    if cell.error is None or cell.error.type not in SYNTAX_ERRORS or not cell.error.frames:
        return ""
    file = one_line(cell.error.frames[-1].file)
    return "" if file.startswith("cell ") else file


def is_unwritten(cell: CellRun) -> bool:
    """Whether the cell stopped at a stub: nothing to explain."""
    return cell.error is not None and cell.error.type == "NotImplementedError"


def earned(report: Report) -> str:
    """`18 of 20 points`."""
    return f"{points(report.score)} of {in_points(report.max_score)}"


def total(report: Report) -> str:
    """The line that says what was earned and what is left: `12 of 12 points that can be checked here; …`."""
    return total_of(report.score, report.max_score, report.pending, report.unchecked)


def total_of(gained: Fraction, most: Fraction, pending: Fraction, unchecked: Fraction) -> str:
    """The same of points alone: earned, of how many, left to a person, and checked after submission only."""
    pieces = [f"{points(gained)} of {in_points(most)}" + (" that can be checked here" if unchecked else "")]
    if unchecked:
        pieces.append(f"{points(unchecked)} more {'is' if unchecked == 1 else 'are'} checked after you hand in")
    if pending:
        pieces.append(f"{points(pending)} {'point is' if pending == 1 else 'points are'} marked by a person")
    return "; ".join(pieces)


def no_score(report: Report) -> str:
    """Why there is no score, in general; the report's `reason` says it in particular. Empty when there is one."""
    if report.status == "ungradable":
        return "This submission could not be graded, so there is no score."
    if report.status == "fault":
        return "The grader failed. That is not your mistake, and it costs no points."
    return ""
