"""What a notebook holds of files that were not handed in beside it.

On Colab a module is often a cell that begins with `%%writefile layers/linear.py`, or its class stands in a cell of the
notebook. Owns finding both; where the files go is `layout`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec

from grader.model import Assignment, Notebook
from grader.submission.files.gather import SubmittedFiles
from grader.submission.names import clean
from grader.submission.source.definitions import definitions
from grader.submission.source.modules import Held, Modules

_WRITES = re.compile(r"\s*%%(?:writefile|file)[ \t]+(?P<options>(?:-\w+[ \t]+)*)(?P<path>\S[^\n]*)\n")
MAX_WRITTEN_FILES = 50
"""Files that one notebook writes; a homework has a handful."""


def with_written(handed: SubmittedFiles, notebook: str | None, scratch: Path) -> SubmittedFiles:
    """The hand-in with the Python files that its notebook writes, put into `scratch`; those handed in outrank them.

    Raises
    ------
    SubmissionError
        The notebook cannot be read.
    OSError
        `scratch` cannot be written.
    """
    if notebook is None:
        return handed
    files = dict(handed.files)
    written = []
    for name, text in list(written_files(handed.read_notebook(notebook)).items())[:MAX_WRITTEN_FILES]:
        if name not in files:
            files[name] = scratch / name
            files[name].parent.mkdir(parents=True, exist_ok=True)
            files[name].write_text(text, encoding="utf-8")
            written.append(clean(name))
    notes = handed.notes
    if written:
        notes += (f"taken from the cells of the notebook that write them: {', '.join(written)}",)
    return msgspec.structs.replace(handed, files=dict(sorted(files.items())), notes=notes)


def written_files(notebook: Notebook) -> Mapping[str, str]:
    """Relative name -> text of the Python files that the cells write with `%%writefile`, the last one of each name."""
    texts: dict[str, str] = {}
    for cell in notebook.code:
        match = _WRITES.match(cell.source)
        if match is None or not match["path"].strip().endswith(".py"):
            continue
        parts = [
            part for part in PurePosixPath(match["path"].strip().strip("'\"")).parts if part not in {"/", ".", ".."}
        ]
        name, text = "/".join(parts), cell.source[match.end() :] + "\n"
        if all(part.isprintable() and "\\" not in part for part in parts):
            texts[name] = (texts.get(name, "") if "-a" in match["options"].split() else "") + text
    # a file cannot be a folder as well
    return {name: text for name, text in texts.items() if not any(other.startswith(f"{name}/") for other in texts)}


def names_of(assignment: Assignment, file: str) -> frozenset[str]:
    """The declared names that live in the student file `file` and may stand in the notebook instead."""
    module = file.removesuffix(".py").replace("/", ".")
    return frozenset(
        name for name, places in assignment.names.items() if {module, ""} <= {place.module for place in places}
    )


def defined_names(notebook: Notebook | None, modules: Modules) -> frozenset[str]:
    """The functions and classes that the notebook's cells define, or have from another module of the hand-in."""
    names: set[str] = set()
    for cell in notebook.code if notebook is not None else ():
        read = definitions(cell.source)
        held = [modules.follow(Held(definition)) for definition in read.found]
        held += [one for star in read.stars for one in modules.starred(star)]
        names |= {one.definition.name for one in held if one.definition.kind in {"def", "class"}}
    return frozenset(names)
