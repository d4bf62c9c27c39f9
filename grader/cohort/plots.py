"""Small plots as SVG text: columns and bars, nothing that runs and nothing from elsewhere.

Takes plain text and escapes it; colours come from the page's style (`.bar`, `.axis`), which may be dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from grader.report.layout import fit

WIDTH = 640
_ROW = 26
_LABEL = 250
"""Room for a bar's label, in the units of the drawing."""
_CHARACTERS = 36
"""What fits into it."""


def columns(values: Sequence[int], labels: Sequence[str], *, title: str, axis: str) -> str:
    """Columns side by side, with their values on top and their labels below (an empty label leaves a gap)."""
    high, base = 150, 180
    top = max(max(values, default=0), 1)
    step = WIDTH / max(len(values), 1)
    parts = []
    for n, (value, label) in enumerate(zip(values, labels, strict=True)):
        height = high * value / top
        x = n * step
        parts.append(
            f'<rect class="bar" x="{x + 3:.1f}" y="{base - height:.1f}" width="{step - 6:.1f}" height="{height:.1f}">'
            f"<title>{escape(label)}: {value}</title></rect>"
        )
        if value:
            parts.append(f'<text x="{x + step / 2:.1f}" y="{base - height - 6:.1f}" class="middle">{value}</text>')
        parts.append(f'<text x="{x + step / 2:.1f}" y="{base + 16}" class="middle small">{escape(label)}</text>')
    parts.append(f'<line class="axis" x1="0" y1="{base}" x2="{WIDTH}" y2="{base}"/>')
    parts.append(f'<text x="{WIDTH / 2}" y="{base + 36}" class="middle small">{escape(axis)}</text>')
    return _drawing(parts, base + 46, title)


def bars(rows: Sequence[tuple[str, float, str]], *, title: str) -> str:
    """Bars from the left, one a row: its label, its value, and what is written behind it."""
    top = max((value for _, value, _ in rows), default=0) or 1
    room = WIDTH - _LABEL - 120
    parts = []
    for n, (label, value, text) in enumerate(rows):
        y = n * _ROW
        long = max(room * value / top, 1)
        parts.append(
            f'<text x="{_LABEL - 8}" y="{y + 17}" class="end small">{escape(fit(label, _CHARACTERS))}'
            f"<title>{escape(label)}</title></text>"
            f'<rect class="bar" x="{_LABEL}" y="{y + 4}" width="{long:.1f}" height="{_ROW - 8}"/>'
            f'<text x="{_LABEL + long + 6:.1f}" y="{y + 17}" class="small">{escape(text)}</text>'
        )
    return _drawing(parts, len(rows) * _ROW + 4, title)


def _drawing(parts: Sequence[str], height: float, title: str) -> str:
    return (
        f'<svg viewBox="0 -16 {WIDTH} {height + 16:.0f}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
