"""A function or operator of NumPy or Python that is used in a way it does not take, where the student's line raised.

Each sentence needs the exception's message and one expression in that line that it can come from. Pure.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from grader.diagnosis.codes import Candidate
from grader.diagnosis.evidence import Evidence
from grader.diagnosis.rules.source import Function, ParsedDefinition, functions_of, short
from grader.model import Frame

ATTRIBUTES = frozenset({"T", "shape", "size", "ndim", "dtype"})
SHAPED = frozenset({"zeros", "ones", "empty"})
SIZED = frozenset({"rand", "randn"})
JOINED = frozenset({"concatenate", "vstack", "hstack", "stack"})
LARGEST = {"max": "maximum", "amax": "maximum", "min": "minimum", "amin": "minimum"}


def misused_call(evidence: Evidence) -> Candidate | None:
    """What the student's own line asks of a function or an operator, and why that raised."""
    error, at = evidence.case.observation.error, evidence.case.frame
    if error is None:
        return None
    for definition, _, function in functions_of(evidence):
        nodes = list(_raised_in(definition, function, at))
        for misuse in MISUSES:
            if not re.search(misuse.message, error.message) or (misuse.message and at is None):
                continue
            said = {text for node in nodes if (text := misuse.sentence(node)) is not None}
            if len(said) == 1 and (text := said.pop()):
                return Candidate("misused-call", text, text.split(":", 1)[0])
    return None


def _raised_in(definition: ParsedDefinition, function: Function, at: Frame | None) -> Iterator[ast.AST]:
    """The expressions in the line that raised, and the tests of `if` and `while` there; all where no line is known."""
    if at is not None and definition.excerpt.file != at.file:
        return
    for node in ast.walk(function):
        shown = node.test if isinstance(node, ast.If | ast.While) else node
        if isinstance(shown, ast.expr | ast.Assert):
            first = definition.line(shown)
            if at is None or first <= at.line <= first + (shown.end_lineno or 0) - shown.lineno:
                yield node


def _axis_for_array(node: ast.AST) -> str | None:
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=name),
            args=[ast.Constant(value=int() | float()), other],
        ) if name in LARGEST:
            return (
                f"`np.{name}` looks for one entry of one array, and its second argument is an axis: in `{short(node)}`"
                f" that is `{short(other)}`. What compares two numbers, entry by entry, is `np.{LARGEST[name]}`."
            )
    return None


def _one_answer_of_array(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=ast.Name(id="max" | "min" as name), args=[_, _, *_]):
            return (
                f"`{name}` of Python asks which of its arguments comes first as a whole, and arrays have no such order:"
                f" in `{short(node)}` one is an array. Entry by entry it is `np.{LARGEST[name]}`."
            )
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
            word = {ast.While: "while", ast.Assert: "assert"}.get(type(node), "if")
            if not _orders(test) or any(isinstance(n, ast.Call) and not _is_numpys(n) for n in ast.walk(test)):
                return None if isinstance(test, ast.BoolOp | ast.UnaryOp) else ""
            return (
                f"`{word}` wants one answer, and `{short(test)}` has one for each entry of an array. A mask or"
                " `np.where` chooses entry by entry; `.all()` and `.any()` make one answer of many."
            )
        case ast.BoolOp(op=op, values=values) if all(map(_orders, values)):
            word, sign = ("and", "&") if isinstance(op, ast.And) else ("or", "|")
            return (
                f"`{word}` wants one answer on each side, and in `{short(node)}` a comparison has one for each entry of"
                f" an array: entry by entry it is `{sign}`, with each comparison in brackets."
            )
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return ""
    return None


def _orders(node: ast.expr) -> bool:
    """Whether this compares two values, by their order or for equality."""
    kinds = ast.Lt | ast.LtE | ast.Gt | ast.GtE | ast.Eq | ast.NotEq
    return isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], kinds)


def _is_numpys(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id == "np"


def _shape_in_pieces(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=ast.Attribute(attr=name), args=[_, second, *_]) if name in SHAPED:
            return (
                f"`np.{name}` takes the whole shape as its first argument, a tuple: in `{short(node)}` the second one,"
                f" `{short(second)}`, is taken for a dtype. A pair of brackets is missing."
            )
    return None


def _shape_as_tuple(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=ast.Attribute(attr=name), args=[_]) if name in SIZED:
            return f"`{name}` takes the sizes one by one: in `{short(node)}` they are one argument."
    return None


def _arrays_one_by_one(node: ast.AST) -> str | None:
    match node:
        case ast.Call(
            func=ast.Attribute(attr=name), args=[_, ast.Name() | ast.Attribute() | ast.Call() as second, *_]
        ) if name in JOINED and "ax" not in short(second):
            return (
                f"`np.{name}` takes the arrays in one list or tuple, as its first argument: not as in `{short(node)}`."
            )
    return None


def _unequal_pieces(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=ast.Attribute(attr="split" | "hsplit" | "vsplit" | "dsplit" as name), args=[_, _, *_]):
            return (
                f"`np.{name}` cuts into pieces of one length, and the length of the axis is not a multiple of their"
                " number: what is left over has to be cut off first."
            )
    return None


def _math_of_array(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=ast.Name(id="float" | "int")):
            return ""  # may be what raised
        case ast.Call(func=ast.Attribute(value=ast.Name(id="math"), attr=name), args=[_]):
            return (
                f"`math.{name}` takes a single number: in `{short(node)}` it is given an array. `np.{name}` computes"
                " entry by entry."
            )
    return None


def _attribute_called(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=ast.Attribute(attr=name)) if name in ATTRIBUTES:
            return (
                f"`.{name}` of an array is a value and no function: in `{short(node)}` the last brackets are too many."
            )
    return None


def _float_as_index(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=ast.Name(id="range") | ast.Attribute(attr="zeros" | "ones" | "empty" | "reshape")):
            asked: list[ast.expr | None] = list(node.args)
        case ast.Subscript(slice=index):
            asked = [index]
        case _:
            return None
    for part in asked:
        match part:
            case ast.Tuple(elts=parts):
                asked += parts
            case ast.Slice(lower=lower, upper=upper):
                asked += [lower, upper]
            case ast.BinOp(op=ast.Div()):
                return (
                    f"`/` gives a float, also where nothing is left over: in `{short(node)}` a whole number is needed,"
                    " which `//` gives."
                )
            case ast.BinOp(left=left, right=right):
                asked += [left, right]
    return None


def _float_array_as_index(node: ast.AST) -> str | None:
    match node:
        case ast.Subscript(slice=ast.Name() | ast.Tuple()):
            return (
                f"An index is a whole number, or an array of them: in `{short(node)}` one holds floats. One-hot rows"
                " are no numbers of classes; where each has its 1, `argmax(axis=1)` says."
            )
    return None


class _Misuse(NamedTuple):
    message: str
    """Pattern that the exception's message has to contain."""
    sentence: Callable[[ast.AST], str | None]
    """What is said of an expression; empty where the exception may come from it, and nothing is known of it."""


MISUSES = (
    _Misuse(r"", _axis_for_array),
    _Misuse(r"truth value of an array", _one_answer_of_array),
    _Misuse(r"[Cc]annot interpret .* as a data type|data type .* not understood", _shape_in_pieces),
    _Misuse(r"'tuple' object cannot be interpreted as an integer", _shape_as_tuple),
    _Misuse(r"only integer scalar arrays|takes 1 positional argument but", _arrays_one_by_one),
    _Misuse(r"does not result in an equal division", _unequal_pieces),
    _Misuse(r"can be converted to (a )?(Python )?scalar", _math_of_array),
    _Misuse(r"arrays used as indices must be of integer", _float_array_as_index),
    _Misuse(r"object is not callable", _attribute_called),
    _Misuse(
        r"'(numpy\.)?float\d*' object cannot be interpreted|only integers, slices|slice indices must|got '\d+\.\d*'",
        _float_as_index,
    ),
)
