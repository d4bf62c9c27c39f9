"""The places of `grade export` that an assignment goes to: Gradescope, a notebook, nbgrader."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands import stdio
from grader.commands.shared import FINE, add_course, short_path
from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.model import Assignment

Write = Callable[[str, bytes], None]


def add_places(add: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    """One subcommand for each; `add(name, help, description)` makes it."""
    from grader.report.gradescope import DEFAULT, WHENS

    package = add(
        "gradescope-autograder",
        "the autograder zip of an assignment for Gradescope",
        "Write the zip that Gradescope's `Configure Autograder` takes: the grader as it is installed here, the\n"
        "assignment with its reference and golden values, setup.sh and run_autograder.",
    )
    _add_assignment(package, "FILE", "autograder.zip")
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
    _add_assignment(notebook, "FILE", "the name of the notebook in the hand-out")
    course = add(
        "nbgrader",
        "an assignment as a source assignment of nbgrader",
        "Write source/ID/ of a course folder of nbgrader: the solution's notebook, with test cells made of the\n"
        "recorded checks. What nbgrader cannot ask is left out and listed.",
    )
    _add_assignment(course, "FOLDER", "nbgrader-course")


def _add_assignment(parser: argparse.ArgumentParser, metavar: str, output: str) -> None:
    parser.add_argument("id", metavar="ID", help="the assignment")
    add_course(parser)
    parser.add_argument("-o", "--output", metavar=metavar, type=Path, help=f"default: {output}")


def _assignment(args: argparse.Namespace) -> Assignment:
    from grader.assignment.loading.course import find_course

    return find_course(Path.cwd(), args.course).load(args.id)


def _autograder(args: argparse.Namespace, write: Write) -> int:
    from grader.report.gradescope.autograder_zip import build

    assignment, target = _assignment(args), args.output or Path("autograder.zip")
    data = build(assignment, when=args.hidden_results)
    write(str(target), data)
    automatic = assignment.points - sum((m.points for m in assignment.manual), Fraction(0))
    stdio.emit(
        f"wrote {target} ({len(data) / 1e6:.1f} MB)\n\n"
        "In Gradescope: create a programming assignment worth\n"
        f"{float(automatic):g} autograder points"
        + (f" (and {float(assignment.points - automatic):g} by hand)" if assignment.points > automatic else "")
        + ", then Configure Autograder > Zip file upload,\n"
        "base image Ubuntu 22.04 or newer, and upload this file. Under Settings, give its container\n"
        "at least 1 CPU and 1.5 GB. Test Autograder with a known submission before you publish it.\n"
        "The zip holds the solution and the hidden checks: keep it from students.\n"
    )
    return FINE


def _notebook(args: argparse.Namespace, write: Write) -> int:
    from grader.convert.to_notebook import solution_notebook

    assignment = _assignment(args)
    target = args.output or Path(assignment.notebook or "")
    write(str(target), solution_notebook(assignment))
    if str(target) != "-":
        stdio.emit(f"wrote {target}, which holds the solution: keep it from students\n")
    return FINE


def _nbgrader(args: argparse.Namespace, write: Write) -> int:
    from grader.convert.to_nbgrader import write_course

    assignment, folder = _assignment(args), args.output or Path("nbgrader-course")
    try:
        exported = write_course(assignment, folder)
    except OSError as problem:
        raise UsageError(f"-o {folder}: cannot be written ({problem.strerror})") from problem
    stdio.emit("".join(f"{assignment.id}: left: {what}\n" for what in exported.left))
    stdio.emit(
        f"wrote {short_path(folder)}/source/{assignment.id}, which holds the solution; there, run\n"
        f"`nbgrader generate_assignment {assignment.id}`\n"
    )
    return FINE


PLACES: Mapping[str, Callable[[argparse.Namespace, Write], int]] = {
    "gradescope-autograder": _autograder,
    "notebook": _notebook,
    "nbgrader": _nbgrader,
}
