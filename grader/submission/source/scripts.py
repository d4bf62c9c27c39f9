"""A notebook that was saved as a Python file: by nbconvert, Colab, Databricks, jupytext or VS Code, or typed as one.

Owns cutting the text into cells. Where nothing marks them, every definition is a cell and so is what stands between
blank lines, so that a line that fails costs no more than it would in a notebook.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from grader.model import Cell, Notebook
from grader.submission.source import sections
from grader.submission.source.definitions import parse
from grader.submission.source.magics import plain_python
from grader.worker.syntax import parse_tree

_MARKERS = (
    re.compile(r"# ?%%(?P<kind>.*)"),  # VS Code, Spyder, jupytext
    re.compile(r"# ?In ?\[[\d ]*\]:(?P<kind>)\s*"),  # nbconvert
    re.compile(r"# COMMAND -{5,}(?P<kind>)\s*"),  # Databricks
    re.compile(r"# <(?P<kind>(?:code|markdown)cell)>\s*"),  # the notebooks of 2013
)
_Piece = tuple[Literal["code", "markdown"], str]
_MAGIC = re.compile(r"# ?(?:MAGIC )?(?=%%?[a-zA-Z]|!)|# MAGIC ?")
_HEADER = re.compile(r"\A(?:#!.*\n|#.*coding[:=].*\n|# Databricks notebook source\n|# ---\n(?:#.*\n)*?# ---\n|\s*\n)+")


def script_notebook(text: str, name: str) -> Notebook:
    """The notebook that the Python file was; `name` is the file's."""
    text = _HEADER.sub("", text)
    for marker in _MARKERS:
        lines = text.split("\n")
        if any(marker.fullmatch(line) for line in lines):
            pieces = list(_marked(lines, marker))
            break
    else:
        pieces = list(_unmarked(text))
    cells: list[Cell] = []
    path: sections.Path = ()
    for kind, source in pieces:
        if kind == "markdown":
            for heading in sections.headings(source):
                path = sections.descend(path, heading)
        headings = tuple(heading.title for heading in path)
        cells.append(Cell(index=len(cells), kind=kind, source=source, headings=headings))
    return Notebook(name=name, cells=tuple(cells))


def _marked(lines: Sequence[str], marker: re.Pattern[str]) -> Iterator[_Piece]:
    """Kind and source of the cells that markers open; of a cell of code, leading comments may have been text cells."""
    kind, cell_lines = "", []
    for line in [*lines, None]:
        match = marker.fullmatch(line) if line is not None else None
        if match is None and line is not None:
            cell_lines.append(line)
            continue
        source = [_MAGIC.sub("", one) if _MAGIC.match(one) else one for one in cell_lines]
        text = "\n".join(source).strip("\n")
        if text.startswith(("%md", "%%markdown")):
            yield "markdown", re.sub(r"\A\S+", "", text).strip()
        elif "markdown" in kind or "[md]" in kind:
            yield "markdown", "\n".join(_uncommented(text.split("\n"))).strip()
        elif text:
            yield from _comments_apart(text)
        if match is not None:
            kind, cell_lines = match["kind"], []


def _comments_apart(text: str) -> Iterator[_Piece]:
    """A cell of code, and the text cell before the next one, which nbconvert leaves as comments at its end."""
    lines = text.split("\n")
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    if code := "\n".join(lines[:end]).strip("\n"):
        yield "code", code
    if comments := "\n".join(_uncommented(lines[end:])).strip():
        yield "markdown", comments


def _unmarked(text: str) -> Iterator[_Piece]:
    """Cells of a file without markers: a text by itself (Colab's text cells), a definition, what blank lines part."""
    plain = plain_python(text)
    tree = parse(plain).tree
    if tree is None:
        yield "code", text
        return
    lines = text.split("\n")
    blank = [not line.strip() or line.lstrip().startswith("#") for line in plain.split("\n")]
    begin, last = 0, 0
    last_kind = ""
    for node in tree.body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
        kind = "other"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            kind = "definition"
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            kind = "text"
        apart = "definition" in (kind, last_kind) or "text" in (kind, last_kind) or any(blank[last:first])
        if last_kind and apart and first >= last:
            yield _piece(lines[begin:last], last_kind)
            begin = last
        last, last_kind = node.end_lineno or first + 1, kind
    if last_kind:
        yield _piece(lines[begin:], last_kind)


def _piece(lines: Sequence[str], kind: str) -> _Piece:
    source = "\n".join(lines).strip("\n")
    if kind != "text":
        return "code", source
    texts = [node.value for node in ast.walk(parse_tree(source)) if isinstance(node, ast.Constant)]
    return "markdown", str(texts[0]).strip()


def _uncommented(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith("#") or not line.strip():
            yield re.sub(r"^# ?", "", line) if line.startswith("# ") or line == "#" else line
