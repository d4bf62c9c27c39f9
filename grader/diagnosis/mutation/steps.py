"""Operator: whole steps left out or done with two names exchanged: a loop, the label's column, a scale and a shift."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from itertools import combinations

from grader.diagnosis.mutation.mutation import Mutation, renamed
from grader.diagnosis.mutation.phrases import Words
from grader.worker.syntax import names_in

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
        case ast.Return(value=ast.Name(id=name) as value) if name in words.remade:
            what = f"`{name}`" if words.shown(name) else "what is returned"
            clause = f"{what} is computed after the step, where that of before is asked for"
            yield Mutation(value, words.remade[name], "wrong-variable", clause)
        case ast.AugAssign(op=ast.Sub(), value=ast.BinOp(op=ast.Mult(), left=rate, right=slope)):
            yield from _limited(rate, slope)
        case ast.BinOp(op=ast.Add(), left=ast.BinOp(op=ast.Mult()) as a, right=ast.BinOp(op=ast.Mult()) as b):
            yield from _shares(node, a, b)
        case ast.Assign(value=ast.BinOp() as value) | ast.Return(value=ast.BinOp() as value):
            match node:
                case ast.Assign(value=ast.BinOp(op=ast.Sub(), right=ast.BinOp(op=ast.Mult(), left=rate, right=slope))):
                    yield from _limited(rate, slope)
            used = inside & set(names_in(value))
            shown = sorted(name for name in used if words.shown(name))
            for one, other in combinations(shown, 2) if len(used) <= MOST_NAMES else ():
                clause = f"`{one}` and `{other}` stand in each other's place"
                yield Mutation(value, renamed(value, {one: other, other: one}), "wrong-variable", clause)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="var"), args=[array, *_]):
            text = ast.unparse(node).replace(ast.unparse(array), f"({ast.unparse(array)}) ** 2", 1)
            clause = "the mean of the squares is taken for the variance: the mean is not subtracted before"
            yield Mutation(node, text.replace(".var(", ".mean(", 1), "missing-term", clause)


def _limited(rate: ast.expr, slope: ast.expr) -> Iterator[Mutation]:
    """A step whose gradient is clipped, or made as long as 1."""
    for part in (rate, slope):
        text = ast.unparse(part)
        for top in ("1", "5"):
            clause = f"what is subtracted in a step is cut off first (clipped), at {top}"
            yield Mutation(part, f"np.clip({text}, -{top}, {top})", "wrong-function", clause)
        clause = "what is subtracted in a step is divided by its norm first: only its direction is used"
        yield Mutation(part, f"({text}) / np.linalg.norm({text})", "wrong-function", clause)


def _shares(node: ast.BinOp, one: ast.BinOp, other: ast.BinOp) -> Iterator[Mutation]:
    """A weighted mean `m a + (1 - m) b` with its two weights exchanged."""
    for share, a in ((one.left, one.right), (one.right, one.left)):
        for rest, b in ((other.left, other.right), (other.right, other.left)):
            m, n = ast.unparse(share), ast.unparse(rest)
            if n == f"1 - {m}" or m == f"1 - {n}":
                text = f"({n}) * ({ast.unparse(a)}) + ({m}) * ({ast.unparse(b)})"
                clause = "the two shares of a weighted mean are exchanged: each part has the other's"
                yield Mutation(node, text, "wrong-variable", clause)
