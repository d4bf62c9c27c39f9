"""Digests of all that can move a report in an assignment, file by file, and short digests of texts.

Every file of the sources counts as a whole, but for those that only the author's own commands read; so no list has to
be kept of what matters, and an edited comment counts too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from grader.assignment.loading.author_file import LITTER
from grader.assignment.loading.manifest import FILE, without_marking
from grader.assignment.notebooks import notebook_files
from grader.assignment.release.edits import EQUIVALENT, RIGHT, WRONG
from grader.model import Assignment

MUTANTS = "mutants.csv"
AUTHORS_ONLY = frozenset({WRONG, RIGHT, EQUIVALENT, MUTANTS})
"""Files of an assignment's folder that grading never reads."""


def text_digest(*texts: str) -> str:
    """A short digest of some texts, each with its length, so that no two lists give the same bytes."""
    whole = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        whole.update(b"%d:" % len(data))
        whole.update(data)
    return whole.hexdigest()[:32]


def file_digest(path: Path) -> str:
    """Empty where there is no such file."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def folder_digest(folder: Path | None) -> str:
    """Of names and bytes of all files below a folder; empty where there is none."""
    if folder is None or not folder.is_dir():
        return ""
    return text_digest(*(text for path in files_below(folder) for text in (_name(folder, path), file_digest(path))))


def files_below(folder: Path) -> Iterator[Path]:
    """All files below a folder, sorted, without caches and hidden ones."""
    for path in sorted(folder.rglob("*")):
        names = path.relative_to(folder).parts
        if path.is_file() and not any(name in LITTER or name.startswith(".") for name in names):
            yield path


def assignment_digests(assignment: Assignment) -> dict[str, str]:
    """File -> digest, of everything in an assignment as it is loaded that a report can depend on.

    Files of the sources go by their names there, those of the hand-out that a submission is compared with by
    `hand-out/NAME`; `checks` are the ids of the checks that are run.
    """
    root = assignment.root
    paths = {_name(root, path): path for path in files_below(root)}
    digests = {name: file_digest(path) for name, path in paths.items() if name not in AUTHORS_ONLY}
    if FILE in digests:  # a rubric moves no report
        text = without_marking((root / FILE).read_text(encoding="utf-8"))
        digests[FILE] = hashlib.sha256(text.encode()).hexdigest()[:32]
    if assignment.handout != root:
        stubs = (*assignment.student_files, *assignment.provided_files, *notebook_files(assignment))
        digests |= {f"hand-out/{name}": file_digest(assignment.handout / name) for name in sorted(stubs)}
    for name, folders in (("data", (assignment.data,)), ("stand-ins", assignment.stand_ins)):
        outside = [folder for folder in folders if folder is not None and not folder.is_relative_to(root)]
        if outside:
            digests[name] = text_digest(*map(folder_digest, outside))
    digests["checks"] = text_digest(*sorted(check.id for check in assignment.checks))
    return digests


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()
