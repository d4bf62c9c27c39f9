"""`grade run SUBMISSION`, or `grade SUBMISSION`: grade, show, and say with the exit code how it went."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import gc
import os
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands import REGISTRY, report_files, stdio
from grader.commands.shared import SANDBOXES, add_course, seed_number
from grader.errors import UsageError
from grader.execution.spawn import launch
from grader.report.formats import FORMATS, find
from grader.report.gradescope import DEFAULT, WHENS
from grader.sandbox.tiers import Policy
from grader.submission.names import nearest

if TYPE_CHECKING:  # nothing heavy is loaded before the worker has been started
    from grader.model import Report

EARNED, LOST, UNGRADABLE, FAULT = 0, 1, 3, 4
"""Exit codes of a report; 2 and 130 are `grader.cli`'s."""


DESCRIPTION = """\
Run a student's notebook or modules, compare what they compute with the reference, and print
a score for every part."""
EPILOG = """\
exit codes:
  0    graded, and every automatic point was earned
  1    graded, and points were lost
  2    usage error
  3    this submission cannot be graded (the reason is printed)
  4    the grader or the assignment failed: no score, and not the student's fault
  130  interrupted"""
WATCH_TAKES = ("submission", "watch", "assignment", "course", "hidden", "require_sandbox", "unsafe", "verbose")
"""What `--watch` makes use of; every other option is refused with it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "submission", nargs="*", metavar="SUBMISSION", help="a notebook, a folder, or a zip or tar archive of one"
    )
    what = parser.add_argument_group("what is graded")
    what.add_argument("--assignment", metavar="ID", help="which assignment it is (default: found out from the files)")
    add_course(what)
    hidden = what.add_mutually_exclusive_group()
    hidden.add_argument(
        "--hidden", action="store_true", default=True, help="also run hidden checks when available (default)"
    )
    hidden.add_argument("--no-hidden", action="store_false", dest="hidden", help="run the public checks only")
    what.add_argument(
        "--data", metavar="DIR", type=Path, help="data folder to use instead of the assignment's (a full data set)"
    )
    what.add_argument(
        "--check", metavar="ID", action="append", default=[], help="run this check alone; may be given several times"
    )
    points = what.add_mutually_exclusive_group()
    points.add_argument(
        "--seed",
        metavar="N",
        type=seed_number,
        help="draw the test data from seed N; `recorded` takes the recorded golden values (default: a seed of each"
        " submission's own where the reference is here, else recorded)",
    )
    points.add_argument("--fresh", action="store_true", help="draw test data from a new random seed")
    what.add_argument(
        "--watch", action="store_true", help="grade again whenever a file is saved, and show what changed"
    )
    kept = parser.add_argument_group("sandbox")
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
    what.add_argument(
        "--marks",
        metavar="STORE",
        type=Path,
        help="add the marks that people gave, which lie beside this batch's store",
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
        choices=WHENS,
        default=DEFAULT,
        help="for -o gradescope, when students see the results of hidden checks, and with them their total: "
        + ", ".join(WHENS)
        + f" (default: {DEFAULT})",
    )
    shown.add_argument(
        "--show-arrays",
        metavar="FILE.npz",
        type=Path,
        help="write what each check observed and what was expected, as CHECK/NAME/observed and CHECK/NAME/expected;"
        " with hidden checks only where the reference is",
    )
    code = parser.add_argument_group("exit code").add_mutually_exclusive_group()
    code.add_argument(
        "--fail-under", metavar="PERCENT", type=_percent, help="exit 0 from PERCENT of the automatic points on, else 1"
    )
    code.add_argument("--exit-zero", action="store_true", help="exit 0 regardless of the score (codes 2-4 still apply)")


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


def run(args: argparse.Namespace) -> int:
    """Grade one submission and return the exit code.

    Raises UsageError if the arguments do not fit together or name nothing, and what grading raised once every output
    that was asked for was written.
    """
    path, wanted = _targets(args)
    if args.watch:
        return _watch(args, path)
    gc.disable()  # one report: its garbage is not worth looking for
    worker = launch()  # before anything heavy: it starts up while we load NumPy and read files; `engine.grade` ends it
    try:
        from grader import engine
        from grader.commands.waiting import Waiting
    except BaseException:  # an interrupt
        worker.abandon()
        raise

    formats = [find(one.format) for one in wanted]
    exit_zero = any(format.exit_zero for format in formats)
    arrays = None if args.show_arrays is None else report_files.ArrayFile(args.show_arrays)
    try:
        with Waiting(stdio.tell) if sys.stderr.isatty() else contextlib.nullcontext():
            report = engine.grade(
                path,
                args.assignment,
                args.seed,
                course=args.course,
                fresh=args.fresh,
                hidden=args.hidden,
                data=args.data,
                worker=worker,
                policy=Policy(require=args.require_sandbox, unsafe=args.unsafe),
                keep=args.marks is not None or any(format.needs_work for format in formats),
                checks=args.check,
                inspect=None if arrays is None else arrays.add,
            )
    except UsageError:
        raise
    except Exception as error:  # whatever it was, a program that waits for a file gets it; then it goes on
        report_files.write(_void(args, path, error), wanted, args)
        if exit_zero:
            stdio.tell(str(error))
            return EARNED
        raise
    finally:
        gc.enable()
    if args.marks is not None:
        report = _marked(report, args.marks)
    if arrays is not None:
        arrays.write()
    report_files.write(report, wanted, args)
    shown = [format for format, one in zip(formats, wanted, strict=True) if one.file == report_files.STDOUT]
    to_stdout = shown[0] if shown else None
    if to_stdout is None and os.environ.get("GITHUB_ACTIONS"):  # a job's log obeys lines, whoever has written them
        to_stdout = find("github")
    if to_stdout is None:
        stdio.emit(_page(report, verbose=args.verbose))
    elif to_stdout.page is not None:
        stdio.emit(to_stdout.page(_page(report, verbose=args.verbose)))
    elif report.status != "graded":
        stdio.tell(report.reason)
    if args.verbose and report.status == "graded" and report.score < report.max_score:
        _tell_of_names(args, path, report)
    if exit_zero:
        return EARNED
    return exit_code(report, fail_under=args.fail_under, exit_zero=args.exit_zero)


def _tell_of_names(args: argparse.Namespace, path: Path, report: Report) -> None:
    """A line for the assistant where mistakes could not be named."""
    from grader.assignment.loading.course import find_course
    from grader.diagnosis.bank import missing_names

    course = find_course(Path.cwd(), args.course, submission=path)
    assignment = course.load(report.assignment)
    if what := missing_names(assignment):
        stdio.tell(f"{assignment.id}: {what}; `grade lint --trials {assignment.id}` keeps those of wrong.py")


def _marked(report: Report, store: Path) -> Report:
    from grader.cohort.store import Store
    from grader.marking.totals import rules_of, state_of, with_marks

    with Store.open(store) as opened:
        state = state_of(store, rules_of(opened, None))
    return report if state is None else with_marks(report, state)


def _watch(args: argparse.Namespace, path: Path) -> int:
    from grader.commands.watch import Watch, watch

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    given = [name for name, value in vars(parser.parse_args([])).items() if getattr(args, name) != value]
    if others := [f"--{name.replace('_', '-')}" for name in given if name not in WATCH_TAKES]:
        raise UsageError(f"--watch shows the report on the terminal; leave out {', '.join(others)}")
    policy = Policy(require=args.require_sandbox, unsafe=args.unsafe)
    watched = Watch(path, args.course and Path(args.course), args.assignment, args.hidden, policy)
    watch(watched, lambda report: stdio.emit(_page(report, verbose=args.verbose)), stdio.tell)
    return EARNED


def exit_code(report: Report, *, fail_under: Fraction | None = None, exit_zero: bool = False) -> int:
    """0 if every automatic point was earned (or `fail_under` percent), 1 if not or if there are none, 3 ungradable,
    4 fault.
    """
    if report.status != "graded":
        return UNGRADABLE if report.status == "ungradable" else FAULT
    wanted = report.max_score if fail_under is None else report.max_score * fail_under / 100
    return EARNED if exit_zero or (report.score >= wanted and report.max_score) else LOST


def _targets(args: argparse.Namespace) -> tuple[Path, list[report_files.Output]]:
    """The submission, and where its report goes in addition to the terminal."""
    given: list[str] = args.submission
    if not given and args.json not in (None, report_files.STDOUT):  # as in `grade --json hw.ipynb`
        given, args.json = [str(args.json)], report_files.STDOUT
    if not given:
        raise UsageError("which SUBMISSION? Give a notebook, a folder or an archive (`grade --help` shows more)")
    for name in given:
        if not Path(name).exists():
            near = difflib.get_close_matches(name, list(REGISTRY), n=1)
            hint = f"; did you mean the command `grade {near[0]}`?" if near else nearest(Path(name))
            raise UsageError(f"{name}: no such file or folder{hint}")
    if args.data is not None and not args.data.is_dir():
        raise UsageError(f"--data {args.data}: no such folder")
    if args.show_arrays is not None:
        report_files.check_arrays_target(args.show_arrays)
    if args.marks is not None:
        from grader.marking.log import log_path

        if not log_path(args.marks).exists():
            raise UsageError(f"--marks {args.marks}: nobody has marked anything of this store yet")
    if len(given) > 1:
        raise UsageError(f"one SUBMISSION at a time, not {len(given)}: {' '.join(given)}")
    return Path(given[0]), report_files.chosen(args)


def _void(args: argparse.Namespace, path: Path, error: Exception) -> Report:
    """The report of a submission that nothing is known of, because grading it raised `error`."""
    from grader.errors import GraderError, SubmissionError
    from grader.model import Report

    known = isinstance(error, GraderError)
    return Report(
        assignment=args.assignment or "",
        path=str(path),
        status="ungradable" if isinstance(error, SubmissionError) else "fault",
        reason=(str(error) if known else f"{type(error).__name__}: {error}") or type(error).__name__,
        seed=args.seed if isinstance(args.seed, int) else 0,
    )


def _page(report: Report, *, verbose: bool) -> str:
    from grader.report.terminal.terminal import render

    return render(report, colour=stdio.colour(), width=stdio.width(), verbose=verbose, ascii_only=stdio.ascii_only())
