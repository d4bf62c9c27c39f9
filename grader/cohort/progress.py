"""How far a batch is: one line that is written over on a terminal, now and then a plain one elsewhere.

Everything goes to the given stream (stderr); nothing here decides anything.
"""

from __future__ import annotations

import time
from typing import TextIO

from grader.cohort.batch import BatchPlan, Event
from grader.report.sanitize import plural
from grader.report.terminal.layout import fit

PLAIN_SECONDS = 30.0
"""Between two plain lines: a log of an hour stays readable."""
LINE_SECONDS = 0.1
"""Between two drawings of the line on a terminal."""
BAR = 8, 24
"""Columns of the bar: what the words leave of the line, between these; with less there is none."""

WORDS = {"full": "full marks", "lost": "lost points", "ungradable": "ungradable", "fault": "faults"}


class Progress:
    """Counts what is done and says so."""

    def __init__(self, stream: TextIO, *, terminal: bool, width: int) -> None:
        self._stream = stream
        self._terminal = terminal
        self._width = width
        self._total = self._reused = self._graded = self._to_grade = 0
        self._tally = {"full": 0, "lost": 0, "ungradable": 0, "fault": 0}
        self._started = self._said = time.monotonic()
        self._closed = False

    def plan(self, plan: BatchPlan) -> None:
        """What is to be done."""
        twins = sum(len(t) for t in plan.twins.values())
        self._total = len(plan.jobs) + len(plan.kept) + twins
        self._to_grade = len(plan.jobs)
        kept = f", {len(plan.kept)} are unchanged" if plan.kept else ""
        same = f", {twins} equal another" if twins else ""
        self._write(f"{plural(self._total, 'submission')}: {self._to_grade} to grade{kept}{same}\n")
        self._started = self._said = time.monotonic()

    def tell(self, event: Event) -> None:
        """One more is done, or a moment has passed."""
        if event.status is not None:
            key = event.status if event.status != "graded" else "full" if event.full else "lost"
            self._tally[key] += 1
            self._reused += event.reused
            self._graded += not event.reused
        now = time.monotonic()
        if self._to_grade and now - self._said > (LINE_SECONDS if self._terminal else PLAIN_SECONDS):
            self._said = now
            self._write(f"\r{self._drawn()}\x1b[K" if self._terminal else self._plain())

    def close(self) -> None:
        """The last line; once."""
        if self._closed:
            return
        self._closed = True
        if self._terminal:
            self._write("\r\x1b[K")
        if self._graded:
            self._write(self._plain())

    def _plain(self) -> str:
        return f"{self._line()}\n"

    def _drawn(self) -> str:
        """The line with a bar, as wide as the terminal lets it be."""
        text, width = self._line(), self._width - 1
        least, most = BAR
        long = min(width - len(text) - 3, most)
        if long < least:
            return fit(text, width)
        filled = long * (self._graded + self._reused) // max(self._total, 1)
        return f"[{'#' * filled}{'-' * (long - filled)}] {text}"

    def _line(self) -> str:
        done = self._graded + self._reused
        seconds = time.monotonic() - self._started
        parts = [f"{done}/{self._total}"]
        if self._graded and seconds:
            rate = self._graded / seconds
            parts.append(f"{rate:.1f}/s" if rate >= 1 else f"{60 * rate:.0f}/min")
            left = (self._to_grade - self._graded) / rate
            parts.append(f"{_clock(left)} left" if left > 0 else f"took {_clock(seconds)}")
        else:
            parts.append(_clock(seconds))  # so that it is seen to be alive before the first is done
        parts += [f"{count} {WORDS[key]}" for key, count in self._tally.items() if count]
        return "  ".join(parts)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (BrokenPipeError, UnicodeEncodeError):
            return  # who watched has gone; the batch goes on


def _clock(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return (
        f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}" if whole >= 3600 else f"{whole // 60}:{whole % 60:02}"
    )
