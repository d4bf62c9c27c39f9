"""What the line of an exception shows: which product or sum does not fit, and what would; a None. Pure.

The names and shapes come from the worker, the line's text from this side; only operands are mentioned whose
shapes are known, and none of it reaches a hidden check, whose errors carry no shapes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from grader.diagnosis.codes import Candidate
from grader.diagnosis.evidence import Evidence
from grader.diagnosis.rules.source import short
from grader.worker.syntax import parse_tree

Shape = tuple[int, ...]
PRODUCTS = frozenset({"dot", "matmul"})
REDUCTIONS = frozenset({"sum", "mean", "max", "min", "argmax", "std", "var"})


def shapes_that_do_not_fit(evidence: Evidence) -> Candidate | None:
    """A matrix product or a sum of two arrays whose shapes do not go together, if none of them comes from elsewhere."""
    error = evidence.case.observation.error
    if error is None or error.type != "ValueError" or not error.frames or not error.shapes or evidence.inherited:
        return None
    tree = _parsed(error.frames[-1].text)
    if tree is None:
        return None
    results = {array.shape for array in evidence.expected.values()}
    for node in ast.walk(tree):
        for left, right in _products(node):
            candidate = _product(node, left, right, error.shapes, results)
            if candidate is not None:
                return candidate
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
            candidate = _entry_by_entry(node, error.shapes)
            if candidate is not None:
                return candidate
    return None


def missing_return(evidence: Evidence) -> Candidate | None:
    """A line that computes with None, after an earlier function whose own check got None from it."""
    error = evidence.case.observation.error
    if error is None or error.type not in ("TypeError", "AttributeError") or "NoneType" not in error.message:
        return None
    function, array = evidence.returned_none or ("", "")
    if not function:
        return None
    text = f"This computes with None, and `{array}` of `{function}` is None: is a `return` missing in `{function}`?"
    return Candidate("missing-return", text, f"`{array}` of `{function}` is None", evidence={"arrays": [array]})


def _parsed(line: str) -> ast.AST | None:
    """The statement of one line; None for a part of one."""
    try:
        return parse_tree(line.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _products(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    match node:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield left, right
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=name), args=[left, right]) if (
            name in PRODUCTS
        ):
            yield left, right
        case ast.Call(func=ast.Attribute(value=left, attr="dot"), args=[right]):
            yield left, right


def _product(
    node: ast.AST, left: ast.expr, right: ast.expr, shapes: Mapping[str, Shape], results: set[Shape]
) -> Candidate | None:
    one, other = _shape(left, shapes), _shape(right, shapes)
    if one is None or other is None or len(one) != 2 or len(other) != 2 or one[1] == other[0]:
        return None
    seen = f"`{short(node)}` multiplies shape {one} by shape {other}:"
    seen += f" {one[1]} columns do not go with {other[0]} rows."
    ways = []
    if one[0] == other[0]:
        ways.append((_transposed(left), (one[1], other[1])))
    if one[1] == other[1]:
        ways.append((_transposed(right), (one[0], other[0])))
    wanted = [way for way in ways if way[1] in results]
    evidence: dict[str, object] = {"shapes": [list(one), list(other)]}
    mistake = f"the shapes in `{short(node)}` do not fit"
    if len(wanted or ways) != 1:
        return Candidate("shapes-do-not-fit", seen, mistake, evidence=evidence)
    ((operand, shape),) = wanted or ways
    text = f"{seen} With `{operand}` they do, and the product has shape {shape}."
    if not wanted:
        return Candidate("shapes-do-not-fit", text, mistake, evidence=evidence)
    return Candidate("missing-transpose", text, f"`{operand}` in `{short(node)}`", evidence=evidence)


def _entry_by_entry(node: ast.BinOp, shapes: Mapping[str, Shape]) -> Candidate | None:
    one, other = _shape(node.left, shapes), _shape(node.right, shapes)
    if one is None or other is None or _broadcasts(one, other):
        return None
    text = f"In `{short(node)}` the shapes {one} and {other} cannot be put together entry by entry."
    evidence: dict[str, object] = {"shapes": [list(one), list(other)]}
    for whole, row, part in ((one, other, node.right), (other, one, node.left)):
        if len(whole) == 2 and row == whole[:1]:
            hint = f" `{short(part)}` has a number for each row; with `keepdims=True` or `[:, None]` its shape is"
            return Candidate(
                "kept-axis", f"{text}{hint} {(row[0], 1)}, and they can.", "an axis is lost", evidence=evidence
            )
    return Candidate("shapes-do-not-fit", text, f"the shapes in `{short(node)}` do not fit", evidence=evidence)


def _broadcasts(one: Shape, other: Shape) -> bool:
    return all(a == b or 1 in (a, b) for a, b in zip(reversed(one), reversed(other), strict=False))


def _transposed(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return f"{short(node.value)}` without `.T"
    return f"{short(node)}.T"


def _shape(node: ast.expr, shapes: Mapping[str, Shape]) -> Shape | None:
    """The shape of a variable, an attribute or an entry, a transpose or a sum along an axis; None for anything else."""
    match node:
        case ast.Name() | ast.Attribute() | ast.Subscript() if (text := ast.unparse(node)) in shapes:
            return shapes[text]
        case (
            ast.Attribute(value=inner, attr="T") | ast.Call(func=ast.Attribute(value=inner, attr="transpose"), args=[])
        ):
            shape = _shape(inner, shapes)
            return None if shape is None else shape[::-1]
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=name),
            args=[inner],
            keywords=[ast.keyword(arg="axis", value=ast.Constant(value=int() as axis))],
        ) if name in REDUCTIONS:
            return _without(_shape(inner, shapes), axis)
        case ast.Call(
            func=ast.Attribute(value=inner, attr=name),
            args=[],
            keywords=[ast.keyword(arg="axis", value=ast.Constant(value=int() as axis))],
        ) if name in REDUCTIONS:
            return _without(_shape(inner, shapes), axis)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="exp" | "log" | "abs" | "square"), args=[inner]):
            return _shape(inner, shapes)
    return None


def _without(shape: Shape | None, axis: int) -> Shape | None:
    if shape is None or not -len(shape) <= axis < len(shape):
        return None
    axis %= len(shape)
    return shape[:axis] + shape[axis + 1 :]
