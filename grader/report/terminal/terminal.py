"""The report as plain text for a terminal.

Owns the order of the page; sentences come from `grader.report.sentences`, layout from `grader.report.terminal.page`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from grader.model import CellRun, Comparison, Outcome, PartResult, Report
from grader.report import order, sentences
from grader.report.sanitize import in_points, one_line, points
from grader.report.terminal import layout
from grader.report.terminal.page import TerminalPage

NARROW, WIDE = 48, 100
"""Columns between which the page is set: below, scores have no room; above, the eye loses the line."""
NAMED_PARTS = 4
"""Parts of a folded group that are named; more are listed by their ids."""
CELLS_SHOWN = 3
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
    page = TerminalPage(colour=colour, width=max(NARROW, min(width, WIDE)), ascii_only=ascii_only)
    _header(page, report)
    _unreadable(page, report)
    if verbose:
        _every_part(page, report.parts)
    else:
        _lost_first(page, report)
    _cells(page, report, verbose)
    _notes(page, report.notes)
    if report.status == "graded":
        _total(page, report)
    if verbose:
        _versions(page, report)
        _sandbox(page, report)
    return page.text()


def _header(page: TerminalPage, report: Report) -> None:
    name = sentences.submission_name(report)
    title = one_line(report.title or report.assignment)
    gap = page.width - layout.columns(title) - layout.columns(name)
    if not title or gap < 2:
        page.paragraph(title, 0, "bold")
        page.paragraph(name, 0, "dim")
    else:
        page.line(page.style(title, "bold") + " " * gap + page.style(name, "dim"))
    page.rule()
    if report.status != "graded":
        page.paragraph(sentences.no_score(report), 0, "bold", "yellow" if report.status == "ungradable" else "red")
        page.paragraph(report.reason, 0)


def _lost_first(page: TerminalPage, report: Report) -> None:
    """Parts that lost points with the reason; then what is not started, needs a person, or passed, folded."""
    groups = order.sections(report)
    grid = _grid(report.parts)
    ids = max((layout.columns(one_line(p.result.part.id)) for p in groups.lost), default=0)
    for lost in groups.lost:
        part = lost.result
        page.row(
            _SIGN["partial" if part.status == "passed" else part.status],  # of no points, or with one left to a person
            one_line(part.part.title),
            grid(points(part.score), part.max_score),
            lead=layout.pad(one_line(part.part.id), ids) + "  ",
        )
        _lost_checks(page, lost, grid, ids + 4)
        page.gap()
    _following(page, groups.following)
    shown = [p for p in groups.marked if p.score < p.max_score or sentences.mark_lines(p)]
    for part in shown:
        lead = one_line(part.part.id) + "  "
        page.row(_SIGN[part.status], one_line(part.part.title), grid(points(part.score), part.max_score), lead=lead)
        _mark(page, part, 4)
    if shown:
        page.gap()
    full = tuple(p for p in groups.marked if p not in shown and p.max_score)
    _folded(page, "✓", "marked with full points", full, scores=True)
    _folded(page, "○", "not started", groups.not_started, scores=True)
    _folded(page, "✓", "passed with the reference's earlier parts", groups.credited, scores=True)
    _folded(page, "✓", "passed", groups.passed, scores=True)
    _folded(page, "…", "needs manual grading", groups.by_person, scores=False)


def _following(page: TerminalPage, parts: tuple[order.LostPart, ...]) -> None:
    """A paragraph for all that follow one earlier part."""
    for why in dict.fromkeys(p.follows for p in parts):
        group = [p.result for p in parts if p.follows == why]
        names = "; ".join(
            f"{one_line(p.part.id)}{f' {one_line(p.part.title)}' if len(group) <= NAMED_PARTS else ''}"
            + (f" ({points(p.score)} / {points(p.max_score)})" if p.max_score else "")
            for p in group
        )
        page.paragraph(f"{names}: {why}", 0, first=_SIGN["failed"][0] + " ")
    if parts:
        page.gap()


def _lost_checks(page: TerminalPage, part: order.LostPart, grid: Callable[[str, Fraction], str], indent: int) -> None:
    for outcome in part.lost:
        own = indent + 2
        score = grid(points(outcome.score), outcome.check.points)
        page.row(_SIGN[outcome.status], sentences.check_title(outcome), score, indent=indent)
        explanation = part.explained.get(outcome.check.id)
        if explanation is None:
            continue
        _explain(page, outcome, explanation.feedback, own, verbose=False)
        if explanation.also:
            page.paragraph(
                f"({sentences.also(outcome)}: {'; '.join(map(sentences.check_title, explanation.also))})", own, "dim"
            )
    if part.same:
        page.paragraph(part.same, indent, "dim")
    _mark(page, part.result, indent)
    if part.result.credited_with:
        page.paragraph(sentences.credit(part.result), indent, "cyan", first="→ ")


def _mark(page: TerminalPage, part: PartResult, indent: int) -> None:
    for line in sentences.mark_lines(part):
        page.paragraph(line, indent, first="· ")


def _folded(page: TerminalPage, sign: str, title: str, parts: tuple[PartResult, ...], *, scores: bool) -> None:
    """One paragraph for parts with nothing to explain."""
    if not parts:
        return
    worth = sum((p.max_score for p in parts), Fraction(0))
    amount = f" ({in_points(worth)})" if worth else ""
    if len(parts) <= NAMED_PARTS and scores:
        names = "; ".join(f"{one_line(p.part.id)} {one_line(p.part.title)}" for p in parts)
    else:
        names = ", ".join(one_line(p.part.id) for p in parts)
    page.paragraph(f"{title}{amount}: {names}", 0, "green" if sign == "✓" else "dim", first=f"{sign} ")
    open_questions = [p for p in parts if p.answer is None or p.answer.state != "answered"] if not scores else []
    if open_questions:
        answered = [p for p in parts if p not in open_questions]
        few = open_questions if len(open_questions) <= len(answered) else answered
        which = ", ".join(one_line(p.part.id) for p in few)
        parts_text = f": {'all but ' if few is answered else ''}{which}" if few else ""
        lost = all(p.answer is not None and p.answer.state == "not found" for p in open_questions)
        page.paragraph(f"{'no answer found' if lost else 'not answered'}{parts_text}", 2, "dim")


def _every_part(page: TerminalPage, parts: tuple[PartResult, ...]) -> None:
    """Every part and check in the order of the assignment, with questions and the error of each array."""
    ids = max((layout.columns(one_line(p.part.id)) for p in parts), default=0)
    grid = _grid(parts)
    for part in parts:
        page.row(
            _SIGN[part.status],
            one_line(part.part.title),
            grid(sentences.score(part), part.max_score),
            lead=layout.pad(one_line(part.part.id), ids) + "  ",
            aside=sentences.answer_state(part) if part.manual else "",
        )
        if part.manual:
            page.paragraph(part.manual.question, ids + 4)
        _mark(page, part, ids + 4)
        for outcome in part.outcomes:
            score = grid(points(outcome.score), outcome.check.points)
            page.row(_SIGN[outcome.status], sentences.check_title(outcome), score, indent=ids + 4)
            _explain(page, outcome, sentences.feedback(outcome, limit=None), ids + 6, verbose=True)
        if credit := sentences.credit(part):
            page.paragraph(credit, ids + 4, "cyan" if part.credited_with else "dim", first="→ ")
        page.gap()


def _grid(parts: tuple[PartResult, ...]) -> Callable[[str, Fraction], str]:
    """A function that writes scores of one width, with the strokes below each other."""
    scored = [(p.score, p.max_score) for p in parts]
    scored += [(o.score, o.check.points) for p in parts for o in p.outcomes]
    earned = max((len(points(score)) for score, _ in scored), default=1)
    worth = max((len(points(most)) for _, most in scored), default=1)
    return lambda score, most: f"{score:>{earned}} / {points(most):<{worth}}"


def _explain(page: TerminalPage, outcome: Outcome, feedback: sentences.Feedback, indent: int, *, verbose: bool) -> None:
    """What a check says: its message, sentences on arrays that add to it, and the diagnosis."""
    page.paragraph(feedback.message, indent)
    for sentence in feedback.arrays:
        page.paragraph(sentence, indent, first="· ")
    for array in outcome.arrays:
        if verbose and not array.message and array.error is not None:
            page.paragraph(_measured(array), indent, "dim", first="· ")
    if feedback.diagnosis:
        page.paragraph(feedback.diagnosis, indent, "yellow", first="→ ")


def _measured(array: Comparison) -> str:
    limit = "" if array.tolerance is None else f", {array.tolerance:.1g} allowed"
    return f"{one_line(array.name)}: error {array.error:.1e}{limit}"


def _unreadable(page: TerminalPage, report: Report) -> None:
    """Cells and modules of which nothing ran: what they define is missing everywhere below."""
    cells = order.failed_cells(report).unreadable
    if not cells:
        return
    page.paragraph("Python cannot read this, so nothing of it ran (cells are numbered from 0, text included):", 0)
    for cell in cells[:CELLS_SHOWN]:
        if sentences.unreadable_module(cell):
            _module(page, cell)
        else:
            _cell(page, cell)
    page.gap()


def _cells(page: TerminalPage, report: Report, verbose: bool) -> None:
    failed = order.failed_cells(report)
    cells = failed.others + (failed.followed if verbose else ())
    if not cells:
        return
    page.heading("Cells with errors (numbered from 0, text cells included)")
    shown = cells if verbose else cells[:CELLS_SHOWN]
    for cell in shown:
        _cell(page, cell)
    if rest := cells[len(shown) :]:
        page.paragraph(f"and {len(rest)} more: {_plural('cell', rest)}", 2, "dim")
    if failed.followed and not verbose:
        page.paragraph(f"stopped at what an earlier cell lacks: {_plural('cell', failed.followed)}", 2, "dim")


def _plural(word: str, cells: Sequence[CellRun]) -> str:
    return f"{word}{'s' if len(cells) > 1 else ''} {', '.join(str(c.index) for c in cells)}"


def _cell(page: TerminalPage, cell: CellRun) -> None:
    lead = f"{sentences.cell_name(cell)}  "
    page.paragraph(sentences.cell_problem(cell), 2, first=lead)
    if cell.error is not None and cell.error.frames:
        frame = cell.error.frames[-1]
        file = one_line(frame.file)
        where = f"line {frame.line}" if file == f"cell {cell.index}" else f"{file}, line {frame.line}"
        room = page.width - 2 - len(lead) - layout.columns(where) - 3
        code = layout.fit(one_line(frame.text), room) if room >= CODE_ROOM else ""
        page.line(" " * (2 + len(lead)) + page.style(f"{where} │ {code}" if code else where, "dim"))


def _module(page: TerminalPage, cell: CellRun) -> None:
    """A module that Python cannot read, with the cell that imports it."""
    assert cell.error is not None
    frame = cell.error.frames[-1]
    said = f"{one_line(cell.error.type)}: {one_line(cell.error.message, sentences.CELL_MESSAGE)}"
    page.paragraph(f"{said} (imported by {sentences.cell_name(cell)})", 2, first=f"{one_line(frame.file)}  ")
    page.line(page.style(layout.fit(f"      line {frame.line} │ {one_line(frame.text)}", page.width), "dim"))


def _notes(page: TerminalPage, notes: Iterable[str]) -> None:
    for i, note in enumerate(notes):
        if i == 0:
            page.heading("Notes")
        page.paragraph(note, 0, first="· ")


def _total(page: TerminalPage, report: Report) -> None:
    page.rule()
    page.paragraph(sentences.total(report), 0, "bold", *(["green"] if report.score == report.max_score > 0 else []))


def _sandbox(page: TerminalPage, report: Report) -> None:
    if report.environment and report.status == "graded":  # otherwise no student code was run
        layers = ", ".join(report.environment.sandbox) or "no layer"
        page.paragraph(f"sandbox {report.environment.sandbox_tier}: {layers}", 0, "dim")


def _versions(page: TerminalPage, report: Report) -> None:
    pieces = [f"seed {report.seed}"]
    if env := report.environment:
        pieces += [f"Python {env.python}", f"NumPy {env.numpy}", f"SciPy {env.scipy}", f"grader {env.grader}"]
    if total := report.seconds.get("total"):
        pieces.append(f"{total:.1f} s")
    page.paragraph(" · ".join(pieces), 0, "dim")
