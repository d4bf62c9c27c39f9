"""The tables of a store, and how its file is opened; what is read and written is `store`'s."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path

FORMAT = 2
"""`user_version` of the file. One of format 1, which knew reports graded in part, is read, and brought to 2 to write;
another one is refused."""
APPLICATION = 0x67726164
"""`application_id`: tells a store from any other SQLite file ("grad")."""
BUSY_SECONDS = 30.0
"""How long a second writer waits: a transaction here takes milliseconds."""
_TABLES = """
CREATE TABLE reports (
  id INTEGER PRIMARY KEY,
  content TEXT NOT NULL, assignment TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
  score TEXT NOT NULL, max_score TEXT NOT NULL, pending TEXT NOT NULL, scores TEXT NOT NULL,
  report BLOB NOT NULL, keys TEXT NOT NULL, seconds REAL NOT NULL, graded TEXT NOT NULL
);
CREATE INDEX reports_by_content ON reports (content);
CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  started TEXT NOT NULL, finished TEXT, source TEXT NOT NULL, options TEXT NOT NULL, grader TEXT NOT NULL
);
CREATE TABLE results (
  run INTEGER NOT NULL REFERENCES runs (id), path TEXT NOT NULL,
  student TEXT NOT NULL, attempt INTEGER NOT NULL, hand_in TEXT NOT NULL,
  report INTEGER NOT NULL REFERENCES reports (id), reused INTEGER NOT NULL,
  late_days INTEGER NOT NULL DEFAULT 0, penalty TEXT NOT NULL DEFAULT '0', counts INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (run, path, student)
) WITHOUT ROWID;
"""


class transaction:
    """All of a block or nothing of it; isolation_level None leaves that to us."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is None:
            self._db.execute("COMMIT")
        elif self._db.in_transaction:  # a full disk has ended it already
            self._db.execute("ROLLBACK")


def address(path: Path, *, create: bool) -> str:
    """The file as SQLite's URI.

    WAL wants to write beside the file even to read it. Where that is not allowed and the last writer has closed it,
    it is read as one that nobody changes.
    """
    beside = path.with_name(f"{path.name}-wal")
    closed = not (beside.exists() and beside.stat().st_size)
    fixed = not create and closed and not os.access(path.absolute().parent, os.W_OK)
    return f"{path.absolute().as_uri()}{'?immutable=1' if fixed else ''}"


def prepare(connection: sqlite3.Connection, *, create: bool) -> None:
    """Refuse what is no store; with `create` make the tables where there is nothing yet.

    Raises
    ------
    sqlite3.DatabaseError
        The file is something else, of another version, or empty and only to be read.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if (application, version) == (0, 0) and not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        if not create:  # a batch that has just begun, or one that was killed then
            raise sqlite3.DatabaseError("nothing is in it yet")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(
            f"BEGIN IMMEDIATE;{_TABLES}PRAGMA application_id = {APPLICATION};PRAGMA user_version = {FORMAT};COMMIT;"
        )
    elif application != APPLICATION or version not in (1, FORMAT):
        raise sqlite3.DatabaseError("it is no store of this version of the grader")
    elif version == 1 and create:
        connection.executescript(
            f"BEGIN IMMEDIATE;ALTER TABLE results DROP COLUMN graded_parts;PRAGMA user_version = {FORMAT};COMMIT;"
        )
    # A commit reaches the disk with the next checkpoint: a crash of the program loses nothing, one of the machine
    # at most what was written last, and that is graded again.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def locked(path: Path) -> int:
    """A handle of the file (made if need be, for its owner alone) with the lock of the one who writes.

    Raises
    ------
    BlockingIOError
        Somebody else has it.
    """
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)  # scores are nobody else's business
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with the process, however that ends
    except OSError:
        os.close(handle)
        raise
    return handle
