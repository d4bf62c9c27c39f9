"""From which sources and with which versions a golden file was recorded, and whether these are still the same."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from grader.assignment.golden.golden import golden_path, read_provenance
from grader.assignment.loading.author_file import LITTER
from grader.assignment.loading.check_source import hidden_files, public_files
from grader.assignment.loading.load import SOLUTION
from grader.assignment.loading.manifest import read_manifest
from grader.assignment.requirements import installed
from grader.errors import AuthoringError
from grader.model import Assignment, Visibility


def provenance_of(assignment: Assignment, visibility: Visibility) -> dict[str, Any]:
    """What a golden file says about its origin.

    `visibility`, `seed`, the versions of `python`, `numpy`, `scipy` and what the assignment requires, `platform`, and
    `digests`: the sha256 of each file that can move a number (check files, solution, compatibility code, stand-ins,
    data), by its path in the assignment's folder. Where only the hand-out is here, the solution's are missing.
    """
    return {
        "visibility": visibility,
        "seed": assignment.seed,
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "scipy": version("scipy"),
        **installed(assignment),
        "platform": f"{platform.system()} {platform.machine()}",
        "digests": {
            path.relative_to(assignment.root).as_posix(): _digest(path) for path in _sources(assignment, visibility)
        },
    }


def stale(provenance: Mapping[str, Any], assignment: Assignment) -> list[str]:
    """Which sources no longer are those that a golden file was recorded from, one sentence each; empty: current.

    Versions of Python and of libraries are not compared: they may move a number within the tolerance only.
    """
    visibility: Visibility = "hidden" if provenance.get("visibility") == "hidden" else "public"
    now = provenance_of(assignment, visibility)
    then, current = provenance.get("digests"), now["digests"]
    recorded: dict[str, Any] = then if isinstance(then, dict) else {}
    if assignment.solution is None:
        recorded = {path: digest for path, digest in recorded.items() if not path.startswith(f"{SOLUTION}/")}
    changes = []
    if provenance.get("seed") != assignment.seed:
        changes.append(f"recorded with seed {provenance.get('seed')}, the assignment's is {assignment.seed}")
    for path in sorted(recorded.keys() | current.keys()):
        if path not in current:
            changes.append(f"{path} was there when it was recorded")
        elif path not in recorded:
            changes.append(f"{path} was not there when it was recorded")
        elif recorded[path] != current[path]:
            changes.append(f"{path} has changed since it was recorded")
    return changes


def refuse_stale(assignment: Assignment) -> None:
    """Refuse to grade by golden values that were recorded from other checks, another solution or another seed.

    Raises AuthoringError for the first golden file of other sources, with the commands that renew it.
    """
    for visibility in ("public", "hidden"):
        path = golden_path(assignment.root, visibility)
        if not path.is_file() or (visibility == "hidden" and assignment.solution is None):
            continue
        origin = read_provenance(path)
        changes = stale(origin, assignment) if origin else []  # whoever reads the values says what else is wrong
        if assignment.solution is None:  # a student's own folder: data may be added there
            changes = [what for what in changes if what.startswith(("checks", "recorded with seed"))]
        if not changes:
            continue
        mend = f"run `grade golden record {assignment.id}`, then `grade release {assignment.id}`"
        if assignment.solution is None:
            mend = f"put back the hand-out's file, or in the course {mend}"
        more = f" (and {len(changes) - 1} more)" if len(changes) > 1 else ""
        raise AuthoringError(f"{path}: golden values of other sources: {changes[0]}{more}; {mend}")


def _sources(assignment: Assignment, visibility: Visibility) -> list[Path]:
    root = assignment.root
    files = [*public_files(root), *(hidden_files(root) if visibility == "hidden" else [])]
    files = [path for path in files if path.is_file()]
    manifest = read_manifest(root)
    if manifest.compat is not None:
        files.append(root / manifest.compat)
    # with `--data` another folder takes the place of what the values were recorded from
    data = [] if manifest.data is None else [root / manifest.data]
    for folder in (*assignment.stand_ins, *([assignment.solution] if assignment.solution else []), *data):
        files += [p for p in sorted(folder.rglob("*")) if p.is_file() and not LITTER & set(p.parts)]
    return files


def _digest(path: Path) -> str:
    content = path.read_bytes()
    if path.suffix == ".py":  # a checkout on Windows ends its lines otherwise
        content = content.replace(b"\r\n", b"\n")
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
