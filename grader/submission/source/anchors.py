"""After which cell each check is probed.

Owns turning the places of the names into a moment of the run; finding the names is `lookup`'.
"""

from __future__ import annotations

from grader.model import Anchor, Assignment, Check, Submission
from grader.submission.source.lookup import DefinitionPlace, Sources, places, submission_sources


def find_anchors(assignment: Assignment, submission: Submission) -> dict[str, Anchor]:
    """Check id -> its anchor, from reading the cells and modules of the submission.

    `after` the cell that defines the last of the names that the check uses, and of what these call; `before` the first
    cell when all of them live in modules, or there is no notebook; at the `end` when a name is defined nowhere that
    could be seen, or the check declares none.
    """
    sources = submission_sources(submission)
    return {check.id: _anchor(check, assignment, submission, sources) for check in assignment.checks}


def _anchor(check: Check, assignment: Assignment, submission: Submission, sources: Sources) -> Anchor:
    places_of = [(uses.name, sources.find(uses, places(assignment, submission, uses.name))) for uses in check.uses]
    # a class of a module on which the notebook puts methods is finished there
    finished = {name for name, f in places_of if f is not None and any(c is not None for c, _ in sources.attached(f))}
    in_notebook = [
        (name, f) for name, f in places_of if name in finished or not _in_modules(name, f, assignment, submission)
    ]
    bindings = {name: f.cell for name, f in in_notebook if f is not None and f.cell is not None}
    if submission.notebook is None or (places_of and not in_notebook):
        return Anchor(when="before")
    if not places_of or any(f is None or (f.cell is None and name not in finished) for name, f in in_notebook):
        return Anchor(when="end", bindings=bindings)
    return Anchor(when="after", cell=sources.complete([f for _, f in in_notebook if f]), bindings=bindings)


def _in_modules(
    name: str, definition_place: DefinitionPlace | None, assignment: Assignment, submission: Submission
) -> bool:
    """Whether the notebook has no part in the name: it was found in a module, or could only ever be in one."""
    if definition_place is None or definition_place.definition is None:
        return all(place.module for place in places(assignment, submission, name))
    return definition_place.cell is None
