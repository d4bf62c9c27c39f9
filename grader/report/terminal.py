"""The report as plain text, for a student at a terminal: what was earned, what is wrong, what waits.

Owns the words of the page and their order; how lines are set is `grader.report.page`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

from grader.model import CellRun, Comparison, Outcome, PartResult, Report
from grader.report import layout
from grader.report.page import PARAGRAPH, Page
from grader.report.text import clean, one_line, points

NARROW, WIDE = 48, 100
"""Columns between which the page is set: below, scores have no room; above, the eye loses the line."""
CELLS_SHOWN = 6
"""Failing cells listed unless verbose: those after the first few mostly follow from them."""
SENTENCES = 3
"""Sentences on arrays of one check unless verbose: the message names all arrays, and one mistake reaches many."""
CODE_ROOM = 12
"""Columns below which quoting a line of code shows nothing."""

_SIGN = {
    "passed": ("✓", "green"),
    "partial": ("◐", "yellow"),
    "failed": ("✗", "red"),
    "error": ("✗", "red"),
    "timeout": ("✗", "red"),
    "missing": ("○", "dim"),
    "skipped": ("○", "dim"),
    "pending": ("…", "dim"),
}
_ANSWER = {
    "answered": "answered",
    "untouched": "not answered: still the hand-out's text",
    "empty": "not answered: the cell is empty",
    "not found": "no answer found",
}
_CELL = {"error": "stopped", "timeout": "ran out of time", "crashed": "crashed Python", "skipped": "did not run"}


def render(report: Report, *, colour: bool, width: int, verbose: bool = False, ascii_only: bool = False) -> str:
    """Lay out a report.

    Parameters
    ----------
    report
        Any report, also of an ungradable submission or a fault.
    colour
        Whether to use ANSI colours (the caller knows whether this is a terminal).
    width
        Columns of the terminal; lines are filled up to at most 100.
    verbose
        Show passed checks, the error of every array, the questions, all failing cells and the versions as well.
    ascii_only
        Replace signs and typography by ASCII; letters of other alphabets stay.

    Returns
    -------
    str
        The page with a final newline, without control characters other than the colours.
    """
    page = Page(colour=colour, width=max(NARROW, min(width, WIDE)), ascii_only=ascii_only)
    _header(page, report)
    _parts(page, report.parts, verbose)
    _cells(page, [cell for cell in report.cells if cell.status != "ok"], verbose)
    _notes(page, report.notes)
    if report.status == "graded":
        _total(page, report)
    if verbose:
        _versions(page, report)
    return page.text()


def _header(page: Page, report: Report) -> None:
    name = one_line(Path(report.path).name or Path(report.path).absolute().name)  # `grade .`
    title = one_line(report.title or report.assignment)
    gap = page.width - layout.columns(title) - layout.columns(name)
    if not title or gap < 2:
        page.paragraph(title, 0, "bold")
        page.paragraph(name, 0, "dim")
    else:
        page.line(page.style(title, "bold") + " " * gap + page.style(name, "dim"))
    page.rule()
    if report.status == "ungradable":
        page.paragraph("This hand-in could not be graded, so there is no score.", 0, "bold", "yellow")
    elif report.status == "fault":
        page.paragraph("The grader failed. That is not your mistake, and it costs no points.", 0, "bold", "red")
    if report.status != "graded":
        page.paragraph(report.reason, 0)


def _parts(page: Page, parts: tuple[PartResult, ...], verbose: bool) -> None:
    ids = max((layout.columns(one_line(p.part.id)) for p in parts), default=0)
    grid = _grid(parts)
    for part in parts:
        page.row(
            _SIGN[part.status],
            one_line(part.part.title),
            grid("–" if part.manual else points(part.score), part.max_score),
            lead=layout.pad(one_line(part.part.id), ids) + "  ",
            aside=_state(part) if part.manual else "",
        )
        if part.manual and verbose:
            page.paragraph(part.manual.question, ids + 4)
        if _details(page, part, grid, ids + 4, verbose):
            page.gap()


def _grid(parts: tuple[PartResult, ...]) -> Callable[[str, Fraction], str]:
    """A function that writes scores of one width, with the strokes below each other."""
    scored = [(p.score, p.max_score) for p in parts]
    scored += [(o.score, o.check.points) for p in parts for o in p.outcomes]
    earned = max((len(points(score)) for score, _ in scored), default=1)
    worth = max((len(points(most)) for _, most in scored), default=1)
    return lambda score, most: f"{score:>{earned}} / {points(most):<{worth}}"


def _state(part: PartResult) -> str:
    """What is known of a manual part's answer."""
    if part.answer is None:
        return "waits for a person"
    cell = "" if part.answer.cell is None else f" (cell {part.answer.cell})"
    return _ANSWER[part.answer.state] + cell


def _details(page: Page, part: PartResult, grid: Callable[[str, Fraction], str], indent: int, verbose: bool) -> bool:
    """What a part lost and why; tells whether there was anything to say."""
    lost = [o for o in part.outcomes if o.status != "passed"]
    if not verbose and len(lost) == len(part.outcomes) and all(o.status == "missing" for o in lost):
        for message in dict.fromkeys(o.message for o in lost):  # a stub says the same for every check
            page.paragraph(message, indent, "dim")
        return False  # one quiet line below its title: the stub of a whole assignment reads as a list
    # Where the course's own earlier parts made everything right, there is nothing to look for in this one.
    innocent = bool(part.credited_with) and part.follow_through == part.max_score and not verbose
    for outcome in part.outcomes if verbose else lost:
        check = outcome.check
        title = one_line(check.title) + (" (hidden)" if check.visibility == "hidden" else "")
        page.row(_SIGN[outcome.status], title, grid(points(outcome.score), check.points), indent=indent)
        if not innocent:
            _explain(page, outcome, indent + 2, verbose)
    if part.follow_through is not None:
        _follow_through(page, part, part.follow_through, indent)
    return bool(lost or verbose)


def _follow_through(page: Page, part: PartResult, earned: Fraction, indent: int) -> None:
    result = f"{points(earned)} of {points(part.max_score)}"
    if not part.credited_with:
        page.paragraph(f"with the course's own earlier parts it is the same: {result}", indent, "dim", first="→ ")
        return
    if earned > part.score:
        result += f", which counts as {points(part.score)}"
    names = _enumerate([one_line(name) for name in part.credited_with])
    page.paragraph(f"credited with the course's own {names}: {result}", indent, "cyan", first="→ ")


def _explain(page: Page, outcome: Outcome, indent: int, verbose: bool) -> None:
    """What a check says: its message, a sentence for each array that adds to it, and the diagnosis."""
    said = clean(outcome.message)
    page.paragraph(said, indent)
    told = [(array, sentence) for array in outcome.arrays if (sentence := clean(array.message)) not in said]
    for array, sentence in told if verbose else told[:SENTENCES]:
        page.paragraph(_named(array.name, sentence), indent, first="· ")
    if len(told) > SENTENCES and not verbose:
        page.paragraph(f"and {len(told) - SENTENCES} more", indent, "dim", first="· ")
    for array in outcome.arrays:
        if verbose and not array.message and array.error is not None:
            page.paragraph(_measured(array), indent, "dim", first="· ")
    if outcome.diagnosis is not None and clean(outcome.diagnosis.text) not in said:
        page.paragraph(outcome.diagnosis.text, indent, "yellow", first="→ ")


def _named(name: str, sentence: str) -> str:
    """The sentence with the array's name before it, unless it speaks of it by name already."""
    name = one_line(name)
    return sentence if name in sentence else f"{name}: {sentence}"


def _measured(array: Comparison) -> str:
    limit = "" if array.tolerance is None else f", {array.tolerance:.1g} allowed"
    return f"{one_line(array.name)}: error {array.error:.1e}{limit}"


def _cells(page: Page, failed: list[CellRun], verbose: bool) -> None:
    if not failed:
        return
    unwritten = [c for c in failed if c.error is not None and c.error.type == "NotImplementedError"]
    others = [c for c in failed if c not in unwritten]
    page.heading("Cells that did not run through (counted from 0, text cells included)")
    shown = others if verbose else others[:CELLS_SHOWN]
    for cell in shown:
        _cell(page, cell)
    if rest := others[len(shown) :]:
        page.paragraph(f"and {len(rest)} more: {_plural('cell', rest)}", 2, "dim")
    if unwritten:
        page.paragraph(f"not implemented yet: {_plural('cell', unwritten)}", 2, "dim")


def _plural(word: str, cells: list[CellRun]) -> str:
    return f"{word}{'s' if len(cells) > 1 else ''} {', '.join(str(c.index) for c in cells)}"


def _cell(page: Page, cell: CellRun) -> None:
    lead = f"cell {cell.index}  "
    error = cell.error
    how = _CELL.get(cell.status, cell.status)
    if error is None:
        page.paragraph(how, 2, first=lead)
        return
    said = ": ".join(filter(None, (one_line(error.type), one_line(error.message, PARAGRAPH))))
    page.paragraph(said if cell.status == "error" else f"{how}: {said}", 2, first=lead)
    if error.frames:
        frame = error.frames[-1]
        file = one_line(frame.file)
        where = f"line {frame.line}" if file == f"cell {cell.index}" else f"{file}, line {frame.line}"
        room = page.width - 2 - len(lead) - layout.columns(where) - 3
        code = layout.fit(one_line(frame.text), room) if room >= CODE_ROOM else ""
        page.line(" " * (2 + len(lead)) + page.style(f"{where} │ {code}" if code else where, "dim"))


def _notes(page: Page, notes: Iterable[str]) -> None:
    for i, note in enumerate(notes):
        if i == 0:
            page.heading("Notes")
        page.paragraph(note, 0, first="· ")


def _total(page: Page, report: Report) -> None:
    waiting = [p for p in report.parts if p.pending]
    earned = f"{points(report.score)} of {points(report.max_score)} points"
    styles = ("bold", "green") if report.score == report.max_score else ("bold",)
    page.rule()
    if not waiting:
        page.line(page.style(earned, *styles))
        return
    some = "1 part waits" if len(waiting) == 1 else f"{len(waiting)} parts wait"
    worth = report.pending
    rest = f"{some} for a person ({points(worth)} point{'' if worth == 1 else 's'})"
    if len(earned) + 2 + len(rest) <= page.width:
        page.line(page.style(earned, *styles) + "; " + rest)
    else:
        page.line(page.style(earned, *styles) + ";")
        page.line(rest)


def _versions(page: Page, report: Report) -> None:
    pieces = [f"seed {report.seed}"]
    if env := report.environment:
        pieces += [f"Python {env.python}", f"NumPy {env.numpy}", f"SciPy {env.scipy}", f"grader {env.grader}"]
        pieces.append(f"sandbox: {', '.join(env.sandbox) or 'none'}")
    if total := report.seconds.get("total"):
        pieces.append(f"{total:.1f} s")
    page.paragraph(" · ".join(pieces), 0, "dim")


def _enumerate(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
