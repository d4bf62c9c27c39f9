"""How much a submission looks like an assignment, as a number from 0 to 1.

Owns the evidence and its weights: the names that the hand-out fixes above all, then its headings and file names.
Deciding by the number is `identify`'s (which assignment) and `choose_notebook`'s (which notebook).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import PurePosixPath

from msgspec import Struct

from grader.assignment.notebooks import notebook_files
from grader.errors import SubmissionError
from grader.model import Assignment, Notebook, Place
from grader.submission.files.layout import without_copy_mark
from grader.submission.source import sections
from grader.submission.source.definitions import definitions, parse
from grader.submission.source.magics import plain_python
from grader.submission.source.notebook import read_notebook
from grader.worker.syntax import names_in

# Names are what survives an edition, a rename and a rewritten text.
_NAMES, _HEADINGS, _FILES = 0.65, 0.2, 0.15
_USED = 0.5  # a name that is called but defined elsewhere, as a notebook does with its modules

THRESHOLD = 0.25
"""A notebook without its modules, renamed, under other headings, still reaches a third by the names that it calls."""
MARGIN = 0.1
"""Two that lie closer are a tie: an edition with two of ten names changed moves by 0.13."""


class Profile(Struct, frozen=True, kw_only=True):
    """What a submission shows of itself."""

    defined: frozenset[str]
    used: frozenset[str]
    """Names that are read as plain names, and not imported from elsewhere by that name."""
    headings: frozenset[str]
    files: frozenset[str]
    """Base names in lower case, without the mark of a copy."""


class AssignmentProfile(Struct, frozen=True, kw_only=True):
    """What an assignment's submission shows."""

    names: Mapping[str, tuple[Place, ...]]
    headings: frozenset[str]
    files: frozenset[str]


def profile(notebook: Notebook | None, modules: Mapping[str, str]) -> Profile:
    """The profile of one notebook with the modules handed in beside it (source text by path)."""
    cells = notebook.code if notebook else ()
    defined: set[str] = set()
    foreign: set[str] = set()
    read: set[str] = set()
    own = {PurePosixPath(path).stem for path in modules}
    for source in [*(cell.source for cell in cells), *modules.values()]:
        for definition in definitions(source).found:
            if definition.kind != "import":
                defined.add(definition.name)
            elif definition.origin.partition(".")[0] in KNOWN_PACKAGES:
                foreign.add(definition.name)
        tree = parse(plain_python(source)).tree
        read |= set(names_in(tree)) if tree else set()
    return Profile(
        defined=frozenset(defined),
        used=frozenset(read - defined - foreign - own),
        headings=_headings(notebook),
        files=_files([*([notebook.name] if notebook else []), *modules]),
    )


# Imports from these are the library's `softmax`, `Linear` or `ReLU`, not the assignment's.
KNOWN_PACKAGES = frozenset({"jax", "keras", "numpy", "scipy", "sklearn", "tensorflow", "torch"})


def expected(assignment: Assignment) -> AssignmentProfile:
    """What the hand-out of an assignment shows; without a hand-out its declared names and files alone."""
    notebooks = notebook_files(assignment)
    headings: set[str] = set()
    for name in notebooks:
        if (assignment.handout / name).is_file():
            with suppress(SubmissionError):  # in a student's repository the hand-out's notebook is the student's
                headings |= _headings(read_notebook(assignment.handout / name))
    files = _files([*notebooks, *assignment.student_files])
    return AssignmentProfile(names=assignment.names, headings=frozenset(headings), files=files)


def likeness(profile: Profile, wanted: AssignmentProfile, weights: Mapping[str, float] | None = None) -> float:
    """How much of what the assignment shows is found, 0 to 1.

    `weights` say what each name is worth, 1 for one that is not there: names that many assignments share tell little.
    """
    worth = {name: (weights or {}).get(name, 1.0) for name in wanted.names}
    seen = {
        name: 1.0 if keys & profile.defined else _USED if keys & profile.used else 0.0
        for name, places in wanted.names.items()
        if (keys := {name, *(place.name for place in places)})
    }
    parts = [
        (_NAMES, sum(worth.values()), sum(worth[name] * seen[name] for name in worth)),
        (_HEADINGS, len(wanted.headings), len(wanted.headings & profile.headings)),
        (_FILES, len(wanted.files), len(wanted.files & profile.files)),
    ]
    there = [(weight, part / whole) for weight, whole, part in parts if whole]
    total = sum(weight for weight, _ in there)
    return sum(weight * share for weight, share in there) / total if total else 0.0


def _headings(notebook: Notebook | None) -> frozenset[str]:
    cells = notebook.cells if notebook else ()
    titles = (h.title for cell in cells if cell.kind == "markdown" for h in sections.headings(cell.source))
    return frozenset(title for t in titles if (title := _bare(t)))


def _bare(title: str) -> str:
    """A title without numbering, points in brackets and punctuation."""
    title = re.sub(r"\([^()]*(%|points?|pts?)[^()]*\)", "", title.casefold())
    title = re.sub(r"^\s*([\d.]+|\(\w\)|\w\))\s+", "", title)
    return " ".join(re.findall(r"\w+", title))


def _files(names: Iterable[str]) -> frozenset[str]:
    bases = (without_copy_mark(PurePosixPath(name).name).casefold() for name in names)
    return frozenset(base for base in bases if base != "__init__.py")
