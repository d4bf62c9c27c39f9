"""Small assignments and submissions for tests of the engine, made in memory."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from grader.model import (
    Anchor,
    Assignment,
    Cell,
    Check,
    Limits,
    Notebook,
    Part,
    Place,
    Submission,
    Uses,
    Visibility,
)

PART = Part("1", "A part")


def make_check(body: str, *, name: str = "probe", uses: Sequence[str] = (), visibility: Visibility = "public") -> Check:
    """A check whose probe has `body`, with `student`, `rng` and `np` at hand."""
    text = "import numpy as np\n\n\ndef {name}(student, rng):\n{body}\n".format(
        name=name, body=textwrap.indent(textwrap.dedent(body).strip(), "    ")
    )
    return Check(
        id=name,
        part=PART,
        title="A check",
        points=Fraction(1),
        visibility=visibility,
        uses=tuple(Uses(name=u) for u in uses),
        source=text,
        file="checks.py",
    )


def make_assignment(folder: Path, checks: Sequence[Check], names: dict[str, str], limits: Limits) -> Assignment:
    """An assignment of one part; `names` maps a name to its module, empty for the notebook."""
    return Assignment(
        id="toy",
        title="Toy",
        points=sum((c.points for c in checks), Fraction(0)),
        seed=5,
        root=folder,
        handout=folder,
        solution=None,
        notebook="toy.ipynb",
        student_files=(),
        provided_files=(),
        names={name: (Place(module, name),) for name, module in names.items()},
        checks=tuple(checks),
        manual=(),
        order=("1",),
        limits=limits,
    )


def make_submission(folder: Path, cells: Sequence[str], modules: dict[str, str] | None = None) -> Submission:
    """A notebook of code cells in `folder`, with modules beside it."""
    for name, text in (modules or {}).items():
        (folder / name).write_text(text)
    notebook = Notebook(
        name="toy.ipynb", cells=tuple(Cell(index=i, kind="code", source=text) for i, text in enumerate(cells))
    )
    return Submission(path="toy.ipynb", digest="", folder=folder, notebook=notebook, modules=modules or {})


def after(cell: int, *names: str) -> Anchor:
    """The anchor right after `cell`, which defines `names`."""
    return Anchor(when="after", cell=cell, bindings=dict.fromkeys(names, cell))


def one_in(number: int, members: Iterable[tuple[str, tuple[Any, ...]]]) -> list[Any]:
    """Parameters of a test, each with its name: one in `number` for every run, the others for the slow ones."""
    return [
        pytest.param(*values, id=name, marks=[pytest.mark.slow] if index % number else [])
        for index, (name, values) in enumerate(members)
    ]
