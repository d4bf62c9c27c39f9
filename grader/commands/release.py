"""`grade release`: make the students' hand-out from the sources."""

from __future__ import annotations

import argparse

from grader.commands import stdio
from grader.commands.shared import FINE, add_course, add_ids, chosen_assignments, report_problems, short_path
from grader.errors import UsageError

DESCRIPTION = """\
Make assignments/ID from reference/ID: solutions become stubs, outputs are cleared, public checks and their
golden values are included; hidden checks and solutions never are."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    add_course(parser)
    add_ids(parser)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a hand-out is out of date")


def run(args: argparse.Namespace) -> int:
    """Make the hand-outs, or with `--check` say where the committed ones differ."""
    from grader.assignment.release.release import build_handout, check_handout

    code = FINE
    for assignment in chosen_assignments(args):
        if assignment.solution is None:
            raise UsageError(f"{assignment.id}: its sources are not here, only the hand-out; nothing can be released")
        if args.check:
            code = max(
                code, report_problems(assignment.id, check_handout(assignment), fine="the hand-out is up to date")
            )
        else:
            build_handout(assignment, assignment.handout)
            stdio.emit(f"{assignment.id}: released to {short_path(assignment.handout)}\n")
    return code
