"""`grade mark`: the page on which a person marks what no program should."""

from __future__ import annotations

import argparse
from pathlib import Path

from grader.commands import stdio
from grader.commands.shared import add_course, author_rubrics, grader_name
from grader.errors import UsageError

DONE = 0
DESCRIPTION = """\
Serve a page on this machine on which written answers, plots and checks that a probe left to a person are marked:
one question across all students, equal answers once. It needs `pip install "numgrade[mark]"`. A store on a server is
marked through `ssh -L PORT:127.0.0.1:PORT`, with --port PORT there."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("store", metavar="STORE", type=Path, help="the store that `grade batch` made")
    parser.add_argument("--assignment", metavar="ID", help="which assignment, where the store holds several")
    parser.add_argument("--run", metavar="N", type=int, help="which run of the store (default: the last finished one)")
    parser.add_argument("--as", metavar="NAME", dest="who", default=None, help="who marks (default: your login)")
    parser.add_argument("--names", action="store_true", help="show whose an answer is")
    parser.add_argument("--port", metavar="N", type=int, default=0, help="where the page is (default: a free port)")
    parser.add_argument(
        "--reopen",
        nargs=3,
        metavar=("STUDENT", "PART", "REASON"),
        help="only have a mark looked at once more: it does not count until it is given again",
    )
    add_course(parser)


def run(args: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C, or reopen a mark."""
    if args.reopen:
        return _reopen(args)
    try:
        from grader.marking.server import MarkingSession, serve
    except ImportError as problem:
        raise UsageError(f'{problem.name} is not installed: pip install "numgrade[mark]"') from None
    session = MarkingSession(
        args.store,
        who=args.who or grader_name(),
        names=args.names,
        run=args.run,
        assignment=args.assignment,
        rubrics=lambda assignment: author_rubrics(args.course, assignment),
    )
    try:
        serve(session, args.port, stdio.tell)
    finally:
        session.close()
    return DONE


def _reopen(args: argparse.Namespace) -> int:
    from grader.cohort.store import Store
    from grader.marking.answers import questions
    from grader.marking.log import Log, Reopened, log_path
    from grader.marking.state import State

    student, part, reason = args.reopen
    with Store.open(args.store) as store:
        by_part = {q.id: q for q in questions(store.results(args.run), args.assignment)}
    if part not in by_part:
        raise UsageError(f"--reopen: there is no part {part!r} for a person; there are {', '.join(by_part)}")
    question = by_part[part]
    group = next((g for g in question.groups.values() if any(h.student == student for h in g.holders)), None)
    if group is None:
        raise UsageError(f"--reopen: nobody here is called {student!r}; write the key that the summary prints")
    with Log(log_path(args.store)) as log:
        given = group.given(question, State(log.entries()))
        if given is None:
            raise UsageError(f"--reopen: the answer of {student} to {part} has no mark")
        event = Reopened(
            assignment=question.assignment, part=part, answer=given.mark.answer, reason=reason, student=student
        )
        log.add(args.who or grader_name(), [event])
    others = len(group.holders) - 1
    stdio.tell(f"reopened{f', also for {others} with the same answer' if others else ''}: `grade mark` shows it")
    return DONE
