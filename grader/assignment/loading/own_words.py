"""What the author of a check says where it fails by itself, by `assert` or `fail`: the words of the check's own text.

The process in which a check runs is the student's, so the sentence that comes from there is never shown as it is: it
only fills the gaps of an author's sentence, and where it does not fit that, the gaps stay empty.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from grader.model import Check
from grader.worker.syntax import parse_tree

FAIL = "fail"
MAX_GAP = 80
"""Characters in a gap of an author's sentence."""
GAP = "…"


def can_fail(check: Check) -> bool:
    """Whether the probe can fail by itself."""
    return _can_fail(check.id, tuple(check.files.values()))


@lru_cache(maxsize=512)
def _can_fail(probe: str, texts: tuple[str, ...]) -> bool:
    """Whether a probe, or a function of these texts that it calls, has an `assert`, `fail` or NumPy's own asserts."""
    functions = [function for text in texts for function in _functions(text)]
    waiting, seen = [probe], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for node in (node for function in functions if function.name == name for node in ast.walk(function)):
            if isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and _is_assertion(node)):
                return True
            if isinstance(node, ast.Name):
                waiting.append(node.id)
    return False


def own_words(check: Check, at: tuple[str, int], message: str, *, hidden: bool) -> str:
    """The sentence of the `assert` or `fail` at a file and line of a check; both and `message` come from the worker."""
    file, line = at
    statement = _statement(check.files.get(file, ""), line)
    text, condition = (
        (statement.msg, statement.test) if isinstance(statement, ast.Assert) else (_argument(statement), None)
    )
    pieces = _pieces(text) if text is not None else None
    if pieces is not None:
        return _filled(pieces, "" if hidden else message)
    if statement is None or hidden:
        return "A condition of the check does not hold."
    shown = condition if condition is not None else statement
    return f"A condition of the check does not hold: `{ast.unparse(shown)[:200]}`."


def _is_assertion(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name == FAIL or name.startswith("assert_")


@lru_cache(maxsize=32)
def _functions(source: str) -> Sequence[ast.FunctionDef]:
    return [node for node in parse_tree(source).body if isinstance(node, ast.FunctionDef)]


def _statement(source: str, line: int) -> ast.stmt | None:
    """The smallest statement at the line that can fail."""
    statements = [
        node
        for function in _functions(source)
        for node in ast.walk(function)
        if isinstance(node, ast.Assert | ast.Expr)
        and node.lineno <= line <= (node.end_lineno or node.lineno)
        and (isinstance(node, ast.Assert) or (isinstance(node.value, ast.Call) and _is_assertion(node.value)))
    ]
    return min(statements, key=lambda node: (node.end_lineno or 0) - node.lineno, default=None)


def _argument(statement: ast.stmt | None) -> ast.expr | None:
    """The sentence that is given to `fail`."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != FAIL:
        return None
    return call.args[0] if call.args else next((k.value for k in call.keywords), None)


def _pieces(text: ast.expr) -> list[str | None] | None:
    """The literal pieces of a sentence with None for each gap; None where there is no literal piece."""
    pieces = list(_parts(text))
    return pieces if any(isinstance(piece, str) and piece.strip() for piece in pieces) else None


def _parts(text: ast.expr) -> Iterator[str | None]:
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        yield text.value
    elif isinstance(text, ast.JoinedStr):
        for value in text.values:
            yield from _parts(value)
    elif isinstance(text, ast.BinOp) and isinstance(text.op, ast.Add):
        yield from _parts(text.left)
        yield from _parts(text.right)
    else:
        yield None


def _filled(pieces: list[str | None], message: str) -> str:
    pattern = "".join("(.*?)" if piece is None else re.escape(piece) for piece in pieces)
    match = re.fullmatch(pattern, message[:2_000], re.DOTALL)
    gaps = iter(match.groups() if match is not None else ())
    text = "".join(piece if piece is not None else _one_line(next(gaps, GAP)) for piece in pieces)
    return " ".join(text.split())


def _one_line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= MAX_GAP else line[: MAX_GAP - 1] + GAP
