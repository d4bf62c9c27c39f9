"""What a hand-out gave, as data in the hand-out: fingerprints of its stubs and provided files, and its cells' text.

A student works in the folder that was handed out, so that the files there can no longer say what was given. Owns the
file `fingerprints.json`, its making and its reading, and when two definitions count as the same: by their syntax trees
without comments, docstrings, annotations and layout.
"""

from __future__ import annotations

import ast
import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from grader.assignment.notebooks import notebook_files
from grader.errors import AuthoringError
from grader.model import Assignment, Cell, Notebook
from grader.worker.syntax import names_in, parse_tree

FILE = "fingerprints.json"
_ABOUT = "What this hand-out gave, so that the grader can tell work from stubs. Written by `grade release`."
_DIGITS = 16
"""Hexadecimal digits of a fingerprint: they tell versions of one definition apart and keep nothing secret."""
_WITHOUT_EFFECT = frozenset({"annotation", "returns", "type_comment", "kind", "ctx"})


class _GivenCell(Struct, frozen=True):
    kind: Literal["code", "markdown", "raw"]
    source: str


class Fingerprints(Struct, frozen=True, kw_only=True):
    """What was given."""

    about: str = _ABOUT
    stubs: Mapping[str, tuple[str, ...]]
    """Name, or `Class.method`, -> fingerprints of the definitions that the student has to fill in."""
    provided: Mapping[str, str]
    """Provided file -> fingerprint of its text."""
    notebook: str | None = None
    cells: tuple[_GivenCell, ...] = ()
    """Of the notebook, without outputs."""
    more: Mapping[str, tuple[_GivenCell, ...]] = {}
    """Of each further notebook."""

    def given_notebook(self, name: str | None) -> Notebook | None:
        """The notebook of that name as it was handed out."""
        given = self.more.get(name or "", self.cells)
        if self.notebook is None or name is None:
            return None
        cells = (Cell(index=n, kind=c.kind, source=c.source) for n, c in enumerate(given))
        return Notebook(name=name, cells=tuple(cells))


def fingerprints_of(
    assignment: Assignment, handout: Mapping[str, bytes | Path], solution: Mapping[str, bytes | Path]
) -> bytes:
    """The file's content for a hand-out and the same tree with its solutions kept.

    What is the same in both is given complete, and no stub.
    """
    stubs: dict[str, set[str]] = {}
    solved: dict[str, set[str]] = {}
    files = [*notebook_files(assignment), *assignment.student_files]
    for tree, table in ((handout, stubs), (solution, solved)):
        for file in files:
            for text in _python(file, _text(tree[file])):
                for name, digest in definition_digests(text):
                    table.setdefault(name, set()).add(digest)
    cells = {name: _cells(_text(handout[name])) for name in notebook_files(assignment)}
    first = next(iter(cells), None)
    made = Fingerprints(
        stubs={
            name: tuple(sorted(left))
            for name, digests in sorted(stubs.items())
            if (left := digests - solved.get(name, set()))
        },
        provided={name: tidied_digest(_text(handout[name])) for name in assignment.provided_files},
        notebook=first,
        cells=cells.pop(first) if first is not None else (),
        more=cells,
    )
    written = msgspec.to_builtins(made)
    if not made.more:
        del written["more"]
    return (json.dumps(written, indent=1, ensure_ascii=False) + "\n").encode()


def read_fingerprints(assignment: Assignment) -> Fingerprints | None:
    """What the hand-out says that it gave; None for one that was released without.

    Raises AuthoringError if the file is damaged.
    """
    path = assignment.handout / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Fingerprints)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as problem:
        raise AuthoringError(f"{path}: cannot be read ({problem}); take it from the hand-out again") from None


def tidied_digest(text: str) -> str:
    """Of a file's text without what editors change by themselves: line ends, blanks at line ends, lines at the end."""
    lines = [line.rstrip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return _hashed("\n".join(lines))


def definition_digests(source: str) -> Iterator[tuple[str, str]]:
    """Name and fingerprint of every definition at the top level of a source, and of each method of its classes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            waiting: list[ast.stmt] = list(parse_tree(source).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    while waiting:
        node = waiting.pop(0)
        for name in _names(node):
            yield from piece_digests(name, node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            waiting = [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt)] + waiting


def piece_digests(name: str, node: ast.stmt) -> Iterator[tuple[str, str]]:
    """The definition under `name`, and each method of a class."""
    yield name, node_digest(node)
    if isinstance(node, ast.ClassDef):
        for method in node.body:
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}.{method.name}", node_digest(method)


def node_digest(node: ast.AST) -> str:
    """Fingerprint of a syntax tree, the same in every version of Python; empty for one that is nested too deep."""
    try:
        return _hashed(_canonical(node))
    except RecursionError:
        return ""


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_DIGITS]


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [name for target in targets for name in names_in(target)]
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            return [name]
    return []


def _canonical(value: object) -> str:
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    if not isinstance(value, ast.AST):
        return f"{type(value).__name__}:{value!r}"  # 1, 1.0 and True are equal and not the same
    node = _plain(value)
    if isinstance(node, ast.Constant):
        return f"{type(node.value).__name__}:{node.value!r}"
    # what is empty is left out: newer versions have more fields
    fields = ((name, _field(node, name)) for name in node._fields if name not in _WITHOUT_EFFECT)
    inner = ",".join(f"{name}={_canonical(field)}" for name, field in fields if field is not None and field != [])
    return f"{type(node).__name__}({inner})"


def _plain(node: ast.AST) -> ast.AST:
    if isinstance(node, ast.Raise) and _raises_not_implemented(node):
        return ast.Raise(exc=ast.Name(id="NotImplementedError"))
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return ast.Assign(targets=[node.target], value=node.value)
    return node


def _field(node: ast.AST, name: str) -> object:
    value = getattr(node, name, None)
    if name == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        match value:
            case [ast.Expr(value=ast.Constant(value=str())), *rest]:
                return rest or [ast.Pass()]
    return value


def _raises_not_implemented(node: ast.Raise) -> bool:
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _text(content: bytes | Path) -> str:
    raw = content.read_bytes() if isinstance(content, Path) else content
    return raw.decode("utf-8", errors="replace")


def _cells(notebook: str) -> tuple[_GivenCell, ...]:
    return tuple(
        _GivenCell(cell["cell_type"], source if isinstance(source := cell["source"], str) else "".join(source))
        for cell in json.loads(notebook)["cells"]
    )


def _python(file: str, text: str) -> Iterator[str]:
    """The sources in a module or a notebook; the magics of a cell that defines something stand outside of it."""
    if not file.endswith(".ipynb"):
        yield text
        return
    for cell in _cells(text):
        if cell.kind == "code":
            yield "\n".join("" if line.startswith(("%", "!")) else line for line in cell.source.split("\n"))
