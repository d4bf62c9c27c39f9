"""Build one `grader.model.Assignment` from `assignment.toml`, `checks.py` and, where they are, the hidden sources.

Owns which file of a folder becomes which field. Which folder belongs to which id is for `course`; whether the parts
fit together is for `lint`.
"""

from __future__ import annotations

from pathlib import Path

from grader.assignment.loading.author_file import read_text
from grader.assignment.loading.check_source import PUBLIC, read_checks
from grader.assignment.loading.manifest import FILE, Manifest, line_of, read_manifest
from grader.errors import AuthoringError
from grader.model import Assignment

SOLUTION = "solution"
"""Folder of an assignment's sources with the solution regions."""
_AS_IN_THE_MANIFEST = {*Manifest.__struct_fields__} & {*Assignment.__struct_fields__} - {"stand_ins", "compat", "data"}


def load_assignment(folder: Path, handout: Path) -> Assignment:
    """Load `folder`, which is `reference/<id>/` or a hand-out, with its `assignment.toml` and `checks.py`.

    `handout` has the pristine files that a student got, and is `folder` itself where only the hand-out is here. It may
    not exist before the first release. Raises AuthoringError for every inconsistency in one of these files, with file
    and line.
    """
    manifest = read_manifest(folder)
    for key, names in (("stand_ins", manifest.stand_ins), ("data", (manifest.data,))):
        for name in names:
            if name is not None and not (folder / name).is_dir():
                raise AuthoringError(f"{folder / line_of(folder, key)}: {key} {name!r} is no folder in {folder}")
    solution = folder / SOLUTION
    return Assignment(
        **{name: getattr(manifest, name) for name in _AS_IN_THE_MANIFEST},
        root=folder,
        handout=handout,
        solution=solution if solution.is_dir() else None,
        checks=read_checks(folder, required=not manifest.manual),
        stand_ins=tuple(folder / name for name in manifest.stand_ins),
        compat=None if manifest.compat is None else read_text(folder / manifest.compat),
        data=None if manifest.data is None else folder / manifest.data,
    )


def is_assignment(folder: Path) -> bool:
    """Whether `folder` is a hand-out or a reference: it holds both `assignment.toml` and `checks.py`."""
    return (folder / FILE).is_file() and (folder / PUBLIC).is_file()
