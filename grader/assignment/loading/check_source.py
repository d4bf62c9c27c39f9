"""The files that an author's checks stand in, and the one text of them all that a worker runs.

`checks.py` may be split: what it imports from `checks_*.py` beside it is as public as itself. What `hidden.py` imports
from `hidden_*.py` is as secret as itself, and no public file can import it. All of them share one namespace, since a
worker gets them as one text: no two may define the same name. Which checks they hold is for `checkfile`.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

from msgspec import Struct

from grader.assignment.loading.author_file import execute, parse, read_text
from grader.errors import AuthoringError

PUBLIC = "checks.py"
HIDDEN = "hidden.py"
_OURS = re.compile(r"(checks|hidden)(_\w+)?")
"""Modules that are a part of the checks."""
_SEAM = "# ---- "
"""Begins the line above each file's text, which ends in the file's name: so a line is led back to its file."""


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

    Raises
    ------
    AuthoringError
        For an error in one of them, an import that cannot be, and a name that two of them define.
    """
    loaded: dict[str, CheckFile] = {}
    _load(folder, "checks", loaded, ())
    if (folder / HIDDEN).exists():
        _load(folder, "hidden", loaded, ())
    return loaded


def joined(files: Iterable[CheckFile]) -> str:
    """One text that runs alone: the files in their order, with their imports from each other taken out, lines kept."""
    texts, future = [], set[str]()
    for file in files:
        text, names = _without_imports(file)
        texts.append(f"{_SEAM}{file.path.name}\n{text}")
        future |= names
    # a __future__ import counts only at the top of the whole text
    top = f"from __future__ import {', '.join(sorted(future))}" if future else ""
    return "\n".join([top, *texts])


def place_of(source: str, line: int) -> tuple[str, int]:
    """The file and the line there of line `line` (from 1) of a joined text."""
    lines = source.split("\n")
    seam = next(at for at in range(line, 0, -1) if lines[at - 1].startswith(_SEAM))
    return lines[seam - 1].removeprefix(_SEAM), line - seam


def holds(source: str, file: str) -> bool:
    """Whether the file of this name is a part of a joined text."""
    return f"\n{_SEAM}{file}\n" in source


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
    file = CheckFile(path, text, tree, module)
    _refuse_redefinitions(file, loaded)
    loaded[name] = file


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


def _refuse_redefinitions(file: CheckFile, others: Mapping[str, CheckFile]) -> None:
    """Refuse a name that two files define: in the joined text the second would reach into the first's functions."""
    for other in others.values():
        theirs = vars(other.module)
        for name, value in vars(file.module).items():
            if name.startswith("__") or name not in theirs or theirs[name] is value:
                continue
            kind = "check id" if hasattr(theirs[name], "__check__") else "name"
            line = bound_at(file.tree, name)[0]
            text = f"{kind} {name} is defined in {other.path.name} too; rename one"
            raise AuthoringError(f"{file.path}:{line}: {text}")


def bound_at(tree: ast.Module, name: str) -> list[int]:
    """Lines of the functions of that name at the top of the file; `[1]` if there are none."""
    return [node.lineno for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name] or [1]


def _without_imports(file: CheckFile) -> tuple[str, set[str]]:
    """The text without its imports from the other files, and the names of its __future__ imports, also taken out."""
    raw = file.text.removesuffix("\n").encode()
    starts = [0]
    for line in raw.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    future = set[str]()
    for node in sorted(_imports(file.tree), key=lambda n: (n.lineno, n.col_offset), reverse=True):
        if not isinstance(node, ast.ImportFrom) or node.level or not node.module:
            continue
        renamed = []
        if node.module == "__future__":
            future |= {alias.name for alias in node.names}
        elif _OURS.fullmatch(node.module):
            renamed = [f"{a.asname} = {a.name}" for a in node.names if a.asname]
        else:
            continue
        last, column = node.end_lineno or node.lineno, node.end_col_offset or 0  # a parsed node has both
        begin, end = starts[node.lineno - 1] + node.col_offset, starts[last - 1] + column
        rest = b"\n" * (last - node.lineno)
        raw = raw[:begin] + ("; ".join(renamed) or "pass").encode() + rest + raw[end:]
    return raw.decode(), future


def _imports(tree: ast.Module) -> list[ast.ImportFrom | ast.Import]:
    """Wherever they stand; only statements are looked at, a tenth of all nodes, since every run pays for it."""
    imports: list[ast.ImportFrom | ast.Import] = []
    waiting: list[ast.AST] = [tree]
    for node in waiting:  # which grows meanwhile
        if isinstance(node, ast.ImportFrom | ast.Import):
            imports.append(node)
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(node, part, ())
    return imports
