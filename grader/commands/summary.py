"""`grade summary`: show the results of a batch, in the terminal or as a page."""

from __future__ import annotations

import argparse
from pathlib import Path

from grader.commands import stdio
from grader.commands.stores import DONE, add_store, write_page
from grader.errors import UsageError

DESCRIPTION = "Show the results of a batch: the scores, and what lost the most points."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "number", nargs="?", type=int, metavar="RUN", help="number of a batch (default: the last finished)"
    )
    add_store(parser)
    parser.add_argument("--html", metavar="FILE", type=Path, help="write it as a page instead: one file, no network")
    parser.add_argument(
        "--feedback", metavar="FOLDER", type=Path, help="with --html, link the students' pages in this folder"
    )
    parser.add_argument("--similar", action="store_true", help="with --html, list who wrote alike, as `grade similar`")


def run(args: argparse.Namespace) -> int:
    """Show a run's summary."""
    from grader.cohort.store import Store
    from grader.cohort.summary.summary import summarise
    from grader.cohort.summary.text import render
    from grader.marking.totals import results

    if args.similar and args.html is None:
        raise UsageError("--similar lists pairs on the page of --html; `grade similar` prints them")
    with Store.open(args.store) as store:
        number = store.run(args.number).id
        if args.html is not None:
            alike = _alike(args.store, number) if args.similar else None
            write_page(store, number, args.html, args.feedback, alike)
        else:
            summaries = summarise(results(store, number), store.people(number), store.decisions())
            shown = render(summaries, width=stdio.width(), ascii_only=stdio.ascii_only())
            stdio.emit(shown or f"run {number} has no results\n")
    return DONE


def _alike(store: Path, number: int) -> list[str]:
    from grader.commands.similar import read
    from grader.similarity.pairs import similarity

    writings, handout, _ = read(store, number)
    return [
        f"{p.left.name} and {p.right.name}: {p.code:.0%} of the code, {p.words:.0%} of the answers"
        for p in similarity(writings, handout).pairs
    ]
