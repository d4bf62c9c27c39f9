"""The zip that Gradescope wants for an assignment: the grader as it is installed here, the assignment with its
reference and golden values, and the two scripts that Gradescope runs.

The same sources give the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from importlib.resources import files
from pathlib import Path

import grader
from grader.assignment.golden.provenance import refuse_stale
from grader.assignment.loading.author_file import LITTER
from grader.assignment.loading.course import HANDOUTS, REFERENCE
from grader.errors import UsageError
from grader.model import Assignment
from grader.reference.expected import FOLDER
from grader.report.gradescope import When

PACKAGE = "numgrade"
SECONDS = 570
"""Of the ten minutes that Gradescope gives a submission by default."""
_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can hold; a real one would make every zip another."""


def build(assignment: Assignment, *, when: When) -> bytes:
    """Make the zip.

    `when` says when students see the results of hidden checks. Raises UsageError if the assignment's sources are not
    here: without the reference there is no follow-through and no hidden check; AuthoringError if its golden values are
    those of other sources.
    """
    if assignment.solution is None:
        raise UsageError(f"{assignment.id}: its sources are not here, only the hand-out; export where reference/ is")
    refuse_stale(assignment)
    values = {"ASSIGNMENT": assignment.id, "WHEN": when, "SECONDS": str(SECONDS)}
    run = re.sub("@([A-Z]+)@", lambda match: values[match[1]], _template("run_autograder"))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "setup.sh", _template("setup.sh").encode(), mode=0o755)
        _add(archive, "run_autograder", run.encode(), mode=0o755)
        needed = "".join(f"{line}\n" for line in (*_requirements(), *assignment.requirements))
        _add(archive, "requirements.txt", needed.encode())
        for folder, below in (
            (Path(str(grader.__file__)).parent, "engine/grader"),
            (assignment.root, f"course/{REFERENCE}/{assignment.id}"),
            (assignment.handout, f"course/{HANDOUTS}/{assignment.id}"),
        ):
            for path in _walk(folder):
                _add(archive, f"{below}/{path.relative_to(folder).as_posix()}", path.read_bytes())
    return made.getvalue()


def _template(name: str) -> str:
    return files("grader.report.gradescope").joinpath("templates", name).read_text(encoding="utf-8")


def _requirements() -> list[str]:
    """What the installed grader needs, without its extras."""
    try:
        declared = requires(PACKAGE) or []
    except PackageNotFoundError:
        raise UsageError(f"{PACKAGE} is not installed as a package here; `pip install .` in its folder first") from None
    return sorted(line for line in declared if "extra ==" not in line)


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not (LITTER | {FOLDER}).intersection(path.relative_to(folder).parts):
            yield path


def _add(archive: zipfile.ZipFile, name: str, content: bytes, *, mode: int = 0o644) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = mode << 16
    archive.writestr(entry, content)
