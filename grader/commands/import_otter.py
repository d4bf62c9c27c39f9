"""`grade import otter`: an assignment of otter becomes one of this course."""

from __future__ import annotations

import argparse

DESCRIPTION = """\
Write reference/ID from a notebook for `otter assign`, or a folder of them, which only is read: solution
and stubs, checks with their points, parts for a person, and a list of what is left to look at."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is read, and what it becomes."""
    from grader.commands.import_assignment import add_path

    add_path(parser, "a notebook for `otter assign`, or a folder of them")


def run(args: argparse.Namespace) -> int:
    """Convert and return the exit code."""
    from grader.commands.import_assignment import take
    from grader.convert import otter

    return take(args, otter)
