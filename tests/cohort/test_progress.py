"""How far a batch is: what a terminal shows, and what a log gets."""

from __future__ import annotations

import io
import re

import pytest

from grader.cohort import progress
from grader.cohort.batch import BatchPlan, Event
from grader.cohort.progress import Progress
from grader.cohort.records import CohortEntry, Job

FULL = Event(status="graded", full=True)
LOST = Event(status="graded")
BROKEN = Event(status="ungradable")


class Clock:
    """Time as a test wants it."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


def run(clock: Clock, *, terminal: bool, width: int = 80, count: int = 40, each: float = 2.0) -> str:
    """What is written while `count` of 300 submissions are graded, `each` seconds apart."""
    stream = io.StringIO()
    shown = Progress(stream, terminal=terminal, width=width)
    hand_in = CohortEntry(path="a", student="a")
    jobs = tuple(Job(number=n, submission=hand_in, assignment=None) for n in range(300))
    shown.plan(BatchPlan(jobs=jobs, twins={}, kept=()))
    clock.now += each
    shown.tell(Event())
    for n in range(count):
        shown.tell((FULL, LOST, BROKEN)[n % 3])
        clock.now += each
    shown.tell(Event())
    shown.close()
    shown.close()
    return stream.getvalue()


def test_a_terminal_has_one_line_with_bar_rate_time_left_and_tally(clock: Clock) -> None:
    written = run(clock, terminal=True, width=100)
    first, *drawn = written.split("\r")
    assert first == "300 submissions: 300 to grade\n"
    assert re.fullmatch(r"\[-{24}\] 0/300  2 s\x1b\[K", drawn[0])
    last = "40/300  29/min  8:53 left  14 full marks  13 lost points  13 ungradable"
    assert drawn[-2] == f"[###---------------------] {last}\x1b[K"
    assert drawn[-1] == f"\x1b[K{last}\n"
    assert all("\n" not in line for line in drawn[:-1])


@pytest.mark.parametrize("width", [20, 40, 72, 80])
def test_no_line_is_wider_than_the_terminal_and_the_words_come_before_the_bar(clock: Clock, width: int) -> None:
    drawn = [line.removesuffix("\x1b[K") for line in run(clock, terminal=True, width=width).split("\r")[1:-1]]
    assert max(map(len, drawn)) < width
    assert "40/300" in drawn[-1]
    assert ("13 ungradable" in drawn[-1]) == (width >= 72)


def test_a_log_gets_a_plain_line_now_and_then(clock: Clock) -> None:
    lines = run(clock, terminal=False).splitlines()
    assert lines[0] == "300 submissions: 300 to grade"
    assert lines[-1].startswith("40/300  ")
    assert len(lines) == 1 + 2 + 1  # 82 seconds: two at their time, and the last
    assert not any("\x1b" in line or "\r" in line or "[" in line for line in lines)


def test_a_batch_that_grades_nothing_says_so_in_one_line() -> None:
    stream = io.StringIO()
    shown = Progress(stream, terminal=True, width=80)
    kept = tuple((CohortEntry(path=str(n), student="a"), n) for n in range(3))
    shown.plan(BatchPlan(jobs=(), twins={}, kept=kept))
    for _ in kept:
        shown.tell(Event(status="graded", reused=True))
    shown.close()
    assert stream.getvalue().replace("\r\x1b[K", "") == "3 submissions: 0 to grade, 3 are unchanged\n"
