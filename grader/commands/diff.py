"""`grade diff`: whose score moved between two batches, by which check, and why."""

from __future__ import annotations

import argparse

from grader.commands import stdio
from grader.commands.shared import listed
from grader.commands.stores import DONE, MOVED, add_store
from grader.errors import UsageError

DESCRIPTION = "Say whose score moved between two batches of a store, by which check, and why.\nExit code 1 if one did."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "runs", nargs="*", type=int, metavar="RUN", help="two numbers of batches (default: the last two)"
    )
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    """Say what moved between two runs."""
    from grader.cohort.diff import differences, render
    from grader.cohort.store import Store
    from grader.marking.totals import results

    with Store.open(args.store) as store:
        finished = [r.id for r in store.runs() if r.finished is not None]
        numbers = args.runs or finished[-2:]
        if len(numbers) != 2:
            raise UsageError(
                f"{args.store}: give two runs to compare; finished: {listed(map(str, finished)) or 'none'}"
            )
        before, after = (store.run(number) for number in numbers)
        changes = differences(results(store, before.id), results(store, after.id))
    stdio.emit(render(changes, before, after, width=stdio.width()))
    return MOVED if changes.moved or changes.gone or changes.new else DONE
