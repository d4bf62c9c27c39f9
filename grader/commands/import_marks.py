"""`grade import marks`: marks that were written in a spreadsheet, or by somebody else on another machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from grader.commands import stdio
from grader.commands.shared import add_course, author_rubrics, grader_name, listed
from grader.errors import UsageError
from grader.report.sanitize import plural

DONE, LEFT = 0, 1
"""Exit codes: everything is as in the file; marks that were here before were left as they are."""
DESCRIPTION = """\
Take marks from a CSV file as `grade export marks` writes it. By hand, `student, part, points` and a `comment` are
enough. An automatic score is overridden in the same way, with the reason as the comment."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("store", metavar="STORE", type=Path, help="the store that `grade batch` made")
    parser.add_argument("file", metavar="CSV", type=Path, help="the marks")
    parser.add_argument("--assignment", metavar="ID", help="which assignment, where the store holds several")
    parser.add_argument("--run", metavar="N", type=int, help="which run of the store (default: the last finished one)")
    parser.add_argument("--replace", action="store_true", help="where a mark is here already, take the file's")
    parser.add_argument("--as", metavar="NAME", dest="who", default=None, help="who gave marks without a `grader`")
    add_course(parser)


def run(args: argparse.Namespace) -> int:
    """Read the file and write what is new into the log of marks."""
    from grader.cohort.store import Store
    from grader.gradebook.csv import parse
    from grader.marking.answers import questions
    from grader.marking.log import Log, Marked, log_path
    from grader.marking.state import State, author_events
    from grader.marking.table import read

    try:
        data = args.file.read_bytes()
    except OSError as problem:
        raise UsageError(f"{args.file}: cannot be read ({problem.strerror})") from problem
    with Store.open(args.store) as store:
        results = list(store.results(args.run))
    with Log(log_path(args.store), create=True) as log:
        for assignment in dict.fromkeys(q.assignment for q in questions(results, args.assignment)):
            # points are kept beside what a rubric gives: without it, a rubric that comes later would change them
            if rubrics := author_rubrics(args.course, assignment):
                log.add("assignment.toml", author_events(State(log.entries()), assignment, rubrics))
        state = State(log.entries())
        sheet = read(parse(data, str(args.file)), str(args.file), results, args.assignment, state)
        rows = sheet.rows
        if not args.replace:
            known = state.marks
            rows = tuple(
                row
                for row in rows
                if not isinstance(row.event, Marked)
                or (row.event.assignment, row.event.part, row.event.answer) not in known
            )
        who = args.who or grader_name()
        log.restore((row.at, row.who or who, row.event) for row in rows)
    new = sum(isinstance(row.event, Marked) for row in rows)
    stdio.tell(f"{plural(new, 'mark')} taken, {sheet.same} as they were")
    if sheet.other and not args.replace:
        stdio.tell(f"marked otherwise here, and left: {listed(sheet.other)}; --replace takes the file's")
        return LEFT
    return DONE
