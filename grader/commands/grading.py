"""`grade SUBMISSION`: grade, show, and say with the exit code how it went."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands import output
from grader.errors import UsageError
from grader.launch import launch
from grader.submission.names import nearest

if TYPE_CHECKING:  # nothing heavy is loaded before the worker has been started
    from grader.model import Report

EARNED, LOST, UNGRADABLE, FAULT = 0, 1, 3, 4
"""Exit codes of a report; 2 and 130 are `grader.cli`'s."""
HAND_INS = frozenset({".ipynb", ".py", ".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z"})
"""Endings of files that `--json` must not write over: somebody forgot a word."""


def run(args: argparse.Namespace, commands: Iterable[str]) -> int:
    """Grade one submission and return the exit code.

    Raises
    ------
    UsageError
        If the arguments do not fit together or name nothing.
    GraderError
        What grading raised, after it was written to where `--json` points.
    """
    path, json_to = _targets(args, commands)
    worker = launch()  # before anything heavy: it starts up while we load NumPy and read files; `api.grade` ends it
    from grader import api

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
        )
    except UsageError:
        raise
    except Exception as error:  # whatever it was, a program that waits for JSON gets its object; then it goes on
        if json_to is not None:
            _write_json(_void(args, path, error), json_to)
        raise
    if json_to is not None:
        _write_json(report, json_to)
    if json_to != "-":
        _show(report, verbose=args.verbose)
    elif report.status != "graded":
        output.tell(report.reason)
    return exit_code(report, fail_under=args.fail_under, exit_zero=args.exit_zero)


def exit_code(report: Report, *, fail_under: Fraction | None = None, exit_zero: bool = False) -> int:
    """0 if every automatic point was earned (or `fail_under` percent), 1 if not, 3 ungradable, 4 fault."""
    if report.status != "graded":
        return UNGRADABLE if report.status == "ungradable" else FAULT
    wanted = report.max_score if fail_under is None else report.max_score * fail_under / 100
    return EARNED if exit_zero or report.score >= wanted else LOST


def _targets(args: argparse.Namespace, commands: Iterable[str]) -> tuple[Path, str | None]:
    """The submission, and where JSON goes: a path, `-` for stdout, None for nowhere."""
    given: list[str] = args.submission
    json_to: str | None = args.json
    if not given and json_to not in (None, "-"):  # `grade --json hw.ipynb`: the word is the submission
        given, json_to = [str(json_to)], "-"
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
    if json_to not in (None, "-"):
        _check_writable(Path(str(json_to)))
    return Path(given[0]), json_to


def _check_writable(file: Path) -> None:
    """Refuse before minutes of grading what would fail or do harm after them."""
    if file.suffix.lower() in HAND_INS:
        raise UsageError(f"--json {file}: would write the report over what looks like a hand-in; name another file")
    if file.is_dir() or not file.absolute().parent.is_dir():
        raise UsageError(f"--json {file}: is a folder, or its folder does not exist; name a file in an existing one")


def _write_json(report: Report, target: str) -> None:
    from grader.report.json_report import dump

    if target == "-":
        output.emit_utf8(dump(report))
        return
    try:
        Path(target).write_text(dump(report), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--json {target}: cannot be written ({error.strerror})") from error


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


def _show(report: Report, *, verbose: bool) -> None:
    from grader.report.terminal import render

    text = render(
        report,
        colour=output.colour(),
        width=output.width(),
        verbose=verbose,
        ascii_only=output.ascii_only(),
    )
    output.emit(text)
