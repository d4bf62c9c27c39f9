"""Static analysis of a cell: whether it could end or hang its process, and what it defines."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

from grader.submission.source.definitions import parse
from grader.worker.definitions_only import defining

_LIBRARIES = frozenset({"numpy", "matplotlib", "scipy", "math", "random", "time", "os", "sys", "__future__"})
"""Whose import can do nothing, unless the submission has a file of that name."""
_SETTINGS = re.compile(r"^%(matplotlib inline|load_ext autoreload|autoreload [0-3])[ \t]*$", re.MULTILINE)


def is_harmless(source: str, own: Collection[str] = ()) -> bool:
    """Whether a cell only imports well-known libraries and defines plain functions and classes.

    It can then neither end nor hang its process. `own` are the names of the submission's own modules.
    """
    tree = parse(_SETTINGS.sub("", source)).tree
    if tree is None:
        return not source.strip()
    return all(_only_defines(node) or _only_imports(node, own) for node in tree.body)


def _only_imports(node: ast.stmt, own: Collection[str]) -> bool:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    if isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
        names = [node.module]
    packages = {name.partition(".")[0] for name in names}
    return bool(packages) and packages <= _LIBRARIES and packages.isdisjoint(own)


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
