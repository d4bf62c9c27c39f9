"""Which row of a platform's sheet is whose: by an id of the platform's own, an address, at last by the name.

Only what is certain counts: a word that two rows share names none of them, and a row that two students claim gets
nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from msgspec import Struct, field

from grader.errors import UsageError
from grader.gradebook.csv import Sheet


class Entry(Struct, frozen=True, kw_only=True):
    """One student's result."""

    student: str
    """How messages call whom it is from."""
    name: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    """What platforms call the student, by column (`canvas_id`, `moodle_id`, `email`, `SIS Login ID`, …)."""
    points: Fraction | None = None
    """None: nothing to enter."""
    feedback: str = ""
    """Plain text of a few lines."""


class MatchColumn(NamedTuple):
    """A column of the sheet that says who it is."""

    column: int
    keys: Sequence[str]
    """Which of a student's `ids` stand there, the best first; `student` is the key."""
    read: Callable[[str], str] = str
    """What of a cell, or of an id, counts."""


def place(
    people: Sequence[Entry], sheet: Sheet, rows: Iterable[int], ways: Sequence[MatchColumn], *, name: int | None = None
) -> tuple[dict[int, Entry], tuple[str, ...]]:
    """Row -> whose it is, and the students who have no row.

    Parameters
    ----------
    ways
        The columns to look in, the first that is certain decides.
    name
        The column of names, for those whom nothing else finds.
    """
    numbers = list(rows)
    found: dict[int, int] = {}
    indexes = [(_index([(i, plain(way.read(cell(sheet.rows[i], way.column)))) for i in numbers]), way) for way in ways]
    names = _index([(i, _name(cell(sheet.rows[i], name))) for i in numbers]) if name is not None else {}
    for position, one in enumerate(people):
        known = {**one.ids, "student": one.student}
        words = [(index, plain(way.read(known[key]))) for index, way in indexes for key in way.keys if known.get(key)]
        words.append((names, _name(one.name)))
        row = next((index[word] for index, word in words if word in index), None)
        if row is not None:
            found[position] = row
    claims = Counter(found.values())
    placed = {row: people[position] for position, row in found.items() if claims[row] == 1}
    missing = tuple(one.student for i, one in enumerate(people) if claims.get(found.get(i, -1)) != 1)
    return placed, missing


def _index(words: Sequence[tuple[int, str]]) -> dict[str, int]:
    """Word -> row, for the words that only one row has."""
    times = Counter(word for _, word in words)
    return {word: row for row, word in words if word and times[word] == 1}


def _name(text: str) -> str:
    """A name in any order: `Doe, Jane` and `Jane Doe` are one."""
    return " ".join(sorted(plain(word) for word in re.split(r"[\s,]+", text) if word))


def plain(text: str) -> str:
    """Letters, digits and what parts an address, in lower case, without accents."""
    text = unicodedata.normalize("NFKD", text.casefold().strip())
    return re.sub(r"[^\w@.]", "", "".join(c for c in text if not unicodedata.combining(c)))


def column_of(head: Sequence[str], wanted: str, also: Callable[[str], object]) -> int:
    """The one column with this title, or else the one that `also` takes for it.

    Raises
    ------
    UsageError
        There is none, or several.
    """
    exact = [i for i, title in enumerate(head) if title.strip() == wanted.strip()]
    found = exact or [i for i, title in enumerate(head) if also(title.strip())]
    if len(found) != 1:
        what = "no column" if not found else f"{len(found)} columns"
        raise UsageError(f"--column {wanted!r}: the sheet has {what} of that name; there are {listed(head)}")
    return found[0]


def listed(head: Sequence[str]) -> str:
    """The columns, for a message."""
    return ", ".join(repr(title) for title in head)


def cell(row: Sequence[str], column: int) -> str:
    """A cell without blanks around it; what is missing at a row's end is empty."""
    return row[column].strip() if column < len(row) else ""
