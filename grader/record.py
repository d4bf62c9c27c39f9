"""Golden values for the instructor: record them, show what would change, verify what is recorded.

A change beyond a check's tolerance is refused unless it is accepted by name of an option: a reference that drifts
would otherwise move scores unseen.
"""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from grader.assignment.golden import Golden, Row, difference, provenance_of, read_golden, stale, write_golden
from grader.errors import AuthoringError
from grader.model import Assignment, Visibility
from grader.reference import VISIBILITIES, ReferenceSession, golden_path, observed_values


class Recording(Struct, frozen=True, kw_only=True):
    """What `record` found and wrote."""

    rows: tuple[Row, ...]
    """One for each array, changed or not."""
    written: tuple[Path, ...]
    """Files that were written; empty when nothing had changed, or the change was refused."""
    refused: bool
    """A change lies beyond its tolerance and was not accepted; nothing was written."""


def record(assignment: Assignment, *, accept: bool = False) -> Recording:
    """Run the reference at the assignment's seed and write its golden files.

    Raises
    ------
    AuthoringError
        If the reference is not here, or a probe fails on it.
    """
    fresh = _fresh(assignment)
    rows = tuple(row for v in VISIBILITIES for row in _rows(assignment, v, fresh[v]))
    if any(row.within is False for row in rows) and not accept:
        return Recording(rows=rows, written=(), refused=True)
    written = []
    for visibility, golden in fresh.items():
        path = golden_path(assignment, visibility)
        if not golden.observations:
            continue
        if path.is_file():
            old = read_golden(path)
            if not stale(old, assignment) and not any(r.changed for r in _rows(assignment, visibility, golden)):
                continue
        path.parent.mkdir(exist_ok=True)
        beside = path.with_suffix(".new")
        write_golden(beside, golden)
        os.replace(beside, path)  # a killed recording leaves the old file whole
        written.append(path)
    return Recording(rows=rows, written=tuple(written), refused=False)


def diff(assignment: Assignment) -> list[Row]:
    """What recording would change now: one row for each array that moved, came or went."""
    fresh = _fresh(assignment)
    return [row for v in VISIBILITIES for row in _rows(assignment, v, fresh[v]) if row.changed]


def verify(assignment: Assignment) -> list[str]:
    """Problems of the recorded values: missing, stale, or not what the reference computes now within tolerance."""
    problems = []
    for visibility in VISIBILITIES:
        path = golden_path(assignment, visibility)
        if path.is_file():
            problems += stale(read_golden(path), assignment)
    for row in diff(assignment):
        if row.within is not True:
            problems.append(row.text)
    return problems


def _fresh(assignment: Assignment) -> dict[Visibility, Golden]:
    if assignment.solution is None:
        raise AuthoringError(f"{assignment.id}: there is no reference in {assignment.root} to record from")
    with ReferenceSession(assignment) as reference:
        values = observed_values(reference, assignment.seed)
    return {
        visibility: Golden(
            provenance=provenance_of(assignment, visibility),
            observations={c.id: values[c.id] for c in assignment.checks if c.visibility == visibility},
        )
        for visibility in VISIBILITIES
    }


def _rows(assignment: Assignment, visibility: Visibility, new: Golden) -> list[Row]:
    path = golden_path(assignment, visibility)
    old = read_golden(path) if path.is_file() else Golden(provenance={}, observations={})
    return difference(old, new, assignment)
