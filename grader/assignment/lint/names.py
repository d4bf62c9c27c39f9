"""Whether the names that the checks use are declared, and defined where the declaration says.

Reads the solution's syntax trees; nothing is run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from grader.assignment.lint.issue import Issue
from grader.assignment.loading.author_file import parse, read_text
from grader.assignment.loading.check_source import probe_definitions
from grader.assignment.loading.manifest import line_of
from grader.assignment.notebooks import percent_files
from grader.assignment.release.percent import python_lines
from grader.model import Assignment, Place

_ANY = "*"
"""Among the names of a file: it imports a star, so it may define any name."""
_GIVEN = frozenset({"notebook"})
"""Attributes of `student` that are no declared names."""


def lint_names(assignment: Assignment) -> Iterator[Issue]:
    """Undeclared and undefined names, and names that a probe takes without saying so in `uses`."""
    probes = probe_definitions(assignment.checks)
    for check in assignment.checks:
        uses = {use.name for use in check.uses}
        for name, argument in [(name, "uses") for name in sorted(uses)] + [(n, "builds_on") for n in check.builds_on]:
            if name not in assignment.names:
                text = f"check {check.id}: {argument} names {name}, which [names] does not declare"
                yield Issue("error", check.file, text)
        for name, line in _taken(probes.get(check.id)):
            where = f"{check.file}:{line}"
            if name in _GIVEN or (name not in assignment.names and name in uses):
                continue
            if name not in assignment.names:
                yield Issue("error", where, f"check {check.id} takes student.{name}, which [names] does not declare")
            elif name not in uses:
                text = f"check {check.id} takes student.{name} and does not name it in uses: it may be probed too early"
                yield Issue("warning", where, text)
    for name, places in assignment.names.items():
        if not any(_defines(assignment, place) for place in places):
            text = f"{name} is defined in none of its places in the solution"
            yield Issue("error", line_of(assignment.root, name, "names"), text)


def _taken(probe: ast.FunctionDef | None) -> list[tuple[str, int]]:
    """Names that the probe itself takes from its first argument, with the line of the first time in its source."""
    if probe is None or not probe.args.args:
        return []
    lines: dict[str, int] = {}
    student = probe.args.args[0].arg
    for node in ast.walk(probe):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == student:
            lines.setdefault(node.attr, node.lineno)
    return list(lines.items())


def _defines(assignment: Assignment, place: Place) -> bool:
    if place.module:
        file = place.module.replace(".", "/")
        candidates = [f"{file}.py", f"{file}/__init__.py"]
    else:
        candidates = [*percent_files(assignment)]
    roots = [*([assignment.solution] if assignment.solution else []), *assignment.stand_ins]
    for path in (root / name for root in roots for name in candidates):
        if path.is_file():
            names = bound_names(path, "\n".join(python_lines(read_text(path))))
            if place.name in names or _ANY in names:
                return True
            if place.module:
                return False
    return False


def bound_names(path: Path, text: str) -> frozenset[str]:
    """Names that running the text binds at its top level, also in branches and loops; `*` for a star import.

    Raises AuthoringError if the text is no valid Python, with the line.
    """
    return frozenset(name for node in parse(path, text).body for name in bindings(node))


def bindings(node: ast.AST) -> Iterator[str]:
    """Names that a statement binds in the namespace that it stands in."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        yield from (n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr))
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name
    for child in ast.iter_child_nodes(node):
        yield from bindings(child)
