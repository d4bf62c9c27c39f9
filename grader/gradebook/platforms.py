"""Scores as the CSV that Canvas, Moodle and Brightspace import: their own sheet filled in, or a new one.

Owns which value goes into which column; `grader.gradebook.match` owns whose row is whose. A student without a score
is left out, so that nothing already in the gradebook is overwritten with an empty cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

from msgspec import Struct

from grader.errors import UsageError
from grader.gradebook.csv import Sheet, decimal, decimal_sign, dump
from grader.gradebook.match import Entry, MatchColumn, cell, column_of, listed, place, plain


class Filled(Struct, frozen=True, kw_only=True):
    """A sheet to upload, and what is not in it."""

    data: bytes
    entered: int
    unplaced: tuple[str, ...]
    """Students with points whom no row of the sheet is certainly of."""
    ungraded: tuple[str, ...]
    """Students without points."""
    empty: int = 0
    """Rows of the sheet for which there is nothing."""


_SIS = ("SIS User ID", "sid", "SID", "Student ID")
_LOGIN = ("SIS Login ID", "Username", "username", "login", "email", "Email", "Email address")
_EMAIL = ("email", "Email address", "Email", "E-Mail-Adresse", "Adresse de courriel", "student")
_NUMBER = ("ID number", "ID-Nummer", "sid", "Student ID", "Matrikelnummer", "OrgDefinedId", "student")
_CANVAS_ID = re.compile(r"(.*?)\s*\((\d+)\)")
_PARTICIPANT = re.compile(r"\D*?(\d+)")
_IS_NUMBER = re.compile(r"id[ -]?num|matrik|num[eé]ro d|n[uú]mero de id", re.I)
_FEEDBACK = re.compile(r"feedback comments|feedback als kommentar|feedback par commentaires|comentarios|commenti", re.I)
_GRADES = ("grade", "bewertung", "note", "calificacion", "valutazione", "cijfer", "nota")
"""Moodle's word for the grade's column, in the languages that courses are most often held in, as `plain` writes it."""


# ---------------------------------------------------------------- Canvas


def canvas(entries: Iterable[Entry], *, column: str, possible: Fraction, sheet: Sheet | None = None) -> Filled:
    """A gradebook file for Canvas with one assignment.

    Parameters
    ----------
    column
        The assignment as Canvas calls it, with or without its number; a title that Canvas does not know makes a new
        assignment.
    possible
        Points that can be had.
    sheet
        The gradebook as Canvas exports it, to take the rows and the column's number from.

    Raises
    ------
    UsageError
        The sheet is no gradebook, or has no such column.
    """
    people, ungraded = _with_points(entries)
    if sheet is None:
        titles = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", column)
        rows: list[tuple[str, ...]] = []
        unplaced: list[str] = []
        for one in people:
            keys = [_id(one, ("canvas_id", "ID")), _id(one, _SIS), _id(one, _LOGIN)]
            if any(keys):
                rows.append((one.name or one.student, *keys, "", decimal(one.points or Fraction(0))))
            else:
                unplaced.append(one.student)
        top = ("    Points Possible", "", "", "", "", decimal(possible))
        made = Sheet(rows=(titles, top, *rows))
        return Filled(data=dump(made), entered=len(rows), unplaced=tuple(unplaced), ungraded=ungraded)
    head = sheet.rows[0]
    if plain(head[0]) != "student" or "ID" not in head:
        raise UsageError("the sheet is no gradebook of Canvas (its first columns are not Student and ID)")
    last = max(i for i, title in enumerate(head) if title in ("ID", "SIS User ID", "SIS Login ID", "Section"))
    at = column_of(head, column, lambda title: (found := _CANVAS_ID.fullmatch(title)) and column in found.groups())
    kept = [*range(last + 1), at]
    people_rows = {i for i, row in enumerate(sheet.rows) if i and cell(row, head.index("ID"))}
    columns = (("ID", ("canvas_id", "ID")), ("SIS User ID", _SIS), ("SIS Login ID", _LOGIN))
    ways = [MatchColumn(head.index(title), ids) for title, ids in columns if title in head]
    placed, missing = place(people, sheet, people_rows, ways, name=0)
    filled: list[tuple[str, ...]] = []
    sign = decimal_sign(sheet)
    for i, row in enumerate(sheet.rows):
        cells = [*row, *[""] * (len(head) - len(row))]
        if i in placed:
            cells[at] = decimal(placed[i].points or Fraction(0), sign=sign)
        if i in placed or i not in people_rows:
            filled.append(tuple(cells[c] for c in kept))
    return Filled(
        data=dump(_like(sheet, filled)),
        entered=len(placed),
        unplaced=missing,
        ungraded=ungraded,
        empty=len(people_rows) - len(placed),
    )


# ---------------------------------------------------------------- Moodle


def moodle(entries: Iterable[Entry], *, sheet: Sheet, column: str | None = None, comments: bool = True) -> Filled:
    """Moodle's grading worksheet as it was downloaded, in whatever language, with grades and feedback filled in.

    The sheet's own decimal sign is used. Everything else in it stays, the times of the last changes too, by which
    Moodle sees whether somebody has graded in the meantime.

    Parameters
    ----------
    column
        The header of the grades' column, where it is not found by itself.
    comments
        Whether the feedback's column is filled too, if there is one.

    Raises
    ------
    UsageError
        The sheet is no worksheet, or its columns cannot be told.
    """
    people, ungraded = _with_points(entries)
    head, body = sheet.rows[0], sheet.rows[1:]
    if not all(_PARTICIPANT.fullmatch(cell(row, 0)) for row in body):
        raise UsageError("the sheet is no grading worksheet of Moodle (its first column is not `Participant 123`)")
    at = column_of(head, column, lambda title: False) if column else _moodle_grades(sheet)
    comment = next((i for i, title in enumerate(head) if _FEEDBACK.search(title)), None) if comments else None
    email = next((i for i in range(1, len(head)) if any("@" in cell(row, i) for row in body)), None)
    number = next((i for i, title in enumerate(head) if i and _IS_NUMBER.match(title)), None)
    ways = [MatchColumn(0, ("moodle_id", "Identifier", "ID"), _participant)]
    ways += [MatchColumn(i, ids) for i, ids in ((email, _EMAIL), (number, _NUMBER)) if i is not None]
    placed, unplaced = place(people, sheet, range(1, len(sheet.rows)), ways, name=1)
    sign = decimal_sign(sheet)
    rows: list[tuple[str, ...]] = []
    for i, row in enumerate(sheet.rows):
        cells = list(row) + [""] * (len(head) - len(row))
        if i in placed:
            cells[at] = decimal(placed[i].points or Fraction(0), sign=sign)
            if comment is not None and placed[i].feedback:
                cells[comment] = placed[i].feedback
        rows.append(tuple(cells))
    return Filled(
        data=dump(_like(sheet, rows), keep=(0,)),
        entered=len(placed),
        unplaced=unplaced,
        ungraded=ungraded,
        empty=len(body) - len(placed),
    )


def _moodle_grades(sheet: Sheet) -> int:
    """The grades' column: by its name in a known language, else the one before the greatest possible grade's."""
    head, body = sheet.rows[0], sheet.rows[1:]
    named = [i for i, title in enumerate(head) if plain(title) in _GRADES]
    if len(named) == 1:
        return named[0]
    for i in range(2, len(head)):
        cells = {cell(row, i) for row in body}
        if len(cells) == 1 and re.fullmatch(r"\d+([.,]\d+)?", next(iter(cells))):
            return i - 1
    raise UsageError(f"which column are the grades'? Name it with --column; there are {listed(head)}")


def _participant(text: str) -> str:
    found = _PARTICIPANT.fullmatch(text)
    return found[1] if found else ""


# ---------------------------------------------------------------- Brightspace


def brightspace(entries: Iterable[Entry], *, column: str, sheet: Sheet | None = None) -> Filled:
    """A grades file for Brightspace with one grade item.

    Parameters
    ----------
    column
        The grade item's name.
    sheet
        The grades as Brightspace exports them, to take the rows from.

    Raises
    ------
    UsageError
        The sheet is no export of grades.
    """
    people, ungraded = _with_points(entries)
    title = f"{column.removesuffix(' Points Grade')} Points Grade"
    keys = ("OrgDefinedId", "Username")
    if sheet is None:
        rows: list[tuple[str, ...]] = []
        unplaced: list[str] = []
        for one in people:
            ids = (_id(one, ("OrgDefinedId", *_NUMBER[:-1])), _id(one, ("Username", "username", "login")))
            if any(ids):
                rows.append((*ids, decimal(one.points or Fraction(0)), "#"))
            else:
                unplaced.append(one.student)
        made = Sheet(rows=((*keys, title, "End-of-Line Indicator"), *rows))
        return Filled(data=dump(made), entered=len(rows), unplaced=tuple(unplaced), ungraded=ungraded)
    head = sheet.rows[0]
    there = [i for i, name in enumerate(head) if name in keys]
    if not there:
        raise UsageError("the sheet is no export of Brightspace's grades (no column OrgDefinedId or Username)")
    known = {"OrgDefinedId": _NUMBER, "Username": ("Username", "username", "login", "student")}
    ways = [MatchColumn(i, (head[i], *known[head[i]]), _without_hash) for i in there]
    placed, missing = place(people, sheet, range(1, len(sheet.rows)), ways)
    rows = [(*(head[i] for i in there), title, "End-of-Line Indicator")]
    for i, one in sorted(placed.items()):
        rows.append((*(cell(sheet.rows[i], c) for c in there), decimal(one.points or Fraction(0)), "#"))
    return Filled(
        data=dump(_like(sheet, rows)),
        entered=len(placed),
        unplaced=missing,
        ungraded=ungraded,
        empty=len(sheet.rows) - 1 - len(placed),
    )


def _without_hash(text: str) -> str:
    return text.removeprefix("#")  # Brightspace writes one, so that no spreadsheet shortens a number


def _with_points(entries: Iterable[Entry]) -> tuple[list[Entry], tuple[str, ...]]:
    listed = list(entries)
    return [e for e in listed if e.points is not None], tuple(e.student for e in listed if e.points is None)


def _id(one: Entry, keys: Sequence[str]) -> str:
    """The first of these that is known of the student; none that a spreadsheet would run, whoever chose it."""
    found = next((one.ids[key].strip() for key in keys if one.ids.get(key, "").strip()), "")
    return "" if found[:1] in tuple("=+-@") else found


def _like(sheet: Sheet, rows: Iterable[tuple[str, ...]]) -> Sheet:
    return Sheet(rows=tuple(rows), encoding=sheet.encoding, delimiter=sheet.delimiter, newline=sheet.newline)
