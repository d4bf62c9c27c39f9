"""Headings of markdown text, and which of them something stands under.

Owns recognising headings (and the bold lead-ins that many hand-outs use in their place), their plain titles, and
matching a title against what an author wrote. What is done with a section is `answers` and `lookup`.
"""

from __future__ import annotations

import html
import re

from msgspec import Struct

QUESTION = 7
"""Level of a bold lead-in such as `**(c) Does it find the minimum?**`: below every real heading."""


class Heading(Struct, frozen=True):
    """One heading: level 1 to 6, its plain title, and its line in the cell from 0."""

    level: int
    title: str
    line: int


Path = tuple[Heading, ...]
"""Headings that something stands under, outermost first."""

# One `#` needs its blank, since answers start with "#1"; notebooks from before CommonMark wrote `##Title`.
_ATX = re.compile(r" {0,3}(#(?=\s)|#{2,6}(?!#))")
_HTML = re.compile(r"\s*<h([1-6])\b[^>]*>(.*?)(?:</h\1>.*)?$", re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_BOLD = re.compile(r"\s*(?:\*\*|__|<b>)(?=\S)(.+)$", re.IGNORECASE)
_MARKUP = re.compile(r"[<&\[\\*_`]")
_TAG = re.compile(r"<[^<>]*>")
_LONGEST = 500  # characters of a title; a paragraph set as a heading is cut
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")


def headings(markdown: str, *, questions: bool = False) -> list[Heading]:
    """The headings of one markdown text, in order; with `questions` its bold lead-ins too.

    Lines inside fenced code are not looked at.
    """
    titles = []
    fence = ""
    for number, line in enumerate(markdown.split("\n")):
        if opened := _FENCE.match(line):
            mark = opened[1][:3]
            fence = mark if not fence else "" if fence == mark else fence
        elif not fence:
            if atx := _ATX.match(line):
                level, title = len(atx[1]), _without_closing(line[atx.end() :])
            elif tag := _HTML.match(line):
                level, title = int(tag[1]), tag[2]
            elif questions and (bold := _BOLD.match(line)):
                level, title = QUESTION, bold[1]
            else:
                continue
            if title := plain(title[:_LONGEST]):
                titles.append(Heading(level, title, number))
    return titles


def descend(path: Path, heading: Heading) -> Path:
    """The path below `heading`, which closes every section of its own or a deeper level."""
    return (*(h for h in path if h.level < heading.level), heading)


def plain(text: str) -> str:
    """A title without markup: emphasis, code marks, links, tags, escapes; blanks run together."""
    if not _MARKUP.search(text):
        return " ".join(text.split())
    text = html.unescape(_TAG.sub("", _LINK.sub(r"\1", text)))
    text = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
    text = re.sub(r"(?<!_)_+", _inner, text.replace("*", "").replace("`", ""))
    return " ".join(text.split())


def _inner(run: re.Match[str]) -> str:
    """Underscores between letters belong to a name; others are emphasis."""
    before, after = run.string[max(0, run.start() - 1) : run.start()], run.string[run.end() : run.end() + 1]
    return run[0] if before.isalnum() and after.isalnum() else ""


def _without_closing(title: str) -> str:
    """`## Title ##`: the closing marks stand after a blank, unlike those of C#."""
    bare = title.rstrip().rstrip("#")
    return bare if bare != bare.rstrip() else title


_LETTER = re.compile(r"\(?[a-z]\)\s+", re.IGNORECASE)


def without_letter(wanted: str) -> str:
    """`Train the network` of "(b) Train the network": editions differ in whether their questions have letters."""
    return _LETTER.sub("", wanted, count=1) if _LETTER.match(wanted) else wanted


def begins(title: str, wanted: str) -> bool:
    """Whether `title` begins with the words of `wanted`, whatever letters either has."""
    return without_letter(title).casefold().startswith(without_letter(plain(wanted)).casefold())


def matches(title: str, wanted: str) -> bool:
    """Whether `title` contains `wanted`, without regard to case, markup and blanks."""
    return plain(wanted).casefold() in title.casefold()
