"""The `grade` command: reads the arguments, calls what they ask for, and turns errors into exit codes.

What the commands do is `grader.commands`; this module stays cheap to import, since every call pays for it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NoReturn

from grader import __version__
from grader.commands.arguments import COHORT, SANDBOXES, add_course, count, seed_number
from grader.errors import GraderError
from grader.report.formats import FORMATS

COMMANDS = {
    "golden": "record what the reference computes, or compare with it",
    "release": "make the students' hand-out from the sources",
    "lint": "look for mistakes in an assignment",
    "new": "start an assignment",
    "doctor": "say which layers of the sandbox work here, and what would help",
}
EXPORT = {"export": "bring scores to Canvas, Moodle or Brightspace, or an assignment to Gradescope"}
HIDDEN_RESULTS = ("visible", "after_due_date", "after_published", "hidden")
"""Gradescope's words for when something is shown."""
WRONG_USAGE, FAULT, INTERRUPTED = 2, 4, 130
DEBUG = "GRADE_DEBUG"
"""The environment variable that asks for our own tracebacks."""

_EXIT_CODES = """\
exit codes:
  0    graded, and every automatic point was earned
  1    graded, and points were lost
  2    the command was called wrongly
  3    this submission cannot be graded (the reason is printed)
  4    the grader or the assignment failed: no score, and not the student's fault
  130  interrupted
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (default: the process's own) and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _dispatch(words)
    except SystemExit as stop:  # argparse has printed help or a usage error
        return stop.code if isinstance(stop.code, int) else WRONG_USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except GraderError as error:
        return _failed(str(error), error.exit_code)
    except Exception as error:  # ours, whatever it is: the caller is owed one line and exit code 4
        return _failed(f"internal fault: {type(error).__name__}: {error}; run with {DEBUG}=1 for the trace", FAULT)


def run() -> NoReturn:
    """The command as a process. After a report it ends at once: to take the interpreter apart costs a tenth of it."""
    code = main()
    if "grader.commands.grading" in sys.modules:
        with contextlib.suppress(BrokenPipeError):  # who reads has gone
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _failed(line: str, code: int) -> int:
    """Say what went wrong; called while the exception is being handled."""
    from grader.commands.stdio import tell

    if os.environ.get(DEBUG):
        import traceback

        traceback.print_exc()
    tell(line)
    return code


def _dispatch(words: list[str]) -> int:
    if not words:
        grade_parser().print_help(sys.stderr)
        return WRONG_USAGE
    if words[0] in COMMANDS:  # a path is never equal to one: it is written with a slash or a suffix
        from grader.commands import authoring

        args = command_parser().parse_args(words)
        if args.command == "doctor":
            from grader.commands.doctor import doctor

            return doctor(args)
        return int(getattr(authoring, args.command)(args))
    if words[0] in COHORT:
        from grader.commands import cohort

        return cohort.run(words)
    if words[0] in EXPORT:
        from grader.commands import export

        return export.run(words[1:])
    args = grade_parser().parse_intermixed_args(words)
    from grader.commands import grading

    return grading.run(args, [*COMMANDS, *COHORT, *EXPORT])


def grade_parser() -> argparse.ArgumentParser:
    """Arguments of `grade SUBMISSION`."""
    listed = {**COMMANDS, **COHORT, **EXPORT}
    width = max(map(len, listed))
    commands = "\n".join(f"  grade {name:<{width}}  {text}" for name, text in listed.items())
    parser = argparse.ArgumentParser(
        prog="grade",
        usage="grade SUBMISSION [options]\n       grade COMMAND ...",
        description="Run a student's notebook or modules, compare what they compute with the reference, and print\n"
        "a score for every part.",
        epilog=f"for instructors (each with its own --help):\n{commands}\n\n{_EXIT_CODES}\n"
        "A file or folder with the name of a command is written as a path: ./golden",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "submission", nargs="*", metavar="SUBMISSION", help="a notebook, a folder, or a zip or tar archive of one"
    )
    what = parser.add_argument_group("what is graded")
    what.add_argument("--assignment", metavar="ID", help="which assignment it is (default: found out from the files)")
    add_course(what)
    hidden = what.add_mutually_exclusive_group()
    hidden.add_argument("--hidden", action="store_true", default=True, help="run hidden checks too, if here (default)")
    hidden.add_argument("--no-hidden", action="store_false", dest="hidden", help="run the public checks only")
    what.add_argument(
        "--data", metavar="DIR", type=Path, help="data folder to use instead of the assignment's (a full data set)"
    )
    points = what.add_mutually_exclusive_group()
    points.add_argument(
        "--seed", metavar="N", type=seed_number, help="draw the test data from seed N; the reference is run as well"
    )
    points.add_argument("--fresh", action="store_true", help="draw the test data from a seed that nobody knows before")
    kept = parser.add_argument_group("how the code is kept in")
    kept.add_argument(
        "--require-sandbox",
        metavar="TIER",
        choices=SANDBOXES,
        help="grade only in a sandbox of at least this tier: A (own view of the machine), B (a user of its own), C",
    )
    kept.add_argument(
        "--unsafe",
        action="store_true",
        help="grade without a sandbox where none works: the code can then read what you can read",
    )
    shown = parser.add_argument_group("what is shown")
    shown.add_argument("-v", "--verbose", action="store_true", help="list passed checks, error sizes and versions too")
    shown.add_argument(
        "--json",
        metavar="FILE",
        nargs="?",
        const="-",
        help="write the report as JSON to FILE; without FILE or with - to the standard output, and nothing else there",
    )
    shown.add_argument(
        "-o",
        "--output",
        metavar="FORMAT=FILE",
        type=_output,
        action="append",
        default=[],
        help=f"write the report to FILE as well, in one of the formats {', '.join(FORMATS)}; may be given several"
        " times; without =FILE or with - it goes to the standard output; 'gradescope' always exits 0, as Gradescope"
        " requires",
    )
    shown.add_argument(
        "--hidden-results",
        metavar="WHEN",
        choices=HIDDEN_RESULTS,
        default="after_published",
        help="for -o gradescope, when students see the results of hidden checks, and with them their total: "
        + ", ".join(HIDDEN_RESULTS)
        + " (default: after_published)",
    )
    code = parser.add_argument_group("exit code").add_mutually_exclusive_group()
    code.add_argument(
        "--fail-under", metavar="PERCENT", type=_percent, help="exit 0 from PERCENT of the automatic points on, else 1"
    )
    code.add_argument("--exit-zero", action="store_true", help="exit 0 whatever was earned; 2, 3 and 4 stay")
    parser.add_argument("--version", action="version", version=f"grade {__version__}")
    return parser


def command_parser() -> argparse.ArgumentParser:
    """Arguments of the instructor's commands."""
    parser = argparse.ArgumentParser(prog="grade")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        found = commands.add_parser(
            name, help=COMMANDS[name], description=text, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        add_course(found)
        return found

    golden = add(
        "golden",
        "Golden values are what the reference solution computes in every check; students are compared with them.\n\n"
        "  record  run the reference and write its values; values that changed are written only with --accept\n"
        "  diff    show what would change, against the recorded values (exit 1 if something is out of tolerance)\n"
        "  verify  check that the recorded values are complete and current (exit 1 if not)",
    )
    golden.add_argument("action", choices=("record", "diff", "verify"))
    _add_ids(golden)
    golden.add_argument("--accept", action="store_true", help="record also values that differ from the recorded ones")
    release = add(
        "release",
        "Make assignments/ID from reference/ID: solutions become stubs, outputs are cleared, public checks and their\n"
        "golden values go along; hidden checks and solutions never do.",
    )
    _add_ids(release)
    release.add_argument("--check", action="store_true", help="write nothing; exit 1 if a hand-out is out of date")
    lint = add(
        "lint",
        "Look for what does not fit together: points, names, tolerances, markers. Exit 1 if there is an error.",
    )
    _add_ids(lint)
    lint.add_argument(
        "--trials",
        action="store_true",
        help="also grade the mistakes of wrong.py, which must be seen, and the rewrites of right.py, which must pass",
    )
    lint.add_argument(
        "--seeds",
        type=count,
        default=1,
        metavar="N",
        help="try the rewrites of right.py at the assignment's seed and at N - 1 others (default: 1)",
    )
    lint.add_argument(
        "--mutants",
        action="store_true",
        help="also try every small wrong change of the solution, list those that pass every check, and keep what each"
        " returns in golden/mistakes.npz, from which mistakes of students are named (minutes)",
    )
    doctor = add(
        "doctor",
        "Try every layer of the sandbox on this machine, each in a process of its own, and say which work, why the\n"
        "others do not, and what would help. Exit 1 if student code could read what you can read.",
    )
    doctor.add_argument("--json", action="store_true", help="write it as JSON")
    new = add("new", "Start an assignment in reference/NAME with one part, one check and a solution that passes it.")
    new.add_argument("name", metavar="NAME", help="the new assignment's id, for example week03_softmax")
    return parser


def _add_ids(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", metavar="ID", help="assignments (default: all of the course)")


def _output(text: str) -> tuple[str, str]:
    name, given, file = text.partition("=")
    if name not in FORMATS:
        raise argparse.ArgumentTypeError(f"{name!r} is no format; write FORMAT=FILE with one of {', '.join(FORMATS)}")
    if given and not file:
        raise argparse.ArgumentTypeError(f"{text!r} names no file; write {name}=FILE, or {name} for standard output")
    return name, file or "-"


def _percent(text: str) -> Fraction:
    try:
        value = Fraction(text.removesuffix("%"))
    except (ValueError, ZeroDivisionError):
        value = Fraction(-1)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 100")
    return value
