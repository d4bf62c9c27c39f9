"""`grade batch` by the command, on a small course; nothing is replaced here."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.cohort.batch import run_batch
from grader.cohort.discover import find
from grader.cohort.late_policy import Rules
from grader.cohort.records import BatchResult, CacheKey, Job, Setup
from grader.cohort.store import Store
from grader.errors import UsageError

Grade = Callable[..., subprocess.CompletedProcess[str]]
HIDDEN = "reference/toy/hidden.py"


def results(store: Path, run: int | None = None) -> dict[str, Any]:
    with Store.open(store) as opened:
        return {r.path: r for r in opened.results(run)}


def points(store: Path, run: int | None = None) -> dict[str, float | None]:
    return {path: None if r.points is None else float(r.points) for path, r in results(store, run).items()}


def untimed(store: Path, run: int | None = None) -> dict[str, Any]:
    """Reports without what differs from run to run."""
    return {path: {k: v for k, v in r.report.items() if k != "timings"} for path, r in results(store, run).items()}


EXPECTED = {"broken.ipynb": None, "right": 5, "twin_two": 2, "wrong_one": 3, "wrong_two": 2}


def test_a_cohort_is_graded_once(grade: Grade, hand_ins: Path, tmp_path: Path) -> None:
    store = tmp_path / "grades.sqlite"
    first = grade("batch", hand_ins, "--jobs", 1)
    assert first.returncode == 0, first.stderr
    assert points(store) == EXPECTED
    assert "5 submissions: 4 to grade, 1 equal another" in first.stderr
    assert "broken.ipynb" in first.stdout

    second = grade("batch", hand_ins)
    assert second.returncode == 0
    assert "5 submissions: 0 to grade, 5 are unchanged" in second.stderr
    assert untimed(store) == untimed(store, 1)
    assert all(r.reused for r in results(store).values())


@pytest.mark.slow
def test_a_changed_check_grades_again(grade: Grade, hand_ins: Path, course: Path, tmp_path: Path) -> None:
    store = tmp_path / "grades.sqlite"
    assert grade("batch", hand_ins, "--jobs", 1).returncode == 0
    path = course / HIDDEN
    path.write_text(path.read_text().replace("Forward of", "Output of"))
    assert grade("golden", "record", "toy").returncode == 0
    third = grade("batch", hand_ins, "--jobs", 1)
    assert "5 submissions: 4 to grade, 1 equal another" in third.stderr
    assert not results(store)["right"].reused
    assert points(store) == EXPECTED

    fresh = grade("batch", hand_ins, "--jobs", 1, "--store", "fresh.sqlite")
    assert fresh.returncode == 0
    assert untimed(store) == untimed(tmp_path / "fresh.sqlite")

    path.write_text(path.read_text().replace("student.Linear().forward(sample(rng))", "sample(rng)"))
    assert grade("golden", "record", "--accept", "toy").returncode == 0
    fourth = grade("batch", hand_ins, "--jobs", 1)
    assert fourth.returncode == 0
    moved = grade("diff")
    assert moved.returncode == 1
    assert "linear_forward_hidden" in moved.stdout
    assert re.search(r"hidden\.py changed in the\s+(why: )?assignment", " ".join(moved.stdout.split()))
    assert "wrong_two  2  →  5" in moved.stdout  # what the check asks now is right in it
    assert "  right" not in moved.stdout


def test_shards_merged_are_the_whole(grade: Grade, hand_ins: Path, tmp_path: Path) -> None:
    for n in (1, 2):
        done = grade("batch", hand_ins, "--jobs", 1, "--shard", f"{n}/2", "--store", f"{n}.sqlite")
        assert done.returncode == 0, done.stderr
    missing = grade("merge", "all.sqlite", "1.sqlite")
    assert missing.returncode == 2
    assert "shard 2/2 is missing" in missing.stderr
    assert grade("merge", "all.sqlite", "1.sqlite", "2.sqlite").returncode == 0
    assert points(tmp_path / "all.sqlite") == EXPECTED
    assert {r.counts for r in results(tmp_path / "all.sqlite").values()} == {True}
    parts = [set(points(tmp_path / f"{n}.sqlite")) for n in (1, 2)]
    assert parts[0].isdisjoint(parts[1])


def descendants(pid: int) -> set[int]:
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found |= {int(entry.name)} | descendants(int(entry.name))
    return found


def start(course: Path, hand_ins: Path, tmp_path: Path) -> subprocess.Popen[str]:
    """A batch of which one submission never ends by itself, so that there is always something running."""
    notebook = Path(shutil.copytree(hand_ins / "right", hand_ins / "zz_endless")) / "toy.ipynb"
    text = notebook.read_text()
    notebook.write_text(text.replace("import numpy as np", "import numpy as np\\nimport time\\ntime.sleep(20)"))
    command = [sys.executable, "-m", "grader", "batch", str(hand_ins), "--jobs", "1"]
    environment = {**os.environ, "GRADE_COURSE": str(course)}
    return subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_what_is_done_stays_when_the_batch_is_ended(
    grade: Grade, hand_ins: Path, course: Path, tmp_path: Path, number: signal.Signals
) -> None:
    store = tmp_path / "grades.sqlite"
    popen = start(course, hand_ins, tmp_path)

    def graded() -> int:
        try:
            with Store.open(store) as opened:
                return sum(1 for _ in opened.results(1))
        except UsageError:  # it has not begun
            return 0

    wait_for(lambda: graded() >= 5)
    below = descendants(popen.pid)
    assert below
    popen.send_signal(number)
    _, said = popen.communicate(timeout=30)
    assert popen.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    assert ("run the same command again to resume" in said) == (number == signal.SIGINT)
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below))

    notebook = hand_ins / "zz_endless" / "toy.ipynb"
    notebook.write_text(notebook.read_text().replace("sleep(20)", "sleep(0)"))
    again = grade("batch", hand_ins, "--jobs", 1)
    assert again.returncode == 0
    assert "6 submissions: 1 to grade, 5 are unchanged" in again.stderr
    assert {path: p for path, p in points(store, 1).items() if path != "zz_endless"} == EXPECTED
    with Store.open(store) as opened:
        assert [r.id for r in opened.runs()] == [1]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["nowhere"], "nowhere: no such file or folder"),
        (["{hand_ins}", "--assignment", "toi"], "did you mean toy"),
        (["{hand_ins}", "--roster", "none.csv"], "--roster none.csv: cannot be read"),
        (["{hand_ins}", "--names", "("], "no regular expression"),
        (["{hand_ins}", "--store", "no/such.sqlite"], "its folder does not exist"),
        (["{hand_ins}", "--shard", "3/2"], "is not I/N"),
        (["{hand_ins}", "--data", "none"], "--data none: no such folder"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(grade: Grade, hand_ins: Path, words: list[str], what: str) -> None:
    done = grade("batch", *(word.format(hand_ins=hand_ins) for word in words))
    assert done.returncode == 2
    assert what in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_assignment_ends_the_batch_before_anything_is_graded(
    grade: Grade, hand_ins: Path, course: Path, tmp_path: Path
) -> None:
    (course / HIDDEN).write_text("def (\n")
    done = grade("batch", hand_ins)
    assert done.returncode == 4
    assert "hidden.py:1" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_worker_with_another_grader_ends_the_batch_and_its_report_is_not_kept(
    course: Path, hand_ins: Path, tmp_path: Path
) -> None:
    found = find(hand_ins, tmp_path / "unpacked", rule=None, roster=None, file_times=False)
    elsewhere = CacheKey(submission="", environment="grader 0 (elsewhere)")

    def runner(jobs: Iterable[Job], setup: Setup) -> Iterator[tuple[Job, BatchResult | str] | None]:
        for job in jobs:
            yield job, BatchResult(assignment="toy", status="graded", key=elsewhere)

    setup = Setup(root=str(course))
    refused = pytest.raises(UsageError, match=r"graded with grader 0 \(elsewhere\), and this batch is with grader \d")
    with refused, Store.open(tmp_path / "s.sqlite", create=True) as store:
        run_batch(store, "in", found.submissions, setup=setup, runner=runner, options={}, rules=Rules())
    with Store.open(tmp_path / "s.sqlite") as store:
        assert list(store.results(1)) == []


def test_equal_useless_files_of_two_students_are_each_told_about_their_own(grade: Grade, tmp_path: Path) -> None:
    for name in ("ann", "ben"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "essay.pdf").write_bytes(b"%PDF-1.4 the same")
    for _ in range(2):  # graded, and kept
        assert grade("batch", "in").returncode == 0
        reasons = {path: r.reason for path, r in results(tmp_path / "grades.sqlite").items()}
        assert reasons["ann"].startswith("ann ")
        assert reasons["ben"].startswith("ben ")


@pytest.mark.slow
def test_late_days_for_the_whole_term_are_shared_between_batches_of_one_store(
    grade: Grade, hand_ins: Path, course: Path, tmp_path: Path
) -> None:
    shutil.copytree(course / "reference/toy", course / "reference/toy2")
    text = (course / "reference/toy2/assignment.toml").read_text()
    (course / "reference/toy2/assignment.toml").write_text(text.replace('id = "toy"', 'id = "toy2"'))
    assert grade("golden", "record", "toy2").returncode == 0
    (tmp_path / "rules.toml").write_text(
        'names = "(?P<submitted>.*) (?P<student>jane)"\ntimezone = "UTC"\n[late]\nper_day = 10\nterm_days = 3\n'
        "[due]\ntoy = 2026-03-01T12:00:00\ntoy2 = 2026-03-08T12:00:00\n"
    )
    for assignment, moment in (("toy", "2026-03-03T11:00:00+00:00"), ("toy2", "2026-03-10T11:00:00+00:00")):
        folder = tmp_path / f"in {assignment}"
        shutil.copytree(hand_ins / "right", folder / f"{moment} jane")
        done = grade("batch", folder, "--assignment", assignment, "--rules", tmp_path / "rules.toml", "--no-hidden")
        assert done.returncode == 0, done.stderr
    with Store.open(tmp_path / "grades.sqlite") as store:
        found = [(r.assignment, r.term_days, r.late_days, r.penalty > 0) for n in (1, 2) for r in store.results(n)]
    assert found == [("toy", 2, 0, False), ("toy2", 1, 1, True)]
