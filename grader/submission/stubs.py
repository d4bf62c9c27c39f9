"""Which of a student's definitions still equal the hand-out's stub.

Owns comparing syntax trees without docstrings, comments and layout, and telling a stub from code that the hand-out
gives complete. That an untouched stub is `missing` and not `failed` is the caller's rule.
"""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Iterator
from pathlib import Path

from grader.assignment.percent import notebook_of
from grader.errors import SubmissionError
from grader.model import Assignment, Notebook, Submission, Uses
from grader.submission.definitions import Definition
from grader.submission.modules import Modules
from grader.submission.notebook import parse_notebook, read_notebook
from grader.submission.sources import Sources, notebook_folder, places, submission_sources


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
            for name, node in _pieces(uses.name, student.definition)
            if name in stubs
            and _same(node, stubs[name])
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


def _pieces(name: str, definition: Definition) -> Iterator[tuple[str, ast.stmt]]:
    """The definition under its name, and each method of a class."""
    yield name, definition.node
    if isinstance(definition.node, ast.ClassDef):
        for statement in definition.node.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}.{statement.name}", statement


def _is_open(stub: ast.stmt, solution: ast.stmt | None) -> bool:
    """Whether the student has something to write there.

    The solution tells, by being different. Without it, in a student's repository, only `raise NotImplementedError`
    is proof: code that is given complete must never be called missing.
    """
    if solution is not None:
        return not _same(stub, solution)
    return any(isinstance(node, ast.Raise) and _raises_not_implemented(node) for node in ast.walk(stub))


def _same(one: ast.stmt, other: ast.stmt) -> bool:
    try:
        return ast.dump(_Plain().visit(copy.deepcopy(one))) == ast.dump(_Plain().visit(copy.deepcopy(other)))
    except RecursionError:  # nested as no stub is
        return False


def _raises_not_implemented(node: ast.Raise) -> bool:
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


class _Plain(ast.NodeTransformer):
    """Drop what changes nothing: docstrings, annotations, and what a NotImplementedError says."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self._without_docstring(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self._without_docstring(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._without_docstring(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return ast.Raise(ast.Name("NotImplementedError", ast.Load()), None) if _raises_not_implemented(node) else node

    def _without_docstring(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.AST:
        match node.body:
            case [ast.Expr(value=ast.Constant(value=str())), *rest]:
                node.body = rest or [ast.Pass()]
        return self.generic_visit(node)
