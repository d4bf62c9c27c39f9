"""`grade golden`: record what the reference computes, or compare with it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from grader.commands import stdio
from grader.commands.shared import FINE, FOUND, add_course, add_ids, chosen_assignments, report_problems, short_path
from grader.errors import AuthoringError, UsageError
from grader.report.sanitize import one_line, plural
from grader.report.terminal.layout import table

if TYPE_CHECKING:
    from grader.model import Assignment
    from grader.reference.golden import Row


DESCRIPTION = """\
Golden values are what the reference solution computes in every check; students are compared with them.

  record  run the reference and write its values; values that changed are written only with --accept
  diff    show what would change, against the recorded values (exit 1 if something is out of tolerance)
  verify  check that the recorded values are complete and current (exit 1 if not)"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    add_course(parser)
    parser.add_argument("action", choices=("record", "diff", "verify"))
    add_ids(parser)
    parser.add_argument("--accept", action="store_true", help="also record values that differ from the recorded ones")
    parser.add_argument(
        "--keep-within-tolerance",
        action="store_true",
        help="keep recorded values that moved within their tolerance only, by another NumPy's rounding",
    )


def run(args: argparse.Namespace) -> int:
    """Record the reference's values, or compare the recorded ones with what the reference gives now."""
    if args.accept and args.action != "record":
        raise UsageError(f"--accept belongs to `grade golden record`, not to `{args.action}`")
    if args.keep_within_tolerance and args.action != "record":
        raise UsageError(f"--keep-within-tolerance belongs to `grade golden record`, not to `{args.action}`")
    action = {"record": _record, "diff": _diff, "verify": _verify}[args.action]
    return max(action(assignment, args) for assignment in chosen_assignments(args))


def _record(assignment: Assignment, args: argparse.Namespace) -> int:
    from grader.reference.golden import record

    recording = record(assignment, accept=args.accept, keep=args.keep_within_tolerance)
    _rows(assignment.id, recording.rows)
    stdio.emit("".join(f"{assignment.id}: warning: {one_line(what, 2_000)}\n" for what in recording.changed))
    same = bool(recording.rows) and not any(row.changed for row in recording.rows)
    why = " (same values; their provenance is new)" if same else ""
    stdio.emit("".join(f"{assignment.id}: wrote {short_path(path)}{why}\n" for path in recording.written))
    if any(path.name == "public.json" for path in recording.written) and assignment.handout.is_dir():
        copy = f"{short_path(assignment.handout)} has its own copy: `grade release {assignment.id}` renews it"
        stdio.emit(f"{assignment.id}: {copy}\n")
    if not recording.refused:
        _keep_names(assignment)
        return FINE
    stdio.tell(f"{assignment.id}: nothing written, since values changed beyond tolerance; --accept records them")
    return FOUND


def _keep_names(assignment: Assignment) -> None:
    """What the named mistakes compute, from which students' mistakes are named without `lint --mutants`."""
    from grader.assignment.release.edits import wrong_edits
    from grader.reference.mutation_testing import keep_named

    try:
        kept = keep_named(assignment, stdio.tell) if wrong_edits(assignment) else None
    except AuthoringError as error:  # the values are recorded anyway
        stdio.emit(f"{assignment.id}: warning: {one_line(str(error), 2_000)}\n")
        return
    if kept is not None:
        stdio.emit(f"{assignment.id}: wrote {short_path(kept)}, with what the mistakes of wrong.py compute\n")


def _diff(assignment: Assignment, args: argparse.Namespace) -> int:
    from grader.reference.golden import diff, other_numpy

    rows = diff(assignment)
    if versions := other_numpy(assignment):
        stdio.emit(f"{assignment.id}: {versions}\n")
    _rows(assignment.id, rows)
    return FOUND if any(row.within is False for row in rows) else FINE


def _verify(assignment: Assignment, args: argparse.Namespace) -> int:
    from grader.reference.golden import other_numpy, verify

    versions = other_numpy(assignment)
    fine = "golden values are what the reference gives" + (f" ({versions})" if versions else "")
    return report_problems(assignment.id, verify(assignment), fine=fine)


def _rows(id: str, rows: Sequence[Row]) -> None:
    """What changed, as an aligned table; new arrays, of which a first recording has dozens, only as a number."""
    new = [row for row in rows if row.within is None]
    moved = [row for row in rows if row.within is not None]
    if not rows:
        stdio.emit(f"{id}: nothing changed\n")
    if new:
        stdio.emit(f"{id}: {plural(len(new), 'new array')} in {plural(len({row.check for row in new}), 'check')}\n")
    if moved:
        head = ("check", "array", "largest change", "relative", "within tolerance", "")
        body = [
            (
                one_line(row.check),
                one_line(row.name),
                _number(row.change),
                _number(row.relative),
                "yes" if row.within else "NO",
                one_line(row.text),
            )
            for row in moved
        ]
        lines = table([head, *body], right=frozenset({2, 3}))
        stdio.emit("\n".join([f"{id}:", *(f"  {line}" for line in lines)]) + "\n")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}" if value else "0"
