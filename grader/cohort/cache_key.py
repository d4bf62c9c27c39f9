"""What a stored report rests on, as digests: the same again is not graded anew, and what differs is why a score moved.

The roster, due dates, penalties and policies are not among it: they are applied to what is stored.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

import grader
from grader.assignment.digest import assignment_digests, file_digest, folder_digest, text_digest
from grader.cohort.records import CacheKey
from grader.model import Assignment
from grader.versions import environment

_NO_MATTER = frozenset({"__pycache__", "commands"})
"""Folders of the grader that no stored report or page comes from."""


def key_of(assignment: Assignment, seed: int | None) -> CacheKey:
    """The key of an assignment as it is loaded; `submission` is left empty."""
    label = f"recorded at {assignment.seed}" if seed is None else str(seed)
    return CacheKey(submission="", environment=engine_key(), seed=label, files=assignment_digests(assignment))


def unidentified_key(assignments: Iterable[Assignment]) -> CacheKey:
    """The key of a submission whose assignment could not be determined; it depends on all of them."""
    files = {a.id: text_digest(*(t for pair in assignment_digests(a).items() for t in pair)) for a in assignments}
    return CacheKey(submission="", environment=engine_key(), seed="", files=files)


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
    loose = [text for path in sorted(root.glob("*.py")) for text in (path.name, file_digest(path))]
    return text_digest(*(text for path in folders for text in (path.name, folder_digest(path))), *loose)
