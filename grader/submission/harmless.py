"""Which cells cannot end or hang their process, so that no spare needs to be parked before them."""

from __future__ import annotations

import ast


def is_harmless(source: str) -> bool:
    """Whether a cell only defines plain functions and classes, so that it cannot end or hang its process."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return not source.strip()
    return all(_only_defines(node) for node in body)


def _only_defines(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef):
        defaults = [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
        return not node.decorator_list and all(isinstance(d, ast.Constant) for d in defaults)
    if isinstance(node, ast.ClassDef):
        return not (node.decorator_list or node.bases or node.keywords) and all(map(_only_defines, node.body))
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def definitions_of(source: str) -> list[ast.stmt]:
    """The functions and classes at a cell's top level; none when it does not parse."""
    try:
        return [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    except SyntaxError:
        return []
