"""Which rows of a platform's sheet are whose: by an id of the platform's own, an address, at last by the name.

Only what is certain counts: a word that rows of different people share names none of them, a row that two students
claim alike gets nothing, and whoever is named by its letters exactly comes before whoever is only named alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from msgspec import Struct, field

from grader.errors import UsageError
from grader.gradebook.csv import Sheet
from grader.gradebook.names import any_order, exact, folded, in_order


class Entry(Struct, frozen=True, kw_only=True):
    """One student's result."""

    student: str
    """How messages call whom it is from."""
    name: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    """What platforms call the student, by column (`canvas_id`, `moodle_id`, `email`, `SIS Login ID`, …)."""
    points: Fraction
    feedback: str = ""
    """HTML of a few lines."""


class MatchColumn(NamedTuple):
    """A column of the sheet that identifies the student."""

    column: int
    keys: Sequence[str]
    """Which of a student's `ids` stand there, the best first; `student` is the key."""
    read: Callable[[str], str] = str
    """What of a cell, or of an id, counts."""


class Placement(NamedTuple):
    """Which rows are whose."""

    rows: dict[int, Entry]
    missing: dict[str, str]
    """Students without a row, and why."""
    twice: tuple[str, ...]
    """Students with several rows, all of which are theirs."""


_FORMS = (exact, folded, any_order)
NO_ROW = "no row of the sheet"
SHARED = "several rows of the sheet, of different people"
CLAIMED = "the row of another student too"
CONTRADICTED = "one row by the id, another by the name"


def place(
    people: Sequence[Entry],
    sheet: Sheet,
    people_rows: Iterable[int],
    columns: Sequence[MatchColumn],
    *,
    name: Callable[[Sequence[str]], str] | None = None,
) -> Placement:
    """Find each student's rows.

    `people_rows` are the rows that are somebody's. Of `columns` the first that knows the student decides; `name` gives
    the name in a row, for those whom no id finds.
    """
    numbers = list(people_rows)
    cells = {i: [_id(way.read(cell(sheet.rows[i], way.column))) for way in columns] for i in numbers}
    ids = [_index((i, cells[i][n]) for i in numbers) for n in range(len(columns))]
    spoken = {i: in_order(name(sheet.rows[i])) for i in numbers} if name else {}
    names = [_index((i, form(text)) for i, text in spoken.items()) for form in _FORMS]
    wanted: list[tuple[int, list[int]]] = []
    """For each student how sure it is (0: by an id, then by the name in one of `_FORMS`), and the rows."""
    claims: dict[int, list[int]] = {}
    """Row -> how sure those are who want it."""
    for one in people:
        known = {**one.ids, "student": one.student}
        words = [(n, _id(way.read(known.get(key, "")))) for n, way in enumerate(columns) for key in way.keys]
        by_id = next((ids[n][word] for n, word in words if word in ids[n]), [])
        by_name = [names[n].get(form(in_order(one.name)), []) for n, form in enumerate(_FORMS)]
        sure, rows = next(((n, rows_of) for n, rows_of in enumerate([by_id, *by_name]) if rows_of), (0, []))
        wanted.append((sure, rows))
        for row in rows:
            claims.setdefault(row, []).append(sure)
    placed: dict[int, Entry] = {}
    missing: dict[str, str] = {}
    twice = []
    for one, (sure, rows_of) in zip(people, wanted, strict=True):
        said = exact(in_order(one.name))
        elsewhere = names[0].get(said, []) if sure == 0 else []
        if not rows_of:
            missing[one.student] = NO_ROW
        elif len(rows_of) > 1 and (sure or not _one_person([cells[i] for i in rows_of])):
            missing[one.student] = SHARED
        elif any(sum(other <= sure for other in claims[row]) > 1 for row in rows_of):
            missing[one.student] = CLAIMED
        elif elsewhere and not {*elsewhere} & {*rows_of}:
            missing[one.student] = CONTRADICTED
        else:
            placed.update(dict.fromkeys(rows_of, one))
            if len(rows_of) > 1:
                twice.append(one.student)
    return Placement(placed, missing, tuple(twice))


def _id(text: str) -> str:
    return exact(text).casefold()


def _index(words: Iterable[tuple[int, str]]) -> dict[str, list[int]]:
    """Word -> its rows."""
    index: dict[str, list[int]] = {}
    for row, word in words:
        if word:
            index.setdefault(word, []).append(row)
    return index


def _one_person(rows: Sequence[Sequence[str]]) -> bool:
    """Whether no id of the rows says that they are of different people."""
    return all(len({word for word in column if word}) < 2 for column in zip(*rows, strict=True))


def column_of(head: Sequence[str], wanted: str, also: Callable[[str], object]) -> int:
    """The one column with this title, or else the one that `also` takes for it.

    Raises UsageError if there is none, or several.
    """
    exactly = [i for i, title in enumerate(head) if title.strip() == wanted.strip()]
    columns = exactly or [i for i, title in enumerate(head) if also(title.strip())]
    if len(columns) != 1:
        what = "no column" if not columns else f"{len(columns)} columns"
        raise UsageError(f"--column {wanted!r}: the sheet has {what} of that name; there are {listed(head)}")
    return columns[0]


def listed(head: Sequence[str]) -> str:
    """The columns, for a message."""
    return ", ".join(repr(title) for title in head)


def cell(row: Sequence[str], column: int) -> str:
    """A cell without blanks around it; what is missing at a row's end is empty."""
    return row[column].strip() if column < len(row) else ""
