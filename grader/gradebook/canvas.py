"""Canvas: one assignment's column for *Grades > Import*, in the gradebook that *Export* gives, or a new one.

Its first columns and `Points Possible` are English in every language. A row is found by `ID`, `SIS User ID`,
`SIS Login ID`; `EX` excuses a student; a column `(read only)` is computed.
"""

from __future__ import annotations

import re

from grader.errors import UsageError
from grader.gradebook.csv import Sheet, decimal, dump, number
from grader.gradebook.gradebook import EXCUSED, LOGIN, SIS, Columns, Filled, Gradebook, Request, fill_rows, known_id
from grader.gradebook.match import NO_ROW, MatchColumn, cell, column_of, place

_TITLE = re.compile(r"(.*?)\s*\((\d+)\)")
_POINTS = "    Points Possible"
_OF_STUDENT = ("ID", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account", "Section")


def fill(request: Request) -> Filled:
    """A gradebook file with one assignment.

    Raises UsageError if the sheet is no gradebook, has no such column, or one of another scale.
    """
    sheet = request.sheet
    if sheet is None:
        return _new(request)
    head = sheet.head
    if head[0].strip() != "Student" or "ID" not in head:
        raise UsageError("the sheet is no gradebook of Canvas (its first columns are not Student and ID)")
    last = max(i for i, title in enumerate(head) if title in _OF_STUDENT)
    wanted = request.column
    at = column_of(head, wanted, lambda title: (match := _TITLE.fullmatch(title)) and wanted in match.groups())
    possible = [cell(row, at) for row in sheet.rows if row[0].strip() == _POINTS.strip()]
    if "(read only)" in possible:
        raise UsageError(f"Canvas computes the column {head[at]!r} itself; name another with --column")
    request.check_maximum(number(possible[0]) if possible else None, head[at])
    people = [i for i, row in enumerate(sheet.rows) if i and cell(row, head.index("ID"))]
    known = (("ID", ("canvas_id", "ID")), ("SIS User ID", SIS), ("SIS Login ID", LOGIN))
    columns = [MatchColumn(head.index(title), ids) for title, ids in known if title in head]
    placed = place(request.entries, sheet, people, columns, name=lambda row: row[0])
    filled = fill_rows(
        request, sheet, placed, Columns(score=at, stays=lambda row, _: EXCUSED if row[at].strip() == "EX" else "")
    )
    kept = [*range(last + 1), at]
    rows = [filled.rows[i] for i in filled.rows if i in filled.written or i not in people]
    return filled.result(dump(sheet.with_rows(tuple(row[c] for c in kept) for row in rows)), placed, people)


def _new(request: Request) -> Filled:
    titles = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", request.column)
    rows: list[tuple[str, ...]] = []
    left_out = {}
    for one in request.entries:
        keys = [known_id(one, ids) for ids in (("canvas_id", "ID"), SIS, LOGIN)]
        if any(keys):
            rows.append((one.name or one.student, *keys, "", decimal(request.scaled(one.points))))
        else:
            left_out[one.student] = f"{NO_ROW}: nothing says what Canvas calls them (give a roster, or --sheet)"
    top = (_POINTS, "", "", "", "", decimal(request.most))
    return Filled(data=dump(Sheet(rows=(titles, top, *rows))), entered=len(rows), left_out=left_out)


GRADEBOOK = Gradebook(
    name="canvas",
    help="a gradebook file for Canvas",
    description="Write one assignment's column for Canvas. With --sheet, the gradebook that Canvas exports"
    " (Grades > Export),\nstudents are found in it by their ids, and the column by its title; upload the result under"
    " Grades > Import.",
    sheet="the gradebook as Canvas exports it",
    column="the assignment as Canvas calls it, or its number (default: the assignment's id; a title that Canvas does"
    " not know makes a new assignment)",
    fill=fill,
)
