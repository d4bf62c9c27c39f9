"""Which of a student's definitions still equal the hand-out's stub.

What the stubs were is in the hand-out's `fingerprints.json`, in the course and in the student's own folder alike. That
an untouched stub is `missing` and not `failed` is the caller's rule.
"""

from __future__ import annotations

import re

from grader.assignment.release.fingerprints import piece_digests, read_fingerprints
from grader.model import Assignment, Submission, Uses
from grader.submission.source.lookup import places, submission_sources

_TO_DO = re.compile(r"#.*\b(TODO|FIXME|YOUR (CODE|ANSWER))\b", re.IGNORECASE)

_END = re.compile(r"#.*\bEND\b", re.IGNORECASE)


def is_left_open(source: str, line: int) -> bool:
    """Whether there is a TODO right above `line` (from 1), and no code between: what it misses was never written."""
    for text in reversed(source.splitlines()[: line - 1]):
        code = text.strip()
        if code not in ("", "pass", "...") and not code.startswith("#"):
            return False
        if _TO_DO.search(text) and not _END.search(text):
            return True
    return False


def unfilled_by_check(assignment: Assignment, submission: Submission) -> dict[str, frozenset[str]]:
    """Check id -> names that it uses whose definition equals the stub's, and `Class.method` for single methods that do.

    A name that is defined twice is judged by the definition that the check's own `Uses` choose. What the hand-out gives
    complete is never among them, and without fingerprints nothing is.
    """
    compare = _Comparison(assignment, submission)
    return {
        check.id: frozenset[str]().union(*(compare.unfilled(uses) for uses in check.uses))
        for check in assignment.checks
    }


class _Comparison:
    """The student's sources beside the fingerprints of the stubs."""

    def __init__(self, assignment: Assignment, submission: Submission) -> None:
        self._assignment = assignment
        self._student = submission_sources(submission)
        given = read_fingerprints(assignment)
        self._stubs = given.stubs if given is not None else {}

    def unfilled(self, uses: Uses) -> frozenset[str]:
        student = self._student.find(uses, places(self._assignment, uses.name))
        if student is None or student.definition is None or student.path in self._assignment.provided_files:
            return frozenset()
        own = student.definition.name
        return frozenset(
            uses.name + name.removeprefix(own)
            for name, digest in piece_digests(own, student.definition.node)
            if digest and digest in self._stubs.get(name, ())
        )
