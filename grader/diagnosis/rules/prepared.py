"""Rules on prepared mistakes: the numbers are those of a wrong solution that was run beforehand."""

from __future__ import annotations

from grader.diagnosis.codes import NAMED, Candidate
from grader.diagnosis.evidence import Evidence


def named_by_the_author(evidence: Evidence) -> Candidate | None:
    """A mistake that the author has written down explains every wrong array."""
    whole = evidence.whole
    return whole.candidate if whole is not None and whole.candidate.code == NAMED else None


def explains_all(evidence: Evidence) -> Candidate | None:
    """A mistake explains every wrong array, and is named and not only described."""
    whole = evidence.whole
    return whole.candidate if whole is not None and whole.strong else None


def explains_some(evidence: Evidence) -> Candidate | None:
    """A mistake explains some of the wrong arrays."""
    prepared = evidence.prepared
    return prepared.candidate if prepared is not None and prepared.strong else None


def describes(evidence: Evidence) -> Candidate | None:
    """A change of the solution gives every wrong array, in words that name no mistake."""
    return evidence.whole.candidate if evidence.whole is not None else None
