"""Exports submissions for other similarity tools: Dolos and JPlag.

Dolos takes an archive with `info.csv` (https://dolos.ugent.be/docs/), JPlag a folder for each student and one of the
hand-out's code (`--base-code`).
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from grader.similarity.prints import Writing
from grader.submission.source.magics import plain_python

TEMPLATE = "handout"
"""Name of the hand-out's code in what is written."""


def write_dolos(writings: Sequence[Writing], handout: Iterable[str], path: Path) -> None:
    """One `.py` for each student, the hand-out's as a template to ignore, and `info.csv`."""
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["filename", "label", "full_name"])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, writing in _named(writings):
            archive.writestr(f"{name}.py", _script(writing.code.values()))
            rows.writerow([f"{name}.py", writing.student, writing.name])
        archive.writestr(f"{TEMPLATE}.py", _script(handout))
        archive.writestr("info.csv", table.getvalue())


def write_jplag(writings: Sequence[Writing], handout: Iterable[str], folder: Path) -> None:
    """`FOLDER/submissions/STUDENT/code.py`, and `FOLDER/handout/code.py` for `--base-code`."""
    listed = [(f"submissions/{name}", writing.code.values()) for name, writing in _named(writings)]
    for place, code in [*listed, (TEMPLATE, handout)]:
        target = folder / place / "code.py"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_script(code), encoding="utf-8")


def _named(writings: Sequence[Writing]) -> list[tuple[str, Writing]]:
    """Each with a name that any system takes for a file, and that nobody else has."""
    names: dict[str, Writing] = {}
    for writing in writings:
        plain = name = re.sub(r"[^\w.@-]+", "_", writing.student).strip(".") or "student"
        number = 1
        while name.casefold() in {n.casefold() for n in names} or name == TEMPLATE:
            number += 1
            name = f"{plain}-{number}"
        names[name] = writing
    return list(names.items())


def _script(sources: Iterable[str]) -> str:
    return "\n\n".join(plain_python(s) for s in sources).encode("utf-8", "replace").decode() + "\n"
