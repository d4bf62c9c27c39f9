"""The stable names of diagnoses; `docs/diagnoses.md` has a section for each."""

from __future__ import annotations

from typing import NamedTuple

from grader.model import Diagnosis

NAMED = "named-by-the-course"
"""One of the mistakes that the assignment's author has written down; the sentence is the author's."""
TWO = "two-mistakes"
"""Two at once, each with a sentence of its own."""

CODES: tuple[str, ...] = (
    NAMED,
    # what one change of a right solution amounts to
    "missing-term",
    "missing-factor",
    "missing-division",
    "missing-transpose",
    "missing-shift",
    "missing-function",
    "missing-mask",
    "missing-step",
    "wrong-mask",
    "wrong-sign",
    "wrong-operation",
    "wrong-axis",
    "wrong-constant",
    "wrong-reduction",
    "wrong-function",
    "wrong-variable",
    "mean-for-sum",
    "sum-for-mean",
    "kept-axis",
    "extra-factor",
    "extra-term",
    "left-out",
    TWO,
    # how the student's own code behaves, whatever is expected of it
    "upstream-ignored",
    "upstream-not-a-factor",
    "right-for-your-forward",
    "second-call",
    "shared-state",
    # what the arrays show by themselves
    "transposed",
    "not-reshaped",
    "not-reduced",
    "reduced-too-far",
    "whole-numbers",
    "all-zero",
    "not-zero",
    "zero-entries",
    "swapped-outputs",
    "other-output",
    "scaled-by-count",
    "scaled",
    "one-factor",
    "absolute-value",
    "constant-offset",
    "row-offset",
    "row-factor",
    "changed-input",
    "overflow",
    "underflow",
    "not-finite",
    "logarithm-of-zero",
)


class Candidate(NamedTuple):
    """A possible diagnosis of one check."""

    code: str
    text: str
    evidence: dict[str, object]
    mistake: str = ""
    """The mistake alone, without the arrays that show it; empty where the sentence only describes."""

    def diagnosis(self) -> Diagnosis:
        return Diagnosis(code=self.code, text=self.text, mistake=self.mistake, evidence=self.evidence)
