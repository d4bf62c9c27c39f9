"""A test cell as the body of a check's probe.

An assert that compares a value with one that no student computes becomes a returned value with the tolerance that it
had: its expected side is dropped, since the reference gives it. Every other assert stays. The cell's free names are
bound to `student.NAME`; where the cell deletes or replaces one of them, it works on the notebook's own namespace.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from grader.assignment.lint.names import bindings
from grader.convert.scope import Needs, Scope, needs
from grader.errors import AuthoringError
from grader.submission.source.magics import plain_python
from grader.worker.syntax import names_in

_EXACT = "Tolerance(limit=1e-12, limit32=1e-12)"
_KEY = 60  # characters of an expression that can name its own value
_PROBE_MAY = frozenset({"numpy", "math"})
"""Modules that a check file imports by itself; others are taken from the notebook."""


class ProbeText(Struct, frozen=True, kw_only=True):
    """What a check needs beyond its name, part and points."""

    title: str
    """The cell's docstring or first comment; empty without."""
    body: tuple[str, ...]
    """Lines of the function, without indentation."""
    uses: tuple[str, ...]
    tolerances: dict[str, str]
    """Returned name to the text of its tolerance."""
    imports: tuple[str, ...]
    """Statements for the top of the check file."""
    returned: int
    """Asserts that became returned values."""
    kept: int
    """Asserts, raises and other tests that stay."""


def probe_of(source: str, scope: Scope, earlier: Sequence[str], where: str, *, values: bool = True) -> ProbeText:
    """The probe that asks what a test cell asks.

    `scope` is what the cells above it define, `earlier` the test cells there: what they define is put in front where
    this one uses it. With `values`, asserts on values become returned values. Raises AuthoringError if the code cannot
    stand in a function.
    """
    text = plain_python(source).strip("\n")
    try:
        text = _with_earlier(text, scope, earlier)
        asked = needs(text)
    except SyntaxError as error:
        raise AuthoringError(f"{where}: cannot become a check ({error.msg}); write it by hand") from None
    title, text, tree = _title(text, ast.parse(text))
    if taken := {"student", "got", "namespace"} & {*names_in(tree)}:
        raise AuthoringError(f"{where}: uses the name {min(taken)!r}, which a check needs; rename it")
    used = asked.free & scope.names
    rebound = asked.rebound & used
    lines, tolerances, returned = _returning(text, tree, scope, rebound) if values else ([text], {}, 0)
    kept = _tests(tree) - returned
    body = "\n".join(lines).strip("\n").split("\n")
    if rebound:
        body = _in_namespace("\n".join(body), rebound).split("\n")
    imports, bound = _bound(asked, scope, used - rebound)
    if rebound:
        bound.insert(0, _namespace(used, scope, where))
    if returned:
        bound.append("got = {}")
    return ProbeText(
        title=title,
        body=(*bound, *body, "return got" if returned else 'return {"passed": 1}'),
        uses=tuple(sorted(used)),
        tolerances=tolerances,
        imports=imports,
        returned=returned,
        kept=kept,
    )


# ---------------------------------------------------------------- names


def _with_earlier(text: str, scope: Scope, earlier: Sequence[str]) -> str:
    """The text with the statements of earlier test cells in front that define what it reads."""
    known = scope.names | scope.imports.keys()
    for cell in reversed(earlier):
        wanted = needs(text).free - known
        try:
            tree = ast.parse(plain_python(cell))
        except SyntaxError:
            continue
        front = [node for node in tree.body if wanted & set(bindings(node)) and not isinstance(node, ast.Assert)]
        if front:
            text = "\n".join([*(ast.unparse(node) for node in front), text])
    return text


def _bound(asked: Needs, scope: Scope, used: Iterable[str]) -> tuple[tuple[str, ...], list[str]]:
    """Imports for the top of the file, and the probe's first lines, which bind what the cell reads."""
    top, lines = [], [f"{name} = student.{name}" for name in sorted(used)]
    for name in sorted(asked.free - scope.names):
        if (statement := scope.imports.get(name)) is None:
            continue
        if statement.split()[1].split(".")[0] in _PROBE_MAY:
            top.append(statement)
        else:
            lines.append(f'{name} = student.notebook["{name}"]')
    return tuple(top), lines


def _namespace(used: Iterable[str], scope: Scope, where: str) -> str:
    function = next(iter(sorted(scope.functions & set(used))), None)
    if function is None:
        raise AuthoringError(f"{where}: replaces a name of the notebook; write this check by hand")
    return f"namespace = student.{function}.__globals__"


def _in_namespace(text: str, names: frozenset[str]) -> str:
    """The code with these names looked up, bound and deleted in `namespace`."""

    class Rename(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            if node.id not in names:
                return node
            return ast.Subscript(ast.Name("namespace", ast.Load()), ast.Constant(node.id), node.ctx)

    return ast.unparse(ast.fix_missing_locations(Rename().visit(ast.parse(text))))


def _title(text: str, tree: ast.Module) -> tuple[str, str, ast.Module]:
    """The cell's own title, and the code without it."""
    if (doc := ast.get_docstring(tree)) is not None:
        rest = tree.body[1].lineno - 1 if len(tree.body) > 1 else len(text.split("\n"))
        text = "\n".join(text.split("\n")[rest:])
        return doc.strip().split("\n")[0], text, ast.parse(text)
    first = re.match(r"#+\s*(.*\w.*)", text)
    return (first[1].strip() if first else ""), text, tree


# ---------------------------------------------------------------- values


class _Compared(Struct, frozen=True):
    got: ast.expr
    expected: ast.expr
    tolerance: str


def _returning(
    text: str, tree: ast.Module, scope: Scope, rebound: frozenset[str]
) -> tuple[list[str], dict[str, str], int]:
    """The lines with asserts on values replaced, the tolerances, and how many were."""
    if any(one.end_lineno == other.lineno for one, other in pairwise(tree.body)):
        text = ast.unparse(tree)  # `assert f(1) == 1; assert f(2) == 4`: a line for each
        tree = ast.parse(text)
    lines = text.split("\n")
    student = _of_student(tree, scope)
    tolerances = dict[str, str]()
    for node in reversed(tree.body):
        compared = _compared(node)
        if compared is None or rebound:
            continue
        got, expected = compared.got, compared.expected
        if not _touches(got, student):
            got, expected = expected, got
        if not _touches(got, student) or _touches(expected, student) or not _plain(expected):
            continue
        key = _key(ast.unparse(got), tolerances)
        tolerances[key] = compared.tolerance
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        lines[first:last] = [f"got[{key!r}] = {ast.unparse(got)}"]
    return lines, dict(reversed(tolerances.items())), len(tolerances)


def _key(expression: str, taken: Mapping[str, str]) -> str:
    short = expression if len(expression) <= _KEY else expression[: _KEY - 1] + "…"
    return short if short not in taken else f"{short} #{sum(t.startswith(short) for t in taken) + 1}"


def _of_student(tree: ast.Module, scope: Scope) -> set[str]:
    """Names whose values depend on the student: what the notebook defines, and what the cell computes from that."""
    names = set(scope.names)
    for node in tree.body:
        if not names.isdisjoint(names_in(node)):
            names |= set(bindings(node))
    return names


def _touches(node: ast.expr, names: set[str]) -> bool:
    return not names.isdisjoint(names_in(node))


def _plain(node: ast.expr) -> bool:
    """Whether the expected value can be recorded: a truth value, a type or None says too little of the value got."""
    if any(isinstance(n, ast.Call) and _name(n) in ("bool", "type") for n in ast.walk(node)):
        return False
    odd = (bytes, bool, type(None), type(...))
    return not any(isinstance(n, ast.Constant) and isinstance(n.value, odd) for n in ast.walk(node))


def _compared(node: ast.stmt) -> _Compared | None:
    """What a statement compares, if that is all it does."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return _asserting_call(node.value)
    if not isinstance(node, ast.Assert):
        return None
    test = node.test
    while isinstance(test, ast.Call) and _name(test) in ("all", "bool", "bool_") and len(test.args) == 1:
        test = test.args[0]
    if isinstance(test, ast.Call):
        return _closeness(test)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        left, right = test.left, test.comparators[0]
        if isinstance(test.ops[0], ast.Eq):
            return _equality(left, right)
        if isinstance(test.ops[0], ast.Lt | ast.LtE):
            return _difference(left, right)
    return None


def _within(got: ast.expr, expected: ast.expr, tolerance: str | None) -> _Compared | None:
    """None for a tolerance that is no literal: such an assert stays as it is."""
    return None if tolerance is None else _Compared(got, expected, tolerance)


def _equality(left: ast.expr, right: ast.expr) -> _Compared | None:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, ast.Call) and _name(one) == "approx" and one.args:
            atol = _number(one, 2, "abs", "")
            rel = _number(one, 1, "rel", "0" if atol else "1e-6")  # pytest's: of `abs` alone nothing is relative
            return _within(other, one.args[0], _allclose(rel, "1e-12" if atol == "" else atol))
    return _Compared(left, right, _EXACT)


def _difference(left: ast.expr, right: ast.expr) -> _Compared | None:
    """`abs(x - e) < limit`."""
    limit = _literal(right)
    if limit is None or not (isinstance(left, ast.Call) and _name(left) in ("abs", "fabs", "absolute")):
        return None
    inner = left.args[0] if len(left.args) == 1 else None
    if not (isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub)):
        return None
    return _within(inner.left, inner.right, _allclose("0", limit))


def _closeness(call: ast.Call) -> _Compared | None:
    if len(call.args) < 2 or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    got, expected = call.args[:2]
    match _name(call):
        case "allclose" | "isclose" if isinstance(call.func, ast.Attribute) and _root(call.func) == "math":
            tolerance = _allclose(_number(call, 9, "rel_tol", "1e-9"), _number(call, 9, "abs_tol", "0"))
        case "allclose" | "isclose":
            tolerance = _allclose(_number(call, 2, "rtol", "1e-5"), _number(call, 3, "atol", "1e-8"))
        case "array_equal" | "array_equiv":
            tolerance = _EXACT
        case _:
            return None
    return _within(got, expected, tolerance)


def _asserting_call(call: ast.Call) -> _Compared | None:
    if len(call.args) < 2 or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    got, expected = call.args[:2]
    match _name(call):
        case "assert_allclose":
            tolerance = _allclose(_number(call, 2, "rtol", "1e-7"), _number(call, 3, "atol", "0"))
        case "assert_array_equal" | "assert_equal" | "assertEqual":
            tolerance = _EXACT
        case "assert_almost_equal" | "assert_array_almost_equal":
            default = "7" if _name(call) == "assert_almost_equal" else "6"
            places = _number(call, 2, "decimal", default)
            tolerance = _allclose("0", places and f"{1.5 * 10.0 ** -float(places):.3g}")
        case _:
            return None
    return _within(got, expected, tolerance)


def _allclose(rtol: str | None, atol: str | None) -> str | None:
    if rtol is None or atol is None:
        return None
    rtol = rtol if float(rtol) else "1e-15"  # a rule's limit is above 0
    return f'Tolerance(rule="allclose", limit={rtol}, limit32={rtol}, atol={atol})'


def _number(call: ast.Call, position: int, keyword: str, default: str) -> str | None:
    """An argument's number; None where it is given, and no literal."""
    given = [*call.args[position : position + 1], *(k.value for k in call.keywords if k.arg in (keyword, None))]
    return _literal(given[0]) if given else default


def _literal(node: ast.expr) -> str | None:
    try:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):  # 10**-6
            value = float(ast.literal_eval(node.left)) ** ast.literal_eval(node.right)
        else:
            value = ast.literal_eval(node)
    except (ValueError, TypeError, ArithmeticError):
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf
    return repr(value) if number else None


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _tests(tree: ast.Module) -> int:
    """Statements that can fail by themselves."""
    asserting = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and _name(n).startswith(("assert", "Assert"))]
    return len(asserting) + sum(isinstance(n, ast.Assert) for n in ast.walk(tree))
