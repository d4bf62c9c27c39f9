"""Operator: whole steps left out or done with two names exchanged: a loop, the label's column, a scale and a shift."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from itertools import combinations

from grader.diagnosis.mutation.mutation import Mutation
from grader.diagnosis.mutation.phrases import Words

MOST_NAMES = 4
"""In one expression: of more, exchanged pairs would be guesses."""


def steps(node: ast.AST, words: Words, inside: Set[str]) -> Iterator[Mutation]:
    """The wrong changes of one node; arguments as those of every operator."""
    match node:
        case ast.For(body=body) if all(isinstance(step, ast.AugAssign | ast.Assign) for step in body):
            changed = [words.of(step.target, "") for step in body if isinstance(step, ast.AugAssign)]
            names = [name for name in dict.fromkeys(changed) if name.startswith("`")]
            if names:
                clause = f"a loop is left out: what it changes, {' and '.join(names)}, stays as it was"
                yield Mutation(node, "pass", "missing-step", clause)
        case ast.AugAssign(
            target=ast.Subscript(slice=ast.Tuple(elts=[ast.Call(func=ast.Attribute(attr="arange")), _])),
            op=ast.Sub() | ast.Add() as sign,
            value=ast.Constant(value=int() | float() as value),
        ):
            done = "subtracted from" if isinstance(sign, ast.Sub) else "added to"
            clause = f"nothing is {done} the column of the label, where a {value} should be"
            yield Mutation(node, "pass", "missing-term", clause)
        case ast.Assign(value=ast.BinOp() as value) | ast.Return(value=ast.BinOp() as value):
            used = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)} & inside
            shown = sorted(name for name in used if words.shown(name))
            for one, other in combinations(shown, 2) if len(used) <= MOST_NAMES else ():
                clause = f"`{one}` and `{other}` stand in each other's place"
                yield Mutation(value, _exchanged(value, one, other), "wrong-variable", clause)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="var"), args=[array, *_]):
            text = ast.unparse(node).replace(ast.unparse(array), f"({ast.unparse(array)}) ** 2", 1)
            clause = "the mean of the squares is taken for the variance: the mean is not subtracted before"
            yield Mutation(node, text.replace(".var(", ".mean(", 1), "missing-term", clause)


def _exchanged(value: ast.expr, one: str, other: str) -> str:
    copy = ast.parse(ast.unparse(value), mode="eval")
    for node in ast.walk(copy):
        if isinstance(node, ast.Name):
            node.id = {one: other, other: one}.get(node.id, node.id)
    return ast.unparse(copy)
