"""`grade export`: results to the platforms that keep them, and an assignment to the one that runs it.

Owns the table of results, messages about those who are not in a file, and where files go. Gradebooks are filled in by
`grader.gradebook`, marks written by `grader.marking.table`, and what concerns an assignment is `export_assignment`'s.
"""

from __future__ import annotations

import argparse
import html
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.commands import export_assignment, stdio
from grader.commands.shared import LISTED, listed
from grader.errors import UsageError
from grader.report.sanitize import plural

if TYPE_CHECKING:
    from grader.cohort.outcome import StudentResult
    from grader.cohort.records import Result
    from grader.gradebook.csv import Sheet
    from grader.gradebook.gradebook import Filled
    from grader.gradebook.match import Entry

DONE, LEFT_OUT = 0, 1
"""Exit codes: everybody with points is in the file; somebody is not."""
COMMENT = 2_000
"""Characters of one student's comment."""


DESCRIPTION = """\
Turn the results of a batch into the file that a platform imports, or an assignment into what a platform runs."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand for each place where scores go."""
    from grader.gradebook.platforms import GRADEBOOKS

    places = parser.add_subparsers(dest="place", metavar="WHERE", required=True)

    def add(name: str, text: str, more: str) -> argparse.ArgumentParser:
        return places.add_parser(
            name, help=text, description=more, formatter_class=argparse.RawDescriptionHelpFormatter
        )

    for gradebook in GRADEBOOKS:
        one = add(gradebook.name, gradebook.help, gradebook.description)
        _add_scores(one)
        one.add_argument("--sheet", metavar="CSV", type=Path, required=gradebook.needs_sheet, help=gradebook.sheet)
        one.add_argument("--column", metavar="TITLE", help=gradebook.column)
        if gradebook.has_comments:
            one.add_argument(
                "--no-feedback", action="store_false", dest="feedback", help="leave the comments as they are"
            )
    table = add(
        "csv",
        "every result with its parts, as a table",
        "Write one line for each submission: the student, the attempt, the points of every part, what is late, why it\n"
        "could not be graded.",
    )
    _add_scores(table, scale=False)
    marks = add(
        "marks",
        "marks and rubrics as CSV, for a spreadsheet or another machine",
        "Write every mark that a person gave, a row for each answer that waits for one, and the rubrics. Fill it in\n"
        "and take it back with `grade import marks`; the page of `grade mark` writes the same marks.",
    )
    _add_scores(marks, scale=False)
    pages = add(
        "feedback",
        "the marks, put into the students' pages",
        "Put every mark into the pages that `grade batch --feedback FOLDER` has written: points, items and comments\n"
        "beside the answers, and the total. Nothing is graded again; what changed since is put in by the same command.",
    )
    pages.add_argument("store", metavar="STORE", type=Path, help="the store that `grade batch` made")
    pages.add_argument("folder", metavar="FOLDER", type=Path, help="the pages")
    pages.add_argument("--run", metavar="N", type=int, help="which run of the store (default: the last finished one)")
    export_assignment.add_places(add)


def _add_scores(parser: argparse.ArgumentParser, *, scale: bool = True) -> None:
    parser.add_argument("store", metavar="STORE", type=Path, help="the store that `grade batch` made")
    parser.add_argument("-o", "--output", metavar="FILE", default="-", help="default: the standard output")
    parser.add_argument("--assignment", metavar="ID", help="which assignment, where the store holds several")
    parser.add_argument("--run", metavar="N", type=int, help="which run of the store (default: the last finished one)")
    if scale:
        parser.add_argument(
            "--partial", action="store_true", help="send what is decided, though parts wait for a person"
        )
        parser.add_argument(
            "--out-of", metavar="POINTS", type=_points, help="scale the points to what the assignment is worth there"
        )


def _points(text: str) -> Fraction:
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        value = Fraction(0)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of points above 0")
    return value


def run(args: argparse.Namespace) -> int:
    """Write what is asked for and return the exit code."""
    if args.place in export_assignment.PLACES:
        return export_assignment.PLACES[args.place](args, _write)
    if args.place == "csv":
        return _table(args)
    if args.place == "feedback":
        return _feedback(args)
    if args.place == "marks":
        return _marks(args)
    return _gradebook(args)


# ---------------------------------------------------------------- gradebooks


def _gradebook(args: argparse.Namespace) -> int:
    from grader.cohort.outcome import most_points
    from grader.gradebook.gradebook import EXCUSED, Request
    from grader.gradebook.platforms import GRADEBOOKS
    from grader.report.sanitize import points

    results, ends, assignment = _outcomes(args)
    mine = [r for r in results if r.assignment == assignment]
    gradebook = next(one for one in GRADEBOOKS if one.name == args.place)
    request = Request(
        entries=tuple(_entry(one) for one in ends if one.points is not None),
        column=args.column or assignment,
        named=args.column is not None,
        possible=most_points(mine) if args.partial else most_points(mine)[-1:],
        out_of=args.out_of,
        sheet=_sheet(args.sheet),
        comments=getattr(args, "feedback", True),
    )
    filled = gradebook.fill(request)
    _write(args.output, filled.data)
    _tell_undecided(ends, args.store)
    _tell_sheet(filled, ends)
    waiting = sum(one.points is not None and one.result is not None and one.result.pending > 0 for one in ends)
    if waiting:
        have = "has" if waiting == 1 else "have"
        stdio.tell(f"{plural(waiting, 'student')} {have} parts that wait for a person: what is decided is in it")
    _tell_total(ends, f"{filled.entered} entered, out of {points(request.most)}", filled.left_out)
    return LEFT_OUT if any(why != EXCUSED for why in filled.left_out.values()) else DONE


def _outcomes(args: argparse.Namespace) -> tuple[list[Result], list[StudentResult], str]:
    """A run's results, what every student of the assignment ends with, and the assignment's id."""
    from grader.cohort.outcome import chosen_assignment, outcomes
    from grader.cohort.store import Store
    from grader.marking.totals import results

    with Store.open(args.store) as store:
        run = store.run(args.run).id
        with_marks = list(results(store, run))
        assignment = chosen_assignment(with_marks, args.assignment)
        ends = outcomes(with_marks, assignment, store.people(run), store.decisions(), partial=args.partial)
        return with_marks, ends, assignment


def _results(args: argparse.Namespace) -> list[Result]:
    from grader.cohort.store import Store
    from grader.marking.totals import results

    with Store.open(args.store) as store:
        return list(results(store, args.run))


def _entry(one: StudentResult) -> Entry:
    """What goes into the gradebook for a student with points."""
    from grader.gradebook.match import Entry

    feedback = _comment(one.result) if one.result is not None else ""
    if one.state == "decided":
        feedback = html.escape(one.reason, quote=False)
    return Entry(student=one.student, name=one.name, ids=one.ids, points=one.points or Fraction(0), feedback=feedback)


def _comment(result: Result) -> str:
    """What was lost, as the lines of a comment; platforms take it for HTML."""
    from grader.report.sanitize import cut, in_points, one_line, points

    if result.points is None:
        return ""
    lines = [f"{points(result.points)} of {in_points(result.max_points)}"]
    if result.pending:
        wait = "waits" if result.pending == 1 else "wait"
        lines.append(f"{plural(points(result.pending), 'more point')} {wait} for a person")
    if result.penalty:
        days = plural(result.late_days, "day")
        lines.append(f"{days} late: {in_points(result.penalty)} off")
    for part in result.report.get("parts", ()):
        if part["score"] is not None and part["score"] < part["max_score"]:
            why = _marked(part["mark"]) if "mark" in part else ""
            why = why or next((_why(c) for c in part["checks"] if c["status"] != "passed"), "")
            said = f"{part['id']} {part['title']}: {part['score']:g} of {part['max_score']:g}"
            lines.append(one_line(f"{said}; {why}" if why else said, 400))
    return cut("<br>".join(html.escape(line, quote=False) for line in lines), COMMENT)


def _marked(mark: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (*(item["text"] for item in mark["items"]), mark["comment"])))


def _why(check: Mapping[str, Any]) -> str:
    return str((check["diagnosis"] or {}).get("text") or check["message"] or check["title"])


def _sheet(path: Path | None) -> Sheet | None:
    if path is None:
        return None
    from grader.gradebook.csv import parse

    try:
        return parse(path.read_bytes(), str(path))
    except OSError as problem:
        raise UsageError(f"--sheet {path}: cannot be read ({problem.strerror})") from problem


def _tell_undecided(ends: Sequence[StudentResult], store: Path) -> None:
    """Everybody without points by name, with the reason and the command that decides it."""
    from grader.cohort.outcome import STATES, UNDECIDED
    from grader.report.sanitize import one_line

    for state, words in STATES.items():
        those = [one for one in ends if one.state == state]
        if not those or state in ("graded", "decided"):
            continue
        if state in ("absent", "excused", "unattempted"):
            stdio.tell(f"{words}: {', '.join(one_line(one.shown) for one in those)}")
        elif state == "person" and len(those) > LISTED:
            stdio.tell(f"{len(those)} students {words}: {listed(one_line(one.shown) for one in those)}")
        else:
            for one in those:
                stdio.tell(f"{one_line(one.shown)}: {words}: {one_line(one.reason, 300)}")
    if any(one.state == "person" for one in ends):
        stdio.tell(f"give the points that wait with `grade mark {store}`")
    undecided = next((one for one in ends if one.state in UNDECIDED), None)
    if undecided is not None:
        stdio.tell(f"decide with `grade decide {store} {shlex.quote(undecided.student)} POINTS` (or `excused`)")


def _tell_sheet(filled: Filled, ends: Sequence[StudentResult]) -> None:
    """What of the sheet stays, or is replaced."""
    shown = {one.student: one.shown for one in ends}
    for why in dict.fromkeys(filled.left_out.values()):
        those = [shown[student] for student, reason in filled.left_out.items() if reason == why]
        stdio.tell(f"not in the file, {why}: {', '.join(those)}")
    for students, what in (
        (filled.replaced, "had another score, which is replaced"),
        (filled.comments, "had another comment, which is replaced (--no-feedback keeps it)"),
        (filled.twice, "in several rows, all of them filled"),
    ):
        if students:
            stdio.tell(f"{plural(len(students), 'student')} {what}: {listed(shown[s] for s in students)}")
    if filled.empty:
        one = filled.empty == 1
        rows = "1 row of the sheet has" if one else f"{filled.empty} rows of the sheet have"
        stdio.tell(f"{rows} no result, and {'stays as it is' if one else 'stay as they are'}")


def _tell_total(ends: Sequence[StudentResult], entered: str, left_out: Mapping[str, str]) -> None:
    """The last line: every student once."""
    from grader.cohort.outcome import STATES

    counts = {f"not in the file, {why}": 0 for why in left_out.values()}
    for why in left_out.values():
        counts[f"not in the file, {why}"] += 1
    for state, words in STATES.items():
        if state not in ("graded", "decided") and (those := sum(one.state == state for one in ends)):
            counts[words] = those
    others = "".join(f"; {number} {words}" for words, number in counts.items())
    stdio.tell(f"{plural(len(ends), 'student')}: {entered}{others}")


# ---------------------------------------------------------------- a table


def _table(args: argparse.Namespace) -> int:
    from grader.cohort.outcome import outcomes
    from grader.cohort.store import Store
    from grader.gradebook.csv import Sheet, dump
    from grader.marking.totals import results
    from grader.report.sanitize import one_line

    with Store.open(args.store) as store:
        run = store.run(args.run).id
        everybody = [r for r in results(store, run) if args.assignment in (None, r.assignment, "")]
        ids = dict.fromkeys(key for r in everybody for key in r.ids)
        assignments = dict.fromkeys(r.assignment for r in everybody if r.assignment)
        people, decisions = store.people(run), store.decisions()
    ends = {id: outcomes(everybody, id, people, decisions, partial=True) for id in assignments}
    by_submission = {
        (o.result.path, o.student): o for of_part in ends.values() for o in of_part if o.result is not None
    }
    parts = dict.fromkeys(part["id"] for r in everybody for part in r.report.get("parts", ()))

    def final(r: Result) -> Fraction | None:
        end = by_submission.get((r.path, r.student))
        return end.points if end is not None and end.state == "decided" else _settled(r, r.final)

    columns: dict[str, Callable[[Result], str]] = {
        "student": lambda r: r.student,
        "name": lambda r: r.name,
        "assignment": lambda r: r.assignment,
        "path": lambda r: r.path,
        "attempt": lambda r: str(r.attempt),
        "submitted": lambda r: r.submitted,
        "counts": lambda r: "yes" if r.counts else "no",
        "status": lambda r: r.status,
        "points": lambda r: _decimal(_settled(r, r.points)),
        "max points": lambda r: _decimal(r.max_points),
        "waiting for a person": lambda r: _decimal(r.pending),
        "late days": lambda r: str(r.late_days),
        "term days": lambda r: str(r.term_days),
        "penalty": lambda r: _decimal(r.penalty),
        "final": lambda r: _decimal(final(r)),
        "reason": lambda r: r.reason,
    }
    head = (*columns, *ids, *(f"part {id}" for id in parts))
    rows = []
    for r in everybody:
        cells = [one_line(cell(r), 1_000) for cell in columns.values()]
        rows.append((*cells, *(r.ids.get(key, "") for key in ids), *_parts(r, parts)))
    for id, of_part in ends.items():  # whoever handed in nothing has a line too
        for one in (o for o in of_part if o.result is None):
            told_of = {"student": one.student, "name": one.name, "assignment": id, "status": one.state}
            told_of |= {"counts": "yes", "final": _decimal(one.points), "reason": one.reason}
            rows.append(
                (*(one_line(told_of.get(c, ""), 1_000) for c in columns), *(one.ids.get(key, "") for key in ids))
            )
    width = len(head)
    rows = [(*row, *[""] * (width - len(row))) for row in rows]
    _write(args.output, dump(Sheet(rows=(head, *rows), encoding="utf-8-sig")))
    for id, of_part in ends.items():
        _tell_undecided(of_part, args.store)
        if len(ends) > 1:
            stdio.tell(f"{id}:")
        _tell_total(of_part, f"{sum(one.points is not None for one in of_part)} with points", {})
    return DONE


def _settled(result: Result, points: Fraction | None) -> Fraction | None:
    """The points, but none where nothing of the submission could be decided without a person: that is no zero."""
    return None if not result.max_points and result.pending else points


def _parts(result: Result, parts: Iterable[str]) -> list[str]:
    scores = {p["id"]: p["score"] for p in result.report.get("parts", ()) if p.get("status") != "pending"}
    return ["" if scores.get(id) is None else f"{scores[id]:g}" for id in parts]


def _decimal(value: Fraction | None) -> str:
    from grader.gradebook.csv import decimal

    return "" if value is None else decimal(value)


# ---------------------------------------------------------------- marks


def _marks(args: argparse.Namespace) -> int:
    from grader.cohort.store import Store
    from grader.gradebook.csv import dump
    from grader.marking.answers import questions
    from grader.marking.state import State
    from grader.marking.table import export
    from grader.marking.totals import state_of

    with Store.open(args.store) as store:
        asked = questions(store.results(args.run), args.assignment)
    _write(args.output, dump(export(asked, state_of(args.store) or State())))
    return DONE


def _feedback(args: argparse.Namespace) -> int:
    from grader.cohort.feedback_files import put_marks_in

    results = [r for r in _results(args) if r.status == "graded"]
    absent = put_marks_in(args.folder, results)
    stdio.tell(f"{plural(len(results) - len(absent), 'page')} with the marks of today")
    if absent:
        stdio.tell(f"no page in {args.folder} for: {listed(absent)}; `grade batch --feedback` writes it")
    return LEFT_OUT if absent else DONE


# ---------------------------------------------------------------- files


def _write(target: str, data: bytes) -> None:
    if target == "-":
        stdio.emit_bytes(data)
        return
    try:
        stdio.write_file(Path(target), data)
    except OSError as problem:
        raise UsageError(f"-o {target}: cannot be written ({problem.strerror})") from problem
