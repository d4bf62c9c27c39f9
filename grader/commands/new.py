"""`grade new`: start an assignment that works."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from grader.commands import stdio
from grader.commands.shared import FINE, add_course, short_path
from grader.errors import UsageError

DESCRIPTION = "Start an assignment in reference/NAME with one part, one check and a solution that passes it."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    add_course(parser)
    parser.add_argument("name", metavar="NAME", help="the new assignment's id, for example week03_softmax")


def run(args: argparse.Namespace) -> int:
    """Start an assignment that works: one part, one check, a solution."""
    from grader.assignment.loading.course import find_course
    from grader.assignment.release.new import make_new

    explicit = args.course or os.environ.get("GRADE_COURSE")
    try:
        root = find_course(Path.cwd(), None).root if explicit is None else Path(explicit)
    except UsageError:
        root = Path.cwd()  # the first assignment makes the folder a course
    made = make_new(root, args.name)
    stdio.emit("".join(f"{short_path(path)}\n" for path in made))
    stdio.emit(f"\nNext: edit these, then `grade golden record {args.name}` and `grade release {args.name}`.\n")
    return FINE
