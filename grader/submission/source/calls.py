"""Which functions a student's own definitions call, by their text: for checks that forbid or require some.

What the run shows is `grader.worker.calls`'; the text also shows a branch that no check takes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from grader.model import Check
from grader.submission.source.magics import plain_python
from grader.worker.syntax import parse_tree

_WORDS: Mapping[type[ast.AST], str] = {
    ast.For: "for",
    ast.AsyncFor: "for",
    ast.comprehension: "for",
    ast.While: "while",
    ast.MatMult: "@",
}
"""What a check may name beside functions; `.sort` is a method of whatever object."""


def seen_calls(check: Check, in_run: Iterable[str], texts: Mapping[str, str]) -> tuple[str, ...] | None:
    """What of that which the check forbids or requires was called; None where it names nothing.

    A required function has to be seen in the run.
    """
    asked = {*check.forbid, *check.require}
    if not asked:
        return None
    in_text = calls_in(texts, [uses.name for uses in check.uses])
    only_text = {name for name in asked if not name.replace(".", "_").isidentifier() or name.startswith(".")}
    return tuple(sorted((asked & {*in_run}) | (in_text & ({*check.forbid} | only_text | (asked & {*_WORDS.values()})))))


def calls_in(texts: Mapping[str, str], names: Iterable[str]) -> set[str]:
    """Dotted names of what the definitions of `names` call, with those of the submission's own that they call."""
    trees: list[ast.Module] = []
    for text in texts.values():
        with suppress(SyntaxError, ValueError):
            trees.append(parse_tree(plain_python(text)))
    full = {name: target for tree in trees for name, target in _imported(tree)}
    own: dict[str, list[ast.AST]] = {}
    for statement in (statement for tree in trees for statement in tree.body):
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            own.setdefault(statement.name, []).append(statement)
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                own.setdefault(ast.unparse(target), []).append(statement)
    waiting, done, calls = list(names), set[str](), set[str]()
    while waiting:
        name = waiting.pop()
        if name in done:
            continue
        done.add(name)
        for node in (inner for defined in own.get(name, ()) for inner in ast.walk(defined)):
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                dotted = ast.unparse(node)
                first, dot, rest = dotted.partition(".")
                calls.add(full.get(first, first) + dot + rest)
                calls |= {f".{node.attr}"} if isinstance(node, ast.Attribute) else set()
                waiting += [first, dotted]
            elif type(node) in _WORDS:
                calls.add(_WORDS[type(node)])
    return calls


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    yield alias.asname, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
