"""Digests of all that a stored report depends on: equal ones are not regraded, a changed one says why a score moved.

The roster, due dates, penalties and policies are not among it: they are applied to what is stored.
"""

from __future__ import annotations

from collections.abc import Iterable

from grader.assignment.digest import assignment_digests, text_digest
from grader.cohort.records import CacheKey
from grader.model import Assignment
from grader.reference.expected import ExpectedValues
from grader.versions import engine


def key_of(assignment: Assignment, expected: ExpectedValues) -> CacheKey:
    """The key of an assignment as it is loaded; `submission` is left empty."""
    return CacheKey(submission="", environment=engine(), seed=expected.label, files=assignment_digests(assignment))


def unidentified_key(assignments: Iterable[Assignment]) -> CacheKey:
    """The key of a submission whose assignment could not be determined; it depends on all of them."""
    files = {a.id: text_digest(*(t for pair in assignment_digests(a).items() for t in pair)) for a in assignments}
    return CacheKey(submission="", environment=engine(), seed="", files=files)
