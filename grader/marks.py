"""Parts and what a person marks: questions, answers, rubrics and marks as immutable types; an answer's digest.

Owns no behaviour beyond the digest. How a mark becomes points is `grader.marking.totals`'s, keeping it `marking.log`'s.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from fractions import Fraction
from typing import Literal

from msgspec import Struct

NOTHING, NOT_FOUND = "nothing", "not found"
"""In the place of a digest: the answer was left as it was handed out or emptied; its section is not in the notebook."""
Start = Literal["full", "zero"]


class Part(Struct, frozen=True):
    """The scored unit, with its id and title as printed in the hand-out."""

    id: str
    title: str


class Answer(Struct, frozen=True, kw_only=True):
    """What a student handed in for a manual part."""

    text: str = ""
    figures: tuple[str, ...] = ()
    cell: int | None = None
    state: Literal["answered", "untouched", "empty", "not found"] = "not found"
    digest: str = ""
    """What a mark belongs to (`answer_digest`); empty unless figures were drawn."""


class Item(Struct, frozen=True, kw_only=True):
    """One line of a rubric."""

    key: str
    points: Fraction
    """Added to the start; negative to take off."""
    text: str
    """What the student reads."""
    note: str = ""
    """For those who mark alone."""


class Rubric(Struct, frozen=True, kw_only=True):
    """What the answers to one question are marked by."""

    start: Start = "full"
    items: tuple[Item, ...] = ()
    model: str = ""
    """The model answer, as Markdown."""
    show_model: bool = False
    """Whether the student sees it beside a marked answer, once the deadline is over."""


class Manual(Struct, frozen=True, kw_only=True):
    """A part for a person to mark: its question, and where in the notebook the answer stands."""

    part: Part
    points: Fraction
    kind: Literal["written", "derivation", "plot", "tuning", "survey"]
    question: str
    under: str
    """The answer is the last markdown cell, or for a plot the figure, below the heading with this text."""
    given: tuple[str, ...] = ()
    """How lines begin that another edition's hand-out has there and that are no answer."""
    rubric: Rubric = Rubric()


class Mark(Struct, frozen=True, kw_only=True):
    """A person's mark as a report shows it."""

    points: Fraction
    items: tuple[Item, ...] = ()
    comment: str = ""
    model: str = ""
    """The model answer, where the student may see it."""
    replaces: Fraction | None = None
    """The automatic score that a person overrode; None for what only a person marks."""


def answer_digest(text: str, figures: Iterable[bytes | str] = ()) -> str:
    """What an answer is known by: its text, whatever its white space, and its figures' bytes (or sentences)."""
    lines = (" ".join(line.split()) for line in unicodedata.normalize("NFC", text).split("\n"))
    whole = hashlib.sha256("\n".join(filter(None, lines)).encode("utf-8", "replace"))
    for figure in figures:
        data = figure if isinstance(figure, bytes) else figure.encode("utf-8", "replace")
        whole.update(b"\0" + hashlib.sha256(data).digest())
    return whole.hexdigest()[:32]
