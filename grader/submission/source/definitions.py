"""What one piece of Python defines at its top level.

Owns reading a cell's or a module's source as a syntax tree: names with their kind and parameters, and the modules it
star-imports. Which of several definitions counts, and following imports into other files, is `lookup`'s.
"""

from __future__ import annotations

import ast
import threading
import warnings
from collections.abc import Iterator, Set
from typing import Literal

import msgspec
from msgspec import Struct

from grader.submission.names import printable
from grader.submission.quota import MAX_TOKENS, count_tokens
from grader.submission.source.magics import plain_python
from grader.worker.syntax import names_in, parse_tree

Kind = Literal["def", "class", "assign", "import"]
_LOADS = frozenset({"load", "loads", "loadtxt", "genfromtxt", "fromfile", "read_pickle"})


class Definition(Struct, frozen=True, kw_only=True):
    """One binding of a name."""

    name: str
    kind: Kind
    """`def` also for a lambda that is given a name."""
    line: int
    """From 1."""
    node: ast.stmt
    source: str = ""
    """The whole text that it stands in."""
    parameters: tuple[str, ...] | None = None
    """Of a function, in order, `*args` and `**kwargs` with their stars."""
    update: bool = False
    """An assignment in a loop, or one that computes the name from itself: it changes what is there already."""
    loaded: bool = False
    """An assignment of what was saved before, as weights after a training: `np.load`, `pickle.load`."""
    origin: str = ""
    """Of an import: the module that `from … import` names, with its leading dots."""
    original: str = ""
    """Of an import: the name there."""

    @property
    def text(self) -> str:
        """The lines of the whole statement, with their comments."""
        return "\n".join(self.source.split("\n")[self.line - 1 : self.node.end_lineno])


class Attached(Struct, frozen=True):
    """A function that is put on a class below it: `Net.predict = predict`, `setattr`, or a decorator that names it."""

    owner: str
    """Name of the class."""
    method: str
    """Its name there; empty where that is only known when it runs."""
    names: frozenset[str] = frozenset()
    """Names that the function may be defined under."""
    node: ast.stmt | None = None
    """The function, where it is defined in the same statement."""


class CellDefinitions(Struct, frozen=True, kw_only=True):
    """What a source defines, in order."""

    found: tuple[Definition, ...] = ()
    stars: tuple[str, ...] = ()
    """Modules of `from … import *`, with their leading dots."""
    attached: tuple[Attached, ...] = ()
    note: str = ""
    """Why nothing could be read: `line 3: invalid syntax`."""

    @property
    def names(self) -> frozenset[str]:
        return frozenset(d.name for d in self.found)


class Parsed(Struct, frozen=True):
    """A syntax tree, or None and the reason."""

    tree: ast.Module | None
    note: str = ""
    line: int = 0
    """Where the reason stands, from 1."""


class _Trees:
    """The syntax trees of the last texts, which every stage and thread asks for again: up to 1 kB for each token."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[int, Parsed]] = {}
        self._size = 0

    def get(self, source: str) -> Parsed:
        with self._lock:
            if (kept := self._kept.pop(source, None)) is not None:
                self._kept[source] = kept
                return kept[1]
        size = count_tokens(source)
        if size > MAX_TOKENS:
            return Parsed(None, f"line 1: longer than {MAX_TOKENS:,} words and signs")
        parsed = _parsed(source)
        with self._lock:
            self._keep(source, size, parsed)
        return parsed

    def _keep(self, source: str, size: int, parsed: Parsed) -> None:
        self._size += size - self._kept.pop(source, (0, parsed))[0]
        self._kept[source] = size, parsed
        while self._size > self._room and len(self._kept) > 1:
            oldest = next(iter(self._kept))
            self._size -= self._kept.pop(oldest)[0]


_trees = _Trees(room=MAX_TOKENS + 50_000)


def parse(source: str) -> Parsed:
    """The syntax tree of `source`, whatever it is; nobody may change it. Warnings about it are dropped."""
    return _trees.get(source)


def _parsed(source: str) -> Parsed:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Parsed(parse_tree(source))
    except SyntaxError as problem:
        return Parsed(None, f"line {problem.lineno or 1}: {printable(problem.msg, 200)}", problem.lineno or 1)
    except (ValueError, RecursionError, MemoryError) as problem:
        # ValueError: NUL or half a surrogate pair; the others: nested deeper than the parser goes
        return Parsed(None, f"line 1: cannot be parsed ({type(problem).__name__})")


def definitions(source: str) -> CellDefinitions:
    """What `source` (a cell with its magics, or a module) defines at top level.

    Bodies of `if`, `for`, `while`, `with`, `try` and `match` count as top level; those of functions and classes do
    not. A name that the same source deletes again is not there. With a syntax error nothing is, and `note` says why.
    """
    text = plain_python(source)
    parsed = parse(text)
    if parsed.tree is None:
        return CellDefinitions(note=parsed.note)
    every: list[Definition] = []
    gone: dict[str, int] = {}  # name -> how many definitions came before it was deleted
    stars: list[str] = []
    attached: list[Attached] = []
    loaded: set[str] = set()
    for statement, loop in _statements(parsed.tree.body):
        attached.extend(_attached(statement))
        if isinstance(statement, ast.Delete):
            gone |= {name: len(every) for target in statement.targets for name in _targets(target)}
        elif isinstance(statement, ast.ImportFrom) and any(a.name == "*" for a in statement.names):
            stars.append("." * statement.level + (statement.module or ""))
        else:
            saved = isinstance(statement, ast.Assign | ast.With) and _loads(statement, loaded)
            defined = [msgspec.structs.replace(d, source=text, loaded=saved) for d in _defined(statement, loop)]
            loaded |= {d.name for d in defined if saved}
            every.extend(defined)
    kept = (d for number, d in enumerate(every) if number >= gone.get(d.name, 0))
    return CellDefinitions(found=tuple(kept), stars=tuple(stars), attached=tuple(attached))


def free_names(statement: ast.stmt) -> set[str]:
    """Names that a function or class reads and nowhere binds: globals, as far as can be seen; none of other code."""
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return set()
    read: set[str] = set()
    bound: set[str] = set()
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read.add(name)
            case ast.Name(id=name) | ast.arg(arg=name):
                bound.add(name)
    return read - bound


def _statements(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, bool]]:
    """Every statement at top level with whether it stands in a loop; by a stack, as an `elif` chain is deep."""
    waiting: list[tuple[ast.AST, bool]] = [(s, False) for s in reversed(body)]
    while waiting:
        node, loop = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node, loop
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        inner = loop or isinstance(node, ast.For | ast.AsyncFor | ast.While)
        for field in ("finalbody", "orelse", "handlers", "cases", "body"):
            waiting.extend((n, inner) for n in reversed(getattr(node, field, [])))


def _defined(statement: ast.stmt, loop: bool) -> Iterator[Definition]:
    line = statement.lineno
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield Definition(
                name=statement.name, kind="def", line=line, node=statement, parameters=_parameters(statement.args)
            )
        case ast.ClassDef():
            yield Definition(name=statement.name, kind="class", line=line, node=statement)
        case ast.Import():
            for alias in statement.names:
                name = alias.asname or alias.name.partition(".")[0]
                yield Definition(name=name, kind="import", line=line, node=statement)
        case ast.ImportFrom():
            origin = "." * statement.level + (statement.module or "")
            for alias in statement.names:
                yield Definition(
                    name=alias.asname or alias.name,
                    kind="import",
                    line=line,
                    node=statement,
                    origin=origin,
                    original=alias.name,
                )
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda(args=arguments)):
            yield Definition(name=name, kind="def", line=line, node=statement, parameters=_parameters(arguments))
        case ast.Assign(targets=targets, value=value):
            yield from _assigned(statement, targets, value, loop)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _assigned(statement, [target], value, loop)
        case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
            yield from _assigned(statement, [target], value, True)
        case ast.With(items=items) | ast.AsyncWith(items=items):
            for item in items:
                if item.optional_vars is not None:
                    yield from _assigned(statement, [item.optional_vars], item.context_expr, loop)


def _attached(statement: ast.stmt) -> Iterator[Attached]:
    match statement:
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=owner), attr=method)], value=value):
            if isinstance(value, ast.Lambda) or (names := _given_names(value)):
                yield Attached(owner, method, frozenset() if isinstance(value, ast.Lambda) else names)
        case ast.Expr(value=ast.Call(func=ast.Name(id="setattr"), args=[ast.Name(id=owner), name, value])):
            method = name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else ""
            yield Attached(owner, method, _given_names(value) if method else frozenset())
        case ast.FunctionDef(name=method, decorator_list=decorators, args=arguments):
            called = [argument for d in decorators if isinstance(d, ast.Call) for argument in d.args]
            # fastai's `@patch` takes the class from the annotation of `self`
            called += [first.annotation for first in arguments.args[:1] if decorators and first.annotation]
            for owner in dict.fromkeys(one.id for one in called if isinstance(one, ast.Name)):
                yield Attached(owner, method, node=statement)


def _given_names(value: ast.expr) -> frozenset[str]:
    """A name, or those that a call is given: `predict`, `staticmethod(predict)`."""
    inner = [value, *value.args] if isinstance(value, ast.Call) else [value]
    return frozenset(one.id for one in inner if isinstance(one, ast.Name))


def _assigned(statement: ast.stmt, targets: list[ast.expr], value: ast.expr, loop: bool) -> Iterator[Definition]:
    read = set(names_in(value))
    for target in targets:
        for name in _targets(target):
            update = loop or name in read
            yield Definition(name=name, kind="assign", line=statement.lineno, node=statement, update=update)


def _loads(statement: ast.Assign | ast.With, loaded: Set[str]) -> bool:
    """Whether what a statement assigns comes from a file, or from names that did."""
    values = [statement.value] if isinstance(statement, ast.Assign) else [item.context_expr for item in statement.items]
    if all(isinstance(value, ast.Name | ast.Constant) for value in values):
        return not loaded.isdisjoint(name for value in values for name in names_in(value))
    for node in (node for value in values for node in ast.walk(value)):
        match node:
            case ast.Name(id=name) if name in loaded:
                return True
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _LOADS:
                return True
    return False


def _targets(target: ast.expr) -> Iterator[str]:
    """The plain names in an assignment's target; attributes and items bind none."""
    waiting = [target]
    while waiting:
        match waiting.pop():
            case ast.Name(id=name):
                yield name
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                waiting.extend(reversed(parts))
            case ast.Starred(value=inner):
                waiting.append(inner)


def _parameters(arguments: ast.arguments) -> tuple[str, ...]:
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    if arguments.vararg:
        names.append("*" + arguments.vararg.arg)
    names.extend(a.arg for a in arguments.kwonlyargs)
    if arguments.kwarg:
        names.append("**" + arguments.kwarg.arg)
    return tuple(names)
