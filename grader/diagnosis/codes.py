"""The stable names of diagnoses: one table; `docs/diagnoses.md` has a section for each, by its name.

A new code is one line here and one section there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from grader.model import Diagnosis

NAMED = "named-by-the-course"
"""One of the mistakes that the assignment's author has written down; the sentence is the author's."""
TWO = "two-mistakes"
"""Two at once, each with a sentence of its own."""
UNRANKED = 99
"""Rank of a code of which a generated clause names nothing."""


class Code(Struct, frozen=True):
    """One kind of diagnosis."""

    name: str
    rank: int = UNRANKED
    """Of a generated clause: the smaller, the more it tells a student."""
    names_a_mistake: bool = True
    """Whether it says what is wrong with the code, and not only with the numbers."""

    @property
    def anchor(self) -> str:
        """Where the documentation explains it."""
        return f"diagnoses.md#{self.name}"


CODES: dict[str, Code] = {
    code.name: code
    for code in (
        Code(NAMED),
        # what one change of a right solution amounts to
        Code("mean-for-sum", 0),
        Code("sum-for-mean", 1),
        Code("missing-shift", 2),
        Code("missing-mask", 3),
        Code("wrong-mask", 4),
        Code("missing-function", 5),
        Code("wrong-function", 6),
        Code("missing-division", 7),
        Code("wrong-axis", 8),
        Code("wrong-reduction", 9),
        Code("kept-axis", 10),
        Code("missing-transpose", 11),
        Code("missing-factor", 12),
        Code("missing-step", 13),
        Code("missing-term", 14),
        Code("wrong-sign", 15),
        Code("left-out", 16),
        Code("extra-factor", 17),
        Code("wrong-operation", 18),
        Code("wrong-variable", 19),
        Code("extra-term", 20),
        Code("wrong-constant", 21),
        Code(TWO, 22),
        # how the student's own code behaves, whatever is expected of it
        Code("upstream-ignored"),
        Code("upstream-not-a-factor", names_a_mistake=False),
        Code("right-for-your-forward"),
        Code("second-call"),
        Code("shared-state"),
        # what stands in the student's own lines
        Code("return-in-loop"),
        Code("no-effect"),
        Code("fixed-size"),
        # what the arrays show by themselves
        Code("transposed"),
        Code("not-reshaped"),
        Code("empty-axis"),
        Code("shapes-do-not-fit", names_a_mistake=False),
        Code("missing-return"),
        Code("no-value-yet"),
        Code("overwritten-name"),
        Code("misused-call"),
        Code("not-reduced"),
        Code("reduced-too-far"),
        Code("whole-numbers"),
        Code("real-part"),
        Code("all-zero", names_a_mistake=False),
        Code("not-zero", names_a_mistake=False),
        Code("zero-entries", names_a_mistake=False),
        Code("swapped-outputs"),
        Code("other-output"),
        Code("scaled-by-count"),
        Code("scaled"),
        Code("one-factor", names_a_mistake=False),
        Code("absolute-value"),
        Code("cut-off"),
        Code("signs-of-rows"),
        Code("other-places"),
        Code("constant-offset"),
        Code("one-row"),
        Code("row-offset"),
        Code("row-factor"),
        Code("changed-input"),
        Code("overflow"),
        Code("underflow", names_a_mistake=False),
        Code("not-finite", names_a_mistake=False),
        Code("logarithm-of-zero"),
    )
}


class Candidate(NamedTuple):
    """A possible diagnosis of one check."""

    code: str
    text: str
    mistake: str = ""
    """The mistake alone, without the arrays that show it; empty where the sentence only describes."""
    evidence: Mapping[str, object] = {}
    whole: bool = True
    """Whether it explains all that is wrong in the check."""

    def diagnosis(self) -> Diagnosis:
        return Diagnosis(code=self.code, text=self.text, mistake=self.mistake, evidence=self.evidence, whole=self.whole)
