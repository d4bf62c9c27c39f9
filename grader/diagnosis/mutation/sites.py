"""Every small wrong change of an assignment's solution, inside its solution regions.

Pure: text in, text out. Running them is `grader.reference.mutation_testing`'.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence, Set
from functools import lru_cache

from msgspec import Struct

from grader.assignment.notebooks import percent_files
from grader.assignment.release.markers import regions
from grader.assignment.release.percent import is_marker, python_lines
from grader.diagnosis.mutation.mutation import Mutation, Weakness
from grader.diagnosis.mutation.operators import FOR_CHECKS, Operator
from grader.diagnosis.mutation.phrases import (
    Words,
    changes_of,
    defaults_of,
    global_names,
    layers_of,
    lists_of,
    made_by_functions,
    plain_functions,
    remade_in,
    visible_names,
)
from grader.errors import AuthoringError
from grader.model import Assignment
from grader.submission.source.sections import Path, descend, headings, matches
from grader.worker.syntax import names_in, parse_tree

EQUIVALENT = "# equivalent:"
"""A comment in a line of the solution: its mutants change nothing that can be seen, for the reason that follows."""


STUB_NAMES = re.compile(r"^### STUB: (\w+) =", re.MULTILINE)
"""Names that the stub binds at the top of the file, in the place of a solution region."""


class Mutant(Struct, frozen=True, kw_only=True):
    """One change of one solution file."""

    file: str
    """Path below `solution/`."""
    line: int
    column: int
    """From 1, in characters."""
    function: str
    """Dotted name of the function that holds the change; empty outside every function."""
    old: str
    """The changed code, for the author."""
    new: str
    code: str
    clause: str
    """What the change amounts to, for the student; completes "in `function`, ..."."""
    weakness: Weakness
    text: str
    """The whole file with the change."""
    excused: str = ""
    """Why the author says that nothing can be seen of it."""


def solution_files(assignment: Assignment) -> list[str]:
    """The files with solution regions, by path below `solution/`.

    Raises AuthoringError if the reference is not here.
    """
    if assignment.solution is None:
        raise AuthoringError(f"{assignment.id}: the reference is not here, so it has no mutants")
    names = [*assignment.student_files, *percent_files(assignment)]
    return [name for name in names if (assignment.solution / name).is_file()]


def mutants(assignment: Assignment) -> list[Mutant]:
    """All mutants, in the order of files and lines; of several that give the same code the first.

    Cells that a person marks have none, unless they define what a check asks for.
    """
    edits = []
    for file in solution_files(assignment):
        text = read_solution(assignment, file)
        apart = _for_person(assignment, text) if file not in assignment.student_files else ()
        edits += [mutant for mutant in mutants_of(file, text) if mutant.line not in apart]
    return edits


def _for_person(assignment: Assignment, text: str) -> Set[int]:
    """The lines of a notebook's code cells under the heading of a part that a person marks."""
    asked = {uses.name for check in assignment.checks for uses in check.uses}
    under: Path = ()
    found: set[int] = set()
    first = 0  # line of the marker of the cell that is open, from 1
    lines = text.split("\n")
    for number, line in enumerate([*lines, "# %%"], 1):
        if not is_marker(line):
            continue
        cell = lines[first : number - 1]
        if first and lines[first - 1].rstrip() != "# %%":
            for heading in headings("\n".join(one.removeprefix("# ") for one in cell), questions=True):
                under = descend(under, heading)
        elif any(matches(heading.title, manual.under) for heading in under for manual in assignment.manual):
            tree = parse_tree("\n".join(python_lines("\n".join(cell))))
            bound = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
            bound |= set(names_in(tree, ast.Store))
            if not bound & asked:
                found.update(range(first + 1, number))
        first = number
    return found


def read_solution(assignment: Assignment, file: str) -> str:
    """A solution file's text, with its markers."""
    assert assignment.solution is not None  # who names a file of it has looked
    return (assignment.solution / file).read_text(encoding="utf-8")


def mutants_of(file: str, text: str) -> Iterator[Mutant]:
    """The mutants of one file's text, which has its markers."""
    lines = text.split("\n")
    seen = {ast.dump(parse_tree("\n".join(python_lines(text))))}
    for function, mutation in spots(file, text, FOR_CHECKS):
        changed = "\n".join(spliced(lines, mutation))
        try:
            key = ast.dump(parse_tree("\n".join(python_lines(changed))))
        except SyntaxError:
            continue
        if key not in seen:
            seen.add(key)
            yield _mutant(file, lines, function, mutation, changed)


def spots(file: str, text: str, operators: Sequence[Operator]) -> Iterator[tuple[str, Mutation]]:
    """Each change inside the solution regions, with the dotted name of its function."""
    tree = parse_tree("\n".join(python_lines(text)))
    inside = {line for r in regions(text, file) for line in range(r.begin, r.end + 1)}
    given, plain = _of_file(text, file)
    for owner, function in functions_of(tree):
        home = _class_of(tree, function)
        attributes = {name for name in visible_names(home, inside) if name.startswith("self.")} if home else set()
        shown = visible_names(owner, inside) | attributes | (given - _exchangeable(owner))
        built = layers_of(home) if home else {}
        made, lists, changes = made_by_functions(owner), lists_of(owner), changes_of(owner)
        words = Words(shown, made, plain, built, lists, changes, defaults_of(owner), remade_in(owner))
        names = _exchangeable(owner)
        statements = [n for n in ast.walk(owner) if isinstance(n, ast.stmt) and not hasattr(n, "body")]
        for node in _own_nodes(owner):
            if getattr(node, "lineno", None) in inside:
                known = names & _known_before(owner, node) if names and isinstance(node, ast.Name) else names
                for operator in operators:
                    for mutation in operator(node, words, known):
                        yield function, _located(mutation, statements, words)


def _located(mutation: Mutation, statements: Sequence[ast.stmt], words: Words) -> Mutation:
    """A clause that holds no name says what is computed there, by the name that the student knows."""
    if "`" in mutation.clause:
        return mutation
    line: int = mutation.node.lineno  # type: ignore[attr-defined]  # only such nodes are changed
    inside = next((s for s in statements if s.lineno <= line <= (s.end_lineno or s.lineno)), None)
    target = inside.targets[0] if isinstance(inside, ast.Assign) else getattr(inside, "target", None)
    name = words.name(target) if isinstance(target, ast.Name | ast.Attribute) else ""
    if not name.startswith("`"):
        return mutation
    return mutation._replace(clause=f"{mutation.clause}, where {name} is computed")


def _class_of(tree: ast.Module, function: str) -> ast.ClassDef | None:
    name = function.partition(".")[0]
    return next((n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name), None)


@lru_cache(maxsize=16)
def _of_file(text: str, file: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """The names at the top of a file that students see, and its functions of one argument."""
    tree = parse_tree("\n".join(python_lines(text)))
    hidden = {line for r in regions(text, file) for line in range(r.begin, r.end + 1)}
    return global_names(tree, hidden) | frozenset(STUB_NAMES.findall(text)), tuple(plain_functions(tree))


def _mutant(file: str, lines: list[str], function: str, mutation: Mutation, text: str) -> Mutant:
    line: int = mutation.node.lineno  # type: ignore[attr-defined]  # only such nodes are changed
    _, _, excuse = lines[line - 1].partition(EQUIVALENT)
    before = lines[line - 1].encode()[: mutation.node.col_offset]  # type: ignore[attr-defined]  # the same
    return Mutant(
        file=file,
        line=line,
        column=len(before.decode()) + 1,
        function=function,
        old=ast.unparse(mutation.node),
        new=mutation.new,
        code=mutation.code,
        clause=mutation.clause,
        weakness=mutation.weakness,
        text=text,
        excused=excuse.strip(),
    )


def functions_of(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Each function with its dotted name, and the module itself with an empty one."""
    yield tree, ""

    def search(node: ast.AST, names: tuple[str, ...]) -> Iterator[tuple[ast.AST, str]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                if not isinstance(child, ast.ClassDef):
                    yield child, ".".join((*names, child.name))
                yield from search(child, (*names, child.name))
            else:
                yield from search(child, names)

    yield from search(tree, ())


def _own_nodes(owner: ast.AST) -> Iterator[ast.AST]:
    """The nodes below a function that belong to no function or class inside it."""
    for child in ast.iter_child_nodes(owner):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.arguments):
            yield child
            if not _means_the_same(child):
                yield from _own_nodes(child)


def _means_the_same(node: ast.AST) -> bool:
    """Whether a change inside would only be another word: `len` of an array of as many rows, axis -1 for axis 1."""
    if isinstance(node, ast.keyword) and node.arg in ("axis", "keepdims", "dtype"):
        return True  # changed as a whole, with the call
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len"


def _exchangeable(owner: ast.AST) -> Set[str]:
    """Parameters and local variables: what a student may write in each other's place."""
    if isinstance(owner, ast.Module):
        return frozenset()
    names = {n.arg for n in ast.walk(owner) if isinstance(n, ast.arg)}
    names |= set(names_in(owner, ast.Store))
    return frozenset(names - {"self", "_"})


def _known_before(owner: ast.AST, node: ast.AST) -> Set[str]:
    """Parameters, and variables that are set in a line above: others would only raise a NameError."""
    line = getattr(node, "lineno", 0)
    known = {n.arg for n in ast.walk(owner) if isinstance(n, ast.arg)}
    known |= {
        n.id for n in ast.walk(owner) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.lineno < line
    }
    return known | ({node.id} if isinstance(node, ast.Name) else set())


def spliced(lines: list[str], mutation: Mutation) -> list[str]:
    """The lines with the node's source replaced; columns of a syntax tree count bytes of UTF-8."""
    node = mutation.node
    assert isinstance(node, ast.expr | ast.stmt)
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    before = lines[first].encode()[: node.col_offset].decode()
    after = lines[last].encode()[node.end_col_offset or 0 :].decode()
    new = mutation.new if isinstance(node, ast.stmt) else f"({mutation.new})"
    return [*lines[:first], before + new + after, *lines[last + 1 :]]
