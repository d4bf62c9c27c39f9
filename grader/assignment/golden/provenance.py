"""From which sources and with which versions a golden file was recorded, and whether these are still the same."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from grader.assignment.golden.golden import Golden
from grader.assignment.loading.check_source import hidden_files, public_files
from grader.assignment.loading.load import SOLUTION
from grader.assignment.loading.manifest import read_manifest
from grader.model import Assignment, Visibility

_LITTER = frozenset({"__pycache__", ".ipynb_checkpoints"})


def provenance_of(assignment: Assignment, visibility: Visibility) -> dict[str, Any]:
    """What a golden file says about its origin.

    Returns
    -------
    dict
        `visibility`, `seed`, the versions of `python`, `numpy` and `scipy`, `platform`, and `digests`: the sha256 of
        each file that can move a number (check files, solution, compatibility code, stand-ins, data), by its path in
        the assignment's folder. Where only the hand-out is here, the solution's are missing.
    """
    return {
        "visibility": visibility,
        "seed": assignment.seed,
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "scipy": version("scipy"),
        "platform": f"{platform.system()} {platform.machine()}",
        "digests": {
            path.relative_to(assignment.root).as_posix(): _digest(path) for path in _sources(assignment, visibility)
        },
    }


def stale(golden: Golden, assignment: Assignment) -> list[str]:
    """Which sources no longer are those that the golden file was recorded from, one sentence each; empty: current.

    Versions of Python and of libraries are not compared: they may move a number within the tolerance only.
    """
    visibility: Visibility = "hidden" if golden.provenance.get("visibility") == "hidden" else "public"
    now = provenance_of(assignment, visibility)
    then, current = golden.provenance.get("digests"), now["digests"]
    recorded: dict[str, Any] = then if isinstance(then, dict) else {}
    if assignment.solution is None:
        recorded = {path: digest for path, digest in recorded.items() if not path.startswith(f"{SOLUTION}/")}
    found = []
    if golden.provenance.get("seed") != assignment.seed:
        found.append(f"recorded with seed {golden.provenance.get('seed')}, the assignment's is {assignment.seed}")
    for path in sorted(recorded.keys() | current.keys()):
        if path not in current:
            found.append(f"{path} was there when it was recorded")
        elif path not in recorded:
            found.append(f"{path} was not there when it was recorded")
        elif recorded[path] != current[path]:
            found.append(f"{path} has changed since it was recorded")
    return found


def _sources(assignment: Assignment, visibility: Visibility) -> list[Path]:
    root = assignment.root
    files = [*public_files(root), *(hidden_files(root) if visibility == "hidden" else [])]
    compat = read_manifest(root).compat
    if compat is not None:
        files.append(root / compat)
    folders = [*assignment.stand_ins, *(folder for folder in (assignment.solution, assignment.data) if folder)]
    for folder in folders:
        files += [p for p in sorted(folder.rglob("*")) if p.is_file() and not _LITTER & set(p.parts)]
    return files


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
