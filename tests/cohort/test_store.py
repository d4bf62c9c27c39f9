"""The store keeps every report, and a run can be gone on with."""

from __future__ import annotations

import random
import sqlite3
import stat
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import pytest
from msgspec import structs

from grader.cohort.records import BatchResult, CacheKey, CohortEntry, FinalScore
from grader.cohort.store import Store, address
from grader.errors import UsageError

KEY = CacheKey(submission="sha256:1", environment="e", seed="3", files={"checks.py": "k"})


def hand_in(path: str = "a.ipynb", content: str = "sha256:1", student: str = "") -> CohortEntry:
    return CohortEntry(path=path, student=student or path.partition(".")[0], content=content, ids={"email": "a@b.c"})


def graded(score: str = "1/3") -> BatchResult:
    return BatchResult(
        assignment="toy",
        status="graded",
        score=score,
        max_score="1",
        pending="5",
        report={"submission": {"path": "elsewhere"}, "notes": ["é", "\ud800"]},
        key=KEY,
        seconds=2.5,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.sqlite"


def test_a_result_comes_back_exactly(path: Path) -> None:
    with Store.open(path, create=True) as store:
        run = store.start("/in", {"seed": None}, "0.1")
        store.add(run, hand_in(), graded())
        store.finish(run, [FinalScore(path="a.ipynb", student="a", late_days=1, penalty=Fraction(1, 7), counts=True)])
    with Store.open(path) as store:
        (found,) = store.results()
        assert (found.points, found.max_points, found.pending) == (Fraction(1, 3), 1, 5)
        assert (found.final, found.late_days, found.counts) == (Fraction(1, 3) - Fraction(1, 7), 1, True)
        assert (found.student, found.ids, found.key) == ("a", {"email": "a@b.c"}, KEY)
        assert found.report["submission"]["path"] == "a.ipynb"


def test_one_report_serves_several_hand_ins(path: Path) -> None:
    with Store.open(path, create=True) as store:
        run = store.start("/in", {}, "0.1")
        report = store.add(run, hand_in(), graded())
        store.reuse(run, hand_in("b.ipynb"), report)
        store.finish(run, [])
        assert [(r.path, r.reused) for r in store.results(run)] == [("a.ipynb", False), ("b.ipynb", True)]
        assert len(store.reports("sha256:1")) == 1


def test_an_interrupted_run_is_gone_on_with_only_by_the_same_command(path: Path) -> None:
    with Store.open(path, create=True) as store:
        first = store.start("/in", {"seed": 1}, "0.1")
        store.add(first, hand_in(), graded())
        assert store.start("/in", {"seed": 1}, "0.1") == first
        assert list(store.results(first)) == []
        assert len(store.reports("sha256:1")) == 1  # what was graded stays
        second = store.start("/in", {"seed": 2}, "0.1")
        assert second != first
        store.finish(second, [])
        assert store.start("/in", {"seed": 2}, "0.1") not in (first, second)
        assert store.run().id == second


def test_a_full_disk_is_said_in_one_line_and_costs_nothing_that_was_written(path: Path) -> None:
    big = structs.replace(graded(), report={"submission": {}, "text": random.Random(1).randbytes(400_000).hex()})
    full = pytest.raises(UsageError, match=r"database or disk is full.*what is in it stays")
    with full, Store.open(path, create=True) as store:
        store._db.execute("PRAGMA max_page_count = 60")
        run = store.start("/in", {}, "0.1")
        store.add(run, hand_in(), graded())
        store.add(run, hand_in("b.ipynb", "sha256:2"), big)
    with Store.open(path, create=True) as store:
        assert len(store.reports("sha256:1")) == 1
        assert store.reports("sha256:2") == []
        assert store.start("/in", {}, "0.1") == run


def test_a_store_is_read_where_nothing_can_be_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(path, create=True) as store:
        run = store.start("/in", {}, "0.1")
        store.add(run, hand_in(), graded())
        store.finish(run, [])
    monkeypatch.setattr("os.access", lambda *words: False)  # whoever runs the tests may be root, whom nothing stops
    assert address(path, write=False).endswith("?immutable=1")
    assert "immutable" not in address(path, write=True)
    with Store.open(path) as store:
        assert [r.path for r in store.results()] == ["a.ipynb"]
        with pytest.raises(UsageError, match="no run 9"):
            store.run(9)
    path.with_name(f"{path.name}-wal").write_bytes(b"x")  # somebody is writing: then it must be looked at
    assert "immutable" not in address(path, write=False)


def test_a_store_is_the_owners_alone_and_writes_ahead(path: Path) -> None:
    with Store.open(path, create=True):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(sqlite3.connect(path)) as plain:
        (mode,) = plain.execute("PRAGMA journal_mode").fetchone()
    assert mode == "wal"


@pytest.mark.parametrize("content", [b"not a database at all", b""])
def test_what_is_no_store_is_refused_in_one_line(path: Path, content: bytes) -> None:
    path.write_bytes(content * 100)
    if not content:
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE mine (x)")
    with pytest.raises(UsageError, match="cannot be used as a store"):
        Store.open(path)


def test_a_store_that_is_not_there_is_wrong_usage(path: Path) -> None:
    for write in (False, True):
        with pytest.raises(UsageError, match="no such store"):
            Store.open(path, write=write)
    assert not path.exists()
    with pytest.raises(UsageError, match="folder does not exist"):
        Store.open(path.parent / "none" / "s.sqlite", create=True)


def test_only_one_writes_while_others_read(path: Path) -> None:
    with Store.open(path, create=True):
        Store.open(path).close()
        with pytest.raises(UsageError, match="another batch is writing"):
            Store.open(path, create=True)
        with pytest.raises(UsageError, match="another batch is writing"):
            Store.open(path, write=True)
    Store.open(path, create=True).close()


def test_a_store_that_a_batch_has_just_begun_is_left_to_it(path: Path) -> None:
    path.touch()
    for write in (False, True):
        with pytest.raises(UsageError, match="nothing is in it yet"):
            Store.open(path, write=write)
    assert path.stat().st_size == 0
    Store.open(path, create=True).close()
    Store.open(path).close()


def test_a_run_that_is_not_there_names_those_that_are(path: Path) -> None:
    with Store.open(path, create=True) as store:
        store.finish(store.start("/in", {}, "0.1"), [])
        with pytest.raises(UsageError, match=r"no run 9; runs in it: 1"):
            store.run(9)


@pytest.mark.parametrize("format", [1, 3, 99])
@pytest.mark.parametrize("create", [False, True])
def test_a_store_of_another_version_is_refused_in_one_line_and_left(path: Path, format: int, create: bool) -> None:
    Store.open(path, create=True).close()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(f"PRAGMA user_version = {format}")
    with pytest.raises(
        UsageError, match=rf"format {format}, here 4\); keep it, and grade again with .* another --store"
    ):
        Store.open(path, create=create)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (format,)
