"""The cells of somebody else's notebook: a `.ipynb`, or text in jupytext's percent format.

Owns reading both into `SourceCell`s; what the cells mean is for each format's own module. Written again, they are the
project's own percent text (`assignment.release.percent`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from msgspec import Struct

from grader.assignment.release import percent
from grader.errors import AuthoringError, UsageError
from grader.submission.source.sections import headings

_MARKER = re.compile(r"#\s?%%+(?:\s+(.*))?")
_LIGHT = re.compile(r"# (\+|-)(\s.*)?")
_KIND = re.compile(r"\[(markdown|md|raw)\]\s*")
_OPTION = re.compile(r"([\w.-]+)\s*=\s*")
_YAML = "# ---"


class SourceCell(Struct, frozen=True, kw_only=True):
    """One cell of a notebook that is read."""

    kind: str
    """`code`, `markdown` or `raw`."""
    source: str
    index: int
    """Position in the notebook, from 0, as the grader's reports count; -1 for one that the conversion adds."""
    metadata: dict[str, Any] = {}
    outputs: tuple[Any, ...] = ()

    def where(self, file: str) -> str:
        """For a message."""
        return f"{file}, cell {self.index}"

    def with_source(self, source: str) -> SourceCell:
        return SourceCell(kind=self.kind, source=source, index=self.index, metadata=self.metadata, outputs=self.outputs)


def is_notebook(path: Path) -> bool:
    """Whether a file holds cells: every `.ipynb`, and a `.py` with a line that opens one."""
    return path.suffix == ".ipynb" or any(_MARKER.fullmatch(line) for line in read_text(path).split("\n"))


def read_cells(path: Path) -> tuple[SourceCell, ...]:
    """The cells of a notebook.

    Raises UsageError for a file that cannot be read, is no notebook of format 4, or is in another language than Python.
    """
    if path.suffix == ".ipynb":
        return _of_notebook(path)
    if path.suffix == ".py":
        return _of_text(path)
    raise UsageError(f"{path}: neither a notebook (.ipynb) nor its percent text (.py)")


def notebooks_with(path: Path, marked: Callable[[SourceCell], bool]) -> list[Path]:
    """The notebooks with a cell that is `marked`: the file itself, or those below a folder."""
    files = sorted(path.rglob("*.ipynb")) if path.is_dir() else [path]
    kept = [p for p in files if ".ipynb_checkpoints" not in p.relative_to(path).parts]
    return [p for p in kept if any(map(marked, read_cells(p)))]


def read_text(path: Path) -> str:
    """A file's text; raises UsageError if it is not there, no file, or not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None


def percent_text(cells: Sequence[SourceCell]) -> str:
    """The project's percent text of the cells: sources and kinds, no outputs, no metadata."""
    return percent.text_of({"cells": [{"cell_type": cell.kind, "source": cell.source} for cell in cells]})


def points_of(value: object, where: str) -> Fraction:
    """What metadata or YAML gives as a number of points.

    Raises AuthoringError if it is no number, below 0, or not finite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise AuthoringError(f"{where}: {value!r} is no number of points")
    return Fraction(str(value))


def _of_notebook(path: Path) -> tuple[SourceCell, ...]:
    try:
        notebook = json.loads(read_text(path))
        version = notebook.get("nbformat")
        if version != 4:
            raise UsageError(f"{path}: notebook format {version}, not 4; open and save it with a newer Jupyter")
        metadata = notebook.get("metadata", {})
        language = metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get("name")
        if language and language.lower() != "python":
            raise UsageError(f"{path}: a notebook in {language}; only Python can be graded")
        return tuple(
            SourceCell(
                kind=str(cell["cell_type"]),
                source=_joined(cell["source"]),
                index=index,
                metadata=dict(cell.get("metadata", {})),
                outputs=tuple(cell.get("outputs", ())),
            )
            for index, cell in enumerate(notebook["cells"])
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{path}: not a Jupyter notebook") from None


def _joined(source: str | Sequence[str]) -> str:
    return (source if isinstance(source, str) else "".join(source)).replace("\r\n", "\n")


def _of_text(path: Path) -> tuple[SourceCell, ...]:
    lines = read_text(path).split("\n")
    start = _below_header(lines)
    opened: list[tuple[str, list[str]]] = []
    for number, line in enumerate(lines[start:], start + 1):
        if marker := _MARKER.fullmatch(line):
            opened.append((marker[1] or "", []))
        elif opened:
            opened[-1][1].append(line)
        elif _LIGHT.fullmatch(line):
            raise UsageError(
                f"{path}:{number}: jupytext's light format; run `jupytext --to py:percent {path.name}` first"
            )
        elif line.strip():
            opened.append(("", [line]))  # text above the first marker is a cell of code
    if not any(_MARKER.fullmatch(line) for line in lines):
        raise UsageError(f"{path}: has no cell; a line `# %%` opens one")
    return tuple(_cell(index, options, body) for index, (options, body) in enumerate(opened))


def _below_header(lines: Sequence[str]) -> int:
    """How many lines jupytext's own header takes, a comment of YAML."""
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if not lines or lines[first].rstrip() != _YAML:
        return 0
    end = next((n for n in range(first + 1, len(lines)) if lines[n].rstrip() == _YAML), None)
    return 0 if end is None else end + 1


def _cell(index: int, options: str, lines: Sequence[str]) -> SourceCell:
    match = _KIND.search(options)
    kind = {"md": "markdown"}.get(match[1], match[1]) if match else "code"
    kept = _trimmed(lines)
    source = "\n".join(kept)
    if kind != "code":
        quoted = re.fullmatch(r'[rR]?("""|\'\'\')\n?(.*?)\n?\1', source, re.DOTALL)
        source = quoted[2] if quoted else "\n".join(re.sub(r"^# ?", "", line) for line in kept)
    else:
        shown = percent.notebook_of("# %%\n" + source)["cells"]
        source = _joined(shown[0]["source"])  # magics without their comment
    return SourceCell(kind=kind, source=source, index=index, metadata=_options(options))


def _options(text: str) -> dict[str, Any]:
    """Metadata on a marker's line: `tags=["a"] nbgrader={"grade": false}`."""
    decoder, options_read = json.JSONDecoder(), dict[str, Any]()
    at = 0
    while option := _OPTION.search(text, at):
        try:
            options_read[option[1]], at = decoder.raw_decode(text, option.end())
        except ValueError:
            at = option.end()
    return options_read


def _trimmed(lines: Sequence[str]) -> list[str]:
    filled = [n for n, line in enumerate(lines) if line.strip()]
    return list(lines[filled[0] : filled[-1] + 1]) if filled else []


def title_of(cells: Sequence[SourceCell], id: str) -> str:
    """The first heading of the first level; the id in words where there is none."""
    titles = (h for c in cells if c.kind == "markdown" for h in headings(c.source))
    return next((h.title for h in titles if h.level == 1), id.replace("_", " "))
