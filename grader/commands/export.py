"""`grade export`: results to the platforms that keep them, and an assignment to the one that runs it.

Owns reading the store, what is said about those who are not in a file, and where files go; the files are made by
`grader.report`.
"""

from __future__ import annotations

import argparse
import html
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.commands import stdio
from grader.commands.shared import listed, plural
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.cohort.records import Result
    from grader.gradebook.csv import Sheet
    from grader.gradebook.match import Entry
    from grader.gradebook.platforms import Filled

DONE, LEFT_OUT = 0, 1
"""Exit codes: everybody with points is in the file; somebody is not."""
COMMENT = 2_000
"""Characters of one student's comment."""


DESCRIPTION = """\
Turn the results of a batch into the file that a platform imports, or an assignment into what a platform runs."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One subcommand for each place where scores go."""
    from grader.report.gradescope.results import DEFAULT, WHENS

    places = parser.add_subparsers(dest="place", metavar="WHERE", required=True)

    def add(name: str, text: str, more: str) -> argparse.ArgumentParser:
        return places.add_parser(
            name, help=text, description=more, formatter_class=argparse.RawDescriptionHelpFormatter
        )

    canvas = add(
        "canvas",
        "a gradebook file for Canvas",
        "Write one assignment's column for Canvas. With --sheet, the gradebook that Canvas exports (Grades > Export),\n"
        "students are found in it by their ids, and the column by its title; upload the result under Grades > Import.",
    )
    _add_scores(canvas)
    canvas.add_argument("--sheet", metavar="CSV", type=Path, help="the gradebook as Canvas exports it")
    canvas.add_argument(
        "--column",
        metavar="TITLE",
        help="the assignment as Canvas calls it, or its number (default: the assignment's id; a title that Canvas"
        " does not know makes a new assignment)",
    )
    moodle = add(
        "moodle",
        "the grading worksheet of Moodle, filled in",
        "Fill in the worksheet that Moodle lets you download (Assignment > Submissions > Download grading worksheet;\n"
        "the assignment needs `Offline grading worksheet` among its feedback types). Its language, delimiter and\n"
        "decimal sign stay. Upload the result in the same menu.",
    )
    _add_scores(moodle)
    moodle.add_argument("--sheet", metavar="CSV", type=Path, required=True, help="the worksheet as it was downloaded")
    moodle.add_argument("--column", metavar="HEADER", help="the grades' column, where it is not found by itself")
    moodle.add_argument("--no-feedback", action="store_false", dest="feedback", help="leave the comments as they are")
    brightspace = add(
        "brightspace",
        "a grades file for Brightspace",
        "Write one grade item for Brightspace (Grades > Enter Grades > Import). With --sheet, an export of the\n"
        "grades, students are found in it by OrgDefinedId or Username.",
    )
    _add_scores(brightspace)
    brightspace.add_argument("--sheet", metavar="CSV", type=Path, help="the grades as Brightspace exports them")
    brightspace.add_argument("--column", metavar="ITEM", help="the grade item's name (default: the assignment's id)")
    table = add(
        "csv",
        "every result with its parts, as a table",
        "Write one line for each hand-in: the student, the attempt, the points of every part, what is late, why it\n"
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
    package = add(
        "gradescope-autograder",
        "the autograder zip of an assignment for Gradescope",
        "Write the zip that Gradescope's `Configure Autograder` takes: the grader as it is installed here, the\n"
        "assignment with its reference and golden values, setup.sh and run_autograder.",
    )
    package.add_argument("id", metavar="ID", help="the assignment")
    package.add_argument(
        "--course",
        metavar="DIR",
        type=Path,
        help="the folder with reference/ (default: $GRADE_COURSE, else the nearest above this folder)",
    )
    package.add_argument(
        "-o", "--output", metavar="FILE", type=Path, default=Path("autograder.zip"), help="default: autograder.zip"
    )
    package.add_argument(
        "--hidden-results",
        metavar="WHEN",
        choices=WHENS,
        default=DEFAULT,
        help="when students see the results of hidden checks, and with them their total: "
        + ", ".join(WHENS)
        + f" (default: {DEFAULT})",
    )
    notebook = add(
        "notebook",
        "the solution of an assignment as a notebook",
        "Write an assignment's solution as a notebook that keeps its `### BEGIN SOLUTION` regions: to work on it in\n"
        "Jupyter. `grade new --from` takes it back.",
    )
    _add_assignment(notebook, "the name of the notebook in the hand-out")


def _add_assignment(parser: argparse.ArgumentParser, output: str) -> None:
    parser.add_argument("id", metavar="ID", help="the assignment")
    parser.add_argument(
        "--course",
        metavar="DIR",
        type=Path,
        help="the folder with reference/ (default: $GRADE_COURSE, else the nearest above this folder)",
    )
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help=f"default: {output}")


def _add_scores(parser: argparse.ArgumentParser, *, scale: bool = True) -> None:
    parser.add_argument("store", metavar="STORE", type=Path, help="the store that `grade batch` made")
    parser.add_argument("-o", "--output", metavar="FILE", default="-", help="default: the standard output")
    parser.add_argument("--assignment", metavar="ID", help="which assignment, where the store holds several")
    parser.add_argument("--run", metavar="N", type=int, help="which run of the store (default: the last finished one)")
    if scale:
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
    if args.place == "gradescope-autograder":
        return _autograder(args)
    if args.place == "notebook":
        return _notebook(args)
    if args.place == "csv":
        return _table(args)
    if args.place == "marks":
        return _marks(args)
    return _gradebook(args)


# ---------------------------------------------------------------- gradebooks


def _gradebook(args: argparse.Namespace) -> int:
    from grader.gradebook import platforms

    results = [r for r in _results(args) if r.counts or r.status != "graded"]
    assignment = _assignment(results, args.assignment)
    mine = [r for r in results if r.assignment == assignment]
    with_points = {r.student for r in mine if r.counts and r.final is not None}
    most = max((r.max_points for r in mine), default=Fraction(0))
    possible = args.out_of or most
    chosen = {  # one for each student; of several that could not be graded it does not matter which
        r.student: r for r in mine if (r.counts and r.final is not None) or r.student not in with_points
    }
    scale = possible / most if most else Fraction(1)
    undecided = {r.student for r in chosen.values() if r.final is not None and r.max_points < most}
    entries = [_entry(r, None if r.student in undecided else scale) for r in chosen.values()]
    sheet = _sheet(args.sheet)
    column = args.column or assignment
    if args.place == "moodle":
        assert sheet is not None  # argparse insists
        filled = platforms.moodle(entries, sheet=sheet, column=args.column, comments=args.feedback)
    elif args.place == "canvas":
        filled = platforms.canvas(entries, column=column, possible=possible, sheet=sheet)
    else:
        filled = platforms.brightspace(entries, column=column, sheet=sheet)
    _write(args.output, filled.data)
    _tell(filled, mine, possible, sorted(undecided))
    return LEFT_OUT if filled.unplaced else DONE


def _results(args: argparse.Namespace) -> list[Result]:
    from grader.cohort.store import Store
    from grader.marking.totals import results

    with Store.open(args.store) as store:
        return list(results(store, args.run))


def _assignment(results: Sequence[Result], wanted: str | None) -> str:
    """The id of the one assignment that is exported."""
    ids = sorted({r.assignment for r in results if r.assignment})
    if wanted is None and len(ids) == 1:
        return ids[0]
    if wanted is not None and wanted in ids:
        return wanted
    there = ", ".join(ids) or "none"
    if wanted is None:
        raise UsageError(f"the store holds results of {len(ids)} assignments ({there}); choose with --assignment")
    raise UsageError(f"--assignment {wanted}: the store has no results of it; there are: {there}")


def _entry(result: Result, scale: Fraction | None) -> Entry:
    """What goes into the gradebook; without a `scale` nothing does: a check of it waits for a person."""
    from grader.gradebook.match import Entry

    return Entry(
        student=result.student,
        name=result.name,
        ids=result.ids,
        points=None if result.final is None or scale is None else result.final * scale,
        feedback=_comment(result),
    )


def _comment(result: Result) -> str:
    """What was lost, as the lines of a comment; platforms take it for HTML."""
    from grader.report.sanitize import cut, one_line, points

    if result.points is None:
        return ""
    lines = [f"{points(result.points)} of {points(result.max_points)} points"]
    if result.penalty:
        days = f"{result.late_days} day{'' if result.late_days == 1 else 's'} late"
        lines.append(f"{days}: {points(result.penalty)} points off")
    for part in result.report.get("parts", ()):
        if part["kind"] == "auto" and part["score"] < part["max_score"]:
            why = next((_why(c) for c in part["checks"] if c["status"] != "passed"), "")
            said = f"{part['id']} {part['title']}: {part['score']:g} of {part['max_score']:g}"
            lines.append(one_line(f"{said}; {why}" if why else said, 400))
    return cut("<br>".join(html.escape(line, quote=False) for line in lines), COMMENT)


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


def _tell(filled: Filled, results: Sequence[Result], possible: Fraction, undecided: Sequence[str]) -> None:
    """Everything that is not in the file, on the standard error output."""
    from grader.report.sanitize import points

    stdio.tell(f"{plural(filled.entered, 'student')} with points, out of {points(possible)}")
    if filled.unplaced:
        stdio.tell(f"no unique match in the gradebook for: {listed(filled.unplaced)}")
    if undecided:
        stdio.tell(f"need manual grading, not exported: {listed(undecided)}")
    if pointless := [student for student in filled.ungraded if student not in undecided]:
        stdio.tell(f"no score, not exported: {listed(pointless)}")
    if filled.empty:
        one = filled.empty == 1
        rows = "1 row of the sheet has" if one else f"{filled.empty} rows of the sheet have"
        stdio.tell(f"{rows} no result, and {'stays as it is' if one else 'stay as they are'}")
    waiting = sum(r.pending > 0 for r in results if r.counts)
    if waiting:
        stdio.tell(f"{plural(waiting, 'student')} have parts that wait for a person: only automatic points are in it")


# ---------------------------------------------------------------- a table


def _table(args: argparse.Namespace) -> int:
    from grader.gradebook.csv import Sheet, dump
    from grader.report.sanitize import one_line

    results = [r for r in _results(args) if args.assignment in (None, r.assignment)]
    parts = dict.fromkeys(part["id"] for r in results for part in r.report.get("parts", ()))
    ids = dict.fromkeys(key for r in results for key in r.ids)
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
        "penalty": lambda r: _decimal(r.penalty),
        "final": lambda r: _decimal(_settled(r, r.final)),
        "reason": lambda r: r.reason,
    }
    head = (*columns, *ids, *(f"part {id}" for id in parts))
    rows = []
    for r in results:
        told = [one_line(cell(r), 1_000) for cell in columns.values()]
        rows.append((*told, *(r.ids.get(key, "") for key in ids), *_parts(r, parts)))
    _write(args.output, dump(Sheet(rows=(head, *rows), encoding="utf-8-sig")))
    return DONE


def _settled(result: Result, points: Fraction | None) -> Fraction | None:
    """The points, but none where nothing of the hand-in could be decided without a person: that is no zero."""
    return None if not result.max_points and result.pending else points


def _parts(result: Result, parts: Iterable[str]) -> list[str]:
    scores = {p["id"]: p["score"] for p in result.report.get("parts", ()) if p.get("status") != "pending"}
    return ["" if scores.get(id) is None else f"{scores[id]:g}" for id in parts]


def _decimal(value: Fraction | None) -> str:
    from grader.gradebook.csv import decimal

    return "" if value is None else decimal(value)


# ---------------------------------------------------------------- marks


def _marks(args: argparse.Namespace) -> int:
    from grader.gradebook.csv import dump
    from grader.marking.answers import questions
    from grader.marking.state import State
    from grader.marking.table import export
    from grader.marking.totals import state_of

    found = questions(_results(args), args.assignment)
    _write(args.output, dump(export(found, state_of(args.store) or State())))
    return DONE


# ---------------------------------------------------------------- Gradescope


def _autograder(args: argparse.Namespace) -> int:
    from grader.assignment.loading.course import find_course
    from grader.report.gradescope.autograder_zip import build

    assignment = find_course(Path.cwd(), args.course).load(args.id)
    data = build(assignment, when=args.hidden_results)
    _write(str(args.output), data)
    automatic = sum((c.points for c in assignment.checks), Fraction(0))
    stdio.emit(
        f"wrote {args.output} ({len(data) / 1e6:.1f} MB)\n\n"
        "In Gradescope: create a programming assignment worth\n"
        f"{float(automatic):g} autograder points"
        + (f" (and {float(assignment.points - automatic):g} by hand)" if assignment.points > automatic else "")
        + ", then Configure Autograder > Zip file upload,\n"
        "base image Ubuntu 22.04 or newer, and upload this file. Under Settings, give its container\n"
        "at least 1 CPU and 1.5 GB. Test Autograder with a known hand-in before you publish it.\n"
        "The zip holds the solution and the hidden checks: keep it from students.\n"
    )
    return DONE


def _notebook(args: argparse.Namespace) -> int:
    from grader.assignment.loading.course import find_course
    from grader.convert.to_notebook import solution_notebook

    assignment = find_course(Path.cwd(), args.course).load(args.id)
    target = args.output or Path(assignment.notebook or "")
    _write(str(target), solution_notebook(assignment))
    if str(target) != "-":
        stdio.emit(f"wrote {target}, which holds the solution: keep it from students\n")
    return DONE


# ---------------------------------------------------------------- files


def _write(target: str, data: bytes) -> None:
    if target == "-":
        stdio.emit_bytes(data)
        return
    path = Path(target)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as problem:
        raise UsageError(f"-o {target}: cannot be written ({problem.strerror})") from problem
