"""What a person sees beside an answer, kept with a report: the code that it is about, what that printed and drew.

Owns the choice and its limits. All of it is the student's own, and hostile; `grader.marking` shows it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from grader.model import CellRun, Report
from grader.report.sanitize import clean, cut

CELLS = 2
"""Code cells above a written answer that are kept."""
CODE, TEXT = 6_000, 3_000
"""Characters of a cell's code and of what it printed."""
PICTURES = 1 << 20
"""Bytes of the pictures of one hand-in."""


def evidence(report: Report) -> dict[str, Any]:
    """Part id, or `PART/CHECK` of a check left to a person -> cells with `cell`, `code`, `text`, `pictures`."""
    if report.work is None:
        return {}
    found: dict[str, Any] = {}
    room = PICTURES
    runs = {run.index: run for run in report.cells}
    for part in report.parts:
        if part.manual is not None and part.answer is not None and part.answer.state == "answered":
            shown = []
            for cell in _cells(report, part.answer.cell, plot=bool(part.answer.figures)):
                one, room = _cell(report, cell, runs.get(cell), room)
                shown.append(one)
            found[part.part.id] = shown
        for outcome in part.outcomes:
            if outcome.status == "pending":
                code = report.work.code.get(outcome.check.id, ())
                found[f"{part.part.id}/{outcome.check.id}"] = [
                    {"cell": cut(clean(one.file), 200), "code": cut(clean(one.text), CODE), "text": "", "pictures": []}
                    for one in code
                ]
    return {id: cells for id, cells in found.items() if cells}


def _cells(report: Report, answer: int | None, *, plot: bool) -> Iterator[int]:
    """The cell that drew the answer, or the last code cells above it."""
    notebook = report.work.notebook if report.work else None
    if answer is None or notebook is None:
        return
    if plot:
        yield answer
        return
    above = [cell.index for cell in notebook.code if cell.index < answer and cell.source.strip()]
    yield from above[-CELLS:]


def _cell(report: Report, index: int, run: CellRun | None, room: int) -> tuple[dict[str, Any], int]:
    notebook = report.work.notebook if report.work else None
    source = next((c.source for c in notebook.cells if c.index == index), "") if notebook else ""
    pictures = []
    for picture in run.pictures if run else ():
        room -= len(picture)
        if room >= 0:
            pictures.append(base64.b64encode(picture).decode("ascii"))
    text = cut(clean(run.text[: 2 * TEXT]), TEXT) if run else ""
    return {"cell": index, "code": cut(clean(source), CODE), "text": text, "pictures": pictures}, room
