"""A student's Markdown as HTML that does nothing but show text: no script, style, image, form or frame survives.

Formulas become MathML. What is left is a short list of elements without attributes but a link's address, so that a
submission can neither load anything nor look like the page around it.
"""

from __future__ import annotations

import html
import re
import secrets
from typing import Any

import bleach
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from grader.report.html.mathml import to_mathml
from grader.report.sanitize import clean, cut

MAX_CELL_CHARS = 40_000
"""Characters of one cell."""
MAX_TAGS = 2000
"""Of one cell: what makes them harmless takes a time that grows with the square of their number."""
_ELEMENTS = frozenset(
    [
        *("p", "br", "hr", "em", "strong", "del", "b", "i", "u", "s", "sub", "sup", "code", "pre", "kbd", "var", "a"),
        *("ul", "ol", "li", "dl", "dt", "dd", "blockquote"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    ]
)
_ATTRIBUTES = {"a": ["href"], "ol": ["start"]}
_PROTOCOLS = frozenset({"http", "https", "mailto"})
_SILENT = re.compile(r"<(script|style|title|template)\b.*?(</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
"""Elements whose content is no text for a reader; only for the looks of it, since none of them survives anyway."""


def to_html(markdown: str) -> str:
    """The text as a harmless fragment of HTML."""
    source = cut(clean(markdown[: 2 * MAX_CELL_CHARS]), MAX_CELL_CHARS)
    renderer = _Renderer()
    try:
        rendered = str(MarkdownWithMath(renderer).render(source))
    except RecursionError:  # quotes or lists nested deeper than anybody writes
        rendered = ""
    if not rendered or rendered.count("<") > MAX_TAGS:
        rendered = f"<pre>{html.escape(source)}</pre>"
    safe = bleach.clean(
        rendered, tags=_ELEMENTS, attributes=_ATTRIBUTES, protocols=_PROTOCOLS, strip=True, strip_comments=True
    )
    safe = safe.replace("<a href=", '<a rel="noopener noreferrer nofollow" href=')
    return renderer.filled(safe)


class _Renderer(IPythonRenderer):
    """Leaves a word in the place of each formula, which is put there after everything else has been cleaned."""

    def __init__(self) -> None:
        super().__init__(escape=False, allow_harmful_protocols=False, exclude_anchor_links=True)
        self._word = f"formula-{secrets.token_hex(8)}"  # one that could be foreseen could be put into an address
        self._formulas: list[str] = []

    def filled(self, safe: str) -> str:
        """The cleaned text with its formulas; they are text only, never inside a tag."""
        pieces = re.split(r"(<[^>]*>)", safe)
        pattern = re.compile(rf"{self._word}-(\d+)-")
        pieces[::2] = [pattern.sub(lambda match: self._formulas[int(match[1])], piece) for piece in pieces[::2]]
        return "".join(pieces)

    def _formula(self, tex: str, *, block: bool) -> str:
        self._formulas.append(to_mathml(tex, block=block))
        return f"{self._word}-{len(self._formulas) - 1}-"

    def inline_math(self, body: str) -> str:
        return self._formula(body, block=False)

    def block_math(self, body: str) -> str:
        return self._formula(body, block=True)

    def multiline_math(self, text: str) -> str:
        return self._formula(text, block=True)

    def latex_environment(self, name: str, body: str) -> str:
        return self._formula(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return f"[image: {html.escape(text or 'without a description')}]"

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        return f"<p><strong>{text}</strong></p>"  # the page has an order of headings of its own

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre><code>{html.escape(code)}</code></pre>"

    def block_html(self, html: str) -> str:
        return _SILENT.sub("", html)

    inline_html = block_html
