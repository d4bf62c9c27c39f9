"""Which assignment of a course a submission is for.

Owns the decision and its message; the numbers come from `likeness`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from grader.errors import Fault, SubmissionError
from grader.model import Assignment, Notebook
from grader.submission.files.gather import SubmittedFiles
from grader.submission.files.similarity import (
    MARGIN,
    THRESHOLD,
    AssignmentProfile,
    Profile,
    expected,
    likeness,
    profile,
)
from grader.submission.names import printable
from grader.submission.source.notebook import refuse_python2

_SHOWN = 5


def identify(handed: SubmittedFiles, course_ids: Sequence[str], load: Callable[[str], Assignment]) -> str:
    """The id of the assignment that the submission is for.

    What release wrote into the notebook decides. Without it the submission is compared with every assignment: the names
    that it defines and calls, its headings, its files. Of what `load` gives, an assignment that raises a Fault is no
    candidate, unless all do. Raises SubmissionError if the submission cannot be read, no assignment is like it, or two
    are about equally, with the best candidates and their scores; a Fault if no candidate could be loaded.
    """
    notebooks, unreadable = _notebooks(handed)
    modules = {name: text for name in handed.modules if (text := handed.source(name)) is not None}
    if not notebooks and not modules:
        raise SubmissionError(f"{handed.shown} {_what_it_is(handed)}; hand in the .ipynb and your .py files")
    marked = {n.assignment for n in notebooks} & set(course_ids)
    if len(marked) == 1:
        return str(marked.pop())
    profiles = [profile(notebook, modules) for notebook in notebooks] or [profile(None, modules)]
    scores = _scores(profiles, _candidates(course_ids, load))
    ranked = sorted(scores, key=lambda id: (-scores[id], id))
    best = scores[ranked[0]] if ranked else 0.0
    if best >= THRESHOLD and (len(ranked) == 1 or best - scores[ranked[1]] >= MARGIN):
        return ranked[0]
    if unreadable:
        raise unreadable[0]
    listed = ", ".join(f"{printable(id)} {scores[id]:.2f}" for id in ranked[:_SHOWN])
    raise SubmissionError(
        f"{handed.shown}: cannot tell which assignment this is (likeness: {listed or 'none to compare'}); "
        "name it with --assignment ID"
    )


def _what_it_is(handed: SubmittedFiles) -> str:
    """In words, a submission in which there is nothing to run."""
    endings = {PurePosixPath(name).suffix.lower() for name in handed.files}
    for ending, kind in (
        (".pdf", "a PDF"),
        (".html", "a web page"),
        (".rar", "a RAR archive"),
        (".7z", "a 7z archive"),
    ):
        if ending in endings:
            return f"holds {kind}, and no notebook or Python file"
    return "holds no notebook or Python file"


def _notebooks(handed: SubmittedFiles) -> tuple[list[Notebook], list[SubmissionError]]:
    """The notebooks that can be read, and what is wrong with the others."""
    read, problems = [], []
    for name in handed.notebooks or ([handed.notebook] if handed.notebook else []):
        try:
            notebook = handed.read_notebook(name)
            refuse_python2(notebook)
            read.append(notebook)
        except SubmissionError as problem:
            problems.append(problem)
    if problems and not read and not handed.modules:
        raise problems[0]
    return read, problems


def _candidates(ids: Sequence[str], load: Callable[[str], Assignment]) -> dict[str, AssignmentProfile]:
    candidates: dict[str, AssignmentProfile] = {}
    faults = []
    for id in ids:
        try:
            candidates[id] = expected(load(id))
        except Fault as fault:  # a broken assignment must not keep submissions of the others from being graded
            faults.append(fault)
    if faults and not candidates:
        raise faults[0]
    return candidates


def _scores(profiles: Sequence[Profile], candidates: dict[str, AssignmentProfile]) -> dict[str, float]:
    shared = Counter(name for wanted in candidates.values() for name in wanted.names)
    weights = {name: 1 / count for name, count in shared.items()}
    return {id: max(likeness(p, wanted, weights) for p in profiles) for id, wanted in candidates.items()}
