"""A fingerprint of each check: of its probe and of whatever in its files the probe can reach.

Comments, blank lines and other checks do not move it; a helper that the probe calls does, and so do its decorator's
constants, its judge and its title.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cached_property

from grader.model import Check

_REACHES_ALL = frozenset({"globals", "vars", "eval", "exec", "locals", "__import__", "import_module"})
"""With one of these a probe may reach names that its text does not show: the whole file counts."""
_GIVEN = {"vars": 1, "exec": 2, "eval": 2}
"""With so many arguments these see only what they are given."""


def fingerprint(*texts: str) -> str:
    """A short digest of some texts, each with its length, so that no two lists give the same bytes."""
    whole = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        whole.update(b"%d:" % len(data))
        whole.update(data)
    return whole.hexdigest()[:32]


def check_fingerprints(checks: Iterable[Check]) -> dict[str, str]:
    """Check id -> its fingerprint."""
    files: dict[str, _File] = {}
    found = {}
    for check in checks:
        if check.source not in files:
            files[check.source] = _File(check.source)
        found[check.id] = fingerprint(check.id, check.visibility, *files[check.source].reached(check.id))
    return found


class _File:
    """What the text of a check file binds at its top level, and what it does there besides."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._bound: dict[str, list[_Statement]] = {}
        self._always: list[_Statement] = []
        """Statements that are no definition: whatever they do, they do it for every check."""
        for node in ast.parse(source).body:
            statement, names = _Statement(node), list(_binds(node))
            for name in names:
                self._bound.setdefault(name, []).append(statement)
            says_nothing = isinstance(node, ast.Pass) or (
                isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            )
            if not names and not says_nothing:
                self._always.append(statement)

    def reached(self, check: str) -> list[str]:
        """The dumps of everything that `check` rests on, in the order of the file."""
        if check not in self._bound:
            return [self._source]
        found: dict[tuple[int, int], _Statement] = {}
        names, seen = {check}, set[str]()
        waiting = list(self._always)
        while waiting or names:
            if waiting:
                statement = waiting.pop()
                found[statement.place] = statement
                names |= statement.names
                continue
            name = names.pop()
            if name in _REACHES_ALL:
                return [self._source]
            if name not in seen:
                seen.add(name)
                waiting += self._bound.get(name, [])
        return [found[place].text for place in sorted(found)]


class _Statement:
    """A top-level statement; what is looked up in it is kept, since most helpers serve many checks."""

    def __init__(self, node: ast.stmt) -> None:
        self._node = node
        self.place = node.lineno, node.col_offset

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(_names(self._node))

    @cached_property
    def text(self) -> str:
        return ast.dump(self._node)


def _binds(node: ast.stmt) -> Iterable[str]:
    """Names that a top-level statement binds; none for one that does more than bind."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            for part in target.elts if isinstance(target, ast.Tuple | ast.List) else [target]:
                if isinstance(part, ast.Name):
                    yield part.id


def _names(node: ast.stmt) -> set[str]:
    """Names in a statement, without the calls that are given what they may look at."""
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    harmless = {id(call.func) for call in calls if _is_confined(call)}
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and id(n) not in harmless}


def _is_confined(call: ast.Call) -> bool:
    """`vars` of an object, `exec` or `eval` in a namespace: what that holds stands in the probe's own text."""
    assert isinstance(call.func, ast.Name)
    return len(call.args) >= _GIVEN.get(call.func.id, len(call.args) + 1)
