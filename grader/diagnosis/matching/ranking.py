"""How much a clause about a mistake says: by its code's rank, and by what the operator that made it says of it."""

from __future__ import annotations

from grader.diagnosis.codes import CODES, UNRANKED
from grader.diagnosis.mutation.mutation import Weakness


def rank(code: str, weakness: str) -> int:
    """The smaller, the more telling; `UNRANKED` for what names nothing."""
    return CODES[code].rank if weakness != Weakness.CONSTANT else UNRANKED


def order(code: str, weakness: str, likely: int) -> tuple[bool, int, int]:
    """Sort key of a clause: first those that name a mistake, then likely ones, then specific ones."""
    place = rank(code, weakness)
    nothing = weakness == Weakness.VAGUE or place == UNRANKED
    return nothing, likely + (weakness == Weakness.LAYOUT), place
