"""Which of a student's definitions still equal the hand-out's stub.

Owns comparing syntax trees without docstrings, comments and layout, and telling a stub from code that the hand-out
gives complete. That an untouched stub is `missing` and not `failed` is the caller's rule.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from grader.assignment.release.percent import notebook_of
from grader.errors import SubmissionError
from grader.model import Assignment, Notebook, Submission, Uses
from grader.submission.source.definitions import Definition
from grader.submission.source.lookup import Sources, notebook_folder, places, submission_sources
from grader.submission.source.modules import Modules
from grader.submission.source.notebook import parse_notebook, read_notebook

_TO_DO = re.compile(r"#.*\b(TODO|FIXME|YOUR (CODE|ANSWER))\b", re.IGNORECASE)

_END = re.compile(r"#.*\bEND\b", re.IGNORECASE)


def is_left_open(source: str, line: int) -> bool:
    """Whether there is a TODO right above `line` (from 1), and no code between: what it misses was never written."""
    for text in reversed(source.splitlines()[: line - 1]):
        code = text.strip()
        if code not in ("", "pass", "...") and not code.startswith("#"):
            return False
        if _TO_DO.search(text) and not _END.search(text):
            return True
    return False


def unfilled(assignment: Assignment, submission: Submission) -> frozenset[str]:
    """Declared names whose definition equals the stub's, and `Class.method` for single methods that do.

    A name is in it only if no check sees another state of it: where the hand-out defines a name twice, both are
    stubs still. What the hand-out gives complete is never in it, and without a hand-out nothing is.
    """
    compare = _Comparison(assignment, submission)
    found: set[str] = set()
    for name in assignment.names:
        asked = {uses for check in assignment.checks for uses in check.uses if uses.name == name} or {Uses(name=name)}
        found |= frozenset.intersection(*(compare.unfilled(uses) for uses in asked))
    return frozenset(found)


def unfilled_by_check(assignment: Assignment, submission: Submission) -> dict[str, frozenset[str]]:
    """Check id -> the same for the names that the check uses, of the definitions that its own `Uses` choose."""
    compare = _Comparison(assignment, submission)
    return {
        check.id: frozenset[str]().union(*(compare.unfilled(uses) for uses in check.uses))
        for check in assignment.checks
    }


class _Comparison:
    """The student's sources beside the stubs and, where it is here, the solution."""

    def __init__(self, assignment: Assignment, submission: Submission) -> None:
        self._assignment = assignment
        self._student = submission_sources(submission)
        self._stubs = _sources(assignment, assignment.handout, _stub_notebook(assignment))
        self._solution = (
            _sources(assignment, assignment.solution, _solution_notebook(assignment, assignment.solution))
            if assignment.solution is not None
            else None
        )

    def unfilled(self, uses: Uses) -> frozenset[str]:
        where = places(self._assignment, uses.name)
        student, stub = self._student.find(uses, where), self._stubs.find(uses, where)
        if student is None or stub is None or student.definition is None or stub.definition is None:
            return frozenset()
        if stub.path in self._assignment.provided_files:
            return frozenset()
        solution = self._solution.find(uses, where) if self._solution is not None else None
        solved = dict(_pieces(uses.name, solution.definition)) if solution and solution.definition else None
        stubs = dict(_pieces(uses.name, stub.definition))
        return frozenset(
            name
            for name, piece in _pieces(uses.name, student.definition)
            if name in stubs
            and _same(piece.node, stubs[name].node)
            and _is_open(stubs[name], solved.get(name) if solved else None)
        )


def _sources(assignment: Assignment, folder: Path, notebook: Notebook | None) -> Sources:
    return Sources(notebook, Modules(folder, {}, notebook_folder(assignment.notebook)))


def _stub_notebook(assignment: Assignment) -> Notebook | None:
    path = assignment.handout / assignment.notebook if assignment.notebook else None
    if path is None or not path.is_file():
        return None
    try:
        return read_notebook(path)
    except SubmissionError:  # the student's repository is the hand-out, and this its notebook: opening has said so
        return None


def _solution_notebook(assignment: Assignment, solution: Path) -> Notebook | None:
    if not assignment.notebook:
        return None
    path = (solution / assignment.notebook).with_suffix(".py")
    if not path.is_file():
        return None
    raw = notebook_of(path.read_text(encoding="utf-8"), path.name)
    return parse_notebook(json.dumps(raw).encode(), assignment.notebook)


class _Piece(Struct, frozen=True):
    node: ast.stmt
    text: str


def _pieces(name: str, definition: Definition) -> Iterator[tuple[str, _Piece]]:
    """The definition under its name, and each method of a class."""
    yield name, _Piece(definition.node, definition.text)
    if isinstance(definition.node, ast.ClassDef):
        lines = definition.text.split("\n")
        for node in definition.node.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                start, end = (number - definition.node.lineno for number in (node.lineno, node.end_lineno or 0))
                yield f"{name}.{node.name}", _Piece(node, "\n".join(lines[start : end + 1]))


def _is_open(stub: _Piece, solution: _Piece | None) -> bool:
    """Whether the student has something to write there.

    The solution tells, by being different. Without it, in a student's repository, the stub itself must say so, by
    `raise NotImplementedError` or a comment: code that is given complete must never be called missing.
    """
    if solution is not None:
        return not _same(stub.node, solution.node)
    raises = any(isinstance(node, ast.Raise) and _raises_not_implemented(node) for node in ast.walk(stub.node))
    return raises or _TO_DO.search(stub.text) is not None


def _same(one: ast.stmt, other: ast.stmt) -> bool:
    try:
        return _alike(one, other)
    except RecursionError:  # nested as no stub is
        return False


_WITHOUT_EFFECT = frozenset({"annotation", "returns", "type_comment", "kind", "ctx"})


def _alike(one: object, other: object) -> bool:
    """Whether two trees are the same but for docstrings, annotations, and what a NotImplementedError says."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if not (isinstance(one, ast.AST) and isinstance(other, ast.AST)):
        return type(one) is type(other) and one == other  # 1, 1.0 and True are equal and not the same
    one, other = _plain(one), _plain(other)
    return type(one) is type(other) and all(
        _alike(_field(one, name), _field(other, name)) for name in one._fields if name not in _WITHOUT_EFFECT
    )


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
