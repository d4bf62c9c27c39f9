"""A student's formula as MathML, which a browser sets without a network and without a script.

The converter's text form leaves `<script>` in a formula as it is, so its tree is taken and written here, with known
elements and attributes only.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

MAX_FORMULA_CHARS = 4_000
"""Characters of one formula: a page of derivation has a quarter of that."""
_ELEMENTS = frozenset(
    [
        *("math", "mrow", "mi", "mo", "mn", "mtext", "ms", "mspace", "mfrac", "msqrt", "mroot"),
        *("msub", "msup", "msubsup"),
        *("munder", "mover", "munderover", "mmultiscripts", "mprescripts", "none", "mtable", "mtr", "mtd", "mstyle"),
        *("mpadded", "mphantom", "menclose", "merror"),
    ]
)
_ATTRIBUTES = frozenset(
    [
        *("display", "stretchy", "fence", "separator", "form", "accent", "accentunder", "largeop", "movablelimits"),
        *("symmetric", "mathvariant", "displaystyle", "scriptlevel", "columnalign", "rowspacing", "columnspacing"),
        *("linethickness", "width", "height", "depth", "lspace", "rspace", "minsize", "maxsize", "notation"),
        "linebreak",
    ]
)
_VALUE = re.compile(r"[\w.%+ -]{1,40}")


def to_mathml(tex: str, *, block: bool = False) -> str:
    """The formula as one `<math>` element; what cannot be converted is shown as it was written."""
    try:
        if len(tex) > MAX_FORMULA_CHARS:
            raise ValueError("too long")
        from latex2mathml.converter import convert_to_element

        return "".join(_written(convert_to_element(tex, display="block" if block else "inline")))
    # whatever the converter trips over in what a student typed, the formula is shown as it stands
    except Exception:
        return f"<code>{html.escape(tex)}</code>"


def _written(element: Element) -> Iterator[str]:
    known = element.tag in _ELEMENTS
    if known:
        given = "".join(
            f' {name}="{value}"'
            for name, value in element.attrib.items()
            if name in _ATTRIBUTES and _VALUE.fullmatch(value)
        )
        yield f"<{element.tag}{given}>"
    yield _text(element.text)
    for child in element:
        yield from _written(child)
        yield _text(child.tail)
    if known:
        yield f"</{element.tag}>"


def _text(text: str | None) -> str:
    """The converter's text, whose special characters are entities already, or not."""
    return html.escape(html.unescape(text or ""), quote=False)
