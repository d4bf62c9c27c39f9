"""Which notebook of a hand-in is the one to run.

Owns the choice; how alike two notebooks are is `likeness`'.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import msgspec

from grader.errors import SubmissionError
from grader.model import Assignment, Notebook
from grader.submission.handin import HandIn
from grader.submission.likeness import MARGIN, THRESHOLD, expected, likeness, profile
from grader.submission.mapping import without_copy_mark
from grader.submission.names import clean
from grader.submission.notebook import read_notebook

_BY_NAME = 0.2  # what a file name like the assignment's adds to a likeness: it breaks ties and decides nothing else
_SHOWN = 5


def choose_notebook(handed: HandIn, assignment: Assignment) -> str | None:
    """Handed-in name of the notebook to run; None when there is none, or the assignment has none.

    The one that the caller named, else the only one, else the one with the assignment's own file name, else the one
    that release marked as the assignment's, else the one that clearly looks most like it.

    Raises
    ------
    SubmissionError
        There are several and none stands out.
    """
    names = handed.notebooks
    if assignment.notebook is None:
        return None
    if handed.notebook is not None or len(names) <= 1:
        return handed.notebook or next(iter(names), None)
    own = PurePosixPath(assignment.notebook).name.casefold()
    if called := _highest([name for name in names if PurePosixPath(name).name.casefold() == own]):
        return called
    read = {name: notebook for name in names if (notebook := _readable(handed, name)) is not None}
    marked = [name for name, notebook in read.items() if notebook.assignment == assignment.id]
    if len(marked) == 1:
        return marked[0]
    if alike := _most_alike({name: read[name] for name in marked} or read, assignment):
        return alike
    listed = ", ".join(clean(name) for name in names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    raise SubmissionError(
        f"{handed.shown} holds {len(names)} notebooks and none is clearly that of {assignment.id} ({listed}); "
        f"hand in one, or name it {PurePosixPath(assignment.notebook).name}"
    )


def _highest(names: Sequence[str]) -> str | None:
    """The one that lies in the fewest folders, if it is alone there."""
    depth = {name: name.count("/") for name in names}
    best = [name for name in names if depth[name] == min(depth.values())]
    return best[0] if len(best) == 1 else None


def _readable(handed: HandIn, name: str) -> Notebook | None:
    try:
        return msgspec.structs.replace(read_notebook(handed.files[name]), name=name)
    except SubmissionError:  # a damaged one among several is not the one
        return None


def _most_alike(read: Mapping[str, Notebook], assignment: Assignment) -> str | None:
    wanted = expected(assignment)
    stem = PurePosixPath(assignment.notebook or "").stem.casefold()
    scores = {}
    for name, notebook in read.items():
        called = PurePosixPath(without_copy_mark(PurePosixPath(name).name)).stem.casefold()
        by_name = difflib.SequenceMatcher(None, called, stem).ratio()
        scores[name] = likeness(profile(notebook, {}), wanted) + _BY_NAME * by_name
    ranked = sorted(scores, key=lambda name: -scores[name])
    if not ranked or scores[ranked[0]] < THRESHOLD + _BY_NAME:
        return None
    return ranked[0] if len(ranked) == 1 or scores[ranked[0]] - scores[ranked[1]] >= MARGIN else None
