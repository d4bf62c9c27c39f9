"""Execute only what a text defines: its imports, functions and classes."""

from __future__ import annotations

import ast
from typing import Any

DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def define(tree: ast.Module, namespace: dict[str, Any], file: str, after: int = 0) -> None:
    """Execute the defining statements of `tree` in `namespace`; one that fails is left out."""
    for node in defining(tree.body):
        if node.lineno > after:
            try:
                exec(compile(ast.Module([node], []), file, "exec"), namespace)
            except BaseException:  # a decorator or base class may be anything; the name then stays undefined
                continue


def defining(body: list[ast.stmt]) -> list[ast.stmt]:
    """The defining statements at the top level of `body` and in its branches."""
    statements: list[ast.stmt] = []
    for node in body:
        if isinstance(node, DEFINING):
            statements.append(node)
        elif isinstance(node, ast.If | ast.Try | ast.With):
            statements += defining(node.body)
    return statements
