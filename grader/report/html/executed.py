"""The notebook as it was run while grading, as HTML: nbconvert's page without its head, scripts and fonts.

Only what the run gave is in it: text, errors and figures. Stored outputs of the submission, which can hold any HTML,
are not, and nbconvert's own sanitising is on nevertheless.
"""

from __future__ import annotations

import base64
import functools
import re
import secrets
from typing import Any

import nbformat
from nbconvert import HTMLExporter
from traitlets.config import Config

from grader.model import Cell, CellRun, Report
from grader.report import sentences
from grader.report.html.highlight import highlighted
from grader.report.html.markup import to_html
from grader.report.sanitize import clean, cut, one_line

_ID = "n"
"""What nbformat's ids of our cells begin with; a cell's number follows."""
_CELL = re.compile(rf' id="cell-id={_ID}(\d+)">')
_V4: Any = nbformat.v4
_EXPORTER: Any = HTMLExporter


def notebook_html(report: Report, *, output: int, colours: bool = True, prefix: str = "") -> str:
    """The cells as a fragment of HTML; empty when there is no notebook.

    `output` limits the characters of one cell's printed text. Code in `colours` is twice as large. `prefix` is put
    before the cells' numbers in ids, where a page shows several notebooks.
    """
    if report.work is None or report.work.notebook is None:
        return ""
    runs = {run.index: run for run in report.cells}
    cells = {cell.index: cell for cell in report.work.notebook.cells if cell.source.strip()}
    # Code and Markdown are set by our own modules: nbconvert gets a word for each, which nobody can foresee, since it
    # must come nowhere but where it was put.
    word = f"cell-{secrets.token_hex(8)}"
    notebook = _V4.new_notebook(cells=[_cell(cell, runs.get(cell.index), output, word) for cell in cells.values()])
    body = str(_exporter().from_notebook_node(notebook)[0])
    body = _CELL.sub(rf' id="cell-{prefix}\1"><p class="number">cell \1</p>', body)

    def content(match: re.Match[str]) -> str:
        cell = cells[int(match[1])]
        return highlighted(cell.source, colours=colours) if cell.kind == "code" else to_html(cell.source)

    paragraph = r"(?:<p>|&lt;p&gt;)?"  # nbconvert makes one of a word in a text cell, and then cleans it
    return re.sub(rf"{paragraph}{word}-(\d+)-{paragraph.replace('p', '/p')}", content, body)


@functools.cache
def _exporter() -> Any:
    """One for the process: its templates take half a second to load."""
    config = Config()
    config.HTMLExporter.template_name = "basic"
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.exclude_input_prompt = True
    config.HTMLExporter.exclude_output_prompt = True
    config.HTMLExporter.filters = {"highlight_code": lambda source, **more: source}
    return _EXPORTER(config=config)


def _cell(cell: Cell, run: CellRun | None, output: int, word: str) -> Any:
    carried = f"{word}-{cell.index}-"
    if cell.kind == "code":
        made = _V4.new_code_cell(carried, outputs=_outputs(run, output) if run else [])
    else:
        made = _V4.new_markdown_cell(carried)
    made["id"] = f"{_ID}{cell.index}"
    return made


def _outputs(run: CellRun, output: int) -> list[Any]:
    outputs = []
    if run.text.strip():
        text = cut(clean(run.text[: 4 * output]), output)
        outputs.append(_V4.new_output("stream", name="stdout", text=text))
    for i, picture in enumerate(run.pictures):
        caption = one_line(run.figures[i]) if i < len(run.figures) else "a figure"
        data = {"image/png": base64.b64encode(picture).decode("ascii")}
        outputs.append(_V4.new_output("display_data", data=data, metadata={"image/png": {"alt": caption}}))
    if run.status != "ok":
        lines = [sentences.cell_problem(run)]
        if run.error is not None:
            lines += [f"  {one_line(f.file)}, line {f.line}: {one_line(f.text)}" for f in run.error.frames]
        outputs.append(_V4.new_output("error", ename="", evalue="", traceback=lines))
    return outputs
