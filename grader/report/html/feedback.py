"""What the page for a student shows, as plain data: texts that are still to be escaped, and HTML that is safe.

Owns the choice and the order; the wording is `grader.report.sentences`'s, the looks the template's.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from msgspec import Struct

from grader.diagnosis.codes import NAMED
from grader.diagnosis.explanations import about
from grader.model import Answer, CellRun, Excerpt, Outcome, PartResult, Report
from grader.report import order, sentences
from grader.report.html.highlight import highlighted
from grader.report.html.markup import to_html
from grader.report.sanitize import one_line, points

CELLS_SHOWN = 6
"""Failing cells shown with their code: those after the first few mostly follow from them."""
OPEN = 60
"""Lines of a piece of code that is shown unfolded."""
SIGNS = {
    "passed": ("✓", "passed"),
    "partial": ("◐", "partial"),
    "failed": ("✗", "lost"),
    "error": ("✗", "lost"),
    "timeout": ("✗", "lost"),
    "missing": ("○", "muted"),
    "skipped": ("○", "muted"),
    "pending": ("…", "muted"),
}


class Figure(Struct, frozen=True):
    """A picture and the sentence about it."""

    picture: bytes
    text: str


View = dict[str, Any]
"""Values by the names that the template reads; one that is missing or misspelt is an error there."""


def page_of(report: Report) -> View:
    """Everything on the page but the notebook."""
    heading = one_line(report.title or report.assignment or "Feedback")
    file = sentences.submission_name(report)
    graded = report.status == "graded"
    failed = order.failed_cells(report)
    groups = order.sections(report, limit=sentences.SENTENCES)
    return {
        "title": " · ".join([sentences.earned(report) if graded else "no score", heading, file]),
        "heading": heading,
        "file": file,
        "graded": graded,
        "score": points(report.score),
        "total": sentences.total(report).removeprefix(points(report.score)),
        "no_score": sentences.no_score(report),
        "reason": sentences.paragraph(report.reason),
        "lost": tuple(_lost_part(report, part) for part in groups.lost),
        "following": tuple(_lost_part(report, part) for part in groups.following),
        "not_started": tuple(_part(report, part) for part in groups.not_started),
        "by_person": tuple(_part(report, part) for part in report.parts if part.manual is not None),
        "credited": tuple(_part(report, part) for part in groups.credited),
        "passed": tuple(_part(report, part) for part in groups.passed),
        "unreadable": tuple(_cell(report, cell) for cell in failed.unreadable[:CELLS_SHOWN]),
        "cells": tuple(_cell(report, cell) for cell in failed.others[:CELLS_SHOWN]),
        "followed": tuple({"index": c.index, "name": sentences.cell_name(c)} for c in failed.followed),
        "notes": (
            *map(sentences.paragraph, report.notes),
            *([f"{len(failed.others) - CELLS_SHOWN} more cells have errors"] if failed.others[CELLS_SHOWN:] else []),
        ),
        "versions": _versions(report),
        "notebook": Markup(""),
        "left_out": "",
        "links": not report.by_notebook,  # of several notebooks, a cell's number does not say which one's it is
    }


def part_view(part: PartResult) -> View:
    """One part alone, without its figures and code."""
    return _part(Report(assignment="", status="graded"), part)


def _lost_part(report: Report, part: order.LostPart) -> View:
    view = _part(report, part.result)
    if part.result.status == "passed":  # of no points, or with one left to a person
        sign, tone = SIGNS["partial"]
        view = dict(view, sign=sign, tone=tone, state=sentences.STATUS["partial"])
    return dict(
        view,
        checks=tuple(_check(outcome, part.explained.get(outcome.check.id)) for outcome in part.lost),
        code=_code(report, part.result),
        same=part.same,
        follows=part.follows,
    )


def _part(report: Report, part: PartResult) -> View:
    sign, tone = SIGNS[part.status]
    answer = part.answer or Answer()
    manual = part.manual
    within = (one for one in report.by_notebook if any(own.part.id == part.part.id for own in one.parts))
    return {
        "id": one_line(part.part.id),
        "title": one_line(part.part.title),
        "sign": sign,
        "tone": tone,
        "state": sentences.state(part),
        "points": _earned(part),
        "has_points": bool(part.max_score),
        "checks": tuple(_check(outcome, None) for outcome in part.outcomes),
        "credit": sentences.credit(part) if part.credited_with else "",
        "same": "",
        "follows": "",
        "code": (),
        "question": Markup(to_html(manual.question)) if manual else Markup(""),
        "answer": _answer(answer, is_code=manual is not None and manual.kind in ("plot", "tuning")),
        "where": "" if answer.cell is None else str(answer.cell),
        "figures": _figures(next(within, report), answer),
        "mark": sentences.mark_lines(part, comment=False),
        "comment": Markup(to_html(part.mark.comment)) if part.mark else Markup(""),
        "model": Markup(to_html(part.mark.model)) if part.mark else Markup(""),
    }


def _earned(part: PartResult) -> str:
    if part.is_scored:
        return f"{points(part.score)} / {points(part.max_score)}"
    return f"– / {points(part.max_score)}" if part.max_score else "–"


def _check(outcome: Outcome, explanation: order.Explanation | None) -> View:
    sign, tone = SIGNS[outcome.status]
    feedback = explanation.feedback if explanation is not None else sentences.Feedback(message="")
    also = explanation.also if explanation is not None else ()
    return {
        "title": sentences.check_title(outcome),
        "sign": sign,
        "tone": tone,
        "state": sentences.STATUS[outcome.status],
        "points": f"{points(outcome.score)} / {points(outcome.check.points)}",
        "message": feedback.message,
        "sentences": (*feedback.arrays, *([f"and {feedback.more} more"] if feedback.more else [])),
        "diagnosis": feedback.diagnosis,
        "behind": about(outcome.diagnosis.code)
        if outcome.diagnosis and feedback.diagnosis and outcome.diagnosis.code != NAMED
        else "",
        "also": f"{sentences.also(outcome).capitalize()}: {'; '.join(map(sentences.check_title, also))}"
        if also
        else "",
    }


def _code(report: Report, part: PartResult) -> tuple[View, ...]:
    """The definitions that the part's lost checks use, the suspect ones first; stubs have nothing to look at."""
    if report.work is None or sentences.is_innocent(part):
        return ()
    excerpts: dict[tuple[str, int], Excerpt] = {}
    for outcome in filter(_is_lost, part.outcomes):
        for one in report.work.code.get(outcome.check.id, ()):
            excerpts.setdefault((one.file, one.line), one)
    cleared = _cleared(report) if len(excerpts) > 1 else frozenset()
    if all(one.name in cleared for one in excerpts.values()):
        cleared = frozenset()
    return tuple(
        {
            "name": one_line(one.name),
            "file": one_line(one.file),
            "cell": one.file.removeprefix("cell ") if one.file.startswith("cell ") else "",
            "line": one.line,
            "code": Markup(highlighted(one.text, first=one.line)),
            "open": one.text.count("\n") < OPEN and one.name not in cleared,
        }
        for one in sorted(excerpts.values(), key=lambda one: one.name in cleared)
    )


def _is_lost(outcome: Outcome) -> bool:
    return outcome.status not in ("passed", "missing", "pending", "skipped")


def _cleared(report: Report) -> frozenset[str]:
    """Names that have checks of their own, all of which passed: the mistake is hardly there."""
    alone = [(o.check.uses[0].name, o) for p in report.parts for o in p.outcomes if len(o.check.uses) == 1]
    passed = {name for name, outcome in alone if outcome.status == "passed"}
    return frozenset(passed - {name for name, outcome in alone if outcome.status != "passed"})


def _answer(answer: Answer, *, is_code: bool) -> Markup:
    if not answer.text.strip():
        return Markup("")
    return Markup(highlighted(answer.text) if is_code else to_html(answer.text))


def _figures(report: Report, answer: Answer) -> tuple[Figure, ...]:
    run = next((c for c in report.cells if c.index == answer.cell and answer.figures), None)
    if run is None:
        return ()
    texts = [one_line(text) for text in run.figures]
    return tuple(Figure(picture, texts[i] if i < len(texts) else "a figure") for i, picture in enumerate(run.pictures))


def _cell(report: Report, cell: CellRun) -> View:
    """A failed cell with its code, and the line where it stopped marked."""
    own = next((one for one in report.by_notebook if one.cells and one.cells[0].notebook == cell.notebook), report)
    notebook = own.work.notebook if own.work else None
    source = next((c.source for c in notebook.cells if c.index == cell.index), "") if notebook else ""
    frames = cell.error.frames if cell.error else ()
    here = [f.line for f in frames if f.file == f"cell {cell.index}"]
    elsewhere = [f for f in frames if f.file != f"cell {cell.index}"]
    return {
        "index": cell.index,
        "name": sentences.cell_name(cell),
        "said": sentences.cell_problem(cell),
        "places": tuple(f"{one_line(f.file)}, line {f.line}: {one_line(f.text)}" for f in elsewhere[-3:]),
        "code": Markup(highlighted(source, here=here[-1] if here else None)) if source else Markup(""),
    }


def _versions(report: Report) -> str:
    pieces = [f"seed {report.seed}"] if report.status == "graded" else []
    if env := report.environment:
        pieces += [f"Python {env.python}", f"NumPy {env.numpy}", f"SciPy {env.scipy}", f"grader {env.grader}"]
    if report.digest:
        pieces.append(f"submission {one_line(report.digest)}")
    return " · ".join(pieces)
