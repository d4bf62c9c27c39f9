"""The checks of an assignment, from its check files: `checks.py` and `hidden.py`, with their helper files.

Owns which checks they define, as a list of `Check` with the text that a worker runs later. Which files these are and
how they see each other is `checksource`'s.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from grader.assignment.loading.check_source import (
    HIDDEN,
    PUBLIC,
    CheckFile,
    bound_at,
    joined,
    load_check_files,
    place_of,
)
from grader.errors import AuthoringError
from grader.model import Check


def read_checks(folder: Path, *, required: bool = True) -> tuple[Check, ...]:
    """The checks of `folder/checks.py` and, where it is there, of `folder/hidden.py`, in the order of their files.

    Parameters
    ----------
    required
        There has to be one: not where every part is for a person.

    Raises
    ------
    AuthoringError
        For any error in these files and their helpers, for an id that is used twice and for a check in a helper.
    """
    checks: list[Check] = []
    before: list[CheckFile] = []
    for file in load_check_files(folder).values():
        by_id = _checks(file, [value for other in before for value in vars(other.module).values()])
        before.append(file)
        name = file.path.name
        if name in (PUBLIC, HIDDEN):
            visibility = "public" if name == PUBLIC else "hidden"
            own = {"source": joined(before), "file": name, "visibility": visibility}
            checks += [msgspec.structs.replace(check, **own) for check in by_id.values()]
        elif by_id:
            line = bound_at(file.tree, next(iter(by_id)))[0]
            text = f"check {next(iter(by_id))} stands in a helper file; checks belong in {PUBLIC} and {HIDDEN}"
            raise AuthoringError(f"{file.path}:{line}: {text}")
    if not checks and required:
        raise AuthoringError(f"{folder / PUBLIC}:1: defines no check; decorate a probe with @check(part, points=...)")
    titles: dict[str, str] = {}
    for check in checks:
        if titles.setdefault(check.part.id, check.part.title) != check.part.title:
            text = f"part {check.part.id} is called {titles[check.part.id]!r} elsewhere and {check.part.title!r} here"
            raise AuthoringError(f"{folder / check.file}: check {check.id}: {text}; use one Part object")
    return tuple(checks)


def author_line(check: Check, line: int) -> tuple[str, int]:
    """The author's file and line of line `line` (from 1) in `check.source`, for messages about a probe that failed."""
    return place_of(check.source, line)


def probe_definitions(checks: Iterable[Check]) -> dict[str, ast.FunctionDef]:
    """The `def` of each probe by check id, with lines of its `source`; a probe that is bound otherwise has none."""
    definitions: dict[str, ast.FunctionDef] = {}
    trees: dict[str, ast.Module] = {}  # the checks of a file share its text
    for check in checks:
        if check.source not in trees:
            trees[check.source] = ast.parse(check.source)
        for node in trees[check.source].body:
            if isinstance(node, ast.FunctionDef) and node.name == check.id:
                definitions[check.id] = node
    return definitions


def _checks(file: CheckFile, elsewhere: Iterable[Any]) -> dict[str, Check]:
    """The file's checks by id, without those that it imported (`elsewhere`)."""
    foreign = {id(value) for value in elsewhere}
    path = file.path
    checks: dict[str, Check] = {}
    functions: dict[int, str] = {}
    for name, value in list(vars(file.module).items()):
        check = getattr(value, "__check__", None)
        if not isinstance(check, Check) or id(value) in foreign or id(value) in functions:
            continue
        functions[id(value)] = name
        line = bound_at(file.tree, name)[-1]
        if check.id in checks:
            raise AuthoringError(f"{path}:{line}: check id {check.id} is used twice; rename one")
        if vars(file.module).get(check.id) is not value:
            hint = f"the function is called {check.id} but bound to {name}; give both one name"
            raise AuthoringError(f"{path}:{line}: {hint}")
        checks[check.id] = check
    defined = Counter(node.name for node in file.tree.body if isinstance(node, ast.FunctionDef))
    for name in checks:
        if defined[name] > 1:
            lines = bound_at(file.tree, name)
            raise AuthoringError(f"{path}:{lines[-1]}: check id {name} is used twice (line {lines[0]}); rename one")
    return checks
