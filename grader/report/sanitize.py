"""Hostile text made safe to show, and points as people read them; every renderer takes its strings from here.

A student chooses file names, array names, exception types and messages, and answers. Any of them may carry terminal
escapes, right-to-left overrides or half a surrogate pair. What a format needs beyond that (HTML, XML or Markdown
escaping) is the business of its own module.
"""

from __future__ import annotations

import re
from fractions import Fraction

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Colours are what ordinary libraries print into messages: nothing is lost with them, so they go without a trace.
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
# ECMA-48 control sequences, strings (title, clipboard, hyperlink, …) up to their end, and two-character escapes.
# Every alternative stops at the next escape, or beginning of a string, so the time is linear in the text.
_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls except tab and newline
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"  # invisible, or turning the line round
    "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"  # letters that look like blanks
    "\ud800-\udfff"  # half a surrogate pair: cannot be encoded
    "\U000e0000-\U000e007f]"  # invisible tags
)
# `<object at 0x7f…>` differs from run to run, and reports must not.
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,16}\b")


def clean(text: str) -> str:
    """Make text from a submission safe for a terminal, a log and a file.

    Keeps newlines and tabs; carriage returns become newlines, colours vanish, every other escape sequence, control,
    direction mark or lone surrogate becomes U+FFFD, and memory addresses lose their digits.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _ESCAPE.sub(REPLACEMENT, _COLOUR.sub("", text))
    return _ADDRESS.sub("at 0x…", _UNSAFE.sub(REPLACEMENT, text))


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last of them an ellipsis if something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def one_line(text: str, limit: int = 500) -> str:
    """`clean`, with every run of white space as one blank, cut to `limit` characters."""
    # A message may hold megabytes: what lies far beyond the limit is not even looked at.
    return cut(" ".join(clean(text[: 20 * limit]).split()), limit)


def points(value: Fraction) -> str:
    """Points for people: `3`, `2.5`, `0.33`."""
    return f"{float(value):.2f}".rstrip("0").rstrip(".")


def plural(number: int | str, word: str) -> str:
    """`2 words`, or `1 word`."""
    return f"{number} {word}{'' if str(number) == '1' else 's'}"


def in_points(value: Fraction) -> str:
    """`2.5 points`, or `1 point`."""
    return plural(points(value), "point")


def number(value: Fraction) -> int | float:
    """Points for programs: an integer when whole, else a float with six digits after the point."""
    return value.numerator if value.denominator == 1 else round(float(value), 6)
