"""Pieces of the command line that several commands share; cheap to import."""

from __future__ import annotations

import argparse
from pathlib import Path

COHORT = {
    "batch": "grade many hand-ins: a folder, or a platform's download as it comes",
    "summary": "show what a batch came to, in the terminal or as a page",
    "diff": "say whose score moved between two batches, by which check, and why",
    "merge": "join the stores of shards into one",
}
"""Commands whose arguments `grader.commands.cohort` reads."""
SANDBOXES = ("A", "B", "C")
"""Tiers that can be insisted on."""


def add_course(parser: argparse._ActionsContainer) -> None:
    """The option that names the course's folder."""
    parser.add_argument(
        "--course",
        metavar="DIR",
        type=Path,
        help="the folder with assignments/ or reference/ (default: $GRADE_COURSE, else the nearest above this folder)",
    )


def seed_number(text: str) -> int:
    """A seed as it is written."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def count(text: str) -> int:
    """How many, at least one."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)
