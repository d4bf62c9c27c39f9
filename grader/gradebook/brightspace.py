"""Brightspace (D2L): one grade item for *Grades > Enter Grades > Import*, with the rows of an export or new ones.

A column is `Homework 3 Points Grade <Numeric MaxPoints:20 Weight:10>`; other kinds than `Numeric` take no points.
The last column has `#` in every row, and so has every id, so that no spreadsheet shortens a number.
"""

from __future__ import annotations

import re

from grader.errors import UsageError
from grader.gradebook.csv import Sheet, decimal, dump, number
from grader.gradebook.gradebook import EMAIL, NUMBER, Columns, Filled, Gradebook, Request, fill_rows, known_id
from grader.gradebook.headers import name_in
from grader.gradebook.match import NO_ROW, MatchColumn, cell, place

_KEYS = {
    "OrgDefinedId": ("OrgDefinedId", *NUMBER),
    "Username": ("Username", "username", "login", "student"),
    "Email": EMAIL,
}
_END = "End-of-Line Indicator"
_KIND = re.compile(r"(?P<name>.*?)\s*<(?P<kind>[^\s>]+)(?:[^>]*?\bMaxPoints:(?P<most>[\d.,]+))?[^>]*>")


def fill(request: Request) -> Filled:
    """A grades file with one item.

    Raises UsageError if the sheet is no export of grades, or its column takes no points, or points of another scale.
    """
    name = request.column.removesuffix(" Points Grade")
    title = f"{name} Points Grade"
    if request.sheet is None:
        return _new(request, title)
    sheet = request.sheet
    head = sheet.head
    ids = [i for i, column in enumerate(head) if column in _KEYS]
    if not any(head[i] != "Email" for i in ids):
        raise UsageError("the sheet is no export of Brightspace's grades (no column OrgDefinedId or Username)")
    kinds = [_KIND.fullmatch(column.strip()) for column in head]
    there = [i for i, match in enumerate(kinds) if match and match["name"] in (title, name)]
    there = there or [i for i, column in enumerate(head) if column.strip() in (title, name)]
    if there and (match := kinds[there[0]]) is not None:
        if match["most"] is None:
            raise UsageError(f"the column {head[there[0]]!r} takes no points; name one of kind Numeric with --column")
        request.check_maximum(number(match["most"]), head[there[0]])
        title = head[there[0]]
    people = range(1, len(sheet.rows))
    columns = [MatchColumn(i, _KEYS[head[i]], lambda text: text.removeprefix("#")) for i in ids]
    placed = place(request.entries, sheet, people, columns, name=name_in(head))
    # without the item there is nothing to replace: the score goes into a column of its own behind the others
    at = there[0] if there else len(head)
    wide = sheet.with_rows((*row, *[""] * (len(head) - len(row)), "") for row in sheet.rows)
    filled = fill_rows(request, wide, placed, Columns(score=at))
    kept = [i for i in ids if head[i] != "Email"]
    rows = [(*(head[i] for i in kept), title, _END)]
    rows += [(*(cell(filled.rows[i], c) for c in (*kept, at)), "#") for i in sorted(filled.written)]
    return filled.result(dump(sheet.with_rows(rows)), placed, people)


def _new(request: Request, title: str) -> Filled:
    rows: list[tuple[str, ...]] = []
    left_out = {}
    for one in request.entries:
        ids = (known_id(one, ("OrgDefinedId", *NUMBER[:-1])), known_id(one, ("Username", "username", "login")))
        if any(ids):
            rows.append((*ids, decimal(request.scaled(one.points)), "#"))
        else:
            left_out[one.student] = f"{NO_ROW}: nothing says what Brightspace calls them (give a roster, or --sheet)"
    made = Sheet(rows=(("OrgDefinedId", "Username", title, _END), *rows))
    return Filled(data=dump(made), entered=len(rows), left_out=left_out)


GRADEBOOK = Gradebook(
    name="brightspace",
    help="a grades file for Brightspace",
    description="Write one grade item for Brightspace (Grades > Enter Grades > Import). With --sheet, an export of"
    " the\ngrades, students are found in it by OrgDefinedId, Username or Email.",
    sheet="the grades as Brightspace exports them",
    column="the grade item's name (default: the assignment's id)",
    fill=fill,
)
