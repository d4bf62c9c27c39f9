"""What became of each mutant, in `mutants.csv` beside the checks: for the author, and for a run to go on from."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from grader import __version__
from grader.assignment.digest import MUTANTS, text_digest
from grader.diagnosis.bank import digest_of
from grader.diagnosis.mutation.sites import Mutant
from grader.model import Assignment

CAUGHT, SURVIVED = "caught", "every check passes"
_COLUMNS = ("file", "line", "column", "old", "new", "outcome", "sources")


def sources(assignment: Assignment) -> str:
    """A digest of all that an outcome depends on."""
    return text_digest(__version__, np.__version__, digest_of(assignment))[:12]


def read_outcomes(assignment: Assignment) -> dict[tuple[str, ...], bool]:
    """Mutant, by `key_of` -> whether it was caught, of those that were tried on these sources."""
    path = _path(assignment)
    if not path.is_file():
        return {}
    now = sources(assignment)
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = [row for row in csv.reader(file) if len(row) == len(_COLUMNS) and row[-1] == now]
    return {tuple(row[:5]): row[5] == CAUGHT for row in rows}


def key_of(mutant: Mutant) -> tuple[str, ...]:
    """A mutant's place and change."""
    return mutant.file, str(mutant.line), str(mutant.column), mutant.old, mutant.new


def add_outcomes(assignment: Assignment, trials: Iterable[tuple[Mutant, bool]], *, replace: bool = False) -> None:
    """Append to the file, or write it from its start."""
    path, now = _path(assignment), sources(assignment)
    replace = replace or not path.is_file()
    with path.open("w" if replace else "a", encoding="utf-8", errors="replace", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        if replace:
            rows.writerow(_COLUMNS)
        for mutant, caught in trials:
            missed = f"equivalent: {mutant.excused}" if mutant.excused else SURVIVED
            rows.writerow((*key_of(mutant), CAUGHT if caught else missed, now))


def _path(assignment: Assignment) -> Path:
    return assignment.root / MUTANTS
