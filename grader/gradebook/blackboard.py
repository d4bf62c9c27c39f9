"""Blackboard Learn: a downloaded Grade Center column for *Work Offline > Upload*.

A column is `Homework 3 [Total Pts: 20 Score] |664617`, in the course's language; the number is by which Blackboard
knows it. Downloads are tab-separated UTF-16 with the ending `.xls`, or CSV; a download of one column has one for
feedback too.
"""

from __future__ import annotations

import re

from grader.errors import UsageError
from grader.gradebook.csv import dump, number
from grader.gradebook.gradebook import EMAIL, LOGIN, SIS, Columns, Filled, Gradebook, Request, fill_rows
from grader.gradebook.headers import EMAILS, IDS, LOGINS, column, name_in
from grader.gradebook.match import MatchColumn, column_of, place

_COLUMN = re.compile(r"(?P<name>.*?)\s*\[[^\]:]*:\D*(?P<most>[\d.,]+)\s*(?P<kind>[^\]]*)\]\s*(?:\|\s*(?P<id>\d+))?")
_LOGIN = ("Username", "username", "login", "student", *LOGIN)
_FEEDBACK = "Feedback to Learner"


def fill(request: Request) -> Filled:
    """The download with scores.

    Raises UsageError if the sheet is no download of Blackboard's grades, has no such column, or one of another scale.
    """
    sheet = request.sheet
    assert sheet is not None  # `needs_sheet`
    head = sheet.head
    kinds = {i: match for i, title in enumerate(head) if (match := _COLUMN.fullmatch(title.strip()))}
    login = column(head, LOGINS)
    if login is None or not kinds:
        raise UsageError("the sheet is no download of Blackboard's grades (no Username, or no `[Total Pts: 20] |1`)")
    wanted = {i for i, match in kinds.items() if request.column in (match["name"], match["id"])}
    if not request.named and len(kinds) == 1:
        wanted = set(kinds)
    at = wanted.pop() if len(wanted) == 1 else column_of(head, request.column, lambda title: False)
    if "text" in kinds[at]["kind"].casefold():
        raise UsageError(f"the column {head[at]!r} takes text; set its primary display to Score, or name another")
    request.check_maximum(number(kinds[at]["most"]), head[at])
    people = range(1, len(sheet.rows))
    where = ((login, _LOGIN), (column(head, IDS), SIS), (column(head, EMAILS), EMAIL))
    columns = [MatchColumn(i, ids) for i, ids in where if i is not None]
    placed = place(request.entries, sheet, people, columns, name=name_in(head))
    comment = head.index(_FEEDBACK) if _FEEDBACK in head else None
    filled = fill_rows(request, sheet, placed, Columns(score=at, comment=comment))
    kept = [i for i in range(len(head)) if i == at or i not in kinds]
    rows = [filled.rows[i] for i in filled.rows if i in filled.written or i not in people]
    return filled.result(dump(sheet.with_rows(tuple(row[c] for c in kept) for row in rows)), placed, people)


GRADEBOOK = Gradebook(
    name="blackboard",
    help="a downloaded Grade Center of Blackboard, filled in",
    description="Fill in one column of the grades that Blackboard lets you download (Grade Center > Work Offline >"
    " Download).\nStudents are found by Username or Student ID, the column by its name or number; upload the result"
    " under\nWork Offline > Upload.",
    sheet="the grades as they were downloaded",
    column="the column's name or number (default: the only one, or the assignment's id)",
    needs_sheet=True,
    has_comments=True,
    fill=fill,
)
