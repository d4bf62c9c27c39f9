"""Which names a notebook defines, and which of them a piece of code needs.

Owns `Scope`, what `probes` binds a test's free names to.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterable, Iterator

from msgspec import Struct

from grader.assignment.lint.names import bindings
from grader.submission.source.magics import plain_python

_BUILTINS = frozenset(dir(builtins))


class Scope(Struct, frozen=True, kw_only=True):
    """What the cells of a notebook give a test that stands below them."""

    functions: frozenset[str] = frozenset()
    variables: frozenset[str] = frozenset()
    """Also classes."""
    imports: dict[str, str] = {}
    """Name to the statement that imports it."""
    answers: frozenset[str] = frozenset()
    """Names that solution cells define: what a test is about."""

    @property
    def names(self) -> frozenset[str]:
        return self.functions | self.variables


def scope_of(cells: Iterable[tuple[str, bool]]) -> Scope:
    """The scope after the cells, each a source and whether it is (or holds) a solution."""
    functions, variables, answers = set[str](), set[str](), set[str]()
    imports = dict[str, str]()
    for source, solution in cells:
        tree = parsed(source)
        for node in tree.body if tree else ():
            bound = set(bindings(node))
            if isinstance(node, ast.Import | ast.ImportFrom):
                imports |= {name: _import_of(node, name) for name in bound if name != "*"}
                continue
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                functions |= bound
            else:
                variables |= bound
            answers |= bound if solution else set()
    return Scope(
        functions=frozenset(functions),
        variables=frozenset(variables - functions),
        imports=imports,
        answers=frozenset(answers),
    )


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of a cell, its magics blanked; None where that is no Python."""
    try:
        return ast.parse(plain_python(source))
    except (SyntaxError, ValueError):
        return None


class Needs(Struct, frozen=True, kw_only=True):
    """How a piece of code deals with names that it may share with the notebook."""

    free: frozenset[str]
    """Read, and bound by the notebook: never by the code itself, or only after it was read."""
    rebound: frozenset[str]
    """Of these, those that the code deletes or rebinds: inside a function they would be local."""


def needs(source: str) -> Needs:
    """What a cell's code reads from outside of itself.

    Raises SyntaxError if it is no Python, or cannot stand inside a function (a star import).
    """
    tree = ast.parse(source)
    body = "".join(f"  {line}\n" for line in ast.unparse(tree).split("\n"))
    table = symtable.symtable(f"def probe():\n{body or '  pass'}", "cell", "exec").get_children()[0]
    if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(tree)):
        raise SyntaxError("import * inside a function")
    free = {name for name in _globals(table) if name not in _BUILTINS}
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_local()}
    early = {name for name in own if _read_first(tree, name)}
    return Needs(free=frozenset(free | early), rebound=frozenset(early))


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    yield from (s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced())
    for child in table.get_children():
        yield from _globals(child)


def _read_first(tree: ast.Module, name: str) -> bool:
    """Whether the code reads a name, or deletes it, before it binds it: in textual order, which is near enough."""
    for node in tree.body:
        uses = [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == name]
        if any(isinstance(n.ctx, ast.Load | ast.Del) for n in uses):
            return not (
                isinstance(node, ast.For | ast.With | ast.FunctionDef | ast.ClassDef) and name in bindings(node)
            )
        if name in bindings(node):
            return False
    return False


def _import_of(node: ast.Import | ast.ImportFrom, name: str) -> str:
    alias = next(a for a in node.names if (a.asname or a.name).split(".")[0] == name)
    what = alias.name + (f" as {alias.asname}" if alias.asname else "")
    if isinstance(node, ast.Import):
        return f"import {what}"
    return f"from {'.' * node.level}{node.module or ''} import {what}"
