"""What a student's own lines say of sizes: code that raised, runs in another check, and holds for one size only.

As in `grader.diagnosis.rules.source`, a sentence says what stands in the line; that it is the cause is likely. Pure.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

from grader.diagnosis.codes import Candidate
from grader.diagnosis.evidence import Evidence, names_of
from grader.diagnosis.rules.source import Function, arguments_of, functions_of, is_name, short

SIZES = frozenset({"eye", "identity", "zeros", "ones", "empty", "full", "reshape", "arange", "range"})


def fixed_size(evidence: Evidence) -> Candidate | None:
    """An exception in code that runs in another check, and that has a size written as a number."""
    error = evidence.case.observation.error
    kinds = ("ValueError", "IndexError", "KeyError", "AssertionError")
    if error is None or error.type not in kinds or not evidence.runs_elsewhere:
        return None
    at = evidence.raised_at
    helpers = {function.name: _size_arguments(function) for _, _, function in functions_of(evidence)}
    for definition, _, function in functions_of(evidence):
        for node in ast.walk(function):
            if at is not None and (at.file, at.line) != (definition.excerpt.file, definition.line(node)):
                continue
            if error.type == "KeyError" and (number := _layer_by_number(node)) is not None:
                text = f"This runs in another check, so look at what holds for one depth only: `{short(number)}`"
                text += f" {definition.at(number)} takes layers by their numbers."
                return Candidate("fixed-size", text, f"`{short(number)}` holds for one depth only")
            if error.type == "AssertionError":
                if isinstance(node, ast.Assert) and _compares_size(node.test):
                    text = f"This runs in another check: `{short(node)}` {definition.at(node)} holds for one size only,"
                    text += " and other sizes are asked for."
                    return Candidate("fixed-size", text, f"`{short(node)}` holds for one size only")
            elif error.type != "KeyError" and (what := _fixed_size(node, function, helpers)):
                text = "This runs in another check, so look at what holds for one size only:"
                text += f" `{short(node)}` {definition.at(node)} {what}."
                return Candidate("fixed-size", text, f"`{short(node)}` holds for one size only")
    return None


def unpacked_shape(evidence: Evidence) -> Candidate | None:
    """A shape taken apart into another number of names than the array has axes, at the line that raised.

    A hidden check does not show its line; where one that is shown raised the same in the same code, that line is meant.
    """
    error, names = evidence.case.observation.error, names_of(evidence.check)
    if error is None or error.type != "ValueError":
        return None
    alike = [case for case in evidence.raised if names & names_of(case.check)]
    for case in (evidence.case, *alike):
        at, other = case.frame, case.observation.error
        if at is None or other is None or "to unpack" not in other.message:
            continue
        for definition, called, function in functions_of(evidence):
            for node in ast.walk(function):
                match node:
                    case ast.Assign(
                        targets=[ast.Tuple(elts=elements)], value=ast.Attribute(value=array, attr="shape")
                    ) if (definition.excerpt.file, definition.line(node)) == (at.file, at.line):
                        text = f"`{short(node)}` in `{called}` {definition.at(node)} takes {len(elements)} axes for"
                        text += f" granted, and `{short(array)}` may have another number of them."
                        return Candidate("fixed-size", text, f"`{short(node)}` holds for {len(elements)} axes only")
    return None


def one_axis_alone(evidence: Evidence) -> Candidate | None:
    """A loop over the length of an argument that takes each `x[i]` for a number, which a matrix has rows for."""
    error = evidence.case.observation.error
    if error is None or error.type not in ("ValueError", "TypeError") or not evidence.runs_elsewhere:
        return None
    for definition, name, function in functions_of(evidence):
        for loop in (node for node in ast.walk(function) if isinstance(node, ast.For)):
            match loop:
                case ast.For(
                    target=ast.Name(id=i),
                    iter=ast.Call(
                        func=ast.Name(id="range"), args=[ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=x)])]
                    ),
                ) if x in arguments_of(function):
                    if any(_is_taken_for_number(node, x, i) for node in ast.walk(loop)):
                        text = (
                            f"`{name}` goes over `range(len({x}))` {definition.at(loop)} and takes each `{x}[{i}]` for"
                        )
                        text += f" a number: of a `{x}` of two axes it is a row, and a single number has no length."
                        return Candidate("fixed-size", text, f"`{name}` takes arrays of one axis only")
    return None


def _is_taken_for_number(node: ast.AST, x: str, i: str) -> bool:
    """Whether a node compares `x[i]` in a condition, or hands it to a function for single numbers."""

    def is_entry(part: ast.AST) -> bool:
        return isinstance(part, ast.Subscript) and is_name(part.value, x) and is_name(part.slice, i)

    match node:
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            compared = (n for n in ast.walk(test) if isinstance(n, ast.Compare))
            return any(is_entry(part) for n in compared for part in (n.left, *n.comparators))
        case ast.Call(func=ast.Attribute(value=ast.Name(id="math")) | ast.Name(id="float" | "int"), args=arguments):
            return any(is_entry(part) for argument in arguments for part in ast.walk(argument))
    return False


def _layer_by_number(node: ast.AST) -> ast.expr | None:
    """What names layers by numbers that stand in the code: a key such as "W3", or what a loop goes over."""
    match node:
        case ast.Subscript(slice=ast.Constant(value=str(key))) if key[-1:].isdigit() and int(key[-1]) > 2:
            return node
        case ast.For(iter=ast.Tuple(elts=[_, _, *_] as each) | ast.List(elts=[_, _, *_] as each) as over):
            values = [entry.value for entry in each if isinstance(entry, ast.Constant)]
            numbered = all(isinstance(value, int) or str(value)[-1:].isdigit() for value in values)
            return over if numbered and len(values) == len(each) else None
    return None


def _compares_size(test: ast.expr) -> bool:
    """Whether a condition compares a length or a shape with a number that is no count of axes."""
    for node in ast.walk(test):
        match node:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                sides = [s for side in (left, right) for s in ast.walk(side)]
                size = any(isinstance(s, ast.Attribute) and s.attr in ("shape", "size") for s in sides)
                size = size or any(isinstance(s, ast.Call) and is_name(s.func, "len") for s in sides)
                number = any(type(n.value) is int and n.value > 2 for s in (left, right) for n in _constants(s))
                if size and number:
                    return True
    return False


def _constants(node: ast.expr) -> list[ast.Constant]:
    """Numbers that stand alone or in a tuple; not an index."""
    return [entry for entry in _entries(node) if isinstance(entry, ast.Constant)]


def _fixed_size(node: ast.AST, function: Function, helpers: Mapping[str, Sequence[int]]) -> str:
    """What makes a node hold for one size only, in words; empty where nothing does.

    `helpers` has for each function of the student's which of its arguments are sizes.
    """
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=arguments) if name in SIZES:
            sizes = [entry for argument in arguments for entry in _entries(argument)]
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in helpers:
            sizes = [arguments[at] for at in helpers[name] if at < len(arguments)]
        case ast.Assign(targets=[ast.Tuple(elts=elements)], value=ast.Name(id=name)):
            fixed = function.name == "__init__" and name in arguments_of(function) and len(elements) > 1
            return "takes a fixed number of entries" if fixed else ""
        case _:
            return ""
    given = set(re.findall(r"\d+", ast.get_docstring(function) or ""))  # sizes that the task itself gives
    numbers = [size.value for size in sizes if isinstance(size, ast.Constant)]
    if any(type(number) is int and number > 2 and str(number) not in given for number in numbers):
        return "has a size written as a number"
    if any(_is_of_the_largest(size) for size in sizes):
        return "takes a size from the entries that are there, and other data need not have them all"
    return ""


def _size_arguments(function: Function) -> list[int]:
    """The places of the arguments that a function hands on as sizes."""
    calls = (node for node in ast.walk(function) if isinstance(node, ast.Call))
    made = [call for call in calls if getattr(call.func, "attr", getattr(call.func, "id", "")) in SIZES]
    sizes = {e.id for call in made for a in call.args for e in _entries(a) if isinstance(e, ast.Name)}
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return [at for at, name in enumerate(names) if name in sizes]


def _is_of_the_largest(node: ast.expr) -> bool:
    """Whether this is the largest entry of an array and one more, or the number of different entries."""
    match node:
        case ast.Call(func=ast.Name(id="int"), args=[inner]):
            return _is_of_the_largest(inner)
        case ast.BinOp(left=ast.Call() as left, op=ast.Add(), right=ast.Constant(value=1)):
            return getattr(left.func, "attr", getattr(left.func, "id", "")) in ("max", "amax")
        case ast.BinOp(left=ast.Constant(value=1), op=ast.Add(), right=right):
            return _is_of_the_largest(ast.BinOp(right, ast.Add(), ast.Constant(1)))
        case ast.Call(func=ast.Name(id="len"), args=[ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name))]):
            return name in ("unique", "set")
    return False


def _entries(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
