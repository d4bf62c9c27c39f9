"""The author's Python files: executed in a namespace of their own and read for what they define.

Owns `checks.py` and `hidden.py` as lists of `Check` (with the text that a worker runs later) and the one way in which
an error in such a file becomes an `AuthoringError` with its line. `edits` reads `wrong.py` and `right.py` through it.
"""

from __future__ import annotations

import ast
import builtins
import traceback
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from grader.errors import AuthoringError
from grader.model import Check

PUBLIC = "checks.py"
HIDDEN = "hidden.py"
_SEAM = "# ---- hidden.py"
"""Parts the two files in a hidden check's source, so that a line number can be led back to its file."""


def read_text(path: Path) -> str:
    """An author's text file.

    Raises
    ------
    AuthoringError
        If it is missing or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise AuthoringError(f"{path}: no such file; the assignment needs it") from None
    except UnicodeDecodeError as error:
        raise AuthoringError(f"{path}:1: not UTF-8 text ({error.reason}); save it as UTF-8") from None


def execute(path: Path, text: str, modules: Mapping[str, ModuleType]) -> ModuleType:
    """Run an author's file as a module that no one else can import.

    Parameters
    ----------
    path, text
        The file and its text.
    modules
        What this file alone can import besides what is installed: `hidden.py` sees `checks`. They are handed over by
        an `__import__` of its own instead of `sys.modules`, so that several assignments can be loaded at a time.

    Raises
    ------
    AuthoringError
        For anything that goes wrong in the file, with its line there.
    """

    def import_(name: str, *rest: Any) -> Any:
        return modules[name] if name in modules else builtins.__import__(name, *rest)

    module = ModuleType(path.stem)
    module.__file__ = str(path)
    module.__dict__["__builtins__"] = {**vars(builtins), "__import__": import_}
    try:
        exec(compile(text, str(path), "exec", dont_inherit=True), module.__dict__)
    except AuthoringError:
        raise
    except SyntaxError as error:
        at = error.lineno if error.filename == str(path) else _line_in(path, error)
        raise AuthoringError(f"{path}:{at}: {error.msg}; correct the file") from None
    # An author's file is arbitrary code, and whatever it raises means the same: the file must be corrected.
    except (Exception, SystemExit) as error:
        what = str(error).partition("\n")[0]
        raise AuthoringError(f"{path}:{_line_in(path, error)}: {type(error).__name__}: {what}") from error
    return module


def read_checks(folder: Path) -> tuple[Check, ...]:
    """The checks of `folder/checks.py` and, where it is there, of `folder/hidden.py`, in the order of their files.

    Raises
    ------
    AuthoringError
        For any error in these files, for an id that is used twice and for a name that `hidden.py` defines again.
    """
    public_path, hidden_path = folder / PUBLIC, folder / HIDDEN
    text = read_text(public_path)
    public = execute(public_path, text, {})
    found = _checks(public, text, ())
    checks = [msgspec.structs.replace(check, source=text, file=PUBLIC) for check in found.values()]
    if hidden_path.exists():
        hidden_text = read_text(hidden_path)
        hidden = execute(hidden_path, hidden_text, {"checks": public})
        found_hidden = _checks(hidden, hidden_text, vars(public).values())
        _refuse_redefinitions(public, hidden, hidden_text, found)
        source = _joined(text, hidden_text, hidden_path) if found_hidden else ""
        checks += [
            msgspec.structs.replace(check, visibility="hidden", source=source, file=HIDDEN)
            for check in found_hidden.values()
        ]
    if not checks:
        raise AuthoringError(f"{public_path}:1: defines no check; decorate a probe with @check(part, points=...)")
    titles: dict[str, str] = {}
    for check in checks:
        if titles.setdefault(check.part.id, check.part.title) != check.part.title:
            text = f"part {check.part.id} is called {titles[check.part.id]!r} elsewhere and {check.part.title!r} here"
            raise AuthoringError(f"{folder / check.file}: check {check.id}: {text}; use one Part object")
    return tuple(checks)


def author_line(check: Check, line: int) -> tuple[str, int]:
    """The author's file and line of line `line` (from 1) in `check.source`, for messages about a probe that failed."""
    lines = check.source.split("\n")
    seam = lines.index(_SEAM) + 1 if check.visibility == "hidden" and _SEAM in lines else 0
    return (HIDDEN, line - seam) if seam and line > seam else (PUBLIC, line)


def probe_definitions(checks: Iterable[Check]) -> dict[str, ast.FunctionDef]:
    """The `def` of each probe by check id, with lines of its `source`; a probe that is bound otherwise has none."""
    found: dict[str, ast.FunctionDef] = {}
    trees: dict[str, ast.Module] = {}  # the checks of a file share its text
    for check in checks:
        if check.source not in trees:
            trees[check.source] = ast.parse(check.source)
        for node in trees[check.source].body:
            if isinstance(node, ast.FunctionDef) and node.name == check.id:
                found[check.id] = node
    return found


def _checks(module: ModuleType, text: str, elsewhere: Iterable[Any]) -> dict[str, Check]:
    """The module's checks by id, without those that it imported (`elsewhere`)."""
    foreign = {id(value) for value in elsewhere}
    path = module.__file__
    found: dict[str, Check] = {}
    functions: dict[int, str] = {}
    for name, value in list(vars(module).items()):
        check = getattr(value, "__check__", None)
        if not isinstance(check, Check) or id(value) in foreign or id(value) in functions:
            continue
        functions[id(value)] = name
        if check.id in found:
            raise AuthoringError(f"{path}:{_bound(text, name)[-1]}: check id {check.id} is used twice; rename one")
        if vars(module).get(check.id) is not value:
            hint = f"the function is called {check.id} but bound to {name}; give both one name"
            raise AuthoringError(f"{path}:{_bound(text, name)[-1]}: {hint}")
        found[check.id] = check
    defined = Counter(node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    for name in found:
        if defined[name] > 1:
            lines = _bound(text, name)
            raise AuthoringError(f"{path}:{lines[-1]}: check id {name} is used twice (line {lines[0]}); rename one")
    return found


def _bound(text: str, name: str) -> list[int]:
    """Lines of the functions of that name at the top of the file; `[1]` if there are none."""
    nodes = ast.parse(text).body
    return [node.lineno for node in nodes if isinstance(node, ast.FunctionDef) and node.name == name] or [1]


def _refuse_redefinitions(public: ModuleType, hidden: ModuleType, text: str, checks: Mapping[str, Check]) -> None:
    """Refuse a name that both files define: in the joined text the second would reach into the first's functions."""
    for name, value in vars(hidden).items():
        if name.startswith("__") or name not in vars(public) or vars(public)[name] is value:
            continue
        kind = "check id" if name in checks else "name"
        line = _bound(text, name)[0]
        raise AuthoringError(f"{hidden.__file__}:{line}: {kind} {name} is defined in {PUBLIC} too; rename one")


def _joined(public: str, hidden: str, path: Path) -> str:
    """One text that runs alone: checks.py, then hidden.py with its imports from checks taken out, lines kept."""
    raw = hidden.encode()
    starts = [0]
    for line in raw.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    future = ""
    for node in sorted(_imports(hidden), key=lambda n: (n.lineno, n.col_offset), reverse=True):
        if isinstance(node, ast.Import):
            if any(alias.name == "checks" for alias in node.names):
                raise AuthoringError(f"{path}:{node.lineno}: import checks; write `from checks import NAME` instead")
            continue
        if node.module == "__future__":
            future = ", ".join(alias.name for alias in node.names)
        elif node.module != "checks" or node.level:
            continue
        renamed = [f"{a.asname} = {a.name}" for a in node.names if a.asname and node.module == "checks"]
        last, column = node.end_lineno or node.lineno, node.end_col_offset or 0  # a parsed node has both
        begin, end = starts[node.lineno - 1] + node.col_offset, starts[last - 1] + column
        rest = b"\n" * (last - node.lineno)
        raw = raw[:begin] + ("; ".join(renamed) or "pass").encode() + rest + raw[end:]
    # a __future__ import counts only at the top of the joined text: on its first line, so that no line moves
    if any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in _imports(public)):
        future = ""  # a second one would be too late, and the only one that still changes anything is `annotations`
    top = f"from __future__ import {future}; " if future else ""
    return f"{top}{public.removesuffix(chr(10))}\n{_SEAM}\n{raw.decode()}"


def _imports(text: str) -> list[ast.ImportFrom | ast.Import]:
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom | ast.Import)]


def _line_in(path: Path, error: BaseException) -> int:
    """The last line of the author's file that the error passed through."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno or 1 for f in reversed(frames) if f.filename == str(path)), 1)
