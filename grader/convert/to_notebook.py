"""The solution of an assignment as a notebook, with its regions: the way back from `from_solution`."""

from __future__ import annotations

from grader.assignment.loading.author_file import read_text
from grader.assignment.release.percent import dumps, notebook_of
from grader.errors import UsageError
from grader.model import Assignment


def solution_text(assignment: Assignment) -> tuple[str, str]:
    """The percent text of the solution's notebook, and its file.

    Raises UsageError if the assignment has no notebook, or only the hand-out is here.
    """
    if assignment.solution is None:
        raise UsageError(f"{assignment.id}: only its hand-out is here; its notebook is written from reference/")
    if assignment.notebook is None:
        raise UsageError(f"{assignment.id}: has no notebook; its modules are in {assignment.solution}")
    if assignment.notebooks:
        raise UsageError(f"{assignment.id}: has several notebooks, and this writes an assignment of one")
    path = assignment.solution / f"{assignment.notebook.removesuffix('.ipynb')}.py"
    return read_text(path), str(path)


def solution_notebook(assignment: Assignment) -> bytes:
    """The JSON of the notebook; raises as `solution_text`."""
    return dumps(notebook_of(*solution_text(assignment))).encode()
