"""Start an assignment: a small one that works, from the template files beside this module, for `grade new NAME`.

The template's files end in `.tmpl` so that no tool takes them for the project's own modules; `{{id}}` in a text and
`notebook` in a file name become the id.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from grader.assignment.loading.course import HANDOUTS, REFERENCE
from grader.assignment.loading.manifest import LONGEST_ID, is_id
from grader.errors import UsageError

_SUFFIX = ".tmpl"
_ID = "{{id}}"
_NOTEBOOK = "notebook.py"


def make_new(course_root: Path, id: str) -> list[Path]:
    """Write the template's sources to `reference/<id>/` below `course_root`; returns the files written.

    Golden values and the hand-out come next: `grade golden record`, `grade release`. Raises as `free_folder`.
    """
    folder = free_folder(course_root, id)
    written = []
    for name, source in _templates(files("grader.assignment.release").joinpath("template"), ""):
        target = folder / name.replace(_NOTEBOOK, f"{id}.py")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source.read_text(encoding="utf-8").replace(_ID, id), encoding="utf-8")
        written.append(target)
    return written


def free_folder(course_root: Path, id: str) -> Path:
    """Where the reference of a new assignment goes.

    Raises UsageError if the id is none, or the folder of the sources or of the hand-out exists.
    """
    if not is_id(id):
        rule = f"at most {LONGEST_ID} letters, digits, _ and -, beginning with a letter"
        raise UsageError(f"{id[:40]!r} is no id for an assignment; use {rule}")
    for folder in (course_root / REFERENCE / id, course_root / HANDOUTS / id):
        if folder.exists():
            raise UsageError(f"{folder} exists; choose another id or remove it first")
    return course_root / REFERENCE / id


def _templates(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            yield from _templates(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(_SUFFIX):
            yield prefix + entry.name.removesuffix(_SUFFIX), entry
