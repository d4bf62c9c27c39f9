"""Notebooks as percent-format text, so that a diff can be read, and back.

    # %%                 opens a code cell
    # %% [markdown]      opens a markdown cell (also [raw]); each of its lines is prefixed by "# "
    # %matplotlib inline a magic or shell line of a code cell, commented so that the text stays valid Python

The conversion keeps the sources and kinds of the cells and drops outputs, metadata and blank lines around a cell.
A notebook is the plain dict of its JSON; nothing here needs nbformat.

Lines that would be mistaken for one of these forms get a longer prefix: a code line of n times "# " before "%" or "!"
stands in the text with n + 1 of them, and any line of n before a "%%" that ends or goes on with a space with n + 2.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from grader.errors import AuthoringError

_MARKER = re.compile(r"# %%(\s.*)?", re.DOTALL)
_KINDS = {"# %%": "code", "# %% [markdown]": "markdown", "# %% [raw]": "raw"}
_OPENS = {kind: marker for marker, kind in _KINDS.items()}
_MAGIC = re.compile(r"(?:# )*[%!]")
_LIKE_MARKER = re.compile(r"(?:# )*%%(\s.*)?", re.DOTALL)
FOREIGN_MAGICS = frozenset((
    "!", "HTML", "R", "bash", "cmd", "cython", "file", "html", "javascript", "js", "julia", "latex", "markdown", "perl",
    "pypy", "python", "python2", "python3", "ruby", "script", "sh", "sql", "svg", "sx", "system", "timeit", "writefile",
))  # fmt: skip
"""Cell magics after which a cell's text is no Python of the notebook; `%%timeit` runs it in a namespace of its own."""


def is_marker(line: str) -> bool:
    """Whether a line of percent text opens a cell."""
    return _MARKER.fullmatch(line) is not None


def notebook_of(text: str, file: str = "notebook") -> dict[str, Any]:
    """The notebook (nbformat 4.5, no outputs) of a percent text.

    Cell ids depend only on the position, so that releasing again changes nothing. Raises AuthoringError, with file and
    line, for text above the first cell, an unknown kind of cell, and a line of a markdown cell without its prefix.
    """
    cells = [
        _cell(index, kind, [_decoded(kind, line, f"{file}:{number}") for number, line in lines])
        for index, (kind, lines) in enumerate(_split(text, file))
    ]
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def text_of(notebook: dict[str, Any]) -> str:
    """The percent text of a notebook of format 4; what is not source (outputs, metadata, attachments) is left out."""
    cells = []
    for cell in notebook["cells"]:
        kind = cell["cell_type"]
        source = cell["source"]
        lines = ("".join(source) if isinstance(source, list) else source).split("\n")
        if kind == "code":
            lines = [line for _, line in _trimmed(list(enumerate(lines)))]
        elif lines == [""]:
            lines = []
        cells.append("\n".join([_OPENS[kind], *(_encoded(kind, line) for line in lines)]))
    return "\n\n".join(cells) + "\n" if cells else ""


def dumps(notebook: dict[str, Any]) -> str:
    """The JSON of a notebook as Jupyter itself writes it: opening and saving a hand-out leaves the file as it is."""
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def python_lines(text: str) -> list[str]:
    """The lines of a module or of a percent text with those blanked that are not Python (the cells of `%%bash`)."""
    foreign = False
    lines = []
    for line in text.split("\n"):
        if is_marker(line):
            foreign = False
        elif line.startswith("# %%"):
            foreign = line.removeprefix("# %%").split(" ", 1)[0] in FOREIGN_MAGICS
        lines.append("" if foreign else line)
    return lines


def _split(text: str, file: str) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """Kind and numbered lines of each cell, without the blank lines around them."""
    kind = ""
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not is_marker(line):
            if not kind and line.strip():
                raise AuthoringError(
                    f"{file}:{number}: text above the first cell; begin with '# %%' or '# %% [markdown]'"
                )
            lines.append((number, line))
            continue
        if line.rstrip() not in _KINDS:
            raise AuthoringError(f"{file}:{number}: unknown cell {line!r}; there are {', '.join(map(repr, _KINDS))}")
        if kind:
            yield kind, _trimmed(lines)
        kind, lines = _KINDS[line.rstrip()], []
    if kind:
        yield kind, _trimmed(lines)


def _cell(index: int, kind: str, lines: list[str]) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": hashlib.sha256(str(index).encode()).hexdigest()[:8],
        "metadata": {},
        "source": [line + "\n" for line in lines[:-1]] + [line for line in lines[-1:] if line],
    }
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell


def _decoded(kind: str, line: str, where: str) -> str:
    if _LIKE_MARKER.fullmatch(line) and line.startswith("# # "):
        return line[4:]
    if kind == "code":
        return line[2:] if line.startswith("# ") and _MAGIC.match(line) else line
    if line.startswith("# "):
        return line[2:]
    if line.strip() in ("", "#"):
        return ""
    raise AuthoringError(f"{where}: a line of a {kind} cell begins with '# '")


def _encoded(kind: str, line: str) -> str:
    if _LIKE_MARKER.fullmatch(line):
        return f"# # {line}"
    if kind == "code":
        return f"# {line}" if _MAGIC.match(line) else line
    return f"# {line}" if line else "#"


def _trimmed(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    filled = [i for i, (_, line) in enumerate(lines) if line.strip()]
    return lines[filled[0] : filled[-1] + 1] if filled else []
