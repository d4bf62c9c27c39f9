"""Notebooks, hand-outs and assignments for these tests, made in memory or in a temporary folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from grader.model import Assignment, Cell, Check, Manual, Notebook, Part, Place, Submission, Uses

PYTHON = {
    "kernelspec": {"language": "python", "name": "python3"},
    "language_info": {"name": "python", "version": "3.11"},
}
PART = Part("1", "A part")


def code(source: str, outputs: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": list(outputs), "source": source}


def text(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def notebook_json(*cells: Any, metadata: Mapping[str, Any] = PYTHON, **keys: Any) -> bytes:
    """A notebook file; a plain string is a code cell."""
    whole = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    return json.dumps({"cells": whole, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5, **keys}).encode()


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def make_notebook(*cells: str | tuple[str, str], name: str = "hw.ipynb") -> Notebook:
    """A read notebook; a tuple is kind and source, a plain string a code cell. No headings are worked out."""
    pairs = [("code", cell) if isinstance(cell, str) else cell for cell in cells]
    made = [Cell(index=n, kind=kind, source=source) for n, (kind, source) in enumerate(pairs)]  # type: ignore[arg-type]
    return Notebook(name=name, cells=tuple(made))


def make_check(id: str, *uses: str | Uses) -> Check:
    wanted = tuple(u if isinstance(u, Uses) else Uses(name=u) for u in uses)
    return Check(id=id, part=PART, title="A check", points=Fraction(1), visibility="public", uses=wanted)


def make_assignment(
    handout: Path,
    *,
    id: str = "toy",
    notebook: str | None = "hw.ipynb",
    student_files: Sequence[str] = (),
    provided_files: Sequence[str] = (),
    names: Mapping[str, str | Sequence[str]] | None = None,
    checks: Sequence[Check] = (),
    manual: Sequence[Manual] = (),
    solution: Path | None = None,
    data: Path | None = None,
    stand_ins: Sequence[Path] = (),
) -> Assignment:
    """An assignment; `names` maps each name to its modules, "" for the notebook."""
    places = {
        name: tuple(Place(module, name) for module in ([where] if isinstance(where, str) else where))
        for name, where in (names or {}).items()
    }
    return Assignment(
        id=id,
        title="Toy",
        points=Fraction(1),
        seed=1,
        root=handout,
        handout=handout,
        solution=solution,
        notebook=notebook,
        student_files=tuple(student_files),
        provided_files=tuple(provided_files),
        names=places,
        checks=tuple(checks),
        manual=tuple(manual),
        order=("1",),
        data=data,
        stand_ins=tuple(stand_ins),
    )


def make_submission(folder: Path, notebook: Notebook | None, modules: Mapping[str, str] | None = None) -> Submission:
    write(folder, dict(modules or {}))
    return Submission(path="x", digest="", folder=folder, notebook=notebook, modules=modules or {})
