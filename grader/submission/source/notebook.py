"""A notebook file of any format to `Notebook`.

Owns reading the JSON, the cells and their headings, and saying what is wrong with a file that is no usable notebook.
Old formats go through `legacy`, what the cells define is `definitions`'. A notebook for Python 2 is read and marked;
who cannot use it (`open`) refuses it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from grader.errors import SubmissionError
from grader.model import Cell, Notebook
from grader.submission.names import clean, nearest
from grader.submission.quota import MAX_TOKENS, count_tokens
from grader.submission.source import legacy, sections
from grader.submission.source.language import foreign_language, is_python2, newer_python

MAX_BYTES = 100 << 20
"""A notebook full of figures stays under 50 MB; beyond that somebody printed a data set."""
MAX_JSON = 25 << 20
"""Bytes without pictures and pages in outputs: read as text, they may take four times as much twice."""
MAX_VALUES = 2_000_000
"""Commas, colons and brackets: a value that is read takes up to 70 bytes."""
MAX_CELLS = 5000
"""A long notebook has 300."""
MAX_CODE = 2 << 20
"""Characters of all code cells together: a long notebook has a twentieth; more is data pasted into a cell."""
MAX_TEXT = 5 << 20
"""Characters of all text cells together."""
_PICTURE = re.compile(
    rb'"(?:image/[\w.+-]{1,40}|text/html|application/[\w.+-]{1,80})"\s*:\s*"(?:[^"\\]++|\\.)*+"', re.DOTALL
)
"""A large output with its key, such as `"image/png": "iVBOR…"`."""

_SAVE_AGAIN = "open it in Jupyter, save it, and hand in the new file"

# What people hand in under the name of a notebook, by its first bytes.
_MAGIC: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"\s*%PDF-"), "is a PDF; hand in the .ipynb, not its PDF"),
    (re.compile(rb"\s*<(!doctype|html|\?xml)", re.IGNORECASE), "is a web page; download the .ipynb itself (raw)"),
    (re.compile(rb"PK\x03\x04|\x1f\x8b|Rar!|7z\xbc\xaf"), "is an archive; unpack it, or name it after its kind (.zip)"),
    (re.compile(rb"version https://git-lfs"), "is a Git LFS pointer; fetch the notebook with `git lfs pull`"),
    (re.compile(rb"\s*\Z"), f"is empty; {_SAVE_AGAIN}"),
)
_CONFLICT = re.compile(rb"^(<<<<<<<|>>>>>>>) ", re.MULTILINE)


def read_notebook(path: Path) -> Notebook:
    """Read the notebook file at `path`; its `name` is the file's.

    Raises
    ------
    SubmissionError
        There is no such file, or it is no notebook that could be graded.
    """
    shown = clean(path.name)
    try:
        if path.is_dir():
            raise SubmissionError(f"{shown} is a folder, not a notebook; name the .ipynb inside it")
        if not path.is_file():
            raise SubmissionError(f"{clean(str(path), 300)}: no such file{nearest(path)}")
        if path.stat().st_size > MAX_BYTES:
            raise _too_large(shown)
        data = path.read_bytes()
    except (OSError, ValueError) as problem:  # ValueError: a NUL in the path
        raise SubmissionError(f"{shown} cannot be read: {clean(str(problem))}; check its permissions") from problem
    return parse_notebook(data, path.name)


def refuse_python2(notebook: Notebook) -> None:
    """Name a notebook of Python 2 as such: it cannot be graded, which is not the same as wrong.

    Raises
    ------
    SubmissionError
        If it is one.
    """
    if notebook.python2:
        raise SubmissionError(
            f"{clean(notebook.name)} is written for Python 2, which cannot be run; "
            "convert it (2to3), run it, and hand in again"
        )


def parse_notebook(data: bytes, name: str) -> Notebook:
    """Read a notebook from the bytes of its file; `name` is what the `Notebook` and the messages call it.

    Raises
    ------
    SubmissionError
        With one line that says what is wrong and what to do; nothing else is ever raised.
    """
    shown = clean(name)
    if len(data) > MAX_BYTES:
        raise _too_large(shown)
    raw = _decode(data, shown)
    version, listed = raw.get("nbformat"), raw.get("cells")
    if isinstance(raw.get("worksheets"), list) or (type(version) is int and version < 4):
        try:
            listed = (raw := legacy.upgrade(raw)).get("cells")
        except legacy.NotUpgraded as problem:
            raise SubmissionError(f"{shown} is a damaged notebook of an old format; {_SAVE_AGAIN}") from problem
    if not isinstance(listed, list):
        raise SubmissionError(f"{shown} is JSON but no notebook (it has no cells); hand in the .ipynb")
    metadata = raw.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    if language := foreign_language(metadata):
        raise SubmissionError(
            f"{shown} is a notebook for {clean(language, 40)}, not Python; choose a Python 3 kernel and hand in again"
        )
    cells = _cells(listed, shown)
    code = [cell.source for cell in cells if cell.kind == "code"]
    if not any(source.strip() for source in code):
        what = "has no cells" if not cells else "has no code cells" if not code else "has only empty code cells"
        raise SubmissionError(f"{shown} {what}; save the notebook you worked in and hand that in")
    if sum(map(len, code)) > MAX_CODE:
        raise SubmissionError(f"{shown} holds more than {MAX_CODE >> 20} MB of code; load data from a file")
    if newer := newer_python(metadata, code):
        here = f"3.{sys.version_info.minor}"
        raise SubmissionError(
            f"{shown} is written with Python {newer} and uses its syntax; {here}, which grades, cannot read it"
        )
    if count_tokens("\n".join(code)) > MAX_TOKENS:
        raise SubmissionError(f"{shown} holds more than {MAX_TOKENS:,} words and signs of code; load data from a file")
    ours = metadata.get("grader")
    assignment = ours.get("assignment") if isinstance(ours, Mapping) else None
    return Notebook(
        name=name,
        cells=cells,
        assignment=assignment if isinstance(assignment, str) else None,
        python2=is_python2(metadata, code),
    )


def _too_large(shown: str) -> SubmissionError:
    limit = MAX_BYTES >> 20
    return SubmissionError(f"{shown} is larger than {limit} MB; clear its outputs, save it, and hand in again")


def _decode(data: bytes, shown: str) -> dict[str, Any]:
    for pattern, what in _MAGIC:
        if pattern.match(data):
            raise SubmissionError(f"{shown} {what}")
    if len(data) > MAX_JSON:
        data = _PICTURE.sub(b'"picture": ""', data)
    if len(data) > MAX_JSON or sum(map(data.count, (b",", b":", b"[", b"{"))) > MAX_VALUES:
        raise SubmissionError(f"{shown} holds too many outputs; clear them, save it, and hand in again")
    try:
        raw = json.loads(_utf8(data))
    except (ValueError, RecursionError) as problem:
        if conflict := _CONFLICT.search(data):
            line = data.count(b"\n", 0, conflict.start()) + 1
            what = f"holds an unresolved merge conflict at line {line}; resolve it"
            raise SubmissionError(f"{shown} {what} and hand in again") from problem
        where = f"line {problem.lineno}" if isinstance(problem, json.JSONDecodeError) else "its text"
        raise SubmissionError(f"{shown} is not a notebook: {where} is not JSON; {_SAVE_AGAIN}") from problem
    if not isinstance(raw, dict):
        raise SubmissionError(f"{shown} is JSON but no notebook; hand in the .ipynb")
    return raw


def _utf8(data: bytes) -> bytes | str:
    """The JSON as it is, or read as Windows' own encoding where it cannot be UTF-8, as an editor there saves it."""
    if data[:4].count(0) or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data  # UTF-16 or UTF-32, which `json` tells by itself
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
    return data


def _cells(listed: list[Any], shown: str) -> tuple[Cell, ...]:
    if len(listed) > MAX_CELLS:
        raise SubmissionError(
            f"{shown} holds {len(listed)} cells, and {MAX_CELLS} are allowed; remove what is not yours"
        )
    cells: list[Cell] = []
    path: sections.Path = ()
    room = MAX_TEXT
    for index, raw in enumerate(listed):
        if not isinstance(raw, Mapping):
            raise SubmissionError(f"{shown}: cell {index} is damaged (it is no cell at all); {_SAVE_AGAIN}")
        source = _text(raw.get("source"))
        if source is None:
            raise SubmissionError(f"{shown}: cell {index} is damaged (its source is no text); {_SAVE_AGAIN}")
        kind = _kind(raw.get("cell_type"))
        room -= len(source) if kind != "code" else 0
        if room < 0:
            raise SubmissionError(f"{shown} holds more than {MAX_TEXT >> 20} MB of text; keep to your answers")
        if kind == "markdown":
            for heading in sections.headings(source):
                path = sections.descend(path, heading)
        count = raw.get("execution_count")
        cells.append(
            Cell(
                index=index,
                kind=kind,
                source=source,
                headings=tuple(heading.title for heading in path),
                execution_count=count if type(count) is int else None,
                has_outputs=bool(raw.get("outputs")),
            )
        )
    return tuple(cells)


def _kind(value: object) -> Literal["code", "markdown", "raw"]:
    return "code" if value == "code" else "markdown" if value == "markdown" else "raw"


def _text(value: object) -> str | None:
    """A multi-line string as notebooks store it (one string, or a list of lines); None when it is neither."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    if not isinstance(value, str):
        return None
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    try:
        value.encode()
    except UnicodeEncodeError:  # JSON can hold half a surrogate pair, which no file and no message can
        value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value
