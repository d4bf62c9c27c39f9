"""What of the reference a follow-through probe is given: the replaced definitions, and what these need by name.

Never a name that the check itself asks for: where one needs the other, they cannot be separated, and there is no
follow-through; `grade lint` says where.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from grader.assignment.release.markers import regions, solved
from grader.assignment.release.percent import python_lines
from grader.model import Assignment, Check, Place, Uses
from grader.worker.definitions_only import defining
from grader.worker.syntax import names_in, parse_tree

_HEADING = re.compile(r"# (#+) *(.*)")
"""A heading in a markdown cell of a percent notebook."""


class Piece(Struct, frozen=True):
    """The reference's definitions for one name, as text; pieces of one file have the same one."""

    name: str
    source: str
    module: str
    """Import name of the file, or empty for a notebook."""


class Entangled(Struct, frozen=True):
    """`name` cannot be given without `asked`, which the check asks for."""

    name: str
    asked: str


def pieces(assignment: Assignment, check: Check, names: Sequence[str]) -> list[Piece] | Entangled:
    """The reference's text for each of `names`; none when the reference is not here (a student's repository)."""
    if assignment.solution is None:
        return []
    forbidden = {use.name for use in check.uses} - set(names)
    wanted: dict[tuple[str, Path], list[str]] = {}
    for name in names:
        found = _file_of(assignment, name)
        if found is not None:
            wanted.setdefault(found, []).append(name)
    result = []
    for (module, file), own in wanted.items():
        text = _text(file)
        source, needed = closure(text, tuple(own))
        inner = {place.name: n for n in forbidden for place in assignment.names.get(n, ())}
        for asked in sorted(needed & (forbidden | inner.keys())):
            return Entangled(own[0], asked)
        result += [Piece(name, source, module) for name in own]
    return sorted(result, key=lambda piece: names.index(piece.name))


def entangled(assignment: Assignment) -> Iterable[tuple[Check, Entangled]]:
    """The checks that have no follow-through, since the reference cannot be taken apart."""
    for check in assignment.checks:
        for name in check.builds_on:
            closure = pieces(assignment, check, [name])
            if isinstance(closure, Entangled):
                yield check, closure


def is_written_by_student(assignment: Assignment, check: Check, replaced: Sequence[str]) -> bool:
    """Whether the check asks for something that the hand-out leaves to be written, and no earlier part has paid for."""
    return assignment.solution is not None and any(
        _has_region(assignment, use) for use in check.uses if use.name not in {*replaced, *check.builds_on}
    )


def _has_region(assignment: Assignment, use: Uses) -> bool:
    """Whether a solution region lies in the statement that defines the name last, or around it."""
    place = _file_of(assignment, use.name)
    if place is None:
        return False
    text = place[1].read_text(encoding="utf-8")
    lines = ["" if line.lstrip().startswith(("%", "!")) else line for line in text.split("\n")]
    begin, end = _section(lines, use.under) if use.under else (1, len(lines))
    spans = [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(parse_tree("\n".join(lines)))
        if isinstance(node, ast.stmt) and begin <= node.lineno <= end and use.name in _bound(node)
    ]
    if not spans:
        return False
    first, last = max(spans)
    return any(first <= region.end and region.begin <= last for region in regions(text, place[1].name))


def _section(lines: Sequence[str], under: str) -> tuple[int, int]:
    """First and last line, from 1, of what stands below the heading with this text, in a percent notebook."""
    begin = level = 0
    for number, line in enumerate(lines, 1):
        heading = _HEADING.match(line)
        if heading and begin and len(heading[1]) <= level:
            return begin, number
        if heading and not begin and under.lower() in heading[2].lower():
            begin, level = number, len(heading[1])
    return (begin, len(lines)) if begin else (1, len(lines))


def _bound(statement: ast.stmt) -> Iterable[str]:
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return [name for target in targets for name in names_in(target)]
    return _defined(statement)


def definitions(assignment: Assignment, name: str) -> Sequence[ast.stmt]:
    """The statements of the solution's file that defines `name`; none when the reference is not here."""
    place = None if assignment.solution is None else _file_of(assignment, name)
    return parse_tree(_text(place[1])).body if place else []


def _file_of(assignment: Assignment, name: str) -> tuple[str, Path] | None:
    assert assignment.solution is not None
    for place in assignment.names.get(name) or (Place("", name),):
        if place.module:
            file = assignment.solution / Path(*place.module.split(".")).with_suffix(".py")
            if file.is_file():
                return place.module, file
        elif assignment.notebook is not None:
            file = (assignment.solution / assignment.notebook).with_suffix(".py")
            return ("", file) if file.is_file() else None
    return None


def _text(file: Path) -> str:
    return "\n".join(python_lines(solved(file.read_text(encoding="utf-8"))))


@lru_cache(maxsize=256)
def closure(text: str, names: tuple[str, ...]) -> tuple[str, frozenset[str]]:
    """The definitions of `names` in `text` and all that they need of it, as text; and the names of what is in there."""
    statements = defining(parse_tree(text).body)
    by_name: dict[str, list[ast.stmt]] = {}
    for statement in statements:
        for name in _defined(statement):
            by_name.setdefault(name, []).append(statement)
    taken: set[int] = {id(s) for s in statements if isinstance(s, ast.ImportFrom) and s.names[0].name == "*"}
    needed: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in needed or name not in by_name:
            continue
        needed.add(name)
        for statement in by_name[name]:
            if id(statement) not in taken:
                taken.add(id(statement))
                waiting += names_in(statement)
    kept = [s for s in statements if id(s) in taken]
    defined = frozenset(n for s in kept if not isinstance(s, ast.Import | ast.ImportFrom) for n in _defined(s))
    return ast.unparse(ast.Module([_alone(s, needed) for s in kept], [])), defined


def _defined(statement: ast.stmt) -> Iterable[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [a.asname or a.name.partition(".")[0] for a in statement.names]
    return []


def _alone(statement: ast.stmt, needed: set[str]) -> ast.stmt:
    """An import without the names that nobody needs."""
    if isinstance(statement, ast.ImportFrom) and statement.names[0].name != "*":
        names = [a for a in statement.names if (a.asname or a.name) in needed]
        return ast.ImportFrom(statement.module, names, statement.level)
    return statement
