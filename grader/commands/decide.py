"""`grade decide`: what a student ends with where grading cannot say it, and who is still without points."""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands import stdio
from grader.errors import UsageError
from grader.report.sanitize import plural

if TYPE_CHECKING:
    from grader.cohort.outcome import StudentResult

DESCRIPTION = """\
Decide what a student ends with: whose submission could not be graded, who handed in nothing, who is excused. Without
STUDENT, list everybody who is still without points. A decision goes into every export and holds as long as the
submission stays the same; late days change nothing of it."""
DECIDED, UNDECIDED_LEFT = 0, 1
"""Exit codes: written down, or nothing is left to decide; somebody is still without points."""
EXCUSED = "excused"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("store", metavar="STORE", type=Path, help="the store that `grade batch` made")
    parser.add_argument("student", nargs="?", metavar="STUDENT", help="the student as the exports call them")
    parser.add_argument(
        "points", nargs="?", metavar="POINTS", type=_points, help="points of the whole assignment, or `excused`"
    )
    parser.add_argument("--reason", metavar="TEXT", default="", help="why; it becomes the comment")
    parser.add_argument("--assignment", metavar="ID", help="which assignment, where the store holds several")


def _points(text: str) -> Fraction | str:
    if text == EXCUSED:
        return text
    try:
        value = Fraction(text.replace(",", "."))
    except (ValueError, ZeroDivisionError):
        value = Fraction(-1)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number of points nor `{EXCUSED}`")
    return value


def run(args: argparse.Namespace) -> int:
    """Write down a decision, or list what is to be decided."""
    from grader.cohort.outcome import chosen_assignment, most_points, outcomes
    from grader.cohort.records import Decision
    from grader.cohort.store import Store
    from grader.marking.totals import results as with_marks
    from grader.report.sanitize import in_points, points

    with Store.open(args.store, write=args.student is not None) as store:
        run = store.run().id
        results = list(with_marks(store, run))
        assignment = chosen_assignment(results, args.assignment)
        students = outcomes(results, assignment, store.people(run), store.decisions(), partial=True)
        if args.student is None:
            return _list(students)
        if args.points is None:
            raise UsageError(f"decide {args.student}: say how many points, or `{EXCUSED}`")
        one = _student(students, args.student, args.store)
        most = most_points(r for r in results if r.assignment == assignment)[-1]
        value = None if args.points == EXCUSED else args.points
        if value is not None and value > most:
            raise UsageError(f"{in_points(value)}: the assignment has {points(most)}")
        content = one.result.content if one.result is not None else ""
        store.decide(
            Decision(assignment=assignment, student=one.student, content=content, points=value, reason=args.reason)
        )
    ends = EXCUSED if value is None else f"{points(value)} of {in_points(most)}"
    before = "" if one.points is None else f", before {points(one.points)}"
    stdio.emit(f"{assignment}, {one.shown}: {ends}{before}\n")
    return DECIDED


def _student(students: list[StudentResult], wanted: str, store: Path) -> StudentResult:
    """The student of that key, else the only one of that name."""
    found = [o for o in students if o.student == wanted] or [o for o in students if o.name == wanted]
    if not found:
        raise UsageError(f"{wanted}: no such student; `grade decide {store}` lists who is without points")
    if len(found) > 1:
        keys = ", ".join(one.student for one in found)
        raise UsageError(f"{wanted}: {len(found)} students have this name; write one of {keys} in its place")
    return found[0]


def _list(ends: list[StudentResult]) -> int:
    from grader.cohort.outcome import STATES, UNDECIDED
    from grader.report.sanitize import one_line

    left = [one for one in ends if one.state in UNDECIDED]
    for one in left:
        stdio.emit(f"{one_line(one.shown)}: {STATES[one.state]} ({one_line(one.reason, 300)})\n")
    stdio.emit(f"{plural(len(ends), 'student')}: {len(left)} to decide\n")
    return UNDECIDED_LEFT if left else DECIDED
