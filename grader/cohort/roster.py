"""The course's list of students: a CSV as any platform exports it, and who of it a hand-in is from."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from grader.errors import UsageError

_KEYS = (
    *("id", "studentid", "sid", "sisuserid", "orgdefinedid", "matriculationnumber", "matrikelnummer", "identifier"),
    *("username", "sisloginid", "login", "loginid", "user", "email", "emailaddress"),
)
"""Columns that tell one student from another, the best first, as `_plain` writes them."""
_NAMES = ("name", "student", "studentname", "fullname", "displayname", "vollstandigername")
_PARTICIPANT = re.compile(r"(?:participant\S*|teilnehmer\D*|deelnemer|deltag\w+|partecipante)\s*(\d+)", re.IGNORECASE)
"""How Moodle's grading sheet calls the number that its downloads have in their names."""
_FIRST = ("firstname", "first", "givenname", "vorname")
_LAST = ("lastname", "last", "surname", "familyname", "nachname")


class RosterEntry(Struct, frozen=True, kw_only=True):
    """One row of the roster."""

    key: str
    name: str
    columns: Mapping[str, str]


class Roster(Struct, frozen=True):
    """All students, and how they are looked up."""

    students: tuple[RosterEntry, ...] = ()
    index: Mapping[str, frozenset[int]] = {}
    """Any way to write who it is, reduced to letters and digits -> positions in `students`."""

    def find(self, words: Iterable[str]) -> RosterEntry | None:
        """The one student whom one of `words` names; the first word that names exactly one decides."""
        for word in words:
            found = self.index.get(_plain(word), frozenset())
            if len(found) == 1:
                return self.students[next(iter(found))]
        return None


def read_roster(path: Path) -> Roster:
    """Read a CSV whose first line has the columns' names; a comma, semicolon or tab parts them.

    Raises
    ------
    UsageError
        It cannot be read, or has no column that tells students apart.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"--roster {path}: cannot be read ({problem}); save it as CSV in UTF-8") from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = list(csv.DictReader(text.splitlines(), delimiter=delimiter))
    columns = {_plain(column): column for column in (rows[0] if rows else {}) if column}
    keys = [columns[key] for key in _KEYS if key in columns]
    names = [columns[name] for name in _NAMES if name in columns]
    if not rows or not (keys or names):
        there = ", ".join(columns.values()) or "none"
        raise UsageError(
            f"--roster {path}: no column that says who it is (id, username, email or name; there are: {there})"
        )
    students: list[RosterEntry] = []
    index: dict[str, set[int]] = {}
    for row in rows:
        told = {column: (value or "").strip() for column, value in row.items() if column and isinstance(value, str)}
        key = next((told[column] for column in (*keys, *names) if told.get(column)), "")
        if not key or key == "Points Possible":  # a Canvas gradebook's second line
            continue
        both = [told.get(columns[c], "") for part in (_FIRST, _LAST) for c in part if c in columns]
        name = next((told[n] for n in names if told.get(n)), " ".join(part for part in both if part))
        for word in _ways([told.get(c, "") for c in keys], name):
            index.setdefault(word, set()).add(len(students))
        students.append(RosterEntry(key=key, name=name, columns=told))
    return Roster(tuple(students), {word: frozenset(found) for word, found in index.items()})


def _ways(keys: Sequence[str], name: str) -> set[str]:
    """Every way to write who it is: `Doe, Jane`, `Jane Doe` and Canvas's `doejane` are one."""
    words = {_plain(key) for key in keys} | {_plain(key.partition("@")[0]) for key in keys if "@" in key}
    last, comma, first = name.partition(",")
    parts = [first, last] if comma else name.split()
    words |= {_plain(name), _plain("".join(parts))}
    words |= {found[1] for key in keys if (found := _PARTICIPANT.fullmatch(key))}
    for cut in range(1, len(parts)):
        words.add(_plain("".join(parts[cut:] + parts[:cut])))
    return words - {""}


def _plain(text: str) -> str:
    """Letters and digits in lower case, without accents."""
    text = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[^\w]|_", "", "".join(c for c in text if not unicodedata.combining(c)))
