"""What is no answer yet: placeholders, forms whose formulas have nothing on their right side, labels, points.

Works on text alone; where a question's text begins and ends is `answers`'.
"""

from __future__ import annotations

import re

from grader.submission.source.sections import plain

_PLACEHOLDER = re.compile(
    r"(todo\b\W*)?((please |type |write |put |enter |insert |add )*(your |the )?(answers?|solution|derivation|text)"
    r"( goes| comes)?( here| below)?)?",
)
_PICTURE = re.compile(r"!\[|<img\b|<svg\b", re.IGNORECASE)
_MARK = re.compile(
    r"\\(?:text\w*|mathrm|mbox)\s*\{[^{}]*?(?:todo|your answer)[^{}]*\}|\btodo\b[\s:]*(?:your answer here)?",
    re.IGNORECASE,
)
_FORMULA = re.compile(r"\$\$(.+?)\$\$|\\\[(.+?)\\\]|\\begin\{(\w+\*?)\}(.+?)\\end\{\3\}|\$([^$]+)\$", re.DOTALL)
_NEXT = re.compile(r"\\q?quad|\\\\|\n\s*\n|\\(?:begin|end)\{\w+\*?\}")
_FILLING = re.compile(r"\\[,;:! ]|[&.,;{}\s~]")
_BESIDES = 5  # words beside the formulas of a form, such as "or" and "(keep only one)"
_POINTS = re.compile(r"[\[(]?\b\d+(?:[.,]\d+)?\s*(?:points?|pts?|p|punt(?:en)?|punkte?)\b\.?[\])]?", re.IGNORECASE)
_LEAD = re.compile(r"\s*(?:#+\s+)?(\*\*|__)(?=\S)(.+?)\1(.*)$", re.DOTALL)
_LABEL = re.compile(r"[^:?]{0,40}:")  # what a line begins with that names what is to be filled in
_BOLD_LABEL = re.compile(r"\s*(\*\*|__)[^*_:]{1,40}(:\1|\1\s*:)\s*")
_TAG = re.compile(r"<(?!img)[^<>]*>", re.IGNORECASE)


def is_placeholder(line: str) -> bool:
    """Whether a line says nothing: blank, marks alone, or a hand-out's "TODO: Your answer here."."""
    return not _PICTURE.search(line) and _PLACEHOLDER.fullmatch(_bare(line)) is not None


def is_label(line: str) -> bool:
    """Whether a line is a label in bold with nothing behind it, `**Group:**`."""
    return _BOLD_LABEL.fullmatch(line) is not None


def is_form(text: str) -> bool:
    """Whether the text is formulas to be completed, none of which is: `dy/dx =`, `dy/dx = TODO`."""
    formulas = ["".join(part for n in (1, 2, 4, 5) if (part := match[n])) for match in _FORMULA.finditer(text)]
    other = [line for line in _FORMULA.sub(" ", text).split("\n") if not is_placeholder(line)]
    if not formulas or _PICTURE.search(text) or sum(len(line.split()) for line in other) > _BESIDES:
        return False
    return all(_is_open(formula) for formula in formulas)


def has_mark(text: str) -> bool:
    """Whether a mark such as TODO, or a placeholder that can be seen, is in the text."""
    seen = (line for line in text.split("\n") if line.strip(" \t$"))
    return _MARK.search(text) is not None or any(map(is_placeholder, seen))


def beside(line: str, wanted: str) -> str:
    """What stands behind a question on its own line: `**Names:** Ada`, `**(c) Why?** Since ...`; else ""."""
    rest = ""
    if (lead := _LEAD.match(line)) and plain(lead[2]).endswith((":", "?")):
        rest = lead[3]
    elif (at := (text := plain(line)).casefold().find(plain(wanted).casefold())) >= 0:
        label = _LABEL.match(text, at + len(plain(wanted)))
        rest = text[label.end() :] if label else ""
    rest = " ".join(_POINTS.sub("", _TAG.sub("", rest)).split())
    return "" if is_placeholder(rest) else rest.lstrip(": ")


def _bare(line: str) -> str:
    return plain(line).casefold().strip(" .:…-_[]<>()/#$")


def _is_open(formula: str) -> bool:
    """Whether each equation of a formula has an empty right side, and nothing else is in it."""
    pieces = [piece for piece in _NEXT.split(_MARK.sub("", formula)) if _FILLING.sub("", piece)]
    return bool(pieces or _MARK.search(formula)) and all(
        "=" in piece and not _FILLING.sub("", piece.rpartition("=")[2]) for piece in pieces
    )
