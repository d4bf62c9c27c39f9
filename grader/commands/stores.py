"""What the commands on a store of results share: its option, and how a run is shown."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from grader.commands import stdio
from grader.errors import UsageError
from grader.report.sanitize import plural

if TYPE_CHECKING:
    from grader.cohort.store import Store


STORE = "grades.sqlite"
"""Where a batch keeps its results by default."""


DONE, MOVED, FAULTS = 0, 1, 4
"""Exit codes: done (whatever the scores are), `diff` found something, some submission met a fault of ours."""


def add_store(parser: argparse.ArgumentParser) -> None:
    """The option that names the store."""
    parser.add_argument(
        "--store", metavar="FILE", type=Path, default=Path(STORE), help=f"where results are kept (default: {STORE})"
    )


def show_run(store: Store, number: int, page: Path | None, feedback: Path | None = None) -> int:
    """Print a run's summary, and write its page where one is asked for; returns the exit code."""
    from grader.cohort.outcome import UNDECIDED
    from grader.cohort.summary.summary import summarise
    from grader.cohort.summary.text import render
    from grader.marking.totals import results

    summaries = summarise(results(store, number), store.people(number), store.decisions())
    stdio.emit(render(summaries, width=stdio.width(), ascii_only=stdio.ascii_only()))
    if page is not None:
        write_page(store, number, page, feedback)
    left = {one.student for s in summaries if s.assignment for one in s.by_student if one.state in UNDECIDED}
    stdio.tell(f"run {number} in {store.path}")
    if left:
        stdio.tell(f"{plural(len(left), 'student')} without points: `grade decide {store.path}` lists and decides")
    return FAULTS if any(u.status == "fault" for s in summaries for u in s.unresolved) else DONE


def write_page(
    store: Store, number: int, page: Path, feedback: Path | None = None, alike: Sequence[str] | None = None
) -> None:
    """Write a run's summary as a page, with links to the students' pages in the folder `feedback`.

    `alike` has a line for each pair who wrote alike; None where nobody asked. Raises UsageError if it cannot be
    written.
    """
    from grader.cohort.feedback_files import page_of
    from grader.cohort.summary.page import render_page
    from grader.cohort.summary.summary import summarise
    from grader.marking.totals import results

    def link(path: str) -> str | None:
        target = None if feedback is None else page_of(feedback, path)
        return quote(os.path.relpath(target, page.parent)) if target is not None and target.is_file() else None

    try:
        summaries = summarise(results(store, number), store.people(number), store.decisions())
        page.write_text(render_page(summaries, store.run(number), link, alike), encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"--html {page}: cannot be written ({problem.strerror})") from problem
    stdio.tell(f"wrote {page}")
