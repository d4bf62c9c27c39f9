"""Arguments of `grade export`."""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path

STORE_HELP = "the store that `grade batch` made"


def parser() -> argparse.ArgumentParser:
    """One subcommand for each place where scores go."""
    from grader.report.gradescope.results import DEFAULT, WHENS

    whole = argparse.ArgumentParser(
        prog="grade export",
        description="Turn the results of a batch into the file that a platform imports, or an assignment into what a\n"
        "platform runs.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    places = whole.add_subparsers(dest="place", metavar="WHERE", required=True)

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
    return whole


def _add_scores(parser: argparse.ArgumentParser, *, scale: bool = True) -> None:
    parser.add_argument("store", metavar="STORE", type=Path, help=STORE_HELP)
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
