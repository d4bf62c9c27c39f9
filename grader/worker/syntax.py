"""Syntax trees, built one at a time, and the names in them.

CPython 3.11 counts the depth of the tree that it builds for all threads together: two at a time may end in
`SystemError: AST constructor recursion depth mismatch` (python/cpython#106905). Code that runs beside a submission's
probes parses here.
"""

from __future__ import annotations

import ast
import re
import threading

_BUILDING = threading.Lock()
_GIANT = re.compile(r"\b0[xXoObB][\da-fA-F_]{3500}")


def parse_tree(source: str, file: str = "<unknown>") -> ast.Module:
    """`ast.parse`, while no other thread does it here.

    It also raises SyntaxError for a number that Python reads to the base 16, 8 or 2 and cannot write out again, as
    decimal ones do.
    """
    if (giant := _GIANT.search(source)) is not None:
        raise SyntaxError("a number of thousands of digits", (file, source.count("\n", 0, giant.start()) + 1, 0, ""))
    with _BUILDING:
        return ast.parse(source, file)


def names_in(node: ast.AST, context: type[ast.expr_context] = ast.expr_context) -> list[str]:
    """The names in a tree, once for each place: all, or those that are read (`ast.Load`) or bound (`ast.Store`)."""
    if isinstance(node, ast.Name):  # most often, where a source is long: a walk costs twenty times as much
        return [node.id] if isinstance(node.ctx, context) else []
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, context)]
