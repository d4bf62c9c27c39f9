"""Small plots as HTML: columns and bars that follow the page's width, nothing that runs and nothing from elsewhere.

Takes plain text and escapes it; how it looks is the page's style. Text stays text, so that it is as large on a phone as
anywhere, wraps, and is read out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from grader.report.sanitize import one_line

HIGH = 8
"""The tallest column, in the height of a letter."""
LONG = 50
"""The longest bar, in percent of the width: as much is left for what is written beside it."""
_CODE = re.compile(r"`([^`]+)`")


class Bar(NamedTuple):
    """One row of `bars`."""

    label: str
    value: float
    detail: str
    """What is written beside the bar."""
    who: Sequence[str] = ()
    """Names to unfold."""


def columns(values: Sequence[int], labels: Sequence[str], *, title: str, axis: str) -> str:
    """Columns side by side, with their values on top and their labels below (an empty label leaves a gap)."""
    top = max(max(values, default=0), 1)
    cells = "".join(
        f'<div><span>{value or ""}</span><span class="bar" style="height:{HIGH * value / top:.2f}rem"></span>'
        f"<span>{escape(label)}</span></div>"
        for value, label in zip(values, labels, strict=True)
    )
    return f'<figure class="columns" aria-label="{escape(title)}">{cells}</figure><p class="axis">{escape(axis)}</p>'


def bars(rows: Sequence[Bar], *, title: str) -> str:
    """Bars from the left, one a row: its label, the bar, and what is written beside it."""
    top = max((row.value for row in rows), default=0) or 1
    cells = "".join(
        f"<li><div>{coded(row.label)}</div>"
        f'<div class="line"><span class="bar" style="width:{LONG * row.value / top:.1f}%"></span>'
        f'<span class="soft">{escape(row.detail)}</span></div>{_who(row.who)}</li>'
        for row in rows
    )
    return f'<ul class="bars" aria-label="{escape(title)}">{cells}</ul>'


def _who(names: Sequence[str]) -> str:
    shown = "; ".join(escape(one_line(name)) for name in names)
    return f'<details class="soft"><summary>who</summary>{shown}</details>' if names else ""


def coded(text: str) -> str:
    """A sentence, escaped, with its `names` set as code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))
