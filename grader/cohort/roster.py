"""The course's list of students: a CSV as any platform exports it, and who of it a submission is from.

Owns which entry somebody is. Which columns say who it is, is `grader.gradebook.headers`'; what names are one name
`grader.gradebook.names`'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from grader.cohort.records import RosterEntry
from grader.errors import UsageError
from grader.gradebook.csv import Sheet, parse
from grader.gradebook.headers import EMAILS, FIRSTS, IDS, LASTS, LOGINS, NAMES
from grader.gradebook.names import any_order, exact, folded, in_order

_PARTICIPANT = re.compile(
    r"(?:participant|teilnehmer|deelnemer|deltag|partecipante|partaidea|sodelujo|uczestnik|účastník|osallistuja"
    r"|katılımcı|участник|учасник|参加者|参与者|參與者)\D*(\d+)",
    re.IGNORECASE,
)
"""How Moodle's worksheet calls the number that its downloads have in their names."""


class Match(NamedTuple):
    """Which entry somebody is."""

    position: int
    sure: int
    """0: by an id, 1: by the name letter for letter, then by the folded name, in any order, and run together."""


class Roster(Struct, frozen=True):
    """All students, and how they are looked up."""

    students: tuple[RosterEntry, ...] = ()
    ids: Mapping[str, frozenset[int]] = {}
    numbers: Mapping[str, frozenset[int]] = {}
    """A platform's own number with the platform before it -> positions in `students`."""
    names: tuple[Mapping[str, frozenset[int]], ...] = ({}, {}, {}, {})
    """Letter for letter, folded, in any order, run together."""
    remarks: tuple[str, ...] = ()
    """What in it needs saying."""

    def find(self, words: Iterable[str], name: str = "", canvas: str = "", moodle: str = "") -> Match | None:
        """The one student who is meant; None where nobody is, or it is not certain who.

        `words` are ids and logins, or what may be one; `canvas` and `moodle` the platform's own number, which in
        another list may be somebody else's.
        """
        own = _only(self.numbers.get(f"canvas {canvas}")) if canvas else None
        own = _only(self.numbers.get(f"moodle {moodle}")) if moodle else own
        by_id = own if own is not None else _first(self.ids.get(_id(word)) for word in words)
        by_name = self._by_name(name)
        if by_id is None:
            return by_name
        if by_name is not None and by_name.position != by_id:
            return None  # the id is one student's and the name another's
        return Match(by_id, 0)

    def _by_name(self, name: str) -> Match | None:
        spoken = in_order(name)
        forms = [exact(spoken), folded(spoken), any_order(spoken)]
        if " " not in forms[1] or not re.search(r"[\s,]", name):  # a platform or a file name ran it together
            forms.append(forms[1].replace(" ", ""))
        for sure, (index, form) in enumerate(zip(self.names, forms, strict=False), 1):
            if positions := index.get(form) if form else None:
                position = _only(positions)
                return None if position is None else Match(position, sure)
        return None


def read_roster(path: Path) -> Roster:
    """Read a CSV whose first line has the columns' names, in any encoding and with any delimiter that platforms write.

    Raises UsageError if it cannot be read, has no column that tells students apart, or gives two students one id.
    """
    try:
        sheet = parse(path.read_bytes(), f"--roster {path}", columns=1)
    except OSError as problem:
        raise UsageError(f"--roster {path}: cannot be read ({problem.strerror})") from None
    columns = _columns(sheet, path)
    entries: list[RosterEntry] = []
    lines: list[list[int]] = []
    known: dict[str, int] = {}
    for number, row in enumerate(sheet.rows[1:], 2):
        cells = {title.strip(): cell.strip() for title, cell in zip(sheet.head, row, strict=False) if title.strip()}
        entry = _entry(cells, columns)
        if entry is None:
            continue
        same = _same(entry, entries, known, columns, path)
        if same is None:
            for title in columns.ids:
                if cells.get(title):
                    known.setdefault(f"{title} {_id(cells[title])}", len(entries))
            entries.append(entry)
            lines.append([number])
        else:
            entries[same] = _joined(entries[same], entry)
            lines[same].append(number)
    twice = [
        f"{entry.name or entry.key} (lines {' and '.join(map(str, at))})"
        for entry, at in zip(entries, lines, strict=True)
        if len(at) > 1
    ]
    remarks = (f"one student in several lines of the roster: {', '.join(twice)}",) if twice else ()
    return _indexed(entries, columns, remarks)


class _Columns(NamedTuple):
    """Which of a roster's columns say what."""

    ids: tuple[str, ...]
    """The best first: ids, logins, addresses."""
    name: tuple[str, ...]
    parts: tuple[str, ...]
    """First and last name."""
    canvas: bool
    """It is Canvas's own gradebook."""


def _columns(sheet: Sheet, path: Path) -> _Columns:
    heads = {folded(title): title.strip() for title in reversed(sheet.head) if title.strip()}
    ids = [heads[word] for word in (*IDS, *LOGINS, *EMAILS) if word in heads]
    if not any(folded(title) in EMAILS for title in ids):
        ids += [t for i, t in enumerate(sheet.head) if t.strip() not in ids and _is_email(sheet, i)]
    first, last = (next((heads[w] for w in words if w in heads), None) for words in (FIRSTS, LASTS))
    names = [heads[word] for word in NAMES if word in heads]
    parts = (first, last) if first and last else ()
    if not names and not parts:  # `Nome` alone is a whole name
        names = [title for title in (first, last) if title]
    if not ids and not names and not parts:
        there = ", ".join(title for title in sheet.head if title.strip()) or "none"
        raise UsageError(
            f"--roster {path}: no column that says who it is (id, username, email or name; there are: {there})"
        )
    canvas = "sis login id" in heads or "sis user id" in heads or ("student" in heads and "section" in heads)
    return _Columns(tuple(dict.fromkeys(ids)), tuple(names), parts, canvas)


def _is_email(sheet: Sheet, column: int) -> bool:
    cells = [row[column] for row in sheet.rows[1:] if column < len(row) and row[column].strip()]
    return bool(cells) and all(re.fullmatch(r"\s*[^@\s]+@[^@\s]+\s*", cell) for cell in cells)


def _entry(cells: Mapping[str, str], columns: _Columns) -> RosterEntry | None:
    name = next((cells[title] for title in columns.name if cells.get(title)), "")
    name = name or " ".join(cells[title] for title in columns.parts if cells.get(title))
    key = next((cells[title].removeprefix("#") for title in columns.ids if cells.get(title)), name)
    if not key or key == "Points Possible":  # a Canvas gradebook's second line
        return None
    return RosterEntry(key=key, name=name, columns=cells)


def _same(
    entry: RosterEntry, entries: Sequence[RosterEntry], known: Mapping[str, int], columns: _Columns, path: Path
) -> int | None:
    """The entry of an earlier line that is the same student: one id, and no other name."""
    for title in columns.ids:
        value = entry.columns.get(title, "")
        position = known.get(f"{title} {_id(value)}") if value else None
        if position is None:
            continue
        other = entries[position]
        if not entry.name or not other.name or folded(in_order(entry.name)) == folded(in_order(other.name)):
            return position
        raise UsageError(f"--roster {path}: {title} {value!r} is given to {other.name!r} and to {entry.name!r}")
    return None


def _joined(one: RosterEntry, other: RosterEntry) -> RosterEntry:
    """Two lines of one student: what differs, as a section, is joined as Canvas does."""
    cells = {}
    for title in {**one.columns, **other.columns}:
        values = dict.fromkeys(e.columns[title] for e in (one, other) if e.columns.get(title))
        cells[title] = " and ".join(values)
    return RosterEntry(key=one.key, name=one.name or other.name, columns=cells)


def _indexed(entries: Sequence[RosterEntry], columns: _Columns, remarks: tuple[str, ...]) -> Roster:
    ids: dict[str, set[int]] = {}
    numbers: dict[str, set[int]] = {}
    names: tuple[dict[str, set[int]], ...] = ({}, {}, {}, {})
    for n, entry in enumerate(entries):
        for title in columns.ids:
            for value in entry.columns.get(title, "").split(" and "):
                ids.setdefault(_id(value), set()).add(n)
                if "@" in value:
                    ids.setdefault(_id(value.partition("@")[0]), set()).add(n)
                if participant := _PARTICIPANT.fullmatch(value):
                    numbers.setdefault(f"moodle {participant[1]}", set()).add(n)
            if columns.canvas and folded(title) == "id" and title in entry.columns:  # a row may end before it
                numbers.setdefault(f"canvas {entry.columns[title]}", set()).add(n)
        if not columns.ids:
            ids.setdefault(_id(entry.key), set()).add(n)
        spoken = in_order(entry.name)
        names[0].setdefault(exact(spoken), set()).add(n)
        names[1].setdefault(folded(spoken), set()).add(n)
        names[2].setdefault(any_order(spoken), set()).add(n)
        words = folded(spoken).split()
        for cut in range(len(words)):
            names[3].setdefault("".join(words[cut:] + words[:cut]), set()).add(n)
    return Roster(tuple(entries), _frozen(ids), _frozen(numbers), tuple(map(_frozen, names)), remarks)


def _frozen(index: Mapping[str, set[int]]) -> dict[str, frozenset[int]]:
    return {word: frozenset(positions) for word, positions in index.items() if word}


def _id(text: str) -> str:
    return exact(text).casefold().removeprefix("#")


def _only(positions: frozenset[int] | None) -> int | None:
    return next(iter(positions)) if positions and len(positions) == 1 else None


def _first(candidates: Iterable[frozenset[int] | None]) -> int | None:
    return next((position for entries in candidates if (position := _only(entries)) is not None), None)
