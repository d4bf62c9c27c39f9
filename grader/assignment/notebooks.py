"""Assignments of several notebooks: which there are, and what of the assignment belongs to each.

`[notebooks]` of `assignment.toml` gives each notebook its parts. Whatever runs cells does so for one notebook at a
time, in processes of its own, on the assignment as `by_notebook` narrows it.
"""

from __future__ import annotations

from msgspec import structs

from grader.model import Assignment


def notebook_files(assignment: Assignment) -> tuple[str, ...]:
    """Paths of all notebooks inside the hand-out."""
    return tuple(assignment.notebooks) or ((assignment.notebook,) if assignment.notebook else ())


def percent_files(assignment: Assignment) -> tuple[str, ...]:
    """Paths of the notebooks' sources below `solution/`, as percent text."""
    return tuple(percent_file(name) for name in notebook_files(assignment))


def percent_file(notebook: str) -> str:
    """The path of one notebook's source."""
    return notebook.removesuffix(".ipynb") + ".py"


def by_notebook(assignment: Assignment) -> tuple[Assignment, ...]:
    """The assignment once for each notebook that anything is asked of, with that notebook's parts and checks alone."""
    each = []
    for name, parts in assignment.notebooks.items():
        checks = tuple(c for c in assignment.checks if c.part.id in parts)
        manual = tuple(m for m in assignment.manual if m.part.id in parts)
        if checks or manual:  # none where only some checks are asked
            each.append(structs.replace(assignment, notebook=name, checks=checks, manual=manual, extra=()))
    return tuple(each) or (assignment,)
