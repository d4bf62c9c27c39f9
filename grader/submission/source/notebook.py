"""Reads a notebook file of any format version as a `Notebook`.

Owns reading the JSON, the cells and their headings, and saying what is wrong with a file that is no usable notebook.
Formats 1 to 3 are upgraded by nbformat, which costs up to a second to import and is loaded for them alone. What the
cells define is `definitions`'. A notebook for Python 2 is read and marked; who cannot use it (`open`) refuses it.
"""

from __future__ import annotations

import ast
import json
import logging
import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from grader.errors import SubmissionError
from grader.model import Cell, Notebook
from grader.submission.names import nearest, printable
from grader.submission.quota import MAX_TOKENS, count_tokens
from grader.submission.source import sections
from grader.submission.source.definitions import parse
from grader.submission.source.magics import plain_python

MAX_BYTES = 100 << 20
"""A notebook full of figures stays under 50 MB; beyond that somebody printed a data set."""
MAX_JSON = 25 << 20
"""Bytes without pictures and pages in outputs: read as text, they may take four times as much twice."""
MAX_VALUES = 2_000_000
"""Commas, colons and brackets: a value that is read takes up to 70 bytes."""
MAX_OLD_VALUES = 10_000
"""Lists and dictionaries of an old format: converting them takes time with the square of a cell's outputs."""
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

    Raises SubmissionError if there is no such file, or it is no notebook that could be graded.
    """
    shown = printable(path.name)
    try:
        if path.is_dir():
            raise SubmissionError(f"{shown} is a folder, not a notebook; name the .ipynb inside it")
        if not path.is_file():
            raise SubmissionError(f"{printable(str(path), 300)}: no such file{nearest(path)}")
        if path.stat().st_size > MAX_BYTES:
            raise _too_large(shown)
        data = path.read_bytes()
    except (OSError, ValueError) as problem:  # ValueError: a NUL in the path
        raise SubmissionError(f"{shown} cannot be read: {printable(str(problem))}; check its permissions") from problem
    return parse_notebook(data, path.name)


def refuse_python2(notebook: Notebook) -> None:
    """Name a notebook of Python 2 as such: it cannot be graded, which is not the same as wrong.

    Raises SubmissionError if it is one.
    """
    if notebook.python2:
        raise SubmissionError(
            f"{printable(notebook.name)} is written for Python 2, which cannot be run; "
            "convert it (2to3), run it, and hand in again"
        )


def parse_notebook(data: bytes, name: str) -> Notebook:
    """Read a notebook from the bytes of its file; `name` is what the `Notebook` and the messages call it.

    Raises SubmissionError, with one line that says what is wrong and what to do; nothing else is ever raised.
    """
    shown = printable(name)
    if len(data) > MAX_BYTES:
        raise _too_large(shown)
    raw = _decode(data, shown)
    version, listed = raw.get("nbformat"), raw.get("cells")
    if isinstance(raw.get("worksheets"), list) or (type(version) is int and version < 4):
        try:
            listed = (raw := _upgrade(raw)).get("cells")
        except _NotUpgraded as problem:
            raise SubmissionError(f"{shown} is a damaged notebook of an old format; {_SAVE_AGAIN}") from problem
    if not isinstance(listed, list):
        raise SubmissionError(f"{shown} is JSON but no notebook (it has no cells); hand in the .ipynb")
    metadata = raw.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    cells = _cells(listed, shown)
    code = [cell.source for cell in cells if cell.kind == "code"]
    if not any(source.strip() for source in code):
        what = "has no cells" if not cells else "has no code cells" if not code else "has only empty code cells"
        raise SubmissionError(f"{shown} {what}; save the notebook you worked in and hand that in")
    if sum(map(len, code)) > MAX_CODE:
        raise SubmissionError(f"{shown} holds more than {MAX_CODE >> 20} MB of code; load data from a file")
    if language := foreign_language(metadata, code):
        raise SubmissionError(
            f"{shown} is a notebook for {printable(language, 40)}, not Python;"
            " choose a Python 3 kernel and hand in again"
        )
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


# ---------------------------------------------------------------- older formats


class _NotUpgraded(Exception):
    """The old notebook is damaged; the message is the converter's reason."""


def _upgrade(raw: dict[str, Any]) -> dict[str, Any]:
    """The format 4 form of a format 1, 2 or 3 notebook given as decoded JSON.

    Raises _NotUpgraded if the converter could not make sense of it.
    """
    if _is_large(raw):
        raise _NotUpgraded(f"it holds more than {MAX_OLD_VALUES:,} lists and dictionaries")
    import nbformat  # here, for its cost

    _bound_levels(raw)
    log = logging.getLogger("traitlets")  # nbformat logs what does not validate; the cells are checked by ourselves
    was, log.disabled = log.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            major = raw.get("nbformat", 1)
            node = nbformat.versions[major].to_notebook_json(nbformat.from_dict(raw))
            upgraded = nbformat.convert(node, 4)
    except Exception as problem:  # the converter indexes into whatever JSON it gets, so any type can come out of it
        raise _NotUpgraded(f"{type(problem).__name__}: {problem}") from problem
    finally:
        log.disabled = was
    if not isinstance(upgraded, dict):
        raise _NotUpgraded("the converter returned no notebook")
    return dict(upgraded)


def _is_large(raw: dict[str, Any]) -> bool:
    waiting: list[Any] = [raw]
    for _ in range(MAX_OLD_VALUES):
        if not waiting:
            return False
        value = waiting.pop()
        waiting += [v for v in (value.values() if isinstance(value, dict) else value) if isinstance(v, dict | list)]
    return True


def _bound_levels(raw: dict[str, Any]) -> None:
    """A format 3 heading cell has a level, which the converter multiplies `#` by without looking at it."""
    for cell in _legacy_cells(raw):
        if cell.get("cell_type") == "heading":
            level = cell.get("level")
            cell["level"] = level if type(level) is int and 1 <= level <= 6 else 1
            if isinstance(cell.get("source"), list):
                cell["source"] = " ".join(str(line).strip() for line in cell["source"])


def _legacy_cells(raw: dict[str, Any]) -> Iterator[dict[str, Any]]:
    sheets = raw.get("worksheets")
    for sheet in sheets if isinstance(sheets, list) else []:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        for cell in cells if isinstance(cells, list) else []:
            if isinstance(cell, dict):
                yield cell


# ---------------------------------------------------------------- which language


_PRINT_STATEMENT = re.compile(r"^[ \t]*print[ \t]+[^\s(=.,:]", re.MULTILINE)
_PRINT_CALL = re.compile(r"^[ \t]*print[ \t]*\(", re.MULTILINE)


def foreign_language(metadata: Mapping[str, Any], sources: Sequence[str]) -> str:
    """The language that is not Python, as the metadata names it; empty for what reads as Python, or is silent.

    `language_info` is written by the kernel that ran the notebook and outranks `kernelspec`, which can be the
    choice of a menu.
    """
    places = (("language_info", "name"), ("kernelspec", "language"))
    language = next(filter(None, (_metadata_text(metadata, *place) for place in places)), "")
    if language.casefold() in {"", "python", "ipython", "python3", "python2"}:
        return ""
    trees = [parse(plain_python(source)).tree for source in sources if source.strip()]
    nodes = [node for tree in trees if tree is not None for node in tree.body]
    defines = any(isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ImportFrom) for node in nodes)
    return "" if defines and trees.count(None) <= len(trees) // 3 else language


def is_python2(metadata: Mapping[str, Any], sources: Sequence[str]) -> bool:
    """Whether the notebook is written for Python 2: more cells fail on `print` statements than print by a call.

    What its metadata say decides only between as many: a kernel's name stays from a hand-out of years ago.
    """
    statements = [s for s in sources if _PRINT_STATEMENT.search(s)]
    failing = sum(parse(plain_python(s)).note.endswith(_PYTHON2_PRINT) for s in statements)
    calls = sum(bool(_PRINT_CALL.search(s)) for s in sources)
    version = _metadata_text(metadata, "language_info", "version")
    name = _metadata_text(metadata, "kernelspec", "name").casefold()
    said = version.startswith("2.") or (not version and name in {"python2", "python-2", "py2"})
    return failing > calls or (said and failing == calls > 0)


_NEWER_SYNTAX = re.compile(
    r"""^[ \t]*(type +\w+[^=\n]*=|(async[ \t]+)?def[ \t]+\w+\[|class[ \t]+\w+\[)|\b[fF](['"])[^'"\n]*\{[^}'"\n]*\3""",
    re.MULTILINE,
)
"""What Python 3.12 brought: `type X =`, `def f[T]`, `class C[T]`, quotes of the same kind within an f-string."""


def newer_python(metadata: Mapping[str, Any], sources: Sequence[str]) -> str:
    """The newer Python that a notebook was run with, such as `3.13`, where a cell's syntax needs it; else empty."""
    version = re.match(r"3\.(\d+)", _metadata_text(metadata, "language_info", "version"))
    if version is None or int(version[1]) <= sys.version_info.minor:
        return ""
    suspect = [source for source in sources if _NEWER_SYNTAX.search(source)]
    return version[0] if any(parse(plain_python(source)).tree is None for source in suspect) else ""


# How CPython 3.8 to 3.14 words the error; it names the cause more surely than any pattern on the text could.
_PYTHON2_PRINT = "Missing parentheses in call to 'print'. Did you mean print(...)?"


def _metadata_text(metadata: Mapping[str, Any], key: str, field: str) -> str:
    inner = metadata.get(key)
    value = inner.get(field) if isinstance(inner, Mapping) else None
    return value.strip() if isinstance(value, str) else ""
