"""Solution regions as other tools write them, turned into the project's own.

nbgrader takes every line that holds `BEGIN SOLUTION` for a marker, whatever stands before it; here a marker is exactly
`### BEGIN SOLUTION` at the indentation of the code that it opens. Which regions are valid is for
`assignment.release.markers`.
"""

from __future__ import annotations

import ast
import difflib
import re

from grader.assignment.release import markers
from grader.errors import AuthoringError
from grader.submission.source.magics import plain_python

_MARKER = re.compile(r"\s*#+\s*(BEGIN|END) SOLUTION\s*#*\s*")
_WORDS = re.compile(r"\s*#+\s*(\w+)[\s_-]+(\w+)\s*#*\s*")
_CLOSE = 0.75  # difflib's ratio from which a word is another one misspelt: SOLUTON, SOLUTIONS, BEGINN


def normalised(source: str, where: str) -> str:
    """A code cell or module with its solution markers as this project writes them.

    Raises AuthoringError, in one line with the place, for a marker that is misspelt, stands alone or inside another
    region.
    """
    lines = source.split("\n")
    begin: int | None = None
    for number, line in enumerate(lines, 1):
        marker = _MARKER.fullmatch(line)
        if marker is None:
            _refuse_misspelt(line, f"{where}, line {number}")
        elif marker[1] == "BEGIN":
            if begin is not None:
                raise AuthoringError(f"{where}, line {number}: a solution region inside that of line {begin}")
            begin = number
        elif begin is None:
            raise AuthoringError(f"{where}, line {number}: '{markers.END}' without '{markers.BEGIN}' above it")
        else:
            indent = _indent(lines, begin, number, f"{where}, line {begin}")
            lines[begin - 1], lines[number - 1] = indent + markers.BEGIN, indent + markers.END
            begin = None
    if begin is not None:
        raise AuthoringError(f"{where}, line {begin}: '{markers.BEGIN}' without '{markers.END}' below it")
    return "\n".join(lines)


def whole(source: str) -> str:
    """A cell that is a solution as a whole, as one region; one that holds no statement stays as it is."""
    try:
        tree = ast.parse(plain_python(source))
    except SyntaxError:
        return source
    return f"{markers.BEGIN}\n{source.strip(chr(10))}\n{markers.END}" if tree.body else source


def has_region(source: str) -> bool:
    """Whether a line opens a region, in any tool's spelling."""
    return any((match := _MARKER.fullmatch(line)) and match[1] == "BEGIN" for line in source.split("\n"))


def cut(source: str, begin: str, end: str, where: str) -> tuple[str, list[str]]:
    """The text without the lines from one that holds `begin` to one that holds `end`, and the lines between them.

    Raises AuthoringError for one without the other.
    """
    kept: list[str] = []
    taken: list[str] = []
    opened = 0
    for number, line in enumerate(source.split("\n"), 1):
        if begin in line and not opened:
            opened = number
        elif end in line:
            if not opened:
                raise AuthoringError(f"{where}, line {number}: {end} without {begin} above it")
            opened = 0
        else:
            (taken if opened else kept).append(line)
    if opened:
        raise AuthoringError(f"{where}, line {opened}: {begin} without {end} below it")
    return "\n".join(kept), taken


def _indent(lines: list[str], begin: int, end: int, where: str) -> str:
    body = [line for line in lines[begin : end - 1] if line.strip() and not line.lstrip().startswith("#")]
    if not body:
        raise AuthoringError(f"{where}: the region holds no statement; put the solution into it")
    return body[0][: len(body[0]) - len(body[0].lstrip())]


def _refuse_misspelt(line: str, where: str) -> None:
    match = _WORDS.fullmatch(line)
    if match is None:
        return
    first, second = match[1].upper(), match[2].upper()
    right = next((w for w in ("BEGIN", "END") if difflib.SequenceMatcher(None, first, w).ratio() >= _CLOSE), None)
    close = difflib.SequenceMatcher(None, second, "SOLUTION").ratio() >= _CLOSE
    if right is not None and close:
        raise AuthoringError(f"{where}: {line.strip()!r} is no marker; write '### {right} SOLUTION'")
