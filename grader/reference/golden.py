"""Golden values for the instructor: record them, show what would change, verify what is recorded.

A change beyond a check's tolerance is refused unless it is accepted by name of an option: a reference that drifts
would otherwise move scores unseen.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from grader.assignment.golden.golden import Golden, golden_path, read_golden, read_provenance, write_golden
from grader.assignment.golden.provenance import provenance_of, stale
from grader.assignment.notebooks import by_notebook
from grader.compare.plain import compare_value
from grader.errors import AuthoringError
from grader.grading.evaluate import given_for
from grader.grading.scoring import outcome
from grader.model import Assignment, Check, Observation, Plain, Visibility
from grader.reference.session import VISIBILITIES, ReferenceSession, observed_values

Arrays = Mapping[str, Any]
Within = Callable[[str, str, Any, Any], bool]
"""`within(check, name, old, new)`: whether `new` would pass where `old` is expected."""


class Row(Struct, frozen=True, kw_only=True):
    """One array of the golden files: what recording does to it."""

    check: str
    name: str
    change: float | None = None
    """max|new - old|; 0 when nothing changed, inf where nan or inf came or went, None without a difference."""
    relative: float | None = None
    """`change` over max|old| of the finite entries; inf where that is 0."""
    within: bool | None = None
    """Whether a student with the new value would pass where the old is expected; None for a new array."""
    text: str = ""
    """The change in words: `new`, `gone`, `shape (3,) -> (3, 1)`; empty when the numbers say it all."""
    changed: bool = True


class Recording(Struct, frozen=True, kw_only=True):
    """What `record` found and wrote."""

    rows: tuple[Row, ...]
    """One for each array, changed or not."""
    written: tuple[Path, ...]
    """Files that were written; empty when nothing had changed, or the change was refused."""
    changed: tuple[str, ...] = ()
    """A sentence for each input that the reference changes in place: every student would be warned of it."""
    refused: bool
    """A change lies beyond its tolerance and was not accepted; nothing was written."""


def record(assignment: Assignment, *, accept: bool = False, keep: bool = False) -> Recording:
    """Run the reference at the assignment's seed and write its golden files.

    With `keep`, a value that moved within its tolerance stays as it was recorded: another machine's rounding is no
    change of the reference. Raises AuthoringError if the reference is not here, or a probe fails on it.
    """
    fresh, changed = _fresh(assignment)
    rows = tuple(row for v in VISIBILITIES for row in _rows(assignment, v, fresh[v]))
    if keep:
        fresh = {v: _with_old(assignment, v, golden) for v, golden in fresh.items()}
    if any(row.changed and row.within is False for row in rows) and not accept:
        return Recording(rows=rows, written=(), changed=changed, refused=True)
    written = []
    for visibility, golden in fresh.items():
        path = golden_path(assignment.root, visibility)
        if not golden.observations:
            path.unlink(missing_ok=True)  # of checks that are gone
            continue
        if path.is_file():
            old = read_golden(path)
            moved = any(row.changed for row in _rows(assignment, visibility, golden))
            if not moved and not stale(old.provenance, assignment):
                continue
        path.parent.mkdir(exist_ok=True)
        beside = path.with_suffix(".new")
        write_golden(beside, golden)
        os.replace(beside, path)  # a killed recording leaves the old file whole
        written.append(path)
    return Recording(rows=rows, written=tuple(written), changed=changed, refused=False)


def _with_old(assignment: Assignment, visibility: Visibility, new: Golden) -> Golden:
    """The new recording with the recorded values where these are within tolerance."""
    path = golden_path(assignment.root, visibility)
    old = read_golden(path).observations if path.is_file() else {}
    kept = {(row.check, row.name) for row in _rows(assignment, visibility, new) if row.changed and row.within}
    observations = {
        check: {name: old[check][name] if (check, name) in kept else value for name, value in values.items()}
        for check, values in new.observations.items()
    }
    return Golden(provenance=new.provenance, observations=observations)


def other_numpy(assignment: Assignment) -> str:
    """Under which NumPy the values were recorded, where that is another than here; else empty."""
    for visibility in VISIBILITIES:
        path = golden_path(assignment.root, visibility)
        then = read_provenance(path).get("numpy") if path.is_file() else None
        if then is not None and then != np.__version__:
            return f"recorded under NumPy {then}, this is NumPy {np.__version__}"
    return ""


def diff(assignment: Assignment) -> list[Row]:
    """What recording would change now: one row for each array that moved, came or went."""
    fresh, _ = _fresh(assignment)
    return [row for v in VISIBILITIES for row in _rows(assignment, v, fresh[v]) if row.changed]


def verify(assignment: Assignment) -> list[str]:
    """Problems of the recorded values: missing, stale, or not what the reference computes now within tolerance."""
    problems = []
    for visibility in VISIBILITIES:
        path = golden_path(assignment.root, visibility)
        if path.is_file():
            problems += stale(read_provenance(path), assignment)
    for row in diff(assignment):
        if row.within is not True:
            what = row.text or f"changed by {row.change:.1e}"
            problems.append(f"golden value of {row.check}, `{row.name}`: {what}; `grade golden diff` shows all")
    return problems


def _fresh(assignment: Assignment) -> tuple[dict[Visibility, Golden], tuple[str, ...]]:
    """What would be recorded now, and what the reference changes in place."""
    if assignment.solution is None:
        raise AuthoringError(f"{assignment.id}: there is no reference in {assignment.root} to record from")
    values: dict[str, Arrays] = {}
    changed: list[str] = []
    for one in by_notebook(assignment):
        with ReferenceSession(one) as reference:
            values |= observed_values(reference, assignment.seed)
            changed += reference.changed
    goldens: dict[Visibility, Golden] = {
        visibility: Golden(
            provenance=provenance_of(assignment, visibility),
            observations={c.id: values[c.id] for c in assignment.checks if c.visibility == visibility},
        )
        for visibility in VISIBILITIES
    }
    return goldens, tuple(changed)


def _rows(assignment: Assignment, visibility: Visibility, new: Golden) -> list[Row]:
    path = golden_path(assignment.root, visibility)
    old = read_golden(path) if path.is_file() else Golden(provenance={}, observations={})
    checks = {c.id: c for c in assignment.checks}
    recorded = [c for c in assignment.checks if c.id in old.observations and c.id in new.observations]
    right = {
        c.id: _accepted(assignment, c, old.observations[c.id], new.observations[c.id]) for c in recorded if c.judge
    }

    def within(check: str, name: str, before: Any, after: Any) -> bool:
        if check in checks and checks[check].judge is not None:
            return right.get(check, False)
        if check not in checks or getattr(before, "dtype", None) != getattr(after, "dtype", None):
            return False
        tolerance = checks[check].tolerances.get(name, checks[check].tolerance)
        return compare_value(name, after, before, tolerance).status == "passed"

    return list(difference(old, new, within))


def _accepted(assignment: Assignment, check: Check, old: Arrays, new: Arrays) -> bool:
    """Whether the judge of a check gives all points to `new` where `old` is recorded.

    Its arrays need not be near each other: a training of many steps ends elsewhere on another processor.
    """
    observation = Observation(check=check.id, ended="returned", values=new)
    try:
        return outcome(check, observation, given_for(assignment, check, old, assignment.seed)).status == "passed"
    except AuthoringError:  # the judge cannot read what an older probe returned
        return False


def difference(old: Golden, new: Golden, within: Within) -> Iterator[Row]:
    """A row for each array of the new recording, in its order, then one for each that is gone."""
    for check, arrays in new.observations.items():
        for name, value in arrays.items():
            before = old.observations.get(check, {}).get(name)
            if before is None:
                yield Row(check=check, name=name, text="new")
            else:
                yield _compared(check, name, before, value, within)
    for check, arrays in old.observations.items():
        for name in arrays:
            if name not in new.observations.get(check, {}):
                yield Row(check=check, name=name, text="gone", within=False)


def _compared(check: str, name: str, old: Any, new: Any, within: Within) -> Row:
    """Two values of one name; entries are equal when they compare equal or are both nan."""
    (old_shape, old_dtype), (new_shape, new_dtype) = _shape_dtype(old), _shape_dtype(new)
    text = "" if old_dtype == new_dtype else f"dtype {old_dtype} -> {new_dtype}"
    change = relative = None
    if isinstance(old, Plain) and isinstance(new, Plain):
        same, text = repr(old.value) == repr(new.value), f"another {new_dtype}"
    elif isinstance(old, Plain) or isinstance(new, Plain):
        same = False
    elif old.shape != new.shape:
        same, text = False, f"shape {old_shape} -> {new_shape}"
    else:
        differs = ~((old == new) | ((old != old) & (new != new)))
        same = not differs.any() and not text
        change, relative = _size(old, new, differs)
    if same:
        return Row(check=check, name=name, change=0.0, relative=0.0, within=True, changed=False)
    return Row(
        check=check, name=name, change=change, relative=relative, within=within(check, name, old, new), text=text
    )


def _shape_dtype(value: Any) -> tuple[tuple[int, ...], str]:
    return ((), type(value.value).__name__) if isinstance(value, Plain) else (value.shape, value.dtype.name)


def _size(old: Any, new: Any, differs: Any) -> tuple[float, float]:
    """Largest change and the same relative to the largest finite old entry."""
    kind = np.result_type(old, new, np.float64)
    before, after = old.astype(kind), new.astype(kind)
    with np.errstate(all="ignore"):
        steps = np.abs(after - before)[differs]
    change = float(np.max(np.where(np.isfinite(steps), steps, np.inf), initial=0.0))
    finite = np.abs(before[np.isfinite(before)])
    scale = float(np.max(finite, initial=0.0))
    return change, change / scale if scale else (float("inf") if change else 0.0)
