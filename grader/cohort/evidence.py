"""What a person sees beside an answer, kept with a report: the code that it is about, what that printed and drew.

Owns the choice and its limits. All of it is the student's own, and hostile; `grader.marking` shows it.
"""

from __future__ import annotations

import base64
from typing import Any

from grader.model import CellRun, Notebook, Report
from grader.report.sanitize import clean, cut
from grader.submission.review.answers import cells_beside

CODE, TEXT = 6_000, 3_000
"""Characters of a cell's code and of what it printed."""
PICTURES = 1 << 20
"""Bytes of the pictures of one submission."""


def evidence(report: Report) -> dict[str, Any]:
    """Part id, or `PART/CHECK` of a check left to a person -> cells with `cell`, `code`, `text`, `pictures`."""
    if report.by_notebook:
        return {id: cells for one in report.by_notebook for id, cells in evidence(one).items()}
    if report.work is None:
        return {}
    cells_of: dict[str, Any] = {}
    notebook, room = report.work.notebook, PICTURES
    runs = {run.index: run for run in report.cells}
    for part in report.parts:
        if part.manual is not None and part.answer is not None and notebook is not None:
            shown = []
            for cell in cells_beside(part.answer, notebook):
                one, room = _cell(notebook, cell, runs.get(cell), room)
                shown.append(one)
            cells_of[part.part.id] = shown
        for outcome in part.outcomes:
            if outcome.status == "pending":
                code = report.work.code.get(outcome.check.id, ())
                cells_of[f"{part.part.id}/{outcome.check.id}"] = [
                    {"cell": cut(clean(one.file), 200), "code": cut(clean(one.text), CODE), "text": "", "pictures": []}
                    for one in code
                ]
    return {id: cells for id, cells in cells_of.items() if cells}


def _cell(notebook: Notebook, index: int, run: CellRun | None, room: int) -> tuple[dict[str, Any], int]:
    source = next((c.source for c in notebook.cells if c.index == index), "")
    pictures = []
    for picture in run.pictures if run else ():
        room -= len(picture)
        if room >= 0:
            pictures.append(base64.b64encode(picture).decode("ascii"))
    text = cut(clean(run.text[: 2 * TEXT]), TEXT) if run else ""
    return {"cell": index, "code": cut(clean(source), CODE), "text": text, "pictures": pictures}, room
