"""How much a clause about a mistake says: which codes name one, and which words leave a student no wiser."""

from __future__ import annotations

from grader.diagnosis.codes import TWO

SAYS_MOST = (
    "mean-for-sum",
    "sum-for-mean",
    "missing-shift",
    "missing-mask",
    "wrong-mask",
    "missing-function",
    "wrong-function",
    "missing-division",
    "wrong-axis",
    "wrong-reduction",
    "kept-axis",
    "missing-transpose",
    "missing-factor",
    "missing-step",
    "missing-term",
    "wrong-sign",
    "left-out",
    "extra-factor",
    "wrong-operation",
    "wrong-variable",
    "extra-term",
    "wrong-constant",
    TWO,
)
"""Codes of generated hypotheses that name a mistake, the most telling first; all others only describe one."""
REST = len(SAYS_MOST)
SAYS_NOTHING = (
    "a variable stands where another",
    "an intermediate result",
    "the term with 1 is",
    "the factor is missing",
    "the term is missing",
    "of a result",
)
"""Words of generated clauses that leave a student no wiser."""


LAYOUT = ("a difference is taken", "a quotient is taken", "the sign of one of two terms", "something is")
"""Begin clauses that are true of the solution's way of writing, and not of every other that gives the same."""
ANY_CONSTANT = ("a constant ", "a 0 ", "a 1 ", "a 2 ", "ones ", "zeros ")
"""Begin clauses about a constant that do not say which one."""


def telling(code: str, clause: str) -> int:
    """How much a generated clause says: the more, the larger; 0 where it leaves a student no wiser."""
    return 0 if any(word in clause for word in SAYS_NOTHING) else REST - rank(code, clause)


def rank(code: str, clause: str) -> int:
    """The smaller, the more telling; REST for what names nothing."""
    return SAYS_MOST.index(code) if code in SAYS_MOST and not clause.startswith(ANY_CONSTANT) else REST


def order(code: str, clause: str, likely: int) -> tuple[bool, int, int]:
    """By which of several clauses one is told, the smallest: it names a mistake, is likely, and says most."""
    return telling(code, clause) == 0, likely + clause.startswith(LAYOUT), rank(code, clause)
