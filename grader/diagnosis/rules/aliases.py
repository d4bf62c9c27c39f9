"""Two names for one array in a function, one of which changes it in place while the other is still read. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.diagnosis.codes import Candidate
from grader.diagnosis.evidence import Evidence
from grader.diagnosis.rules.source import Function, functions_of, short

MAKERS = frozenset({
    "array", "asarray", "zeros", "ones", "empty", "full", "zeros_like", "ones_like", "copy", "astype", "eye", "arange",
    "linspace", "normal", "standard_normal",
})  # fmt: skip
"""Functions and methods whose result is an array: `+=` changes it in place, where it gives a number a new value."""


def changed_by_another_name(evidence: Evidence) -> Candidate | None:
    """`b = a` without a copy, then `a -= step`, then a line that reads `b` and takes it for the array of before."""
    for definition, _, function in functions_of(evidence):
        for source, name, change in _changed_and_read(function):
            text = (
                f"`{short(change)}` {definition.at(change)} changes the array in place, and `{name}` is another name"
                f" for it and no copy: what is read from `{name}` below is changed, too. `{source}.copy()` is an array"
                " of its own."
            )
            return Candidate("changed-input", text, f"`{short(change)}` changes `{name}`, too")
    return None


def _changed_and_read(function: Function) -> Iterator[tuple[str, str, ast.stmt]]:
    """What was given a second name, the name that is read after a change by the other one, and that change."""
    branches = [n for n in ast.walk(function) if isinstance(n, ast.If | ast.Try | ast.Match)]
    for at in ast.walk(function):
        match at:
            case ast.Assign(targets=[ast.Name(id=one)], value=ast.Name(id=two)) if one != two:
                if not any(branch.lineno <= at.lineno <= (branch.end_lineno or 0) for branch in branches):
                    yield from _after(function, at, one, two)
                    yield from _after(function, at, two, one)


def _after(function: Function, alias: ast.Assign, changed: str, other: str) -> Iterator[tuple[str, str, ast.stmt]]:
    """As `_changed_and_read`, of one line that gives an array a second name."""
    given = {changed: _bound(function, changed), other: _bound(function, other)}
    is_array = any(_makes_array(value) for values in given.values() for line, value in values if line <= alias.lineno)
    for change in (n for n in ast.walk(function) if isinstance(n, ast.Assign | ast.AugAssign)):
        target = change.target if isinstance(change, ast.AugAssign) else change.targets[0]
        match target:
            case ast.Subscript(value=ast.Name(id=name)) if name == changed:
                pass
            case ast.Name(id=name) if name == changed and is_array and isinstance(change, ast.AugAssign):
                pass
            case _:
                continue
        read = min((line for line in _read(function, other) if line > change.lineno), default=None)
        if change.lineno <= alias.lineno or read is None:
            continue
        lines = [line for line, _ in given[changed] if alias.lineno < line <= change.lineno]
        lines += [line for line, _ in given[other] if alias.lineno < line < read]
        if not lines:
            yield ast.unparse(alias.value), other, change
            return


def _bound(function: Function, name: str) -> list[tuple[int, ast.expr | None]]:
    """The lines that give a name another value, and not what it has, with that value where it is the line's alone."""
    nodes = list(ast.walk(function))
    in_place = {id(node.target) for node in nodes if isinstance(node, ast.AugAssign)}
    values = {id(node.targets[0]): node.value for node in nodes if isinstance(node, ast.Assign)}
    names = [node for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return [(node.lineno, values.get(id(node))) for node in names if node.id == name and id(node) not in in_place]


def _makes_array(node: ast.expr | None) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in MAKERS
    return False


def _read(function: Function, name: str) -> list[int]:
    return [
        n.lineno for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)
    ]
