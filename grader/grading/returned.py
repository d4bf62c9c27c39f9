"""Says in words what a student's function returned instead of the values that a check unpacks.

`dx, dw, db = student.affine_backward(...)` raises in the check's own line, of which the student sees nothing. Whether
what returned None is begun is read from its source.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from grader.compare.messages import enumerated
from grader.model import Check, Observation
from grader.worker.syntax import names_in, parse_tree

_NONE = re.compile(r"cannot unpack non-iterable (?P<type>\w+) object")
_FEW = re.compile(r"not enough values to unpack \(expected (?:at least )?\d+, got (?P<count>\d+)\)")
_MANY = re.compile(r"too many values to unpack")


def not_taken_apart(check: Check, observation: Observation) -> str:
    """One sentence about the function whose result could not be unpacked in the check's line; else empty."""
    error = observation.error
    if error is None or error.frames or check.visibility == "hidden" or check.files.get(observation.at[0]) is None:
        return ""
    file, line = observation.at
    called = _unpacked(check.files[file]).get(line)
    if called is None:
        return ""
    function, names = called
    count = f"{len(names)} value{'' if len(names) == 1 else 's'}"
    wanted = f"{count} {'is' if len(names) == 1 else 'are'} expected: {enumerated(names)}"
    if (match := _NONE.search(error.message)) is not None:
        if match["type"] == "NoneType":
            return f"`{function}` returned None: is a `return` missing? {wanted}"
        return f"`{function}` returned one {match['type']}; {wanted}"
    if (match := _FEW.search(error.message)) is not None:
        return f"`{function}` returned {match['count']} value{'' if match['count'] == '1' else 's'}; {wanted}"
    if _MANY.search(error.message):
        return f"`{function}` returned more values than expected, or one array; {wanted}"
    return ""


def empty_function(check: Check, definitions: Sequence[ast.stmt]) -> str:
    """The function or method that the check calls and in whose body nothing is written; else empty."""
    return next((name for name, function in _called(check, definitions) if _is_empty(function)), "")


def without_return(check: Check, definitions: Sequence[ast.stmt]) -> str:
    """The only function or method of those that the check calls that is written and returns no value; else empty."""
    called = list(_called(check, definitions))
    if any(_is_empty(function) for _, function in called):
        return ""
    found = [name for name, function in called if not any(_returns_value(node) for node in _statements(function))]
    if any(_is_left_open(node) for _, function in called for node in _statements(function)):
        return ""
    return found[0] if len(found) == 1 else ""


def _called(check: Check, definitions: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Those whose result the check takes, with their names."""
    wanted = _taken(check.source, check.id)
    for node in definitions:
        if isinstance(node, ast.FunctionDef) and node.name in wanted:
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            methods = {one.name: one for one in node.body if isinstance(one, ast.FunctionDef)}  # the last of each name
            yield from ((f"{node.name}.{name}", one) for name, one in methods.items() if name in wanted)


@lru_cache(maxsize=64)
def _taken(source: str, check: str) -> frozenset[str]:
    """Names of the functions and methods that a check calls and whose result it does something with."""
    body = next((n for n in parse_tree(source).body if isinstance(n, ast.FunctionDef) and n.name == check), None)
    nodes = list(ast.walk(body)) if body is not None else []
    left = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    calls = (node for node in nodes if isinstance(node, ast.Call) and id(node) not in left)
    return frozenset(call.func.attr for call in calls if isinstance(call.func, ast.Attribute))


def _is_left_open(node: ast.AST) -> bool:
    """Whether this is the line by which a stub says that it is one."""
    return isinstance(node, ast.Raise) and "NotImplementedError" in ast.unparse(node)


def _statements(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions and classes in it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def _returns_value(node: ast.AST) -> bool:
    if isinstance(node, ast.Return):
        return node.value is not None
    return isinstance(node, ast.Yield | ast.YieldFrom)


def _is_empty(function: ast.FunctionDef) -> bool:
    """Whether only a docstring, `pass`, values of None, and returning these stand in the body."""
    none = set[str]()
    for statement in function.body:
        match statement:
            case ast.Pass() | ast.Expr(value=ast.Constant()) | ast.Return(value=None):
                continue
            case ast.Assign(targets=targets, value=value) if _is_none(value, none):
                none |= {name for target in targets for name in names_in(target)}
            case ast.Return(value=ast.expr() as value) if _is_none(value, none):
                continue
            case _:
                return False
    return True


def _is_none(value: ast.expr, none: set[str]) -> bool:
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    return all(
        (isinstance(part, ast.Constant) and part.value is None) or (isinstance(part, ast.Name) and part.id in none)
        for part in parts
    )


@lru_cache(maxsize=16)
def _unpacked(source: str) -> dict[int, tuple[str, tuple[str, ...]]]:
    """Line -> function and names, for each statement that takes a call's result apart into plain names."""
    calls: dict[int, tuple[str, tuple[str, ...]]] = {}
    for node in ast.walk(parse_tree(source)):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=parts)], value=ast.Call(func=ast.Attribute(attr=function))):
                names = tuple(f"`{part.id}`" for part in parts if isinstance(part, ast.Name) and part.id != "_")
                if len(names) == len(parts):
                    calls |= dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), (function, names))
    return calls
