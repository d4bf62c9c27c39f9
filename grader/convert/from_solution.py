"""`grade new --from`: a solution notebook or module with solution regions becomes an assignment.

One part for each function, class or variable that a region is about. Its check repeats what the notebook's own cells do
with it: the calls that they print, and the values that they compute from it. Where they do nothing, the check asks for
the arguments only, and is listed as the author's to write.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from msgspec import structs

from grader.assignment.lint.names import bindings
from grader.convert.draft import Draft, DraftCheck, Left, check_of
from grader.convert.probes import probe_of
from grader.convert.regions import has_region, normalised
from grader.convert.scope import Scope, parsed, scope_of
from grader.convert.source import SourceCell, is_notebook, read_cells, read_text
from grader.errors import AuthoringError, UsageError
from grader.submission.source.sections import headings
from grader.worker.syntax import names_in


def draft_of(path: Path, id: str) -> Draft:
    """The assignment that a solution file is the source of.

    Raises UsageError if the file cannot be read or has no solution region; AuthoringError for a marker that is misspelt
    or has no counterpart, with its cell and line.
    """
    if path.suffix not in (".py", ".ipynb"):
        raise UsageError(f"{path}: neither a notebook (.ipynb), its percent text nor a module (.py)")
    return _notebook(path, id) if is_notebook(path) else _module(path, id)


def _notebook(path: Path, id: str) -> Draft:
    cells = [
        c.with_source(normalised(c.source, c.where(path.name))) if c.kind == "code" else c for c in read_cells(path)
    ]
    solutions = [c for c in cells if c.kind == "code" and has_region(c.source)]
    if not solutions:
        raise UsageError(f"{path}: has no solution region; put your solution between '### BEGIN SOLUTION' and"
                         " '### END SOLUTION'")  # fmt: skip
    title = next((h.title for c in cells if c.kind == "markdown" for h in headings(c.source)), id)
    draft = Draft(id=id, title=title, cells=cells)
    scope = scope_of([(c.source, has_region(c.source)) for c in cells if c.kind == "code"])
    for number, cell in enumerate(solutions, 1):
        part = str(number)
        names = _answers(cell.source)
        heading = _heading(cells, cell)
        draft.parts[part] = heading if heading and heading not in draft.parts.values() else " and ".join(names)
        if not names:
            draft.left.append(Left(cell.where(path.name), "its region defines nothing that a check could ask for"))
        for name in names:
            draft.checks.append(_check(draft, part, name, scope, _demonstrations(cells, name), path.name))
    _drop_empty_parts(draft)
    draft.names = dict.fromkeys(sorted({name for check in draft.checks for name in check.uses}), "notebook")
    return draft


def _module(path: Path, id: str) -> Draft:
    text = normalised(read_text(path), str(path))
    if not has_region(text):
        raise UsageError(f"{path}: has neither cells nor a solution region")
    tree = parsed(text)
    if tree is None:
        raise AuthoringError(f"{path}: not valid Python")
    title = (ast.get_docstring(tree) or id).split("\n")[0].rstrip(".")
    draft = Draft(id=id, title=title, cells=[], modules={path.name: text})
    for number, name in enumerate(_answers(text), 1):
        draft.parts[str(number)] = name
        draft.checks.append(_check(draft, str(number), name, scope_of([(text, True)]), [], path.name))
    draft.names = dict.fromkeys(sorted({n for check in draft.checks for n in check.uses}), path.stem)
    return draft


def _drop_empty_parts(draft: Draft) -> None:
    used = {check.part for check in draft.checks}
    draft.parts = {id: title for id, title in draft.parts.items() if id in used}


def _answers(source: str) -> list[str]:
    """Functions and classes that hold a region, and variables that are bound in one outside of these."""
    tree = parsed(source)
    lines = [n for n, line in enumerate(source.split("\n"), 1) if "### BEGIN SOLUTION" in line]
    ends = [n for n, line in enumerate(source.split("\n"), 1) if "### END SOLUTION" in line]
    names: list[str] = []
    for node in tree.body if tree else ():
        inside = any(b < node.lineno and (node.end_lineno or node.lineno) < e for b, e in zip(lines, ends, strict=True))
        around = any(node.lineno <= b <= (node.end_lineno or 0) + 1 for b in lines)
        named = isinstance(node, ast.FunctionDef | ast.ClassDef)
        if inside or (around and named):
            names += [name for name in bindings(node) if name not in names and not name.startswith("_")]
    return names


def _heading(cells: Sequence[SourceCell], cell: SourceCell) -> str:
    above = [h.title for c in cells[: cell.index] if c.kind == "markdown" for h in headings(c.source)]
    return above[-1] if above else ""


def _check(draft: Draft, part: str, name: str, scope: Scope, cells: Sequence[SourceCell], file: str) -> DraftCheck:
    id = re.sub(r"\W", "_", f"{name.lower()}_values")
    title = f"`{name}` computes what the notebook shows"
    for cell in cells:
        try:
            probe = probe_of(_returning(cell, name, scope), scope, (), cell.where(file))
        except AuthoringError:
            continue
        draft.done.append(f"{cell.where(file)}: what it computes with `{name}` is the check {id}")
        check = check_of(probe, id=id, part=part, points=Fraction(1), title=title)
        return structs.replace(check, uses=tuple(sorted({name, *check.uses})), tolerances={})
    if name not in scope.functions and name in scope.answers and not _is_class(draft, name):
        return DraftCheck(
            id=id, part=part, points=Fraction(1), title=f"Value of `{name}`", uses=(name,),
            body=(f'return {{"{name}": student.{name}}}',),
        )  # fmt: skip
    draft.left.append(Left(f"check {id}", f"no cell shows what `{name}` computes: write what it is to be asked"))
    return DraftCheck(
        id=id, part=part, points=Fraction(1), title=f"`{name}` takes its arguments", uses=(name,),
        imports=("import inspect",),
        body=(
            f"# TODO: return what `{name}` computes at random arguments: rng.normal(size=(7, 5)), ...",
            f'return {{"arguments": len(inspect.signature(student.{name}).parameters)}}',
        ),
    )  # fmt: skip


def _is_class(draft: Draft, name: str) -> bool:
    texts = [*draft.modules.values(), *(cell.source for cell in draft.cells if cell.kind == "code")]
    trees = [tree for text in texts if (tree := parsed(text))]
    return any(isinstance(node, ast.ClassDef) and node.name == name for tree in trees for node in tree.body)


def _demonstrations(cells: Sequence[SourceCell], name: str) -> list[SourceCell]:
    """Given cells of code that use a name, in order."""
    given = [c for c in cells if c.kind == "code" and not has_region(c.source)]
    return [c for c in given if (tree := parsed(c.source)) and _reads(tree, name)]


def _reads(node: ast.AST, name: str) -> bool:
    return name in names_in(node, ast.Load)


def _returning(cell: SourceCell, name: str, scope: Scope) -> str:
    """The cell's statements that lead to values of `name`, each such value asserted to equal itself.

    `probe_of` makes returned values of these; what the cell only prints or draws is left out.
    """
    tree = parsed(cell.source)
    lines: list[str] = []
    computed = {name}
    shown = False
    for node in tree.body if tree else ():
        depends = any(_reads(node, one) for one in computed)
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            lines.append(ast.unparse(node))
            if depends:
                bound = list(bindings(node))
                computed |= set(bound)
                if not _makes_object(node.value, scope):
                    lines += [f"assert {one} == 0" for one in bound]
                    shown = True
        elif isinstance(node, ast.Expr):
            for value in _shown(node) if depends else ():
                if any(_reads(value, one) for one in computed) and not isinstance(value, ast.Name):
                    lines.append(f"assert {ast.unparse(value)} == 0")
                    shown = True
        elif isinstance(node, ast.Assert | ast.Import | ast.ImportFrom):
            lines.append(ast.unparse(node))
            shown |= depends
        elif depends:
            raise AuthoringError("the cell does more than compute and show")
    if not shown:
        raise AuthoringError("the cell shows no value")
    return "\n".join(lines)


def _makes_object(value: ast.expr | None, scope: Scope) -> bool:
    """Whether the value is `Layer()`: an object to call, not one to compare."""
    called = value.func if isinstance(value, ast.Call) else None
    return isinstance(called, ast.Name) and called.id in scope.variables


def _shown(node: ast.Expr) -> Iterator[ast.expr]:
    """What an expression statement shows: itself, or the arguments of `print`."""
    value = node.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "print":
        yield from (a for a in value.args if not isinstance(a, ast.Constant | ast.JoinedStr))
    elif isinstance(value, ast.Call) and not isinstance(value.func, ast.Name):
        return  # plt.plot(f(x)): drawn, not shown
    else:
        yield value
