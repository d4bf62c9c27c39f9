"""The log of marks beside a batch's store: who did what and when, only ever added to; and leases, which are forgotten.

`grades.sqlite` has its marks in `grades.marks.sqlite`: a store can be deleted and graded again, marking cannot.
An entry is committed to the disk before it is acknowledged, and one that is sent twice is kept once. What the entries
amount to is `grader.marking.state`'s.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from grader.cohort.store import BUSY_SECONDS, prepare, transaction, utc_now
from grader.errors import UsageError
from grader.marks import Start

APPLICATION, FORMAT = 0x67726D6B, 1
"""`application_id` ("grmk") and `user_version` of the file."""
LEASE_SECONDS = 300.0
"""How long an answer that somebody looks at is not given to another person."""
_TABLES = """
CREATE TABLE IF NOT EXISTS log (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, who TEXT NOT NULL, once TEXT UNIQUE, event TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS log_stays BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'a log is only added to'); END;
CREATE TRIGGER IF NOT EXISTS log_keeps BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'a log is only added to'); END;
CREATE TABLE IF NOT EXISTS leases (
  answer TEXT PRIMARY KEY, holder TEXT NOT NULL, who TEXT NOT NULL, until REAL NOT NULL
) WITHOUT ROWID;
"""


class Hand(Struct, frozen=True, array_like=True):
    """Who had an answer when it was marked, and in which submission (`submission.digest` of its report)."""

    student: str
    content: str


class _Event(Struct, frozen=True, kw_only=True):
    assignment: str
    part: str
    """A part's id, or `PART/CHECK` for a check that its probe left to a person."""


class Marked(_Event, frozen=True, kw_only=True, tag="mark"):
    """An answer's mark as a whole; the last one counts."""

    answer: str
    """The answer's digest; for an automatic part, whose score it overrides, the digest of the submission."""
    items: tuple[str, ...] = ()
    adjust: str = "0"
    """Points added by hand, as a fraction."""
    points: str
    """The sum of its items, unless a person adjusted it."""
    comment: str = ""
    hands: tuple[Hand, ...] = ()


class Flagged(_Event, frozen=True, kw_only=True, tag="flag"):
    """Somebody wants a second opinion, or (`on` False) has it."""

    answer: str
    on: bool


class Reopened(_Event, frozen=True, kw_only=True, tag="reopen"):
    """A mark is to be looked at once more; until then it does not count."""

    answer: str
    reason: str
    student: str = ""


class ItemSet(_Event, frozen=True, kw_only=True, tag="item"):
    """A rubric item, new or changed."""

    key: str
    points: str = "0"
    text: str = ""
    note: str = ""
    gone: bool = False
    given: bool = False
    """It is the assignment's own, as its author wrote it."""


class RubricSet(_Event, frozen=True, kw_only=True, tag="rubric"):
    """Where a rubric starts, and its model answer."""

    start: Start
    model: str = ""
    show_model: bool = False
    given: bool = False


class Undone(Struct, frozen=True, kw_only=True, tag="undo"):
    """An entry counts no more."""

    entry: int


Event = Marked | Flagged | Reopened | ItemSet | RubricSet | Undone


class Entry(Struct, frozen=True):
    """One line of the log."""

    id: int
    at: str
    """ISO 8601, UTC."""
    who: str
    event: Event


class Conflict(Exception):
    """Somebody else has marked the answer since it was looked at."""


def log_path(store: Path) -> Path:
    """Where the marks of a store are."""
    return store.with_name(f"{store.name.removesuffix('.sqlite')}.marks.sqlite")


class Log:
    """An open log; a context manager, for one thread at a time."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        if not create and not path.exists():
            raise UsageError(f"{path}: no marks yet; `grade mark STORE` or `grade import marks` makes them")
        try:
            self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            if prepare(self._db, APPLICATION, FORMAT, _TABLES) != FORMAT:
                raise sqlite3.DatabaseError("it holds marks of another version of the grader")
            self._db.execute("PRAGMA synchronous = FULL")  # a mark that was confirmed outlives a power cut
        except sqlite3.Error as problem:
            raise UsageError(f"{path}: cannot be used for marks ({problem})") from problem
        self.path = path

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def entries(self, after: int = 0) -> list[Entry]:
        """Every entry later than `after`, the oldest first."""
        rows = self._db.execute("SELECT id, at, who, event FROM log WHERE id > ? ORDER BY id", (after,))
        return [Entry(id, at, who, msgspec.json.decode(event, type=Event)) for id, at, who, event in rows]

    def last(self) -> int:
        """The number of the last entry; 0 when there is none."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM log").fetchone()[0])

    def add(self, who: str, events: Iterable[Event], *, once: str = "", seen: int | None = None) -> int:
        """Write entries, all or none; returns the number of the last.

        `once` is a name for this call: the same one again writes nothing more. `seen` is the last entry that the writer
        knew when it decided; None writes whatever came since. Raises Conflict if the answer that is to be marked was
        marked or reopened after `seen`.
        """
        with transaction(self._db):
            for number, event in enumerate(events):
                name = f"{once}/{number}" if once else None
                if self._db.execute("SELECT 1 FROM log WHERE once = ?", (name,)).fetchone():
                    continue
                if seen is not None and isinstance(event, Marked) and self._has_changed(event, seen):
                    raise Conflict
                self._insert(utc_now(), who, name, event)
        return self.last()

    def restore(self, entries: Iterable[tuple[str, str, Event]]) -> None:
        """Write entries that were made elsewhere, each with its time and who made it, all or none."""
        with transaction(self._db):
            for at, who, event in entries:
                self._insert(at or utc_now(), who, None, event)

    def _insert(self, at: str, who: str, once: str | None, event: Event) -> None:
        row = (at, who, once, msgspec.json.encode(event).decode())
        self._db.execute("INSERT INTO log (at, who, once, event) VALUES (?, ?, ?, ?)", row)

    def _has_changed(self, event: Marked, seen: int) -> bool:
        later = (entry.event for entry in self.entries(seen))
        about = (e for e in later if isinstance(e, Marked | Reopened))
        return any((e.assignment, e.part, e.answer) == (event.assignment, event.part, event.answer) for e in about)

    def lease(self, answer: str, holder: str, who: str) -> str:
        """Take an answer for five minutes; returns who else has it, or nothing where it was free.

        A holder has one answer at a time: what it held before is free again.
        """
        now = time.time()
        with transaction(self._db):
            current = self._db.execute("SELECT holder, who, until FROM leases WHERE answer = ?", (answer,)).fetchone()
            taken = str(current[1]) if current is not None and current[0] != holder and current[2] > now else ""
            self._db.execute("DELETE FROM leases WHERE holder = ? OR until < ?", (holder, now))
            if not taken:
                row = (answer, holder, who, now + LEASE_SECONDS)
                self._db.execute("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?)", row)
        return taken

    def leases(self, holder: str) -> dict[str, str]:
        """Answers that others look at now, and who."""
        rows = self._db.execute("SELECT answer, who FROM leases WHERE holder != ? AND until > ?", (holder, time.time()))
        return dict(rows.fetchall())
