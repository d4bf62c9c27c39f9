"""What must not stand in a hand-out: the solutions, the hidden checks and their names.

`release` asks before it writes. Only text is searched; a solution in an image is beyond it.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.assignment.loading.author_file import parse, read_text
from grader.assignment.loading.check_source import hidden_files
from grader.assignment.release.markers import has_solution, regions
from grader.assignment.release.percent import text_of
from grader.errors import AuthoringError
from grader.model import Assignment

_SHORTEST = 3
"""Lines that a passage must have to count as copied: `out = x @ w + b` alone may well stand in a hand-out."""
_LARGEST = 1 << 20
"""Bytes of a file above which it is data and not searched."""


def refuse_leaks(assignment: Assignment, files: Mapping[str, bytes | Path]) -> None:
    """Look for solutions and hidden checks in the files of a hand-out.

    Raises AuthoringError for the first file that holds a solution region, a passage of at least three lines of a
    solution or of a hidden check, or the name of one, saying which.
    """
    passages = list(_passages(assignment))
    # a student's own function may share its name with a hidden check, and then tells nothing
    names = [c.id for c in assignment.checks if c.visibility == "hidden" and c.id not in assignment.names]
    hidden = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b") if names else None
    for path, content in files.items():
        text = _text(path, content)
        if text is None:
            continue
        if has_solution(text):
            raise AuthoringError(f"{path}: a solution region would be released; name the file in student_files")
        if hidden and (match := hidden.search(text)):
            line = text.count("\n", 0, match.start()) + 1
            what = f"names the hidden check {match.group()}; take the name out or rename the check"
            raise AuthoringError(f"{path}:{line}: {what}")
        plain = f"\n{_plain(text.split(chr(10)))}\n"
        for source, passage in passages:
            if f"\n{passage}\n" in plain:
                raise AuthoringError(f"{path}: holds what stands in {source}; take it out of the hand-out")


def _passages(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """Where from, and the lines: each solution region and each function or class of the hidden checks."""
    for path in sorted(assignment.solution.rglob("*.py")) if assignment.solution else ():
        for region in regions(read_text(path), str(path)):
            yield from _long_enough(f"{path}:{region.begin}", list(region.body))
    for hidden in hidden_files(assignment.root):
        text = read_text(hidden)
        for node in parse(hidden, text).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield from _long_enough(f"{hidden}:{node.lineno}", text.split("\n")[node.lineno - 1 : node.end_lineno])


def _long_enough(source: str, lines: list[str]) -> Iterator[tuple[str, str]]:
    passage = _plain(lines)
    if passage.count("\n") + 1 >= _SHORTEST:
        yield source, passage


def _plain(lines: list[str]) -> str:
    """Lines without indentation, comment signs and blank ones: a copied passage is found in prose too."""
    return "\n".join(stripped for line in lines if (stripped := line.strip().lstrip("# ")))


def _text(path: str, content: bytes | Path) -> str | None:
    """The file's text, of a notebook its percent text; None for data."""
    if isinstance(content, Path):
        if content.stat().st_size > _LARGEST:
            return None
        content = content.read_bytes()
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return text_of(json.loads(text)) if path.endswith(".ipynb") else text
