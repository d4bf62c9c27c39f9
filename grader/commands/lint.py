"""`grade lint`: look for mistakes in an assignment, and try its checks on wrong and right solutions."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from grader.commands import stdio
from grader.commands.shared import FINE, FOUND, add_course, add_ids, chosen_assignments, count, short_path
from grader.report.sanitize import one_line, plural

if TYPE_CHECKING:
    from grader.model import Assignment


DESCRIPTION = "Look for what does not fit together: points, names, tolerances, markers. Exit 1 if there is an error."


LEVELS = ("error", "warning", "inconsistent")
"""Of `lint`'s findings, the worst first; the last only repeats what the author declared."""


TIGHT = 0.25
"""A rule of which right rewrites spend more than this will misjudge somebody."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    add_course(parser)
    add_ids(parser)
    parser.add_argument(
        "--trials",
        action="store_true",
        help="also grade the mistakes of wrong.py, which must fail, and the rewrites of right.py, which must pass, run"
        " the reference at every seed that is graded with, and list inputs and outputs that no check watches",
    )
    parser.add_argument(
        "--seeds",
        type=count,
        default=1,
        metavar="N",
        help="try the rewrites of right.py at the assignment's seed and at N - 1 others (default: 1)",
    )
    parser.add_argument(
        "--mutants",
        action="store_true",
        help="also try every small wrong change of the solution, list those that pass every check, and keep what each"
        " returns in golden/mistakes.npz, from which mistakes of students are named (minutes)",
    )


def run(args: argparse.Namespace) -> int:
    """Say what is odd about assignments; with `--trials` also grade the author's wrong and right edits."""
    from grader.assignment.lint.lint import lint

    code = FINE
    for assignment in chosen_assignments(args):
        findings = lint(assignment)
        for f in sorted(findings, key=lambda f: LEVELS.index(f.level)):
            where = _where(assignment, one_line(f.where))
            stdio.emit(f"{where}: {f.level}: {one_line(f.text, 2_000)}\n")
        errors = sum(f.level == "error" for f in findings)
        warnings = sum(f.level == "warning" for f in findings)
        summary = ""
        if args.trials:
            failed, watched, summary = _trials(assignment, args.seeds)
            errors += failed
            warnings += watched
        if args.mutants:
            survivors, mutant_summary = _mutants(assignment)
            warnings += survivors
            summary += mutant_summary
        elif nameless := _names(assignment):
            warnings += 1
            stdio.emit(nameless)
        stdio.emit(f"{assignment.id}: {plural(errors, 'error')}, {plural(warnings, 'warning')}{summary}\n")
        code = max(code, FOUND if errors else FINE)
    return code


def _where(assignment: Assignment, where: str) -> str:
    """The place as a path from here, so that an editor can open it."""
    from grader.assignment.loading.course import HANDOUTS

    return where if where.startswith(f"{HANDOUTS}/") else f"{short_path(assignment.root)}/{where}"


def _trials(assignment: Assignment, seeds: int) -> tuple[int, int, str]:
    """Try the wrong and right edits; how many did not do what they name, what is unwatched, and the counts in words."""
    from grader.reference.judge_attacks import attack_judges
    from grader.reference.mutation_testing import keep_named
    from grader.reference.self_test import run_trials
    from grader.reference.unwatched import failing_seeds, unwatched

    trials = run_trials(assignment, seeds, stdio.tell)
    attacks = attack_judges(assignment)
    kept = keep_named(assignment, stdio.tell) if assignment.solution is not None else None
    if kept is not None:
        stdio.emit(f"{assignment.id}: wrote {short_path(kept)}, with what the mistakes of wrong.py compute\n")
    findings = [*attacks, *failing_seeds(assignment), *unwatched(assignment, stdio.tell)]
    stdio.emit("".join(f"{_where(assignment, f.where)}: {f.level}: {one_line(f.text, 2_000)}\n" for f in findings))
    errors = sum(f.level == "error" for f in findings)
    watched = len(findings) - errors
    failed = [trial for trial in trials if trial.text]
    stdio.emit("".join(f"{assignment.id}: error: {one_line(trial.text, 2_000)}\n" for trial in failed))
    summary = f", {len(failed)} of {plural(len(trials), 'trial')} not as named"
    right = [trial for trial in trials if not trial.edit.fails and not trial.failed]
    if not right:
        return len(failed) + errors, watched, summary
    most = max(right, key=lambda trial: trial.spent)
    share, where = most.spent
    if share > TIGHT:
        text = f"{most.edit.name!r} at seed {most.seed} spends {share:.0%} of the tolerance of {where}"
        stdio.emit(f"{assignment.id}: warning: {one_line(text, 2_000)}\n")
    return len(failed) + errors, watched, f"{summary}, right ones spend at most {share:.2g} of a tolerance"


def _names(assignment: Assignment) -> str:
    """A line on mistakes that had a name and get none any more."""
    from grader.diagnosis.bank import FILE, bank_path, missing_names

    what = missing_names(assignment) if bank_path(assignment).is_file() else ""
    run = f"run `grade lint --mutants {assignment.id}`"
    return what and f"{_where(assignment, f'golden/{FILE}')}: warning: {what}; {run}\n"


def _mutants(assignment: Assignment) -> tuple[int, str]:
    """Try every small wrong change of the solution; how many pass every check unexplained, and the counts in words."""
    if assignment.solution is None:
        return 0, ""
    from grader.assignment.digest import MUTANTS
    from grader.reference.mutation_testing import prepare

    prepared = prepare(assignment, stdio.tell)
    survivors = [t.mutant for t in prepared.trials if not t.caught and not t.mutant.excused]
    excused = [t.mutant for t in prepared.trials if not t.caught and t.mutant.excused]
    for m in sorted((*excused, *survivors), key=lambda m: (m.file, m.line, m.column)):
        where = _where(assignment, f"solution/{m.file}:{m.line}:{m.column}")
        change = f"`{one_line(m.new)}` for `{one_line(m.old)}`"
        outcome = f"equivalent: {change}: {m.excused}" if m.excused else f"warning: every check passes with {change}"
        stdio.emit(f"{where}: {outcome}\n")
    if prepared.path is not None:
        stdio.emit(f"{assignment.id}: wrote {short_path(prepared.path)}\n")
    stdio.emit(f"{assignment.id}: the outcome of every mutant is in {_where(assignment, MUTANTS)}\n")
    summary = f", {len(survivors)} of {plural(len(prepared.trials), 'mutant')} pass every check"
    return len(survivors), summary + (f" ({len(excused)} more are equivalent)" if excused else "")
