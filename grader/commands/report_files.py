"""Where a report is written: the files of `-o FORMAT=FILE`, or the standard output.

Owns refusing early what could not be written, or would be written over; what is written is `grader.report`'s.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from grader.commands import stdio as output
from grader.errors import UsageError

if TYPE_CHECKING:  # nothing heavy is loaded before the worker has been started
    from grader.model import Report

HAND_INS = frozenset({".ipynb", ".py", ".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z"})
"""Endings of files that no report is written over: somebody forgot a word."""
STDOUT = "-"
SUMMARY = "GITHUB_STEP_SUMMARY"
"""The environment variable that names the file of a job's summary."""


class Output(NamedTuple):
    """One `-o FORMAT=FILE`."""

    option: str
    """As the user wrote it, for messages."""
    format: str
    file: str
    """A path, or `-`."""


def chosen(args: argparse.Namespace) -> list[Output]:
    """What `-o` and `--json` ask for.

    Raises
    ------
    UsageError
        If two go to the same place, or one to a place where it cannot or must not.
    """
    found = [Output(f"-o {name}={file}", name, file) for name, file in args.output]
    if args.json is not None:
        found.append(Output(f"--json {args.json}", "json", args.json))
    seen: dict[str, str] = {}
    for one in found:
        place = one.file if one.file == STDOUT else str(Path(one.file).absolute())
        if place in seen:
            where = "the standard output" if one.file == STDOUT else one.file
            raise UsageError(f"{one.option}: `{seen[place]}` goes to {where} as well; give each a FILE of its own")
        seen[place] = one.option
        if one.file != STDOUT:
            _check_writable(one)
    return found


def _check_writable(one: Output) -> None:
    """Refuse before minutes of grading what would fail or do harm after them."""
    file = Path(one.file)
    if file.suffix.lower() in HAND_INS:
        raise UsageError(f"{one.option}: would write the report over what looks like a hand-in; name another file")
    if file.is_dir() or not file.absolute().parent.is_dir():
        raise UsageError(f"{one.option}: is a folder, or its folder does not exist; name a file in an existing one")


def needs_hand_in(found: list[Output]) -> bool:
    """Whether grading must keep the hand-in for one of these."""
    return any(one.format in ("html", "github") for one in found)


def write(report: Report, found: list[Output], *, when: str) -> None:
    """Write each of them; one that fails does not keep the others from being written.

    Raises
    ------
    UsageError
        If a file cannot be written.
    """
    from grader.report.formats import find

    problems = []
    for one in found:
        text = find(one.format, when=when).render(report)  # type: ignore[arg-type]  # argparse has checked it
        if one.format == "github":
            _summarise(report)
        if one.file == STDOUT:
            output.emit_utf8(text)
            continue
        try:
            _write(Path(one.file), text)
        except OSError as error:
            problems.append(f"{one.option}: cannot be written ({error.strerror})")
    if problems:
        raise UsageError("; ".join(problems))


def _write(file: Path, text: str) -> None:
    """Write it whole or not at all: a reader never sees half a report."""
    if file.exists() and not file.is_file():  # a pipe or a terminal
        file.write_text(text, encoding="utf-8")
        return
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _summarise(report: Report) -> None:
    """Add the job summary to the file that GitHub names, which earlier steps may have written to."""
    name = os.environ.get(SUMMARY)
    if not name:
        return
    from grader.report.ci import markdown

    try:
        with open(name, "a", encoding="utf-8") as file:
            file.write(markdown.render(report, limit=markdown.LIMIT - markdown.ROOM - file.tell()))
    except OSError as error:  # the annotations are there all the same
        output.tell(f"${SUMMARY}: {name} cannot be written ({error.strerror}); there is no job summary")
