"""Columns of a terminal: how wide a text is shown, and how it is wrapped and set in rows.

Takes text that `grader.report.sanitize` has cleaned; knows nothing of reports or colours.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator


def columns(text: str) -> int:
    """How many terminal columns the text takes: two for wide East Asian characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(map(_column, text))


def _column(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrap(text: str, width: int) -> list[str]:
    """Break into lines of at most `width` columns at blanks, and inside a word only where it is longer than that.

    Newlines stay; indentation and runs of blanks do not.
    """
    width = max(width, 8)  # narrower than this, breaking makes nothing better to read
    return [line for paragraph in text.split("\n") for line in _fill(paragraph.split(), width)]


def _fill(words: list[str], width: int) -> Iterator[str]:
    line = ""
    for word in words:
        if line and columns(line) + 1 + columns(word) > width:
            yield line
            line = ""
        while columns(word) > width:
            head = _head(word, width)
            yield head
            word = word[len(head) :]
        line = f"{line} {word}" if line else word
    if line:
        yield line


def _head(word: str, width: int) -> str:
    """The longest beginning of the word that fits."""
    taken = 0
    for i, char in enumerate(word):
        taken += _column(char)
        if taken > width:
            return word[:i]
    return word


def fit(text: str, width: int) -> str:
    """Cut to `width` columns, the last of them an ellipsis if something is missing."""
    return text if columns(text) <= width else _head(text, max(width - 1, 0)) + "…"


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Fill up with blanks to `width` columns, on the left side if the text shall stand `right`."""
    blanks = " " * (width - columns(text))
    return blanks + text if right else text + blanks


def table(rows: list[tuple[str, ...]], *, right: frozenset[int] = frozenset()) -> list[str]:
    """Set rows of equal length in columns two blanks apart; the columns in `right` stand right."""
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(pad(text, widths[i], right=i in right) for i, text in enumerate(row)).rstrip() for row in rows]
