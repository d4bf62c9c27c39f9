"""Which names of the solution a student has in front of them, and words for the expressions that hold others."""

from __future__ import annotations

import ast
from collections.abc import Set


class Words:
    """Words about expressions in one function of the solution; `visible` are the names that the stub shows, too."""

    def __init__(self, visible: Set[str]) -> None:
        self._visible = visible

    def shown(self, name: str) -> bool:
        """Whether the student knows this name from the hand-out."""
        return name in self._visible

    def name(self, node: ast.AST) -> str:
        """What an expression is called: a name in backticks, or what it stands for; empty for anything else."""
        if isinstance(node, ast.Name):
            return f"`{node.id}`" if self.shown(node.id) else ""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            return f"`self.{node.attr}`" if self.shown(f"self.{node.attr}") else ""
        text = ast.unparse(node)
        if text.startswith("len(") or (isinstance(node, ast.Subscript) and text.endswith(".shape[0]")):
            return "the number of rows"
        return ""

    def of(self, node: ast.AST, before: str = " of ") -> str:
        """`before` and the name, or a name that occurs in the expression; empty if there is none to tell."""
        name = self.name(node)
        if not name:
            inner = dict.fromkeys(self.name(n) for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute))
            inner.pop("", None)
            if len(inner) != 1:
                return ""
            name = next(iter(inner))
            if before == " ":
                return f" with {name}"
        return before + name


def visible_names(tree: ast.AST, hidden_lines: Set[int]) -> frozenset[str]:
    """Names, parameters and `self.` attributes that occur outside the lines of the solution regions."""
    found = set()
    for node in ast.walk(tree):
        if getattr(node, "lineno", None) in hidden_lines:
            continue
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            found.add(f"self.{node.attr}")
    return frozenset(found - {"self", "np", "numpy", "len", "range"})
