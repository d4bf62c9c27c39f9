"""What a worker's reply may call things: a name where a name belongs, and no sentence in the grader's own voice.

Student code can choose the name of a class, and forge a whole reply. Its text is shown where a student expects their
own words, after "Your code raised ValueError:"; a name stands in the middle of a sentence of ours.
"""

from __future__ import annotations

import re

from grader.execution.private import AN_INPUT

_LOOKS_BLANK = "\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # and is a letter
_NAME = rf"[^\W\d{_LOOKS_BLANK}](?:[^\W{_LOOKS_BLANK}]|\.){{0,99}}"
_SHAPE = r"\((?:\d{1,20}(?:, \d{1,20}){0,32},?)?\)"
_OF_THIS_SIDE = (
    r"(?:empty )?" + _NAME,
    _NAME + r" of \d{1,20}",
    "uneven list|(?:text|object) array|too large|a masked array|its rows have different lengths",
    r"of dtype [\w\[\]<>|=.,:'()\- ]{1,60}",
    rf"(?:of )?shape {_SHAPE}(?:, \d{{1,20}} MB)?",
    r"\d{1,4} dimensions",
)
_WORDED = re.compile("|".join(_OF_THIS_SIDE))


def type_name(name: str) -> str:
    """The name of an exception's class, as it can be written in code."""
    return name if re.fullmatch(_NAME, name) else "Exception"


def kind_and_detail(kind: str, detail: str) -> tuple[str, str]:
    """What a value is that is no array, in words that an honest worker has for it; of a text its beginning, quoted."""
    if not _WORDED.fullmatch(kind):
        return "object", ""
    known = re.fullmatch(r"b?(['\"]).*\1", detail) if kind == "text" else _WORDED.fullmatch(detail)
    return kind, detail if known else ""


def package_name(name: str) -> str:
    """A package's dotted name; empty for anything else."""
    return name if re.fullmatch(_NAME, name) else ""


def changed_input(name: str) -> str:
    """An input's name, or its shape where the check has none for it."""
    return name if re.fullmatch(rf"{_NAME}|an input of shape {_SHAPE}", name) else AN_INPUT
