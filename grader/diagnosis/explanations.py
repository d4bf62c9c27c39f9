"""What is behind each kind of mistake, in the words of `docs/diagnoses.md`, for reports that have room for it."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

_SECTION = re.compile(r"^## ([a-z-]+)\n(.+?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_SENTENCE = re.compile(r"(?<=[.?!]) (?=[A-Z])")


@lru_cache(maxsize=1)
def _sections() -> dict[str, str]:
    text = files(__package__).joinpath("diagnoses.md").read_text(encoding="utf-8")
    return {code: " ".join(body.split()) for code, body in _SECTION.findall(text)}


def about(code: str) -> str:
    """The section of a code as one paragraph; empty for a code that has none."""
    return _sections().get(code, "")


def kind(code: str) -> str:
    """Its first sentence, which says what kind of mistake it is and gives nothing away."""
    return _SENTENCE.split(about(code), maxsplit=1)[0]
