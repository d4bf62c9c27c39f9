"""A digest of what one check is made of, so that a change of another check in its file is none of it."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache

from grader.model import Check
from grader.worker.syntax import parse_tree


def check_digest(check: Check) -> str:
    """Of the probe and of everything in its files that it leads to; comments and line numbers do not count."""
    parts = _parts(check.source)
    waiting, seen = [check.id], dict[str, str]()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in parts:
            continue
        seen[name], used = parts[name]
        waiting += used
    text = "\0".join(f"{name}\0{seen[name]}" for name in sorted(seen))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@lru_cache(maxsize=32)
def _parts(source: str) -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """Each name that the text defines at its top, with the statements that do, and the names in them."""
    parts: dict[str, tuple[str, tuple[str, ...]]] = {}
    for node in parse_tree(source).body:
        names = tuple(n.id for n in ast.walk(node) if isinstance(n, ast.Name))
        for name in _bound(node):
            text, used = parts.get(name, ("", ()))
            parts[name] = (text + ast.dump(node), (*used, *names))
    return parts


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    else:
        yield from (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
