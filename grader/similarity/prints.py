"""Fingerprints of what students wrote: hashes of runs of tokens and of words, without what the hand-out says already.

Winnowing after Schleimer, Wilkerson and Aiken, "Winnowing: Local Algorithms for Document Fingerprinting" (2003).
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import lru_cache
from zlib import crc32

from msgspec import Struct

from grader.submission.source.magics import plain_python

TOKENS = 11
"""Tokens in a run: about a line of array code."""
WINDOW = 4
"""Runs of which one is kept: any copied piece of TOKENS + WINDOW - 1 tokens leaves a fingerprint."""
WORDS = 5
"""Words in a run of an answer."""
_TOKEN = re.compile(
    r"(?P<skip>#[^\n]*|\\\n|\s+)"
    r"|(?P<text>[rbfuRBFU]{0,2}(?:'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\"|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"))"
    r"|(?P<name>[^\W\d]\w*)|(?P<number>\d[\w.]*(?:[eE][+-]?\d+)?)|(?P<operator>[-+*/%@&|^<>=!]=|\*\*|//|->|:=|.)",
    re.DOTALL,
)
_OWN = frozenset({"self", "cls"})


class Writing(Struct, frozen=True, kw_only=True):
    """What one student handed in."""

    student: str
    name: str
    path: str
    code: Mapping[str, str]
    """Where it stands (a cell or a file) -> source."""
    answers: Mapping[str, str] = {}
    """Part -> text."""
    results: frozenset[str] = frozenset()
    """Keys of wrong results; equal where two got the same."""


def tokens(source: str) -> Iterator[tuple[str, int]]:
    """The code's tokens with their lines, names, numbers and strings each made one; whatever it says, it is read.

    A library's attributes keep their names: `np.maximum` is not `np.minimum`. A string that is a statement, comments
    and layout are left out.
    """
    line, before, dotted = 1, ("", ""), False
    for match in _TOKEN.finditer(source):
        kind, text = match.lastgroup or "", match[0]
        at, line = line, line + text.count("\n")
        if kind == "skip":
            continue
        if kind == "text" and before[0] in ("", ":"):
            continue  # a docstring
        token = text
        if kind == "name" and not keyword.iskeyword(text):
            token = text if dotted else "n"
        elif kind == "number":
            token = "0"
        elif kind == "text":
            token = "s"
        yield token, at
        dotted = text == "." and before[1] not in _OWN
        before = (token, text)


@lru_cache(maxsize=1024)  # what the hand-out gave is in everybody's
def code_prints(source: str) -> dict[int, tuple[int, int]]:
    """Every run of tokens by its hash, with its first and last line."""
    read = list(tokens(plain_python(source)))
    runs = ((crc32(" ".join(t for t, _ in read[i : i + TOKENS]).encode()), i) for i in range(len(read) - TOKENS + 1))
    return {value: (read[i][1], read[i + TOKENS - 1][1]) for value, i in runs}


def chosen(sources: Iterable[str], known: Set[int]) -> dict[int, tuple[int, int, int]]:
    """The winnowed runs of a student's sources, without `known`: hash -> number of the source, first and last line."""
    kept: dict[int, tuple[int, int, int]] = {}
    for number, source in enumerate(sources):
        runs = code_prints(source)
        order = [value for value in runs if value not in known]
        for start in range(max(1, len(order) - WINDOW + 1)) if order else ():
            value = min(order[start : start + WINDOW])
            kept.setdefault(value, (number, *runs[value]))
    return kept


def word_prints(text: str) -> frozenset[int]:
    """Every run of words, without case, digits and punctuation."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    return frozenset(crc32(" ".join(words[i : i + WORDS]).encode()) for i in range(len(words) - WORDS + 1))
