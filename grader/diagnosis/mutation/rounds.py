"""Operator: mistakes in one round of a loop over constants, such as the layers of a network, and in its penalty."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from itertools import pairwise

from grader.diagnosis.mutation.mutation import Mutation, renamed
from grader.diagnosis.mutation.phrases import Words
from grader.worker.syntax import names_in

MOST = 5
"""Rounds of a loop over layers; of more, each would be a hypothesis of its own."""


def rounds(node: ast.AST, words: Words, inside: Set[str]) -> Iterator[Mutation]:
    """The wrong changes of one loop; arguments as those of every operator."""
    if not isinstance(node, ast.For) or not isinstance(node.target, ast.Name):
        return
    yield from _penalties(node, words)
    index, values = node.target.id, values_of(node.iter)
    for value in values:
        indexed = _indexed(node, index, value, words)
        if indexed:
            others = "".join(f"{other}, " for other in values if other != value)
            clause = f"a step is left out, that with {' and '.join(indexed[:2])}"
            yield Mutation(node.iter, f"({others})", "left-out", clause)
    for statement in (inner for inner in ast.walk(node) if isinstance(inner, ast.stmt) and not hasattr(inner, "body")):
        for value in values:
            beside = _indexed(statement, index, value, words)
            yield from _once(statement, f"{index} == {value}", index, value, beside, words)
            yield from _other_entries(statement, f"{index} == {value}", index, value, values, words)
        yield from _without_slope(node, statement, index, values, words)


def values_of(node: ast.expr) -> tuple[int, ...]:
    """The whole numbers that a loop over `node` goes through, where they are written there and are few."""
    match node:
        case ast.Call(func=ast.Name(id="range"), args=args, keywords=[]):
            try:
                numbers = [ast.literal_eval(argument) for argument in args]
                found = tuple(range(*numbers))
            except (ValueError, TypeError):
                return ()
        case ast.Tuple(elts=items) | ast.List(elts=items):
            found = tuple(item.value for item in items if isinstance(item, ast.Constant) and type(item.value) is int)
            found = found if len(found) == len(items) else ()
        case _:
            return ()
    return found if 1 < len(found) <= MOST else ()


def _indexed(node: ast.AST, index: str, value: int, words: Words) -> list[str]:
    """The entries of lists that the student knows which are read or set at `index`, in that round."""
    found = {}
    for inner in ast.walk(node):
        match inner:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Name(id=at)) if at == index and words.shown(name):
                found[f"`{name}[{value}]`"] = True
    return list(found)


def _once(
    statement: ast.stmt, this: str, index: str, value: int, beside: list[str], words: Words
) -> Iterator[Mutation]:
    """One round of a statement with a factor, a term, a function or the whole change left out."""
    match statement:
        case ast.AugAssign(target=ast.Subscript(), op=ast.Sub() | ast.Add(), value=change) if beside:
            text = ast.unparse(change)
            yield Mutation(change, f"({text}) * (not {this})", "missing-step", f"{beside[0]} is not changed")
            clause = f"what changes {beside[0]} has the wrong sign"
            yield Mutation(change, f"({text}) * (-1 if {this} else 1)", "wrong-sign", clause)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="insert" | "append", value=ast.Name(id=kept)))):
            clause = f"for {words.kept_in(kept)}, at index {value}, the values of another layer are taken"
            for inner in ast.walk(statement) if "`" in clause else ():
                match inner:
                    case ast.Subscript(value=ast.Name(id=name), slice=ast.Name(id=at)) if at == index:
                        for other in (value - 1, value + 1):
                            yield Mutation(inner, f"{name}[{other} if {this} else {index}]", "wrong-variable", clause)
    for inner in ast.walk(statement) if beside else ():
        match inner:
            case ast.BinOp(op=ast.Mult(), left=left, right=ast.Call(func=ast.Name(id=function))) if words.shown(
                function
            ):
                clause = f"the factor `{function}` is missing in one of several layers, beside {beside[0]}"
                yield Mutation(
                    inner, f"({ast.unparse(left)}) if {this} else ({ast.unparse(inner)})", "missing-factor", clause
                )
            case ast.BinOp(op=ast.Add(), left=left, right=ast.Subscript(value=ast.Name(id=name))) if words.shown(name):
                yield Mutation(inner, f"({ast.unparse(left)}) if {this} else ({ast.unparse(inner)})", "missing-term",
                               f"`{name}[{value}]` is not added")  # fmt: skip
            case ast.Call(func=ast.Name(id=function), args=[argument]) if function in words.functions:
                yield Mutation(inner, f"({ast.unparse(argument)}) if {this} else ({ast.unparse(inner)})",
                               "missing-function", f"`{function}` is not applied in one of several layers, beside"
                               f" {beside[0]}")  # fmt: skip


def _other_entries(
    statement: ast.stmt, this: str, index: str, value: int, values: tuple[int, ...], words: Words
) -> Iterator[Mutation]:
    """One round that reads another entry of a list, or an activation's derivative at another layer."""
    for inner in ast.walk(statement):
        match inner:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Name(id=at), ctx=ast.Load()) if (
                at == index and words.shown(name)
            ):
                for other in values:
                    if other != value:
                        yield Mutation(inner, f"{name}[{other} if {this} else {index}]", "wrong-variable",
                                       f"`{name}[{other}]` stands where `{name}[{value}]` belongs")  # fmt: skip
            case ast.Call(func=ast.Name(id=function), args=[ast.Subscript(value=of, slice=at)]) if (
                function in words.functions and index in names_in(at)
            ):
                beside = _indexed(statement, index, value, words)
                where = f", beside {beside[0]}" if beside else ""
                for shift in (1, -1):
                    text = f"{function}({ast.unparse(of)}[({ast.unparse(at)}) + ({shift} if {this} else 0)])"
                    clause = f"`{function}` is taken of the values of another layer{where}"
                    yield Mutation(inner, text, "wrong-variable", clause)


def _without_slope(
    loop: ast.For, statement: ast.stmt, index: str, values: tuple[int, ...], words: Words
) -> Iterator[Mutation]:
    """What is kept of an error that goes back through the layers, before it is multiplied by the derivative there."""
    if len(values) < 2 or any(one - other != 1 for one, other in pairwise(values)):
        return
    slopes = {}
    for inner in ast.walk(loop):
        match inner:
            case ast.Assign(targets=[ast.Name(id=error)],
                            value=ast.BinOp(op=ast.Mult(), right=ast.Call(func=ast.Name(id=function), args=[of]))) if (
                words.shown(function)
            ):  # fmt: skip
                slopes[error] = function, renamed(of, {index: f"({index} + 1)"})
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="insert" | "append", value=ast.Name(id=kept)), args=args)):
            for inner in ast.walk(args[-1]):
                if isinstance(inner, ast.Name) and inner.id in slopes:
                    function, of_before = slopes[inner.id]
                    text = f"({inner.id} / ({function}({of_before}) if {index} != {values[0]} else 1))"
                    clause = f"the factor `{function}` is missing in {words.kept_in(kept)}"
                    yield Mutation(inner, text, "missing-factor", clause)


def _penalties(node: ast.For, words: Words) -> Iterator[Mutation]:
    """A penalty on weights, of keys that begin with W, that takes in the biases as well, or squares in its gradient."""
    names = {
        ast.unparse(statement.targets[0]): statement.value
        for statement in node.body
        if isinstance(statement, ast.Assign)
    }
    for change in (s for s in node.body if isinstance(s, ast.AugAssign) and isinstance(s.op, ast.Add)):
        what, text = words.of(change.target, ""), ast.unparse(change.value)
        for inner in ast.walk(change.value):
            source = names.get(inner.id) if isinstance(inner, ast.Name) else inner
            if not what or not isinstance(source, ast.Subscript) or not _is_weight(source.slice, node):
                continue
            bias = f"{ast.unparse(source.value)}[({ast.unparse(source.slice)}).replace('W', 'b')]"
            also = text.replace(ast.unparse(inner), bias)
            if isinstance(change.target, ast.Subscript):
                key = f"({ast.unparse(change.target.slice)}).replace('W', 'b')"
                more = f"{ast.unparse(change.target.value)}[{key}] += {also}"
                yield Mutation(change, f"{ast.unparse(change)}; {more}", "extra-term",
                               f"the biases are regularised as well, in {what}")  # fmt: skip
                squared = text.replace(ast.unparse(inner), f"({ast.unparse(inner)}) ** 2")
                yield Mutation(change.value, squared, "wrong-function",
                               f"the weights are squared in what is added to {what}")  # fmt: skip
            else:
                yield Mutation(change.value, f"{text} + {also}", "extra-term",
                               f"the biases are regularised as well, in {what}")  # fmt: skip
            break


def _is_weight(key: ast.expr, node: ast.For) -> bool:
    """Whether a key begins with W: written there, or in the tuple that the loop goes through."""
    if isinstance(key, ast.JoinedStr):
        return isinstance(key.values[0], ast.Constant) and str(key.values[0].value).startswith("W")
    if isinstance(key, ast.Name) and isinstance(node.target, ast.Name) and key.id == node.target.id:
        items = node.iter.elts if isinstance(node.iter, ast.Tuple | ast.List) else []
        return bool(items) and all(isinstance(i, ast.Constant) and str(i.value).startswith("W") for i in items)
    return False
