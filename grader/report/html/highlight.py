"""A student's code as HTML: line numbers, and colours for the few kinds of words that help to read it.

A full set of token classes makes a page four times as long; keywords, strings, comments and numbers are what counts.
"""

from __future__ import annotations

import html

from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType

from grader.report.sanitize import clean, cut

MAX_CODE_CHARS = 20_000
"""Characters of one piece of code: a cell of more holds data."""
_CLASSES: tuple[tuple[_TokenType, str], ...] = (
    (Keyword, "k"),
    (Operator.Word, "k"),
    (String, "s"),
    (Comment, "c"),
    (Number, "m"),
    (Name.Function, "f"),
    (Name.Class, "f"),
    (Name.Decorator, "f"),
)


def highlighted(source: str, *, first: int = 1, here: int | None = None, colours: bool = True) -> str:
    """The lines inside a `<pre class="code">`, each with its number, counted from `first`; `here` is marked."""
    text = cut(clean(source[: 2 * MAX_CODE_CHARS]), MAX_CODE_CHARS).rstrip("\n").expandtabs(4)
    body = _coloured(text) if colours else html.escape(text)
    lines = [
        # the number is an attribute, so that nobody copies it or hears it read out
        f'<span class="l{" here" if number == here else ""}{_indent(plain)}" data-n="{number}">{line}</span>'
        for number, (line, plain) in enumerate(zip(body.split("\n"), text.split("\n"), strict=True), first)
    ]
    return f'<pre class="code">{chr(10).join(lines)}</pre>'


def _indent(line: str) -> str:
    """The class by which a wrapped line goes on where it began; a phone has room for four steps."""
    steps = min((len(line) - len(line.lstrip(" "))) // 4, 4)
    return f" i{steps}" if steps else ""


def _coloured(text: str) -> str:
    pieces = []
    for kind, value in PythonLexer(stripnl=False, ensurenl=False).get_tokens(text):
        name = next((name for parent, name in _CLASSES if kind in parent), "")
        shown = html.escape(value)
        # a string of several lines is closed and opened again at each line's end
        pieces.append(
            "\n".join(f'<b class="{name}">{part}</b>' if part and name else part for part in shown.split("\n"))
        )
    return "".join(pieces)
