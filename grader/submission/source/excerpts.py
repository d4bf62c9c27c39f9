"""The student's own code for each check: where the names that it uses are defined, and the text.

Owns only looking up; which definition counts is `lookup`'.
"""

from __future__ import annotations

from collections.abc import Mapping

from grader.model import Assignment, Excerpt, Submission
from grader.submission.source.lookup import places, submission_sources


def excerpts(assignment: Assignment, submission: Submission) -> Mapping[str, tuple[Excerpt, ...]]:
    """Check id -> the definitions of its names that count, in the order of its `uses`; those found."""
    sources = submission_sources(submission)
    found: dict[str, tuple[Excerpt, ...]] = {}
    for check in assignment.checks:
        of_check: dict[tuple[str, int], Excerpt] = {}
        for uses in check.uses:
            at = sources.find(uses, places(assignment, uses.name))
            if at is None or at.definition is None:
                continue
            file = at.path if at.cell is None else f"cell {at.cell}"
            one = Excerpt(name=uses.name, file=file, line=at.definition.line, text=at.definition.text)
            of_check.setdefault((one.file, one.line), one)
        found[check.id] = tuple(of_check.values())
    return found
