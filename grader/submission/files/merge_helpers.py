"""What a student's version of a provided file defines beyond the course's own names.

Hand-ins bring helpers of their own in a provided file, or the file as a later homework has it, and import them. The
course's own version is run; these functions and classes, and other names for them, are added to it, and none of its
own is replaced.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.worker.syntax import parse_tree

_DEFINED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def with_additions(course: str, student: str) -> tuple[str, tuple[str, ...]]:
    """The course's text with the functions and classes that only the student's version has, and their names.

    The student's imports come first, so that the course's names win, and one that fails is left out. A text that
    cannot be parsed adds nothing.
    """
    try:
        own, theirs = parse_tree(course), parse_tree(student)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return course, ()
    known = {node.name for node in own.body if isinstance(node, _DEFINED)}
    known |= {n.id for node in own.body for n in ast.walk(node) if isinstance(n, ast.Name) and _is_bound(n)}
    known |= {a.asname or a.name for node in own.body if isinstance(node, ast.ImportFrom) for a in node.names}
    added = [node for node in theirs.body if not _names(node) <= known]
    longer = list(_longer(own, theirs))
    if not (added or longer) or any(_future(node) for node in own.body):
        return course, ()
    imports = [node for node in theirs.body if isinstance(node, ast.Import | ast.ImportFrom)]
    before = [f"try:\n    {ast.unparse(node)}\nexcept ImportError:\n    pass" for node in imports if not _future(node)]
    after = [ast.unparse(node) for node in added]
    after += [_WIDENED.format(name=name, theirs=theirs, own=own) for name, theirs, own in longer]
    names = tuple(name for node in added for name in sorted(_names(node)))
    names += tuple(f"arguments of {name}, which are not used" for name, _, _ in longer)
    return "\n".join([*before, course.rstrip("\n"), "", "", *after]) + "\n", names


_WIDENED = """
def _widened(function, theirs, own):
    import functools

    @functools.wraps(function)
    def widened(*args, **kwargs):
        if len(args) > len(theirs):
            return function(*args, **kwargs)
        given = dict(zip(theirs, args)) | kwargs
        return function(**{{name: value for name, value in given.items() if name in own or name not in theirs}})

    return widened


{name} = _widened({name}, {theirs!r}, {own!r})
"""


def _longer(own: ast.Module, theirs: ast.Module) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Functions that take more in the student's version than in the course's, such as the folder of the data.

    Name, the student's parameters, the course's; all of these are among those.
    """
    mine = {node.name: _plain_parameters(node) for node in own.body if isinstance(node, ast.FunctionDef)}
    for node in theirs.body:
        if isinstance(node, ast.FunctionDef) and (course := mine.get(node.name)) is not None:
            student = _plain_parameters(node)
            if student is not None and set(course) < set(student):
                yield node.name, student, course


def _plain_parameters(node: ast.FunctionDef) -> tuple[str, ...] | None:
    """Parameters that can be given by name; None where there are others."""
    if node.args.vararg or node.args.kwarg or node.args.posonlyargs or node.args.kwonlyargs:
        return None
    return tuple(argument.arg for argument in node.args.args)


def _names(node: ast.stmt) -> set[str]:
    """What a statement defines that could be added: a function, a class, or another name or number for something."""
    if isinstance(node, _DEFINED):
        return {node.name}
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Constant):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return set()


def _future(node: ast.stmt) -> bool:
    """Whether it is a `from __future__` import, which stands on a file's first line or nowhere."""
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _is_bound(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)
