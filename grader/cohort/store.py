"""One SQLite file with every report and every run of a cohort.

A report is written once, in a transaction of its own, with the fingerprints of all that it rests on; a run says which
report each submission has. So whatever ends the program costs what was being graded, and nothing is graded twice.
Which fingerprints there are is `grader.cohort.slot`'s; what an attempt is worth is `grader.cohort.late_policy`'s.

Made for one writer and any number of readers (WAL): `with Store.open(path) as store: store.results()` gives the last
finished run's.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from grader.cohort.records import (
    BatchResult,
    CacheKey,
    CohortEntry,
    Decision,
    FinalScore,
    Result,
    RosterEntry,
    Run,
    Status,
)
from grader.errors import UsageError

FORMAT = 4
"""`user_version` of the file; another one is refused."""
APPLICATION = 0x67726164
"""`application_id`: tells a store from any other SQLite file ("grad")."""
BUSY_SECONDS = 30.0
"""How long a second writer waits: a transaction here takes milliseconds."""
_TABLES = """
CREATE TABLE reports (
  id INTEGER PRIMARY KEY,
  content TEXT NOT NULL, assignment TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
  score TEXT NOT NULL, max_score TEXT NOT NULL, pending TEXT NOT NULL,
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
  term_days INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (run, path, student)
) WITHOUT ROWID;
CREATE TABLE people (
  run INTEGER NOT NULL REFERENCES runs (id), student TEXT NOT NULL, name TEXT NOT NULL, ids TEXT NOT NULL,
  PRIMARY KEY (run, student)
) WITHOUT ROWID;
CREATE TABLE decisions (
  assignment TEXT NOT NULL, student TEXT NOT NULL, content TEXT NOT NULL,
  points TEXT, reason TEXT NOT NULL, decided TEXT NOT NULL,
  PRIMARY KEY (assignment, student, content)
) WITHOUT ROWID;
CREATE TABLE evidence (report INTEGER PRIMARY KEY, body BLOB NOT NULL);
"""


class Store:
    """An open store; a context manager."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: int | None = None) -> None:
        self.path = path
        self._db = connection
        self._lock = lock

    @classmethod
    def open(cls, path: Path, *, write: bool = False, create: bool = False) -> Store:
        """Open the store at `path` to read, or to `write`; `create` writes, and makes it where there is none.

        Raises UsageError if there is none, it is no store, one of another version, or somebody else is writing to it.
        """
        write = write or create
        if not path.exists():
            if not create:
                raise UsageError(f"{path}: no such store; `grade batch` makes one (--store names it)")
            if not path.absolute().parent.is_dir():
                raise UsageError(f"--store {path}: its folder does not exist")
        with ExitStack() as stack:
            try:
                lock = locked(path) if write else None
                if lock is not None:
                    stack.callback(os.close, lock)
                connection = sqlite3.connect(
                    address(path, write=write), uri=True, timeout=BUSY_SECONDS, isolation_level=None
                )
                stack.callback(connection.close)
                if (version := prepare(connection, APPLICATION, FORMAT, _TABLES, create=create)) != FORMAT:
                    what = f"a store of another version of the grader (format {version}, here {FORMAT})"
                    raise UsageError(f"{path}: {what}; keep it, and grade again with `grade batch` and another --store")
                # A commit reaches the disk with the next checkpoint: a crash of the program loses nothing, one of the
                # machine at most what was written last, and that is graded again.
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute("PRAGMA foreign_keys = ON")
            except BlockingIOError:
                what = "another batch is writing to it; wait for it, or name another --store"
                raise UsageError(f"{path}: {what}") from None
            except (sqlite3.Error, OSError) as problem:
                what = f"cannot be used as a store ({problem}); name another with --store"
                raise UsageError(f"{path}: {what}") from problem
            stack.pop_all()  # the store closes them from now on
        return cls(path, connection, lock)

    def close(self) -> None:
        self._db.close()
        if self._lock is not None:  # not before: closing any handle of the file would drop SQLite's own locks
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: object, problem: object, trace: object) -> None:
        self.close()
        if isinstance(problem, sqlite3.Error):  # a full disk, mostly; what was committed is there
            what = f"{self.path}: cannot be read or written any more ({problem})"
            raise UsageError(f"{what}; what is in it stays, and the same command goes on") from problem

    # ------------------------------------------------------------ reading

    def runs(self) -> list[Run]:
        """Every run, the oldest first."""
        return [_run(row) for row in self._db.execute(f"SELECT {_RUN} FROM runs ORDER BY id")]

    def run(self, id: int | None = None) -> Run:
        """One run; None: the last one that was finished.

        Raises UsageError if there is no such run.
        """
        runs = self.runs()
        wanted = [r for r in runs if (r.finished is not None if id is None else r.id == id)]
        if wanted:
            return wanted[-1]
        there = ", ".join(str(r.id) for r in runs[-8:]) or "none"
        what = "no finished run" if id is None else f"no run {id}"
        raise UsageError(f"{self.path}: {what}; runs in it: {there}")

    def results(self, run: int | None = None, *, reports: bool = True) -> Iterator[Result]:
        """The results of a run (None: the last finished one), by assignment, student and attempt.

        Without `reports` their `report` is left empty, which takes a tenth of the time and memory.
        """
        id = self.run(run).id
        body = "p.report" if reports else "NULL"
        rows = self._db.execute(
            "SELECT r.path, r.hand_in, r.reused, r.late_days, r.penalty, r.counts, p.assignment,"
            f" p.status, p.reason, p.score, p.max_score, p.pending, {body}, p.keys, p.seconds,"
            " r.term_days FROM results r JOIN reports p ON p.id = r.report WHERE r.run = ?"
            " ORDER BY p.assignment, r.student, r.attempt, r.path",
            (id,),
        )
        return (_result(id, row) for row in rows)

    def elsewhere(self, run: int) -> list[Result]:
        """The latest results, without reports, of the assignments that are not in this run."""
        seen = {result.assignment for result in self.results(run, reports=False)}
        others = []
        for earlier in reversed(self.runs()):
            if earlier.finished is not None and earlier.id != run:
                results = [r for r in self.results(earlier.id, reports=False) if r.assignment not in seen]
                seen |= {r.assignment for r in results}
                others += results
        return others

    def people(self, run: int) -> list[RosterEntry]:
        """Everybody on the roster of a run; nobody where it had none."""
        rows = self._db.execute("SELECT student, name, ids FROM people WHERE run = ? ORDER BY student", (run,))
        return [RosterEntry(key=key, name=name, columns=json.loads(ids)) for key, name, ids in rows]

    def decisions(self) -> list[Decision]:
        """What people decided about results, the latest last."""
        rows = self._db.execute(
            "SELECT assignment, student, content, points, reason, decided FROM decisions ORDER BY decided, student"
        )
        return [
            Decision(
                assignment=assignment,
                student=student,
                content=content,
                points=None if points is None else Fraction(points),
                reason=reason,
                decided=decided,
            )
            for assignment, student, content, points, reason, decided in rows
        ]

    def reports(self, content: str, since: str = "") -> list[tuple[int, BatchResult]]:
        """Every report on this content (made at `since` or later), the latest first, without the `grade/1` objects."""
        rows = self._db.execute(
            "SELECT id, assignment, status, reason, score, max_score, pending, keys, seconds FROM reports"
            " WHERE content = ? AND graded >= ? ORDER BY id DESC",
            (content, since),
        )
        return [
            (
                row[0],
                BatchResult(
                    assignment=row[1],
                    status=row[2],
                    reason=row[3],
                    score=row[4],
                    max_score=row[5],
                    pending=row[6],
                    key=_key(row[7]),
                    seconds=row[8],
                ),
            )
            for row in rows
        ]

    def scores(self, ids: Iterable[int]) -> Iterator[tuple[int, tuple[Status, bool]]]:
        """For each report its status and whether every automatic point was earned."""
        for id in ids:
            row = self._db.execute("SELECT status, score = max_score FROM reports WHERE id = ?", (id,)).fetchone()
            yield id, (row[0], bool(row[1]))

    def report(self, id: int) -> dict[str, Any]:
        """The `grade/1` object of a report."""
        return _unpacked(self._db.execute("SELECT report FROM reports WHERE id = ?", (id,)).fetchone()[0])

    def evidence(self, id: int) -> dict[str, Any]:
        """What a person sees beside a report's answers."""
        row = self._db.execute("SELECT body FROM evidence WHERE report = ?", (id,)).fetchone()
        return {} if row is None else _unpacked(row[0])

    def report_ids(self, run: int) -> dict[tuple[str, str], int]:
        """The number of the report that each submission of a run has, by path and student."""
        rows = self._db.execute("SELECT path, student, report FROM results WHERE run = ?", (run,))
        return {(path, student): id for path, student, id in rows}

    def rows(self, run: int) -> Iterator[tuple[int, CohortEntry, BatchResult, Result]]:
        """For each result of a run its report's number, the submission, and the report without its `grade/1` object."""
        rows = self._db.execute("SELECT path, student, hand_in, report FROM results WHERE run = ?", (run,)).fetchall()
        results = {(r.path, r.student): r for r in self.results(run, reports=False)}
        for path, student, entry, id in rows:
            submission = msgspec.json.decode(entry, type=CohortEntry)
            graded = next(report for number, report in self.reports(submission.content) if number == id)
            yield id, submission, graded, results[path, student]

    # ------------------------------------------------------------ writing

    def start(self, source: str, options: Mapping[str, Any], grader: str) -> int:
        """A new run, or the same one again where the last was interrupted; returns its id."""
        encoded = json.dumps(dict(options), sort_keys=True)
        last = self._db.execute("SELECT id, finished, source, options FROM runs ORDER BY id DESC LIMIT 1").fetchone()
        if last is not None and last[1] is None and (last[2], last[3]) == (source, encoded):
            self._db.execute("DELETE FROM results WHERE run = ?", (last[0],))
            return int(last[0])
        row = (utc_now(), source, encoded, grader)
        cursor = self._db.execute("INSERT INTO runs (started, source, options, grader) VALUES (?, ?, ?, ?)", row)
        return int(cursor.lastrowid or 0)

    def enrol(self, run: int, people: Iterable[RosterEntry]) -> None:
        """Write down a run's roster: who is on it and handed in nothing must end somewhere too."""
        rows = [(run, p.key, p.name, json.dumps(dict(p.columns), ensure_ascii=False)) for p in people]
        with transaction(self._db):
            self._db.execute("DELETE FROM people WHERE run = ?", (run,))
            self._db.executemany("INSERT OR REPLACE INTO people (run, student, name, ids) VALUES (?, ?, ?, ?)", rows)

    def decide(self, decision: Decision) -> None:
        """Write down what a person decided; it takes the place of an earlier decision on the same submission."""
        points = None if decision.points is None else str(decision.points)
        row = (decision.assignment, decision.student, decision.content, points, decision.reason, utc_now())
        self._db.execute("INSERT OR REPLACE INTO decisions VALUES (?, ?, ?, ?, ?, ?)", row)

    def add(self, run: int, submission: CohortEntry, graded: BatchResult) -> int:
        """A new report and this submission's result, in one transaction; returns the report's id."""
        with transaction(self._db):
            cursor = self._db.execute(
                "INSERT INTO reports (content, assignment, status, reason, score, max_score, pending, report,"
                " keys, seconds, graded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    submission.content,
                    graded.assignment,
                    graded.status,
                    graded.reason,
                    graded.score,
                    graded.max_score,
                    graded.pending,
                    zlib.compress(json.dumps(dict(graded.report), ensure_ascii=False).encode("utf-8", "replace")),
                    msgspec.json.encode(graded.key).decode(),
                    graded.seconds,
                    utc_now(),
                ),
            )
            id = int(cursor.lastrowid or 0)
            if graded.evidence:
                packed = zlib.compress(json.dumps(dict(graded.evidence), ensure_ascii=False).encode("utf-8", "replace"))
                self._db.execute("INSERT INTO evidence (report, body) VALUES (?, ?)", (id, packed))
            self._result(run, submission, id, reused=False)
        return id

    def reuse(self, run: int, submission: CohortEntry, report: int) -> None:
        """This submission has a report already."""
        self._result(run, submission, report, reused=True)

    def _result(self, run: int, submission: CohortEntry, report: int, *, reused: bool) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO results (run, path, student, attempt, hand_in, report, reused)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                run,
                submission.path,
                submission.student,
                submission.attempt,
                msgspec.json.encode(submission).decode(),
                report,
                reused,
            ),
        )

    def finish(self, run: int, worth: Iterable[FinalScore | Result]) -> None:
        """Close a run with what each of its submissions is worth."""
        with transaction(self._db):
            self._db.executemany(
                "UPDATE results SET late_days = ?, penalty = ?, counts = ?, term_days = ?"
                " WHERE run = ? AND path = ? AND student = ?",
                [(w.late_days, str(w.penalty), w.counts, w.term_days, run, w.path, w.student) for w in worth],
            )
            self._db.execute("UPDATE runs SET finished = ? WHERE id = ?", (utc_now(), run))


_RUN = "id, started, finished, source, options, grader"


def _run(row: Any) -> Run:
    return Run(id=row[0], started=row[1], finished=row[2], source=row[3], options=json.loads(row[4]), grader=row[5])


def _result(run: int, row: Any) -> Result:
    submission = msgspec.json.decode(row[1], type=CohortEntry)
    status, penalty = row[7], Fraction(row[4])
    points = Fraction(row[9]) if status == "graded" else None
    report = {} if row[12] is None else _unpacked(row[12])
    if report:
        report["submission"]["path"] = row[0]
    return Result(
        run=run,
        path=row[0],
        student=submission.student,
        name=submission.name,
        ids=submission.ids,
        attempt=submission.attempt,
        submitted=submission.submitted,
        content=submission.content,
        assignment=row[6],
        status=status,
        reason=row[8],
        points=points,
        max_points=Fraction(row[10]),
        pending=Fraction(row[11]),
        late=submission.late,
        late_days=row[3],
        penalty=penalty,
        final=None if points is None else max(points - penalty, Fraction(0)),
        counts=bool(row[5]),
        reused=bool(row[2]),
        report=report,
        key=_key(row[13]),
        seconds=row[14],
        term_days=row[15],
    )


def _key(text: str) -> CacheKey:
    return msgspec.json.decode(text, type=CacheKey)


def _unpacked(packed: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(zlib.decompress(packed))
    return value


def utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of a block or nothing of it; isolation_level None leaves that to us."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")
        raise


def address(path: Path, *, write: bool) -> str:
    """The file as SQLite's URI.

    WAL wants to write beside the file even to read it. Where that is not allowed and the last writer has closed it,
    it is read as one that nobody changes.
    """
    beside = path.with_name(f"{path.name}-wal")
    closed = not (beside.exists() and beside.stat().st_size)
    fixed = not write and closed and not os.access(path.absolute().parent, os.W_OK)
    return f"{path.absolute().as_uri()}{'?immutable=1' if fixed else ''}"


def prepare(connection: sqlite3.Connection, application: int, format: int, tables: str, *, create: bool = True) -> int:
    """The format of a file that is ours by its `application_id`; with `create` make it where there is nothing yet.

    Raises sqlite3.DatabaseError if the file is something else, or empty and only to be read.
    """
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if (found, version) == (0, 0) and not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        if not create:  # a batch that has just begun, or one that was killed then
            raise sqlite3.DatabaseError("nothing is in it yet")
        connection.execute("PRAGMA journal_mode = WAL")
        ours = f"PRAGMA application_id = {application};PRAGMA user_version = {format};"
        connection.executescript(f"BEGIN IMMEDIATE;{tables}{ours}COMMIT;")
        return format
    if found != application:
        raise sqlite3.DatabaseError("it holds something else")
    return int(version)


def locked(path: Path) -> int:
    """A handle of the file (made if need be, for its owner alone) with the lock of the one who writes.

    Raises BlockingIOError if somebody else has it.
    """
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)  # scores are nobody else's business
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with the process, however that ends
    except OSError:
        os.close(handle)
        raise
    return handle
