"""The report as one HTML file for one student: it opens without a network, and needs no script.

The template escapes whatever it is given as text; only what `markup`, `code` and `executed` made is put in as HTML,
and a policy in the page's head also forbids scripts, forms and every request.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib.resources import files
from typing import Any

import msgspec
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from grader.model import Report
from grader.report.formats import Format
from grader.report.html import marked, with_code
from grader.report.html.executed import notebook_html
from grader.report.html.feedback import Figure, View, page_of
from grader.report.html.highlight import MAX_CODE_CHARS
from grader.report.sanitize import one_line

MAX_PAGE_BYTES = 300_000
"""Bytes of a page without its figures: what a phone loads at once, and a platform takes as an attachment."""
FIGURES = 4 << 20
"""Bytes of all figures of a page; the later ones are described only."""
_LEVELS = ((4_000, True), (1_000, False), (200, False))
"""Characters of one cell's output, and whether the notebook's code is coloured: what is tried until a page fits."""
_SHORTENED = "Its output is shortened here, and its code without colours, to keep this page small."
_LEFT_OUT = "Your notebook as it was run is too long to be shown here."


def render(report: Report) -> str:
    """Make the page."""
    report = _with_fewer_pictures(report)
    page = page_of(report)
    bare = _page(page, "", "")
    room = MAX_PAGE_BYTES - _size(bare)
    left_out = ""
    for output, colours in _LEVELS if _shortest(report) <= room else ():
        notebook = _executed(report, output, colours)
        if _size(notebook) <= room:
            return _page(page, notebook, left_out) if notebook else bare
        left_out = _SHORTENED
    return _page(page, "", _LEFT_OUT)


def _executed(report: Report, output: int, colours: bool) -> str:
    """The notebook, or each of several below its name."""
    if not report.by_notebook:
        return notebook_html(report, output=output, colours=colours)
    shown = []
    for number, one in enumerate(report.by_notebook):
        html = notebook_html(one, output=output, colours=colours, prefix=f"{number}-")
        if html and one.work is not None and one.work.notebook is not None:
            shown.append(f"<h3>{escape(one_line(one.work.notebook.name))}</h3>{html}")
    return "".join(shown)


def _page(page: View, notebook: str, left_out: str) -> str:
    css = _asset("feedback.css")
    made: str = _template().render(
        page=dict(page, notebook=Markup(notebook), left_out=left_out),
        css=Markup(css),
        policy=_policy(css),
        shown=_figure,
        **marked.FUNCTIONS,
    )
    return made


@functools.cache
def _template() -> Any:
    """Compiled once for the process."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    environment.filters["code"] = with_code
    return environment.from_string(_asset("feedback.html.jinja"))


def _asset(name: str) -> str:
    return files("grader.report.html").joinpath("templates", name).read_text(encoding="utf-8")


def _policy(css: str) -> str:
    """Nothing may be loaded or run but this very style sheet and pictures inside the page."""
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _figure(figure: Figure) -> Markup:
    data = base64.b64encode(figure.picture).decode("ascii")
    return Markup('<figure><img src="data:image/png;base64,{}" alt="{}"><figcaption>{}</figcaption></figure>').format(
        data, figure.text, figure.text
    )


def _size(text: str) -> int:
    """Bytes without the figures."""
    pieces = text.split('src="data:image/png;base64,')
    return len(pieces[0].encode()) + sum(len(piece.partition('"')[2].encode()) for piece in pieces[1:])


def _shortest(report: Report) -> int:
    """Bytes that the notebook's sources take alone."""
    notebook = report.work.notebook if report.work else None
    own = sum(len(cell.source[:MAX_CODE_CHARS]) for cell in notebook.cells) if notebook else 0
    return own + sum(map(_shortest, report.by_notebook))


def _with_fewer_pictures(report: Report) -> Report:
    """Of several notebooks each one's own report has what is shown of it."""
    room = FIGURES
    each = []
    for one in report.by_notebook or (report,):
        cells = []
        for cell in one.cells:
            room -= sum(map(len, cell.pictures))
            cells.append(cell if room >= 0 else msgspec.structs.replace(cell, pictures=()))
        each.append(msgspec.structs.replace(one, cells=tuple(cells)))
    return msgspec.structs.replace(report, by_notebook=tuple(each)) if report.by_notebook else each[0]


FORMAT = Format("html", render, needs_work=True)
