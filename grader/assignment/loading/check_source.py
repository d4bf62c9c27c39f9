"""An author's check files, and the texts that a worker runs of them.

`checks.py` may be split: what it imports from `checks_*.py` beside it is as public as itself. What `hidden.py` imports
from `hidden_*.py` is as secret as itself, and no public file can import it. Owns which checks they define, as a list of
`Check` with the texts that a worker runs later, and a digest of what one check is made of.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from msgspec import Struct

from grader.assignment.loading.author_file import execute, parse, read_text
from grader.errors import AuthoringError
from grader.model import Check
from grader.worker.syntax import names_in, parse_tree

PUBLIC = "checks.py"
HIDDEN = "hidden.py"
_OURS = re.compile(r"(checks|hidden)(_\w+)?")
"""Modules that are a part of the checks."""


class CheckFile(Struct, frozen=True):
    """One of the files, executed."""

    path: Path
    text: str
    tree: ast.Module
    module: ModuleType


def public_files(folder: Path) -> list[Path]:
    """`checks.py` and its helper files: what goes into the hand-out."""
    return [folder / PUBLIC, *sorted(folder.glob("checks_*.py"))]


def hidden_files(folder: Path) -> list[Path]:
    """`hidden.py`, which need not be there, and its helper files."""
    return [path for path in (folder / HIDDEN, *sorted(folder.glob("hidden_*.py"))) if path.is_file()]


def load_check_files(folder: Path) -> dict[str, CheckFile]:
    """`checks` and, where it is there, `hidden` by their modules' names, each after the helper files that it imports.

    Raises AuthoringError for an error in one of them and an import that cannot be.
    """
    loaded: dict[str, CheckFile] = {}
    _load(folder, "checks", loaded, ())
    if (folder / HIDDEN).exists():
        _load(folder, "hidden", loaded, ())
    return loaded


def _load(folder: Path, name: str, loaded: dict[str, CheckFile], waiting: tuple[str, ...]) -> None:
    path = folder / f"{name}.py"
    text = read_text(path)
    tree = parse(path, text)
    for wanted, line in _wanted(path, tree):
        if wanted in (*waiting, name):
            raise AuthoringError(f"{path}:{line}: {wanted}.py imports this file; move what both need to a third one")
        if wanted.startswith("hidden") and not name.startswith("hidden"):
            raise AuthoringError(f"{path}:{line}: {wanted}.py is hidden, and this file goes into the hand-out")
        if not os.path.isfile(folder / f"{wanted}.py"):  # False where the name is too long for a file, too
            raise AuthoringError(f"{path}:{line}: there is no {wanted}.py beside it")
        if wanted not in loaded:
            _load(folder, wanted, loaded, (*waiting, name))
    module = execute(path, text, {name: file.module for name, file in loaded.items()})
    loaded[name] = CheckFile(path, text, tree, module)


def _wanted(path: Path, tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The other files that one imports, with the line."""
    for node in _imports(tree):
        if isinstance(node, ast.ImportFrom):
            if not node.level and node.module and _OURS.fullmatch(node.module):
                yield node.module, node.lineno
            continue
        for alias in node.names:
            if _OURS.fullmatch(alias.name):
                text = f"import {alias.name}; write `from {alias.name} import NAME` instead"
                raise AuthoringError(f"{path}:{node.lineno}: {text}")


def bound_at(tree: ast.Module, name: str) -> list[int]:
    """Lines of the functions of that name at the top of the file; `[1]` if there are none."""
    return [node.lineno for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name] or [1]


def _imports(tree: ast.Module) -> list[ast.ImportFrom | ast.Import]:
    """Wherever they stand."""
    return [node for block in _blocks(tree) for node in block if isinstance(node, ast.ImportFrom | ast.Import)]


def _blocks(tree: ast.Module) -> Iterator[list[Any]]:
    """Each list of statements, which may be changed: a tenth of all nodes, since every run pays for a look at them."""
    waiting: list[ast.AST] = [tree]
    for node in waiting:  # which grows meanwhile
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            block = getattr(node, part, [])
            yield block
            waiting += block


# ---------------------------------------------------------------- which checks they define


def read_checks(folder: Path, *, required: bool = True) -> tuple[Check, ...]:
    """The checks of `folder/checks.py` and, where it is there, of `folder/hidden.py`, in the order of their files.

    There has to be one where `required`: not where every part is for a person. Raises AuthoringError for any error in
    these files and their helpers, for an id that is used twice and for a check in a helper.
    """
    checks: list[Check] = []
    before: list[CheckFile] = []
    for file in load_check_files(folder).values():
        by_id = _checks(file, [value for other in before for value in vars(other.module).values()])
        name = file.path.name
        for id in sorted(by_id.keys() & {check.id for check in checks}):
            line = bound_at(file.tree, id)[0]
            raise AuthoringError(f"{file.path}:{line}: check id {id} is defined in {PUBLIC} too; rename one")
        if name in (PUBLIC, HIDDEN):
            visibility = "public" if name == PUBLIC else "hidden"
            helpers = {other.path.name: other.text for other in before}
            own = {"source": file.text, "helpers": helpers, "file": name, "visibility": visibility}
            checks += [msgspec.structs.replace(check, **own) for check in by_id.values()]
        elif by_id:
            line = bound_at(file.tree, next(iter(by_id)))[0]
            text = f"check {next(iter(by_id))} stands in a helper file; checks belong in {PUBLIC} and {HIDDEN}"
            raise AuthoringError(f"{file.path}:{line}: {text}")
        before.append(file)
    if not checks and required:
        raise AuthoringError(f"{folder / PUBLIC}:1: defines no check; decorate a probe with @check(part, points=...)")
    titles: dict[str, str] = {}
    for check in checks:
        if titles.setdefault(check.part.id, check.part.title) != check.part.title:
            text = f"part {check.part.id} is called {titles[check.part.id]!r} elsewhere and {check.part.title!r} here"
            raise AuthoringError(f"{folder / check.file}: check {check.id}: {text}; use one Part object")
    return tuple(checks)


def probe_definitions(checks: Iterable[Check]) -> dict[str, ast.FunctionDef]:
    """The `def` of each probe by check id, with lines of its file; a probe that is bound otherwise has none."""
    definitions: dict[str, ast.FunctionDef] = {}
    trees: dict[str, ast.Module] = {}  # the checks of a file share its text
    for check in checks:
        if check.source not in trees:
            trees[check.source] = parse_tree(check.source)
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


# ---------------------------------------------------------------- digests of single checks


def check_digest(check: Check) -> str:
    """Of the probe and of everything in its files that it leads to; comments and line numbers do not count."""
    files = [_parts(text) for text in check.files.values()]
    waiting, seen = [check.id], dict[str, str]()
    while waiting:
        name = waiting.pop()
        found = [parts[name] for parts in files if name in parts]
        if name in seen or not found:
            continue
        seen[name] = "".join(text for text, _ in found)
        waiting += (used for _, names in found for used in names)
    text = "\0".join(f"{name}\0{seen[name]}" for name in sorted(seen))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def in_one_namespace(text: str) -> list[ast.stmt]:
    """The statements of a check file for a namespace that all share: its imports from others only rename."""
    tree = parse_tree(text)
    for block in _blocks(tree):
        block[:] = [node for statement in block for node in _renaming(statement)]
    return tree.body


def _renaming(node: ast.stmt) -> Sequence[ast.stmt]:
    if not isinstance(node, ast.ImportFrom) or node.level or not _OURS.fullmatch(node.module or ""):
        return (node,)
    return parse_tree("\n".join(f"{a.asname} = {a.name}" for a in node.names if a.asname) or "pass").body


@lru_cache(maxsize=32)
def _parts(text: str) -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """Each name that a file defines at its top, with the statements that do, and the names in them."""
    parts: dict[str, tuple[str, tuple[str, ...]]] = {}
    for node in in_one_namespace(text):
        names = tuple(names_in(node))
        for name in bound_by(node):
            text, used = parts.get(name, ("", ()))
            parts[name] = (text + ast.dump(node), (*used, *names))
    return parts


def bound_by(node: ast.stmt) -> Iterator[str]:
    """Names that a statement at the top of a file binds."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    else:
        yield from names_in(node, ast.Store)
