"""The author's commands: `grade new`, `release`, `lint` and `golden`.

Owns their arguments and output; the work is done in `grader.reference` and `grader.assignment`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grader.commands import stdio as output
from grader.errors import UsageError
from grader.report.sanitize import one_line
from grader.report.terminal.layout import table

if TYPE_CHECKING:
    from grader.model import Assignment
    from grader.reference.golden import Row

LEVELS = ("error", "warning", "inconsistent")
"""Of `lint`'s findings, the worst first; the last only repeats what the author declared."""
FINE, FOUND = 0, 1
"""Exit codes: nothing to say, or something that the author should look at."""


def golden(args: argparse.Namespace) -> int:
    """Record the reference's values, or compare the recorded ones with what the reference gives now."""
    if args.accept and args.action != "record":
        raise UsageError(f"--accept belongs to `grade golden record`, not to `{args.action}`")
    action = {"record": _record, "diff": _diff, "verify": _verify}[args.action]
    return max(action(assignment, args) for assignment in _chosen(args))


def _record(assignment: Assignment, args: argparse.Namespace) -> int:
    from grader.reference.golden import record

    recording = record(assignment, accept=args.accept)
    _rows(assignment.id, recording.rows)
    same = bool(recording.rows) and not any(row.changed for row in recording.rows)
    why = " (same values; their provenance is new)" if same else ""
    output.emit("".join(f"{assignment.id}: wrote {_short(path)}{why}\n" for path in recording.written))
    if any(path.name == "public.json" for path in recording.written) and assignment.handout.is_dir():
        copy = f"{_short(assignment.handout)} has its own copy: `grade release {assignment.id}` renews it"
        output.emit(f"{assignment.id}: {copy}\n")
    if not recording.refused:
        return FINE
    output.tell(f"{assignment.id}: nothing written, since values changed beyond tolerance; --accept records them")
    return FOUND


def _diff(assignment: Assignment, args: argparse.Namespace) -> int:
    from grader.reference.golden import diff

    rows = diff(assignment)
    _rows(assignment.id, rows)
    return FOUND if any(row.within is False for row in rows) else FINE


def _verify(assignment: Assignment, args: argparse.Namespace) -> int:
    from grader.reference.golden import verify

    return _problems(assignment.id, verify(assignment), fine="golden values are what the reference gives")


def _rows(id: str, rows: Sequence[Row]) -> None:
    """What changed, as an aligned table; new arrays, of which a first recording has dozens, only as a number."""
    new = [row for row in rows if row.within is None]
    moved = [row for row in rows if row.within is not None]
    if not rows:
        output.emit(f"{id}: nothing changed\n")
    if new:
        output.emit(f"{id}: {_count(len(new), 'new array')} in {_count(len({row.check for row in new}), 'check')}\n")
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
        output.emit("\n".join([f"{id}:", *(f"  {line}" for line in lines)]) + "\n")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}" if value else "0"


def release(args: argparse.Namespace) -> int:
    """Make the hand-outs, or with `--check` say where the committed ones differ."""
    from grader.assignment.release.release import build_handout, check_handout

    code = FINE
    for assignment in _chosen(args):
        if assignment.solution is None:
            raise UsageError(f"{assignment.id}: its sources are not here, only the hand-out; nothing can be released")
        if args.check:
            code = max(code, _problems(assignment.id, check_handout(assignment), fine="the hand-out is up to date"))
        else:
            build_handout(assignment, assignment.handout)
            output.emit(f"{assignment.id}: released to {_short(assignment.handout)}\n")
    return code


def lint(args: argparse.Namespace) -> int:
    """Say what is odd about assignments; with `--trials` also grade the author's wrong and right edits."""
    from grader.assignment.lint.lint import lint as findings

    code = FINE
    for assignment in _chosen(args):
        found = findings(assignment)
        for f in sorted(found, key=lambda f: LEVELS.index(f.level)):
            where = _where(assignment, one_line(f.where))
            output.emit(f"{where}: {f.level}: {one_line(f.text, 2_000)}\n")
        errors = sum(f.level == "error" for f in found)
        told = f"{_count(errors, 'error')}, {_count(sum(f.level == 'warning' for f in found), 'warning')}"
        if args.trials:
            failed, told_of = _trials(assignment, args.seeds)
            errors += failed
            told += told_of
        stale = "" if args.mutants else _stale_bank(assignment)
        output.emit(stale)
        if args.mutants:
            survivors, told_of = _mutants(assignment)
            errors += survivors
            told += told_of
        output.emit(f"{assignment.id}: {told}\n")
        code = max(code, FOUND if errors else FINE)
    return code


def _where(assignment: Assignment, where: str) -> str:
    """The place as a path from here, so that an editor can open it."""
    from grader.assignment.loading.course import HANDOUTS

    return where if where.startswith(f"{HANDOUTS}/") else f"{_short(assignment.root)}/{where}"


TIGHT = 0.25
"""A rule of which right rewrites spend more than this will misjudge somebody."""


def _trials(assignment: Assignment, seeds: int) -> tuple[int, str]:
    """Try the wrong and right edits; how many did not do what they name, and the counts in words."""
    from grader.reference.self_test import run_trials

    trials = run_trials(assignment, seeds, output.tell)
    failed = [trial for trial in trials if trial.text]
    output.emit("".join(f"{assignment.id}: error: {one_line(trial.text, 2_000)}\n" for trial in failed))
    told = f", {len(failed)} of {_count(len(trials), 'trial')} not as named"
    right = [trial for trial in trials if not trial.edit.fails and not trial.failed]
    if not right:
        return len(failed), told
    most = max(right, key=lambda trial: trial.spent)
    share, where = most.spent
    if share > TIGHT:
        text = f"{most.edit.name!r} at seed {most.seed} spends {share:.0%} of the tolerance of {where}"
        output.emit(f"{assignment.id}: warning: {one_line(text, 2_000)}\n")
    return len(failed), f"{told}, right ones spend at most {share:.2g} of a tolerance"


def _stale_bank(assignment: Assignment) -> str:
    """A line on prepared mistakes of other sources than these, from which nothing is named any more."""
    from grader.diagnosis.bank import bank_path, read_bank

    path = bank_path(assignment)
    if assignment.solution is None or not path.is_file() or read_bank(assignment) is not None:
        return ""
    return f"{_short(path)}: warning: was made from other sources; run `grade lint --mutants {assignment.id}`\n"


def _mutants(assignment: Assignment) -> tuple[int, str]:
    """Try every small wrong change of the solution; how many pass every check unexplained, and the counts in words."""
    if assignment.solution is None:
        return 0, ""
    from grader.reference.mutation_testing import prepare

    prepared = prepare(assignment, output.tell)
    survivors = [t.mutant for t in prepared.trials if not t.caught and not t.mutant.excused]
    excused = [t.mutant for t in prepared.trials if not t.caught and t.mutant.excused]
    for m in (*excused, *survivors):
        where = _where(assignment, f"solution/{m.file}:{m.line}")
        change = f"{one_line(m.new)} for {one_line(m.old)}"
        told = f"equivalent: {change}: {m.excused}" if m.excused else f"error: every check passes with {change}"
        output.emit(f"{where}: {told}\n")
    if prepared.path is not None:
        output.emit(f"{assignment.id}: wrote {_short(prepared.path)}\n")
    told = f", {len(survivors)} of {_count(len(prepared.trials), 'mutant')} pass every check"
    return len(survivors), told + (f" ({len(excused)} more are declared equivalent)" if excused else "")


def new(args: argparse.Namespace) -> int:
    """Start an assignment that works: one part, one check, a solution."""
    from grader.assignment.loading.course import find_course
    from grader.assignment.release.new import make_new

    explicit = args.course or os.environ.get("GRADE_COURSE")
    try:
        root = find_course(Path.cwd(), None).root if explicit is None else Path(explicit)
    except UsageError:
        root = Path.cwd()  # the first assignment makes the folder a course
    made = make_new(root, args.name)
    output.emit("".join(f"{_short(path)}\n" for path in made))
    output.emit(f"\nNext: edit these, then `grade golden record {args.name}` and `grade release {args.name}`.\n")
    return FINE


def _chosen(args: argparse.Namespace) -> Iterator[Assignment]:
    """The assignments that were named, or all of the course."""
    from grader.assignment.loading.course import find_course

    course = find_course(Path.cwd(), args.course)
    return (course.load(id) for id in args.ids or course.ids())


def _problems(id: str, problems: Sequence[str], *, fine: str) -> int:
    output.emit("".join(f"{id}: {one_line(p, 2_000)}\n" for p in problems) or f"{id}: {fine}\n")
    return FOUND if problems else FINE


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _short(path: Path) -> str:
    """The path as one would type it from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
