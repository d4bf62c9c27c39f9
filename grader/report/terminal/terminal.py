"""The report as plain text for a terminal.

Owns the order of the page; sentences come from `grader.report.sentences`, layout from `grader.report.terminal.page`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from grader.model import CellRun, Comparison, Outcome, PartResult, Report
from grader.report import sentences as words
from grader.report.sanitize import one_line, points
from grader.report.terminal import layout
from grader.report.terminal.page import Page

NARROW, WIDE = 48, 100
"""Columns between which the page is set: below, scores have no room; above, the eye loses the line."""
CELLS_SHOWN = 6
"""Failing cells listed unless verbose: those after the first few mostly follow from them."""
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
    _sandbox(page, report)
    return page.text()


def _header(page: Page, report: Report) -> None:
    name = words.submission_name(report)
    title = one_line(report.title or report.assignment)
    gap = page.width - layout.columns(title) - layout.columns(name)
    if not title or gap < 2:
        page.paragraph(title, 0, "bold")
        page.paragraph(name, 0, "dim")
    else:
        page.line(page.style(title, "bold") + " " * gap + page.style(name, "dim"))
    page.rule()
    if report.status != "graded":
        page.paragraph(words.no_score(report), 0, "bold", "yellow" if report.status == "ungradable" else "red")
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
            aside=words.answer_state(part) if part.manual else "",
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


def _details(page: Page, part: PartResult, grid: Callable[[str, Fraction], str], indent: int, verbose: bool) -> bool:
    """What a part lost and why; tells whether there was anything to say."""
    lost = [o for o in part.outcomes if o.status != "passed"]
    if not verbose and len(lost) == len(part.outcomes) and all(o.status == "missing" for o in lost):
        for message in dict.fromkeys(o.message for o in lost):  # a stub says the same for every check
            page.paragraph(message, indent, "dim")
        return False  # one quiet line below its title: the stub of a whole assignment reads as a list
    innocent = words.is_innocent(part) and not verbose
    for outcome in part.outcomes if verbose else lost:
        check = outcome.check
        page.row(
            _SIGN[outcome.status], words.check_title(outcome), grid(points(outcome.score), check.points), indent=indent
        )
        if not innocent:
            _explain(page, outcome, indent + 2, verbose)
    if said := words.credit(part):
        page.paragraph(said, indent, "cyan" if part.credited_with else "dim", first="→ ")
    return bool(lost or verbose)


def _explain(page: Page, outcome: Outcome, indent: int, verbose: bool) -> None:
    """What a check says: its message, a sentence for each array that adds to it, and the diagnosis."""
    said = words.feedback(outcome, limit=None if verbose else words.SENTENCES)
    page.paragraph(said.message, indent)
    for sentence in said.arrays:
        page.paragraph(sentence, indent, first="· ")
    if said.more:
        page.paragraph(f"and {said.more} more", indent, "dim", first="· ")
    for array in outcome.arrays:
        if verbose and not array.message and array.error is not None:
            page.paragraph(_measured(array), indent, "dim", first="· ")
    if said.diagnosis:
        page.paragraph(said.diagnosis, indent, "yellow", first="→ ")


def _measured(array: Comparison) -> str:
    limit = "" if array.tolerance is None else f", {array.tolerance:.1g} allowed"
    return f"{one_line(array.name)}: error {array.error:.1e}{limit}"


def _cells(page: Page, failed: list[CellRun], verbose: bool) -> None:
    if not failed:
        return
    unwritten = [c for c in failed if words.is_unwritten(c)]
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
    page.paragraph(words.cell_problem(cell), 2, first=lead)
    if cell.error is not None and cell.error.frames:
        frame = cell.error.frames[-1]
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
    earned, rest = words.earned(report), words.waiting(report)
    styles = ("bold", "green") if report.score == report.max_score else ("bold",)
    page.rule()
    if not rest:
        page.line(page.style(earned, *styles))
        return
    if len(earned) + 2 + len(rest) <= page.width:
        page.line(page.style(earned, *styles) + "; " + rest)
    else:
        page.line(page.style(earned, *styles) + ";")
        page.line(rest)


def _sandbox(page: Page, report: Report) -> None:
    if report.environment and report.status == "graded":  # otherwise no student code was run
        layers = ", ".join(report.environment.sandbox) or "no layer"
        page.paragraph(f"sandbox {report.environment.sandbox_tier}: {layers}", 0, "dim")


def _versions(page: Page, report: Report) -> None:
    pieces = [f"seed {report.seed}"]
    if env := report.environment:
        pieces += [f"Python {env.python}", f"NumPy {env.numpy}", f"SciPy {env.scipy}", f"grader {env.grader}"]
    if total := report.seconds.get("total"):
        pieces.append(f"{total:.1f} s")
    page.paragraph(" · ".join(pieces), 0, "dim")
