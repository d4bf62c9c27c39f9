"""Everything that can move a report, as fingerprints: what is graded anew after a change, and why a score moved.

What each change touches:

- the hand-in's bytes, the grader's files, a library's version, the seed, the assignment's ground (names, limits,
  provided files, stand-ins, data, the hand-out's stubs): the whole hand-in
- a check (its probe, helpers, judge, tolerance, points, title) or its golden values: its part, and the parts that
  build on the names it asks for, since follow-through looks at them
- the solution: its golden values, and the parts that put it in the place of earlier names
- the prepared mistakes: parts with a check that failed, since only these are explained
- the roster, due dates, penalties and policies: nothing; they are applied to what is stored
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

import grader
from grader.cohort.check_digest import check_fingerprints, fingerprint
from grader.cohort.records import Graded, Keys
from grader.diagnosis.bank import bank_path
from grader.grading.evaluate import GoldenTable, replacements
from grader.model import Assignment, Check
from grader.versions import environment

_LITTER = frozenset({"__pycache__", ".ipynb_checkpoints"})
_NO_MATTER = frozenset({"__pycache__", "commands"})
"""Folders of the grader that no stored report or page comes from."""
_EXPLAINED = frozenset({"failed", "partial"})
"""Statuses that a diagnosis is looked for."""


def keys_of(assignment: Assignment, golden: GoldenTable, seed: int | None) -> Keys:
    """The keys of an assignment as it is loaded; `submission` is left empty.

    Parameters
    ----------
    golden
        The recorded values; not looked at where a `seed` is given, since the reference is then run anew.
    """
    engine, ground = engine_key(), ground_key(assignment)
    sown = f"recorded at {assignment.seed}" if seed is None else str(seed)
    checks = check_fingerprints(assignment.checks)
    live = "" if seed is None else _folder(assignment.solution)
    expected = {
        c.id: _arrays(golden.get(c.id, {})) if seed is None else fingerprint(live, sown, checks[c.id])
        for c in assignment.checks
    }
    built_on = {c.builds_on for c in assignment.checks if c.builds_on}
    put = {names: [t for r in replacements(assignment, names) for t in (r.name, r.source)] for names in built_on}
    follows = {
        c.id: _follows(assignment, c, put[c.builds_on], checks, expected) for c in assignment.checks if c.builds_on
    }
    manual = {m.part.id: repr(msgspec.to_builtins(m, enc_hook=str)) for m in assignment.manual}
    parts = {}
    for part in assignment.parts:
        own = [c.id for c in assignment.checks if c.part.id == part.id]
        parts[part.id] = fingerprint(
            *(engine, ground, sown, part.title, manual.get(part.id, "")),
            *(text for id in own for text in (id, checks[id], expected[id], follows.get(id, ""))),
        )
    bank = bank_path(assignment)
    return Keys(
        submission="",
        engine=engine,
        seed=sown,
        ground=ground,
        checks=checks,
        golden=expected,
        follows=follows,
        mistakes=_file(bank) if bank.is_file() else "",
        parts=parts,
    )


@functools.cache
def engine_key() -> str:
    """Versions that can move a number; the grader's with a digest of its files, since whoever works on it keeps it."""
    versions = environment()
    python = ".".join(versions.python.split(".")[:2])
    ours = f"{versions.grader} ({_source()[:8]})"
    return f"grader {ours}, Python {python}, NumPy {versions.numpy}, SciPy {versions.scipy}"


def _source() -> str:
    """Over the installed package: 200 files of a megabyte, read once in a process, in some milliseconds."""
    root = Path(str(grader.__file__)).parent
    folders = [path for path in sorted(root.iterdir()) if path.is_dir() and path.name not in _NO_MATTER]
    return fingerprint(*(text for path in folders for text in (path.name, _folder(path))), _loose(root))


def _loose(root: Path) -> str:
    return fingerprint(*(text for path in sorted(root.glob("*.py")) for text in (path.name, _file(path))))


def ground_key(assignment: Assignment) -> str:
    """What of the assignment every part sees."""
    files = [assignment.notebook, *assignment.student_files] if assignment.notebook else list(assignment.student_files)
    told = [
        assignment.id,
        repr(assignment.notebook),
        repr(assignment.student_files),
        repr({name: [(p.module, p.name) for p in places] for name, places in assignment.names.items()}),
        repr(assignment.limits),
        repr((assignment.title, assignment.order, assignment.hints, assignment.preload, assignment.small_data)),
        assignment.compat or "",
        *(_file(assignment.handout / str(name)) for name in files),
        *(f"{name} {_provided(assignment, name)}" for name in assignment.provided_files),
        *(_folder(folder) for folder in assignment.stand_ins),
        _folder(assignment.data),
    ]
    return fingerprint(*told)


def course_key(grounds: Iterable[str]) -> str:
    """What decides which assignment a hand-in is for, where nobody says it."""
    return fingerprint(engine_key(), *sorted(grounds))


def stale_parts(old: Graded, statuses: dict[str, set[str]], now: Keys) -> list[str]:
    """Which parts of a stored report must be asked again.

    Parameters
    ----------
    statuses
        Part id -> the statuses of its checks in the stored report.
    """
    stale = []
    for part, key in now.parts.items():
        explained = bool(statuses.get(part, set()) & _EXPLAINED)
        if old.keys.parts.get(part) != key or (explained and old.keys.mistakes != now.mistakes):
            stale.append(part)
    return stale


def coupled(assignment: Assignment, parts: Iterable[str]) -> set[str]:
    """These parts and the earlier ones whose mistakes set off their follow-through: what must be asked with them."""
    wanted = set(parts)
    setting_off = [e for c in assignment.checks if c.part.id in wanted for e in _earlier(assignment, c)]
    return wanted | {c.part.id for c in setting_off}


def _earlier(assignment: Assignment, check: Check) -> list[Check]:
    """The checks of earlier parts that ask for the names `check` builds on."""
    rank = {part.id: n for n, part in enumerate(assignment.parts)}
    names = set(check.builds_on)
    return [c for c in assignment.checks if rank[c.part.id] < rank[check.part.id] and names & {u.name for u in c.uses}]


def _follows(
    assignment: Assignment, check: Check, put: list[str], checks: dict[str, str], expected: dict[str, str]
) -> str:
    keys = [key for c in _earlier(assignment, check) for key in (c.id, checks[c.id], expected[c.id])]
    return fingerprint(str(assignment.follow_through), repr(check.builds_on), *put, *keys)


def _arrays(values: Any) -> str:
    whole = hashlib.sha256()
    for name, value in values.items():
        array: npt.NDArray[Any] = np.ascontiguousarray(value)
        whole.update(f"{name}:{array.dtype.str}:{np.shape(value)}:".encode())
        whole.update(array.tobytes())
    return whole.hexdigest()[:32]


def _provided(assignment: Assignment, name: str) -> str:
    """The course's own version, looked for as `submission.opening` does."""
    for folder in (assignment.solution, assignment.handout):
        if folder is not None and (folder / name).is_file():
            return _file(folder / name)
    return ""


def _file(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def _folder(folder: Path | None) -> str:
    if folder is None or not folder.is_dir():
        return ""
    paths = [p for p in sorted(folder.rglob("*")) if p.is_file() and not _LITTER & set(p.parts)]
    return fingerprint(*(text for p in paths for text in (p.relative_to(folder).as_posix(), _file(p))))
