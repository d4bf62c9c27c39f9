"""`grade merge`: join the stores of shards into one."""

from __future__ import annotations

import argparse
from pathlib import Path

from grader.commands.stores import show_run
from grader.errors import UsageError

DESCRIPTION = "Join the stores of `grade batch --shard 1/N`, `2/N`, … into one, as if all had been graded there."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("into", metavar="STORE", type=Path, help="the store to make or to add to")
    parser.add_argument("shards", nargs="+", metavar="SHARD", type=Path, help="the shards' stores")


def run(args: argparse.Namespace) -> int:
    """Join the stores of shards."""
    from grader.cohort.merge import join
    from grader.cohort.store import Store

    for shard in args.shards:
        if shard.resolve() == args.into.resolve():
            raise UsageError(f"{shard}: is the store to write to; name another one first")
    with Store.open(args.into, create=True) as store:
        number = join(store, args.shards)
        return show_run(store, number, None)
