"""What every gradebook has in common: what is asked of it, what is written, and what is left as it was.

A sheet that contradicts (another maximum, a grade that is no number, a locked row) is never overruled: the command
stops, or the row stays and its student is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction

from msgspec import Struct

from grader.errors import UsageError
from grader.gradebook.csv import Sheet, decimal, decimal_sign, number
from grader.gradebook.match import Entry, Placement, cell

LOCKED = "a locked row"
EXCUSED = "an excused student"
ABOVE = "more points than the column's maximum"

SIS = ("SIS User ID", "sid", "SID", "Student ID")
LOGIN = ("SIS Login ID", "Username", "username", "login", "github_username", "email", "Email", "Email address")
EMAIL = ("email", "Email address", "Email", "E-Mail-Adresse", "Adresse de courriel", "student")
NUMBER = ("ID number", "ID-Nummer", "sid", "Student ID", "Matrikelnummer", "OrgDefinedId", "student")
"""Under which names a student's ids are known, as platforms and rosters call them."""


class Request(Struct, frozen=True, kw_only=True):
    """What is to be entered, and where."""

    entries: tuple[Entry, ...]
    column: str
    """What the platform calls the column; where it was not `named`, the assignment's id."""
    named: bool = False
    possible: tuple[Fraction, ...]
    """Points that can be had: of automatic parts, and of all parts where a person marks some."""
    out_of: Fraction | None = None
    """What the assignment is worth there; None: as many points as here."""
    sheet: Sheet | None = None
    comments: bool = True

    @property
    def most(self) -> Fraction:
        """The maximum there, as far as the sheet does not say it."""
        return self.out_of or self.possible[0]

    def scaled(self, points: Fraction) -> Fraction:
        """Points in the column's scale."""
        return points * self.out_of / self.possible[0] if self.out_of and self.possible[0] else points

    def check_maximum(self, there: Fraction | None, title: str) -> None:
        """Refuse a column of another scale; None: the sheet does not say its maximum.

        Raises UsageError if the points are of another scale than the column.
        """
        if there is None or there == self.out_of or (self.out_of is None and there in self.possible):
            return
        shown = decimal(there)
        if self.out_of is not None:
            raise UsageError(f"--out-of {decimal(self.out_of)}: the column {title!r} is out of {shown}")
        here = " or ".join(decimal(points) for points in self.possible)
        raise UsageError(
            f"the column {title!r} is out of {shown} and the points are out of {here}:"
            f" `--out-of {shown}` scales them, or change the maximum on the platform and download the sheet again"
        )


class Filled(Struct, frozen=True, kw_only=True):
    """A sheet to upload, and what of it needs saying."""

    data: bytes
    entered: int
    left_out: Mapping[str, str]
    """Students with points that are not in it, and why."""
    replaced: tuple[str, ...] = ()
    """Students whose row had another score."""
    comments: tuple[str, ...] = ()
    """Students whose row had another comment."""
    twice: tuple[str, ...] = ()
    """Students with several rows, all filled."""
    empty: int = 0
    """Rows of the sheet for which there is nothing."""


class Gradebook(Struct, frozen=True, kw_only=True):
    """A platform's gradebook: how `grade export` calls it, and what fills it in."""

    name: str
    help: str
    description: str
    sheet: str
    """What its sheet is."""
    column: str
    """What a column is called there."""
    needs_sheet: bool = False
    has_comments: bool = False
    fill: Callable[[Request], Filled]


class Columns(Struct, frozen=True, kw_only=True):
    """Where a sheet has what."""

    score: int
    comment: int | None = None
    stays: Callable[[Sequence[str], Entry], str] = lambda row, entry: ""
    """Why a row is left as it is, or nothing."""


class FilledRows(Struct, frozen=True, kw_only=True):
    """A sheet's rows with scores, and what there is to say."""

    rows: dict[int, tuple[str, ...]]
    """Every row, by its place in the sheet."""
    written: frozenset[int]
    left_out: dict[str, str]
    replaced: tuple[str, ...]
    comments: tuple[str, ...]

    def result(self, data: bytes, placed: Placement, people_rows: Iterable[int]) -> Filled:
        """What came of it."""
        used = placed.rows.keys()
        return Filled(
            data=data,
            entered=len({placed.rows[i].student for i in self.written}),
            left_out={**placed.missing, **self.left_out},
            replaced=self.replaced,
            comments=self.comments,
            twice=tuple(s for s in placed.twice if s not in self.left_out),
            empty=sum(i not in used for i in people_rows),
        )


def fill_rows(request: Request, sheet: Sheet, placed: Placement, columns: Columns) -> FilledRows:
    """Write scores and comments into the rows that they belong to."""
    sign = decimal_sign(sheet)
    rows: dict[int, tuple[str, ...]] = {}
    left_out: dict[str, str] = {}
    written, replaced, comments = set(), [], []
    for i, row in enumerate(sheet.rows):
        cells = [*row, *[""] * (len(sheet.head) - len(row))]
        one = placed.rows.get(i)
        if one is not None and (why := columns.stays(cells, one)):
            left_out[one.student] = why
        elif one is not None:
            written.add(i)
            score = decimal(request.scaled(one.points), sign=sign)
            if cell(cells, columns.score) and number(cells[columns.score]) != number(score):
                replaced.append(one.student)
            cells[columns.score] = score
            if columns.comment is not None and request.comments and one.feedback:
                if cells[columns.comment].strip() not in ("", one.feedback):
                    comments.append(one.student)
                cells[columns.comment] = one.feedback
        rows[i] = tuple(cells)
    return FilledRows(
        rows=rows,
        written=frozenset(written),
        left_out=left_out,
        replaced=tuple(dict.fromkeys(replaced)),
        comments=tuple(dict.fromkeys(comments)),
    )


def known_id(one: Entry, keys: Sequence[str]) -> str:
    """The first of these that is known of the student; none that a spreadsheet would run, whoever chose it."""
    id = next((one.ids[key].strip() for key in keys if one.ids.get(key, "").strip()), "")
    return "" if id[:1] in tuple("=+-@") else id
