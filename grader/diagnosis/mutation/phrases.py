"""Which names of the solution a student has in front of them, and words for the expressions that hold others."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence, Set
from copy import deepcopy
from dataclasses import dataclass

from grader.worker.syntax import names_in

INVERSE = {"exp": "log", "log": "exp", "square": "sqrt", "sqrt": "square"}
"""A function, and the one that is missing where it has been applied once too often."""


@dataclass(frozen=True)
class Words:
    """Words about expressions in one function of the solution."""

    visible: Set[str]
    """Names that the stub shows, too."""
    made: Mapping[str, tuple[str, str]]
    """For a variable the function and the one variable that it is made of."""
    functions: Sequence[str]
    """Functions of one argument in the same file."""
    built: Mapping[str, str]
    """For an attribute of the object the class of the layer that it holds."""
    lists: Mapping[str, int]
    """Lists with how many entries they begin with."""
    changes: Mapping[str, str]
    """For a variable the one that is changed by it."""
    defaults: Mapping[str, str]
    """Numbers that arguments have where none is given."""
    remade: Mapping[str, str]
    """Variables that are set before the function changes anything, with how to compute them once more."""

    def step_between(self, right: str, wrong: str) -> tuple[str, str] | None:
        """The code and the clause of the function that leads from one variable to the other; None if none does."""
        if wrong in self.made and self.made[wrong][1] == right:
            function = self.made[wrong][0]
            if function in INVERSE:
                return "missing-function", f"the function `{INVERSE[function]}` is missing"
            return "wrong-function", f"the function `{function}` is applied"
        if right in self.made and self.made[right][1] == wrong:
            function = self.made[right][0]
            return "missing-function", f"what goes into `{function}` stands where what comes out of it belongs"
        return None

    def before(self, name: str) -> tuple[str, str] | None:
        """For a list of which each entry is a function of one of another list: that function, and that list."""
        function, of = self.made.get(name, ("", ""))
        return (function, of) if name in self.lists and of in self.lists else None

    def kept_in(self, name: str) -> str:
        """What a list is called, or what it changes."""
        if self.shown(name):
            return f"`{name}`"
        changed = self.changes.get(name, "")
        return f"what changes `{changed}`" if self.shown(changed) else "a list"

    def shown(self, name: str) -> bool:
        """Whether the student knows this name from the hand-out."""
        return name in self.visible

    def layer(self, node: ast.AST) -> str:
        """What a layer is called: by its class where that is known, else as the student knows it."""
        if isinstance(node, ast.Attribute) and node.attr in self.built and ast.unparse(node.value) == "self":
            return f"the layer `{self.built[node.attr]}`"
        return self.name(node) or "a layer"

    def call(self, node: ast.Call) -> str:
        """What a call returns, in words: with its function, and the names that it is given."""
        function = self.name(node.func) or "a function"
        given = [name for name in map(self.name, node.args) if name.startswith("`")]
        return f"what {function} makes of {' and '.join(given)}" if given else f"what {function} returns"

    def attributes(self) -> list[str]:
        """The attributes of `self` that the student knows from the hand-out."""
        return sorted(name.removeprefix("self.") for name in self.visible if name.startswith("self."))

    def name(self, node: ast.AST) -> str:
        """What an expression is called: a name in backticks, or what it stands for; empty for anything else."""
        if isinstance(node, ast.Name):
            function, of = self.made.get(node.id, ("", ""))
            phrase = f"what `{function}` makes of `{of}`" if self.shown(function) and self.shown(of) else ""
            return f"`{node.id}`" if self.shown(node.id) else phrase
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            return f"`self.{node.attr}`" if self.shown(f"self.{node.attr}") else ""
        text = ast.unparse(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return text
        if text.startswith("len(") or (isinstance(node, ast.Subscript) and text.endswith(".shape[0]")):
            return "the number of rows"
        return ""

    def of(self, node: ast.AST, before: str = " of ") -> str:
        """`before` and the name, or a name that occurs in the expression; empty if there is none to tell."""
        name = self.name(node.value if isinstance(node, ast.Subscript) else node)
        if not name:
            inner = dict.fromkeys(self.name(n) for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute))
            inner.pop("", None)
            if 1 < len(inner) < 4 and before in (" ", " with "):
                *rest, last = inner
                return f" with {', '.join(rest)} and {last}"
            if len(inner) != 1:
                return ""
            name = next(iter(inner))
            if before == " ":
                return f" with {name}"
        return before + name if before != " " or name.startswith("`") else f", {name},"


def visible_names(tree: ast.AST, hidden_lines: Set[int]) -> frozenset[str]:
    """Names, parameters and `self.` attributes that occur outside the lines of the solution regions."""
    names = set()
    for node in ast.walk(tree):
        if getattr(node, "lineno", None) in hidden_lines:
            continue
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            names.add(f"self.{node.attr}")
    return frozenset(names - {"self", "np", "numpy", "len", "range"})


def layers_of(tree: ast.AST) -> dict[str, str]:
    """The attributes that a class sets to an object of a class, with the name of that."""
    kinds = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)],
                            value=ast.Call(func=ast.Name(id=kind))) if kind[:1].isupper():  # fmt: skip
                kinds[attribute] = kind
    return kinds


def global_names(tree: ast.Module, hidden_lines: Set[int]) -> frozenset[str]:
    """Names that the statements of a file bind outside the lines of the solution regions."""
    names = set()
    for statement in tree.body:
        if statement.lineno in hidden_lines:
            continue
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            names.add(statement.name)
        else:
            names |= set(names_in(statement, ast.Store))
    return frozenset(names)


def made_by_functions(owner: ast.AST) -> dict[str, tuple[str, str]]:
    """For variables that are set once, to a function of one other variable: that function and that variable."""
    origins: dict[str, tuple[str, str]] = {}
    sets = names_in(owner, ast.Store)
    for node in ast.walk(owner):
        match node:
            case ast.Assign(
                targets=[ast.Name(id=target)], value=ast.Call(func=ast.Attribute(attr=function), args=[ast.Name(id=of)])
            ) if sets.count(target) == 1:
                origins[target] = function, of
            case ast.Assign(
                targets=[ast.Name(id=target)], value=ast.Call(func=ast.Name(id=function), args=[ast.Name(id=of)])
            ) if sets.count(target) == 1:
                origins[target] = function, of
            case ast.Call(func=ast.Attribute(attr="append", value=ast.Name(id=target)), args=[value]):
                for call in ast.walk(value):  # a list of which each entry is a function of one of another list
                    match call:
                        case ast.Call(func=ast.Name(id=function), args=[ast.Subscript(value=ast.Name(id=of))]):
                            origins[target] = function, of
    return origins


def lists_of(owner: ast.AST) -> dict[str, int]:
    """The variables that begin as lists, and with how many entries."""
    lengths: dict[str, int] = {}
    for node in ast.walk(owner):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            pairs = [(target, value)]
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = list(zip(target.elts, value.elts, strict=False))
            lengths |= {t.id: len(v.elts) for t, v in pairs if isinstance(t, ast.Name) and isinstance(v, ast.List)}
    return lengths


def changes_of(owner: ast.AST) -> dict[str, str]:
    """For variables by which another one is changed in place: that one."""
    targets: dict[str, str] = {}
    for node in ast.walk(owner):
        if isinstance(node, ast.AugAssign):
            target = next(iter(names_in(node.target)), "")
            targets |= dict.fromkeys(names_in(node.value), target)
    return targets


def defaults_of(owner: ast.AST) -> dict[str, str]:
    """The arguments of a function that have a number by default, with it."""
    if not isinstance(owner, ast.FunctionDef):
        return {}
    by_position = zip(reversed(owner.args.args), reversed(owner.args.defaults), strict=False)
    pairs = [*by_position, *((a, d) for a, d in zip(owner.args.kwonlyargs, owner.args.kw_defaults, strict=True) if d)]
    return {a.arg: ast.unparse(d) for a, d in pairs if isinstance(d, ast.Constant) and type(d.value) in (int, float)}


def remade_in(owner: ast.AST) -> dict[str, str]:
    """The variables of a function that are set once, by a call, before it changes arrays or objects; with that call.

    What the call is given is made again, too, so that it sees what was changed.
    """
    calls: dict[str, ast.expr] = {}
    statements = [n for n in ast.walk(owner) if isinstance(n, ast.Assign | ast.AugAssign)]
    sets = names_in(owner, ast.Store)
    changes = (s for s in statements for t in (s.targets if isinstance(s, ast.Assign) else [s.target])
               if isinstance(t, ast.Subscript | ast.Attribute) or isinstance(s, ast.AugAssign))  # fmt: skip
    last = max((change.lineno for change in changes), default=0)
    for step in sorted(statements, key=lambda s: s.lineno):
        match step:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if (
                sets.count(name) == 1 and step.lineno < last
            ):
                calls[name] = _inlined(call, calls)
    return {name: ast.unparse(call) for name, call in calls.items()}


class _Inline(ast.NodeTransformer):
    def __init__(self, known: Mapping[str, ast.expr]) -> None:
        self._known = known

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self._known.get(node.id, node)


def _inlined(call: ast.expr, known: Mapping[str, ast.expr]) -> ast.expr:
    made: ast.expr = _Inline(known).visit(deepcopy(call))
    return made


def plain_functions(tree: ast.Module) -> list[str]:
    """The functions of one argument at the top of a file, but for those that loop."""
    one = [n for n in tree.body if isinstance(n, ast.FunctionDef) and len(n.args.args) == 1]
    return [n.name for n in one if not any(isinstance(inner, ast.For | ast.While) for inner in ast.walk(n))]
