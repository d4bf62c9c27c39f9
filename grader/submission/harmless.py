"""What can be told of a cell by reading it: whether it could end or hang its process, and what it defines."""

from __future__ import annotations

import ast

from grader.submission.definitions import parse
from grader.worker.defining import defining


def is_harmless(source: str) -> bool:
    """Whether a cell only defines plain functions and classes, so that it cannot end or hang its process."""
    tree = parse(source).tree
    return not source.strip() if tree is None else all(_only_defines(node) for node in tree.body)


def _only_defines(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef):
        # defaults and annotations are computed when the function is defined
        defaults = [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
        annotated = node.returns is not None or any(
            isinstance(n, ast.arg) and n.annotation for n in ast.walk(node.args)
        )
        return not (node.decorator_list or annotated) and all(isinstance(d, ast.Constant) for d in defaults)
    if isinstance(node, ast.ClassDef):
        return not (node.decorator_list or node.bases or node.keywords) and all(map(_only_defines, node.body))
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def definitions_of(source: str) -> list[ast.stmt]:
    """The functions and classes at a cell's top level; none when it does not parse."""
    tree = parse(source).tree
    return [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)] if tree is not None else []


def defines(source: str, after: int) -> bool:
    """Whether a cell imports or defines anything below line `after`, at its top level or in a branch there."""
    tree = parse(source).tree
    return tree is not None and any(node.lineno > after for node in defining(tree.body))
