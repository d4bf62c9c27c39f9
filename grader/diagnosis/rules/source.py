"""What the student's own lines show without being run: a loop that returns, a result not kept, a size written out.

Each rule reads the definitions that a failed check uses. A sentence says what stands in the line; that it is the cause
is likely, and not proven by numbers, so mistakes that numbers prove come before most of these. Pure.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from grader.diagnosis.codes import Candidate
from grader.diagnosis.evidence import Evidence
from grader.model import Excerpt
from grader.worker.syntax import names_in, parse_tree

PURE = frozenset({
    "maximum", "minimum", "exp", "log", "sqrt", "abs", "square", "sum", "mean", "dot", "matmul", "einsum", "transpose",
    "reshape", "where", "clip", "zeros_like",
})  # fmt: skip
"""Functions of NumPy, and methods of arrays, that only return something."""
PURE_METHODS = frozenset({"reshape", "transpose", "astype", "copy", "sum", "mean", "dot", "clip", "flatten", "ravel"})
OUT_AT = {"dot": 2, "sum": 3, "mean": 3, "clip": 3}
"""Which argument of a function that is no ufunc is the array for its result; a method has one fewer before it."""
COMMON = frozenset({0, 1, 2, 0.5, 10, 100})
"""Numbers of which it says nothing that a default has the same value."""
LONGEST = 60
Function = ast.FunctionDef | ast.AsyncFunctionDef
BLOCKS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.For, ast.While, ast.If, ast.With)


class ParsedDefinition(NamedTuple):
    """A definition of the student's, parsed."""

    excerpt: Excerpt
    tree: ast.Module

    def at(self, node: ast.AST) -> str:
        """Where a node stands, for a sentence."""
        return f"({self.excerpt.file}, line {self.line(node)})"

    def line(self, node: ast.AST) -> int:
        """The line of a node in its file or cell."""
        return self.excerpt.line + int(getattr(node, "lineno", 1)) - 1

    def classes(self) -> Iterator[ast.ClassDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))

    def functions(self) -> Iterator[tuple[str, Function]]:
        """Each function with its name as a student would say it; a method with its class."""
        methods = {id(f): f"{c.name}.{f.name}" for c in self.classes() for f in methods_of(c)}
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield methods.get(id(node), node.name), node


def returns_in_loop(evidence: Evidence) -> Candidate | None:
    """A `return` that every round of a `for` reaches, so that there is one round."""
    for definition, name, function in functions_of(evidence):
        for loop in ast.walk(function):
            if isinstance(loop, ast.For) and isinstance(loop.body[-1], ast.Return) and not _leaves_round(loop):
                text = f"The `return` of `{name}` {definition.at(loop.body[-1])} stands inside the `for` loop and"
                return Candidate("return-in-loop", f"{text} ends it in the first round.", "`return` in the loop")
    return None


def only_compares(evidence: Evidence) -> Candidate | None:
    """A statement that compares where one that assigns is meant."""
    for definition, _, function in functions_of(evidence):
        for node in ast.walk(function):
            match node:
                case ast.Expr(value=ast.Compare(ops=[ast.Eq(), *_])):
                    text = f"`{short(node)}` {definition.at(node)} compares and keeps nothing: is `=` meant?"
                    return Candidate("no-effect", text, f"`{short(node)}` only compares")
    return None


def no_effect(evidence: Evidence) -> Candidate | None:
    """A statement that computes something and keeps nothing of it."""
    for definition, _, function in functions_of(evidence):
        for node in ast.walk(function):
            if isinstance(node, ast.Expr) and _is_pure(node.value):
                text = f"`{short(node)}` {definition.at(node)} is computed and not kept: it changes nothing."
                return Candidate("no-effect", text, f"`{short(node)}` is not kept")
    return None


def only_rebound(evidence: Evidence) -> Candidate | None:
    """A variable that stands for an entry or attribute and gets another value, which nothing reads any more."""
    for definition, _, function in functions_of(evidence):
        reads = [n for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
        outside = {n for node in ast.walk(function) if isinstance(node, ast.Global | ast.Nonlocal) for n in node.names}
        for block in (node for node in ast.walk(function) if isinstance(node, BLOCKS)):
            taken = {}
            if isinstance(block, ast.For):
                taken = dict.fromkeys(names_in(block.target), f"what the loop takes from `{short(block.iter)}`")
            for statement in block.body:
                match statement:
                    case ast.Assign(targets=[ast.Name(id=name)], value=value, end_lineno=int(end)) if (
                        name in taken
                        and name not in outside
                        and name in names_read(value)
                        and not any(read.id == name and read.lineno > end for read in reads)
                    ):
                        text = f"`{short(statement)}` {definition.at(statement)} gives `{name}` another value, and"
                        text += f" nothing else: {taken[name]} stays as it is there."
                        return Candidate("no-effect", text, f"`{name}` is only given another value")
                    case ast.Assign(targets=[target], value=value):
                        kept = {name: text for name, text in taken.items() if name not in names_in(target)}
                        taken = kept | _entries_taken(target, value)
    return None


def _entries_taken(target: ast.expr, value: ast.expr) -> dict[str, str]:
    """The names that a statement gives an entry of a container, or an attribute, with the text of that."""
    match target, value:
        case ast.Tuple(elts=targets), ast.Tuple(elts=values) if len(targets) == len(values):
            pairs = [_entries_taken(one, other) for one, other in zip(targets, values, strict=True)]
            return {name: text for pair in pairs for name, text in pair.items()}
        case (
            ast.Name(id=name),
            ast.Attribute()
            | ast.Subscript(slice=ast.Name() | ast.Constant())
            | ast.Call(func=ast.Name(id="getattr"), args=[_, _]),
        ):
            return {name: f"`{short(value)}`"}
    return {}


def default_written_out(evidence: Evidence) -> Candidate | None:
    """The value of an argument's default as a number in the body, where the argument belongs."""
    for definition, _, function in functions_of(evidence):
        owner = next((c for c in definition.classes() if function in c.body and function.name == "__init__"), None)
        named = {value: argument for argument, value in _defaults(function)}
        defaults = {id(node) for node in ast.walk(function.args)}
        for node in ast.walk(owner or function):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, float | int) or id(node) in defaults:
                continue
            if node.value in named:
                argument = named[node.value]
                text = f"`{short(node)}` {definition.at(node)} is the default of `{argument}` as a number: another"
                text += f" `{argument}` changes nothing there."
                return Candidate("wrong-constant", text, f"the default of `{argument}` as a number")
    return None


def reads_notebook(evidence: Evidence) -> Candidate | None:
    """An argument of which no entry is read, beside a variable of the notebook that has its name's beginning."""
    for definition, name, function in functions_of(evidence):
        arguments, read, asked = arguments_of(function), names_read(function), names_asked_for_size(function)
        local = arguments | set(names_in(function, ast.Store))
        for argument in sorted(arguments - (read - asked)):
            stem = argument.lower().split("_")[0]
            for other in sorted(read - local):
                if other.lower().split("_")[0] == stem and evidence.is_bound(other):
                    how = "asks only for the size of" if argument in asked else "never reads"
                    text = f"`{name}` {definition.at(function)} {how} its argument `{argument}`; it reads"
                    text += f" `{other}`, which is outside of the function."
                    return Candidate("wrong-variable", text, f"`{other}` is read instead of `{argument}`")
    return None


def entry_twice(evidence: Evidence) -> Candidate | None:
    """Of two lists by layer, one whose entry is used twice and another's never, where each of the other list's is."""
    for definition, name, function in functions_of(evidence):
        used = _entries_used(function)
        for one, entries in used.items():
            for whole in used.values():
                never = sorted(whole.keys() - entries.keys())
                twice = [e for e in entries if len(entries[e]) > len(whole.get(e, ()))]
                if entries.keys() < whole.keys() and len(never) == 1 and len(twice) == 1:
                    again, missing = one.format(twice[0]), one.format(never[0])
                    text = f"`{name}` uses `{again}` more than once {definition.at(entries[twice[0]][-1])} and"
                    text += f" `{missing}` never."
                    return Candidate("wrong-variable", text, f"`{again}` for `{missing}`")
    return None


def never_read(evidence: Evidence) -> Candidate | None:
    """An argument that a function never reads."""
    for definition, name, function in functions_of(evidence):
        unread = [a for a in sorted(arguments_of(function) - names_read(function)) if not a.startswith("_")]
        if unread and not name.endswith("__init__") and not _is_empty(function):
            text = f"`{name}` {definition.at(function)} never reads its argument `{unread[0]}`."
            return Candidate("no-effect", text, f"`{unread[0]}` is never read")
    return None


def not_used(evidence: Evidence) -> Candidate | None:
    """A result with a name that nothing reads."""
    for definition, name, function in functions_of(evidence):
        read = names_read(function) | {
            n for node in ast.walk(function) if isinstance(node, ast.Global | ast.Nonlocal) for n in node.names
        }
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=[ast.Name(id=variable)], value=value) if (
                    variable not in read and not variable.startswith("_") and _is_computed(value)
                ):
                    text = f"`{variable}` in `{name}` {definition.at(node)} is computed and never used."
                    return Candidate("no-effect", text, f"`{variable}` is never used")
    return None


def definitions_of(evidence: Evidence, *, beside: bool = False) -> Iterator[ParsedDefinition]:
    """The definitions that a failed check uses; with `beside` also those that it builds on."""
    for excerpt in (*evidence.code, *(evidence.beside if beside else ())):
        tree = _parsed(excerpt.text)
        if tree is not None:
            yield ParsedDefinition(excerpt, tree)


def functions_of(evidence: Evidence) -> Iterator[tuple[ParsedDefinition, str, Function]]:
    """Each function of the definitions, with its name as a student would say it."""
    for definition in definitions_of(evidence):
        for name, function in definition.functions():
            yield definition, name, function


@lru_cache(maxsize=64)  # every rule reads the same definitions, for every failed check
def _parsed(text: str) -> ast.Module | None:
    try:
        tree = parse_tree(textwrap.dedent(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            if isinstance(statements := getattr(node, field, None), list):
                _drop_unreached(statements)
    return tree


def _drop_unreached(statements: list[ast.stmt]) -> None:
    """Take out of a block what never runs: what is below a `return` or the like, and the branch of `if False`."""
    leaves = ast.Return | ast.Raise | ast.Continue | ast.Break
    end = next((number for number, s in enumerate(statements, 1) if isinstance(s, leaves)), len(statements))
    del statements[end:]
    for statement in statements:
        match statement:
            case ast.If(test=ast.Constant(value=value)) | ast.While(test=ast.Constant(value=value)) if not value:
                statement.body = [ast.copy_location(ast.Pass(), statement.body[0])]


def short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split()).replace("`", "'")
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def methods_of(node: ast.ClassDef) -> Iterator[Function]:
    return (child for child in node.body if isinstance(child, Function))


def own_attributes(node: ast.AST, context: type[ast.expr_context] = ast.expr_context) -> Iterator[ast.Attribute]:
    """The places where a class or method reads or sets `self.x`: `ast.Load` or `ast.Store` for one of the two."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and is_name(inner.value, "self") and isinstance(inner.ctx, context):
            yield inner


def arguments_of(function: Function | ast.Lambda) -> set[str]:
    every = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
    return {argument.arg for argument in every} - {"self", "cls"}


def names_read(node: ast.AST) -> set[str]:
    return set(_reads(node))


def _reads(node: ast.AST) -> list[str]:
    """Once for each place that reads it; `x += 1` reads x."""
    changed = [n.target for n in ast.walk(node) if isinstance(n, ast.AugAssign)]
    return names_in(node, ast.Load) + [target.id for target in changed if isinstance(target, ast.Name)]


def names_asked_for_size(function: Function) -> set[str]:
    """Names that are read for a length or a shape alone."""
    sizes: dict[str, int] = {}
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]):
                sizes[name] = sizes.get(name, 0) + 1
            case ast.Attribute(value=ast.Name(id=name), attr="shape" | "size" | "ndim" | "dtype"):
                sizes[name] = sizes.get(name, 0) + 1
    read = _reads(function)
    return {name for name, times in sizes.items() if read.count(name) == times}


def loop_variables(function: Function) -> set[str]:
    """Names that loops and comprehensions give values, another one each time."""
    targets = [n.target for n in ast.walk(function) if isinstance(n, ast.For | ast.comprehension)]
    return {name for target in targets for name in names_in(target)}


def _leaves_round(loop: ast.For) -> bool:
    """Whether a round can end before its last statement."""
    return any(isinstance(node, ast.Continue | ast.Break) for node in ast.walk(loop))


def _is_pure(node: ast.expr) -> bool:
    match node:
        case ast.BinOp():
            return not any(isinstance(inner, ast.Await | ast.Yield) for inner in ast.walk(node))
        case ast.Attribute(attr="T"):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=name)):
            return name in PURE and not _has_out(node, getattr(getattr(np, name, None), "nin", OUT_AT.get(name)))
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in PURE_METHODS and not _has_out(node, OUT_AT[name] - 1 if name in OUT_AT else None)
    return False


def _has_out(call: ast.Call, at: int | None) -> bool:
    """Whether a call may name the array for its result: by keyword, or as argument number `at`, from 0."""
    if any(keyword.arg in ("out", None) for keyword in call.keywords):
        return True
    return at is not None and (len(call.args) > at or any(isinstance(a, ast.Starred) for a in call.args))


def _is_computed(node: ast.expr) -> bool:
    """Whether a value is worth a variable: not a constant, a size or the name of something."""
    if any(isinstance(n, ast.Attribute) and n.attr in ("shape", "size", "ndim") for n in ast.walk(node)):
        return False
    if "len" in names_in(node):
        return False
    return isinstance(node, ast.BinOp | ast.Call | ast.UnaryOp | ast.Compare) and bool(names_read(node))


def is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def defaults_of(function: Function) -> Iterator[tuple[str, ast.expr]]:
    """Arguments that have a default, with it."""
    positional = function.args.posonlyargs + function.args.args
    pairs = [*zip(positional[::-1], function.args.defaults[::-1], strict=False)]
    pairs += [(a, d) for a, d in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True) if d is not None]
    return ((argument.arg, default) for argument, default in pairs)


def _defaults(function: Function) -> Iterator[tuple[str, float]]:
    """Arguments with a number as default."""
    for argument, default in defaults_of(function):
        if isinstance(default, ast.Constant) and isinstance(default.value, int | float) and default.value not in COMMON:
            yield argument, default.value


def _entries_used(function: Function) -> dict[str, dict[str, list[ast.AST]]]:
    """Lists by layer that a function reads: a pattern such as `biases[{}]` -> index -> where it is read.

    `biases[1]` counts, and `params["b1"]` by its number.
    """
    used: dict[str, dict[str, list[ast.AST]]] = {}
    each = loop_variables(function)
    for node in ast.walk(function):
        match node:
            case ast.Subscript(value=ast.Name(id=name)) if name in each:
                continue
            case ast.Subscript(
                value=ast.Name() | ast.Attribute() as base, slice=ast.Constant(value=key), ctx=ast.Load()
            ):
                name = ast.unparse(base)
                if type(key) is int:
                    used.setdefault(f"{name}[{{}}]", {}).setdefault(str(key), []).append(node)
                elif isinstance(key, str) and key[-1:].isdigit() and (stem := key.rstrip("0123456789")).isidentifier():
                    used.setdefault(f"{name}['{stem}{{}}']", {}).setdefault(key[len(stem) :], []).append(node)
    return used


def _is_empty(function: Function) -> bool:
    """Whether there is nothing to do: a docstring, `pass`, `return` or `raise`."""
    idle = (ast.Pass, ast.Raise)
    return all(
        isinstance(s, idle)
        or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        or (isinstance(s, ast.Return) and (s.value is None or isinstance(s.value, ast.Constant)))
        for s in function.body
    )
