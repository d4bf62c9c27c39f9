"""One wrong change of a solution, as an operator yields it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from copy import deepcopy
from enum import StrEnum
from typing import NamedTuple


class Weakness(StrEnum):
    """Why a clause says less than its code promises."""

    NONE = ""
    VAGUE = "vague"
    """It leaves a student no wiser: it names neither the variable nor the step."""
    LAYOUT = "layout"
    """It is true of the solution's way of writing, and not of every other that gives the same."""
    CONSTANT = "constant"
    """It is about a constant and does not say which one."""


class Mutation(NamedTuple):
    """Replace `node` by the text `new`."""

    node: ast.AST
    new: str
    code: str
    clause: str
    weakness: Weakness = Weakness.NONE


def renamed(node: ast.expr, names: Mapping[str, str]) -> str:
    """The source of an expression with variables renamed, each by its own entry of `names`."""
    copy = deepcopy(node)
    for inner in ast.walk(copy):
        if isinstance(inner, ast.Name):
            inner.id = names.get(inner.id, inner.id)
    return ast.unparse(copy)
