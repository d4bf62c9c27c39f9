"""`grade SUBMISSION`: grade, show, and say with the exit code how it went."""

from __future__ import annotations

import argparse
import difflib
import gc
import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands import report_files as outputs
from grader.commands import stdio as output
from grader.errors import UsageError
from grader.execution.spawn import launch
from grader.report.formats import find
from grader.sandbox.tiers import Policy
from grader.submission.names import nearest

if TYPE_CHECKING:  # nothing heavy is loaded before the worker has been started
    from grader.model import Report

EARNED, LOST, UNGRADABLE, FAULT = 0, 1, 3, 4
"""Exit codes of a report; 2 and 130 are `grader.cli`'s."""


def run(args: argparse.Namespace, commands: Iterable[str]) -> int:
    """Grade one submission and return the exit code.

    Raises
    ------
    UsageError
        If the arguments do not fit together or name nothing.
    GraderError
        What grading raised, after every output that was asked for was written.
    """
    path, wanted = _targets(args, commands)
    gc.disable()  # one report: its garbage is not worth looking for
    worker = launch()  # before anything heavy: it starts up while we load NumPy and read files; `api.grade` ends it
    from grader import engine as api

    formats = [find(one.format) for one in wanted]
    exit_zero = any(format.exit_zero for format in formats)
    try:
        report = api.grade(
            path,
            args.assignment,
            args.seed,
            course=args.course,
            fresh=args.fresh,
            hidden=args.hidden,
            data=args.data,
            worker=worker,
            policy=Policy(require=args.require_sandbox, unsafe=args.unsafe),
            keep=any(format.needs_work for format in formats),
        )
    except UsageError:
        raise
    except Exception as error:  # whatever it was, a program that waits for a file gets it; then it goes on
        outputs.write(_void(args, path, error), wanted, args)
        if exit_zero:
            output.tell(str(error))
            return EARNED
        raise
    finally:
        gc.enable()
    outputs.write(report, wanted, args)
    to_stdout = next((format for format, one in zip(formats, wanted, strict=True) if one.file == outputs.STDOUT), None)
    if to_stdout is None and os.environ.get("GITHUB_ACTIONS"):  # a job's log obeys lines, whoever has written them
        to_stdout = find("github")
    if to_stdout is None:
        output.emit(_page(report, verbose=args.verbose))
    elif to_stdout.page is not None:
        output.emit(to_stdout.page(_page(report, verbose=args.verbose)))
    elif report.status != "graded":
        output.tell(report.reason)
    if exit_zero:
        return EARNED
    return exit_code(report, fail_under=args.fail_under, exit_zero=args.exit_zero)


def exit_code(report: Report, *, fail_under: Fraction | None = None, exit_zero: bool = False) -> int:
    """0 if every automatic point was earned (or `fail_under` percent), 1 if not, 3 ungradable, 4 fault."""
    if report.status != "graded":
        return UNGRADABLE if report.status == "ungradable" else FAULT
    wanted = report.max_score if fail_under is None else report.max_score * fail_under / 100
    return EARNED if exit_zero or report.score >= wanted else LOST


def _targets(args: argparse.Namespace, commands: Iterable[str]) -> tuple[Path, list[outputs.Output]]:
    """The submission, and where its report goes besides the terminal."""
    given: list[str] = args.submission
    if not given and args.json not in (None, outputs.STDOUT):  # `grade --json hw.ipynb`: the word is the submission
        given, args.json = [str(args.json)], outputs.STDOUT
    if not given:
        raise UsageError("which SUBMISSION? Give a notebook, a folder or an archive (`grade --help` shows more)")
    for name in given:
        if not Path(name).exists():
            near = difflib.get_close_matches(name, list(commands), n=1)
            hint = f"; did you mean the command `grade {near[0]}`?" if near else nearest(Path(name))
            raise UsageError(f"{name}: no such file or folder{hint}")
    if args.data is not None and not args.data.is_dir():
        raise UsageError(f"--data {args.data}: no such folder")
    if len(given) > 1:
        raise UsageError(f"one SUBMISSION at a time, not {len(given)}: {' '.join(given)}")
    return Path(given[0]), outputs.chosen(args)


def _void(args: argparse.Namespace, path: Path, error: Exception) -> Report:
    """The report of a submission that nothing is known of, because grading it raised `error`."""
    from grader.errors import GraderError, SubmissionError
    from grader.model import Report

    known = isinstance(error, GraderError)
    return Report(
        assignment=args.assignment or "",
        title="",
        path=str(path),
        digest="",
        status="ungradable" if isinstance(error, SubmissionError) else "fault",
        reason=(str(error) if known else f"{type(error).__name__}: {error}") or type(error).__name__,
        seed=args.seed or 0,
    )


def _page(report: Report, *, verbose: bool) -> str:
    from grader.report.terminal.terminal import render

    return render(
        report,
        colour=output.colour(),
        width=output.width(),
        verbose=verbose,
        ascii_only=output.ascii_only(),
    )
