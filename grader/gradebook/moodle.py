"""Moodle: the grading worksheet as it was downloaded, in whatever language, with grades and comments filled in.

Its headers are in the site's language and its columns always in one order: participant, name and other fields, state,
grade, its maximum (or the scale's values), whether it can be changed, times, comments. So a column is found by its
name where that is known, and otherwise by its place and by what stands in it. Everything else stays, the times of the
last changes too, by which Moodle sees whether somebody has graded in the meantime.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from grader.errors import UsageError
from grader.gradebook.csv import Sheet, dump, number
from grader.gradebook.gradebook import ABOVE, EMAIL, LOCKED, NUMBER, Columns, Filled, Gradebook, Request, fill_rows
from grader.gradebook.match import Entry, MatchColumn, cell, column_of, listed, place
from grader.gradebook.names import folded

_PARTICIPANT = re.compile(r"\D*?(\d+)")
_GRADES = ("grade", "bewertung", "note", "calificacion", "valutazione", "cijfer", "nota", "qualificacio", "ocena")
"""The grade's column, `folded`, where another column could be taken for it."""
_ID_NUMBER = re.compile(r"id[ -]?num|matrik|num[eé]ro d|n[uú]mero de id", re.I)
_COMMENTS = re.compile(r"feedback comments|feedback als kommentar|feedback par commentaires|comentarios|commenti", re.I)
_YES = re.compile("yes|ja|oui|si|sim|da|tak|ano|evet|bai|kylla|ναί|да|так|はい|是|네")
_NO = re.compile("no|nein|non|nee|nao|nej|nei|nie|ne|hayir|ez|ei|όχι|нет|ні|いいえ|否|아니요")
"""Moodle's words for whether a grade can be changed, `folded`."""


def fill(request: Request) -> Filled:
    """The worksheet with grades and feedback.

    Raises UsageError if the sheet is no worksheet, its columns are not recognised, or its grades are of another scale.
    """
    sheet = request.sheet
    assert sheet is not None  # `needs_sheet`
    head, body = sheet.head, sheet.rows[1:]
    if not all(_PARTICIPANT.fullmatch(cell(row, 0)) for row in body):
        raise UsageError("the sheet is no grading worksheet of Moodle (its first column is not `Participant 123`)")
    at = column_of(head, request.column, lambda title: False) if request.named else _grades(sheet)
    most = _maximum(sheet, at)
    request.check_maximum(most, head[at])
    comment = _comments(sheet, at)
    changeable = _changeable(sheet, at)
    email = next((i for i in range(1, len(head)) if any("@" in cell(row, i) for row in body)), None)
    id_number = next((i for i, title in enumerate(head) if i and _ID_NUMBER.match(title)), None)
    columns = [MatchColumn(0, ("moodle_id", "Identifier", "ID"), _participant)]
    columns += [MatchColumn(i, ids) for i, ids in ((email, EMAIL), (id_number, NUMBER)) if i is not None]
    people = range(1, len(sheet.rows))
    placed = place(request.entries, sheet, people, columns, name=lambda row: cell(row, 1))

    def stays(row: Sequence[str], entry: Entry) -> str:
        if changeable is not None and _NO.fullmatch(folded(row[changeable])):
            return LOCKED
        return ABOVE if most is not None and request.scaled(entry.points) > most else ""  # Moodle passes over it

    filled = fill_rows(request, sheet, placed, Columns(score=at, comment=comment, stays=stays))
    return filled.result(dump(sheet.with_rows(filled.rows.values()), keep=(0,)), placed, people)


def _grades(sheet: Sheet) -> int:
    """The grades' column: by its name in a known language, else the one before the column of the maximum."""
    named = [i for i, title in enumerate(sheet.head) if folded(title) in _GRADES]
    if len(named) == 1:
        return named[0]
    maxima = [i for i in range(2, len(sheet.head)) if _constant(sheet, i) is not None]
    if maxima:
        return maxima[0] if maxima[1:] == [maxima[0] + 1] else maxima[0] - 1  # all may have the same grade
    raise UsageError(f"which column are the grades'? Name it with --column; there are {listed(sheet.head)}")


def _constant(sheet: Sheet, column: int) -> str | None:
    """The one number in all of a column's cells."""
    cells = {cell(row, column) for row in sheet.rows[1:]}
    (first,) = cells if len(cells) == 1 else ("",)
    return first if number(first) is not None else None


def _maximum(sheet: Sheet, grades: int) -> Fraction | None:
    """The maximum beside the grades; None: the sheet has none.

    Raises UsageError if the grades are words of a scale.
    """
    beside = [cell(row, grades + 1) for row in sheet.rows[1:]]
    values = {number(text) for text in beside if text}
    if len(values) == 1 and None not in values:
        return values.pop()
    options = next((text.split() for text in beside if "\n" in text), None)
    worded = [text for text in (cell(row, grades) for row in sheet.rows[1:]) if text and number(text) is None]
    if options or worded:
        shown = ", ".join(options or worded[:4])
        raise UsageError(f"the grades in {sheet.head[grades]!r} are of a scale ({shown}), which points do not fill")
    return None


def _changeable(sheet: Sheet, grades: int) -> int | None:
    """The column that says whether a grade can be changed, known by its words for yes and no."""
    for i in range(grades + 2, len(sheet.head)):
        words = [folded(cell(row, i)) for row in sheet.rows[1:]]
        if all(_YES.fullmatch(word) or _NO.fullmatch(word) for word in words):
            return i
    return None


def _comments(sheet: Sheet, grades: int) -> int | None:
    """The comments' column: by its name, else the last one, which is no time (`-`, or with a year)."""
    named = next((i for i, title in enumerate(sheet.head) if _COMMENTS.search(title)), None)
    last = len(sheet.head) - 1
    if named is not None or last < grades + 3:
        return named
    cells = [cell(row, last) for row in sheet.rows[1:]]
    return None if all(text == "-" or re.search(r"\d{4}", text) for text in cells) else last


def _participant(text: str) -> str:
    match = _PARTICIPANT.fullmatch(text.strip())
    return match[1] if match else ""


GRADEBOOK = Gradebook(
    name="moodle",
    help="the grading worksheet of Moodle, filled in",
    description="Fill in the worksheet that Moodle lets you download (Assignment > Submissions > Download grading"
    " worksheet;\nthe assignment needs `Offline grading worksheet` among its feedback types). Its language, delimiter"
    " and\ndecimal sign stay, and so do locked rows. Upload the result in the same menu.",
    sheet="the worksheet as it was downloaded",
    column="the grades' column, where it is not found by itself",
    needs_sheet=True,
    has_comments=True,
    fill=fill,
)
