"""Operator: small edits of an expression or statement, which an author's checks have to notice.

Where they may be made is `grader.diagnosis.mutation.sites`'.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set

from grader.diagnosis.mutation.mutation import Mutation, Weakness
from grader.diagnosis.mutation.phrases import Words

_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_WORDS = {"+": "added", "-": "subtracted", "*": "multiplied", "/": "divided"}
_INSTEAD = {"+": "-", "-": "+", "*": "/", "/": "*"}
_COMPARED = {ast.Gt: "<", ast.GtE: "<=", ast.Lt: ">", ast.LtE: ">="}
_REDUCTIONS = {
    "sum": (("mean", "mean-for-sum", "a mean is taken where a sum belongs"),),
    "mean": (("sum", "sum-for-mean", "a sum is taken where a mean belongs"),),
    "max": (("min", "wrong-reduction", "the smallest entry is taken where the largest belongs"),),
    "argmax": (("argmin", "wrong-reduction", "the place of the smallest entry is taken where the largest belongs"),),
    "maximum": (("minimum", "wrong-function", "the smaller of two numbers is taken where the larger belongs"),),
    "minimum": (("maximum", "wrong-function", "the larger of two numbers is taken where the smaller belongs"),),
    "log": (
        ("log2", "wrong-function", "the logarithm is to the base 2, not the natural one"),
        ("log10", "wrong-function", "the logarithm is to the base 10, not the natural one"),
        ("log1p", "wrong-function", "the logarithm is that of 1 plus the number"),
    ),
    "exp": (("exp2", "wrong-function", "powers of 2 are taken where those of e belong"),),
    "zeros_like": (("ones_like", "wrong-constant", "ones stand where zeros belong"),),
    "ones_like": (("zeros_like", "wrong-constant", "zeros stand where ones belong"),),
}
_FUNCTIONS = frozenset(
    {"log", "exp", "sqrt", "abs", "square", "tanh", "softmax", "maximum", "sigmoid", "cumsum", "clip"}
)


def edits(node: ast.AST, words: Words, inside: Set[str]) -> Iterator[Mutation]:
    """The wrong changes of one node; `inside` are the names that may stand for each other there."""
    match node:
        case ast.BinOp():
            yield from _binary(node, words)
        case ast.UnaryOp(op=ast.USub(), operand=inner) if not isinstance(inner, ast.Constant):
            yield Mutation(node, _text(inner), "wrong-sign", "the minus sign is missing")
        case ast.Compare(ops=[op], left=left, comparators=[right]) if type(op) in _COMPARED:
            new = f"{_text(left)} {_COMPARED[type(op)]} {_text(right)}"
            yield Mutation(node, new, "wrong-mask", "a comparison is the wrong way round")
            yield Mutation(node, "1.0", "missing-mask", "a mask is missing: what it should stop is let through")
            yield Mutation(node, "0.0", "wrong-mask", "a mask lets nothing through")
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            yield from _constant(node, value)
        case ast.Attribute(attr="T", value=inner):
            yield Mutation(node, _text(inner), "missing-transpose", f"a transpose{words.of(inner)} is missing")
        case ast.Call():
            yield from _call(node, words)
        case ast.Name(ctx=ast.Load(), id=id) if id in inside:
            for other in sorted(inside - {id}):
                if words.shown(id) and words.shown(other):
                    yield Mutation(node, other, "wrong-variable", f"`{other}` stands where `{id}` belongs")
                elif step := words.step_between(id, other):
                    yield Mutation(node, other, *step)
                else:
                    clause = "a variable stands where another belongs"
                    yield Mutation(node, other, "wrong-variable", clause, Weakness.VAGUE)
        case ast.AugAssign() | ast.Assign():
            yield from _statement(node, words)
        case ast.Return(value=ast.expr() as value):
            yield Mutation(value, f"-({_text(value)})", "wrong-sign", "the sign of what is returned is wrong")


def _binary(node: ast.BinOp, words: Words) -> Iterator[Mutation]:
    left, right = _text(node.left), _text(node.right)
    if isinstance(node.op, ast.MatMult):
        yield Mutation(node, f"{right} @ {left}", "wrong-operation", "the factors of a matrix product are swapped")
        yield Mutation(node, f"({left}) * ({right})", "wrong-operation", "entries are multiplied, not matrices")
        return
    if isinstance(node.op, ast.Pow):
        yield Mutation(node, left, "missing-function", "a power is missing")
        return
    if type(node.op) not in _OPERATORS:
        return
    sign = _OPERATORS[type(node.op)]
    other = _INSTEAD[sign]
    code, weakness = "wrong-sign" if sign in "+-" else "wrong-operation", Weakness.LAYOUT
    clause = f"something is {_WORDS[other]} that should be {_WORDS[sign]}"
    if sign in "+-":
        clause = "the sign of one of two terms is wrong"
    if words.name(node.right):
        weakness = Weakness.NONE
        clause = f"{words.name(node.right)} is {_WORDS[other]} where it should be {_WORDS[sign]}"
    yield Mutation(node, f"{left} {other} {right}", code, clause, weakness)
    if sign in "-/":
        clause = f"a {'difference' if sign == '-' else 'quotient'} is taken the wrong way round"
        yield Mutation(node, f"{right} {sign} {left}", "wrong-operation", clause, Weakness.LAYOUT)
    if sign == "/":
        what = words.of(node.right, " by ")
        clause = f"a division{what} is missing"
        if isinstance(node.right, ast.Constant) and node.right.value == 2:
            clause = "a factor 1/2, a division by 2, is missing"
        yield Mutation(node, left, "missing-division", clause)
        yield Mutation(node, f"{left} / {right} / {right}", "extra-factor", f"the division{what} is made twice")
    elif sign == "*":
        yield _without(node, left, "missing-factor", "factor", words.of(node.right, " "))
        if isinstance(node.left, ast.Constant) and node.left.value == 0.5:
            yield Mutation(node, right, "missing-factor", "the factor 1/2, 0.5, is missing")
        else:
            yield _without(node, right, "missing-factor", "factor", words.of(node.left, " "))
    elif _takes_maximum(node.right) and sign == "-":
        yield Mutation(
            node, left, "missing-shift", "the largest entry is not subtracted before the exponential, which overflows"
        )
    else:
        yield _without(node, left, "missing-term", "term", words.of(node.right, " with "))
        yield _without(node, right, "missing-term", "term", words.of(node.left, " with "))


def _without(node: ast.BinOp, new: str, code: str, what: str, which: str) -> Mutation:
    """One of two terms or factors left out; `which` says which one, if that can be said."""
    nameless = not which or (what == "term" and which.startswith(" with 1"))
    weakness = Weakness.VAGUE if nameless else Weakness.NONE
    return Mutation(node, new, code, f"the {what}{which} is missing", weakness)


def _constant(node: ast.Constant, value: float) -> Iterator[Mutation]:
    changes = [(repr(2 * value), "wrong-constant", "a constant is twice what it should be"),
               (repr(value / 2), "wrong-constant", "a constant is half of what it should be")]  # fmt: skip
    if value == 0:
        changes = [("1", "wrong-constant", "a 1 stands where a 0 belongs")]
    elif value == 1:
        changes = [("0", "wrong-constant", "a 0 stands where a 1 belongs"),
                   ("2", "wrong-constant", "a 2 stands where a 1 belongs")]  # fmt: skip
    if value:
        changes.append((repr(-value), "wrong-sign", "a constant has the wrong sign"))
    for change in changes:
        yield Mutation(node, *change, Weakness.CONSTANT)


def _call(node: ast.Call, words: Words) -> Iterator[Mutation]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else _text(node.func)
    if isinstance(node.func, ast.Attribute):
        for new, code, clause in _REDUCTIONS.get(name, ()):
            weakness = Weakness.CONSTANT if code == "wrong-constant" else Weakness.NONE
            yield Mutation(node, _text(_renamed(node, new)), code, clause, weakness)
    if name in _FUNCTIONS and node.args:
        clause = f"the function `{name}` is missing"
        if name == "maximum":
            clause = "negative numbers are let through"
        yield Mutation(node, _text(node.args[0]), "missing-function", clause)
        if name in ("softmax", "exp", "log"):
            again = _copied(node)
            again.args[0] = node
            yield Mutation(node, _text(again), "wrong-function", f"the function `{name}` is applied twice")
    if name in ("sum", "mean") and isinstance(node.func, ast.Attribute):
        inner = node.args[0] if _text(node.func.value) in ("np", "numpy") and node.args else node.func.value
        yield Mutation(node, _text(inner), "missing-step", f"a {name}{words.of(inner)} is missing")
    if name == "copy" and isinstance(node.func, ast.Attribute) and not node.args:
        yield Mutation(node, _text(node.func.value), "missing-step", "an array is changed that was to be copied first")
    yield from _keywords(node, name)


def _keywords(node: ast.Call, name: str) -> Iterator[Mutation]:
    for index, keyword in enumerate(node.keywords):
        without = _copied(node)
        del without.keywords[index]
        if keyword.arg == "axis":
            yield Mutation(
                node, _text(without), "wrong-axis", f"`axis` is missing in a {name}: it runs over everything"
            )
            for axis in {"0": ("1",), "1": ("0",), "-1": ("0",)}.get(_text(keyword.value), ()):
                other = _copied(node)
                other.keywords[index].value = ast.Constant(int(axis))
                yield Mutation(node, _text(other), "wrong-axis", f"a {name} runs along the wrong axis")
        elif keyword.arg == "keepdims":
            yield Mutation(node, _text(without), "kept-axis", f"a {name} loses its axis (`keepdims`), and meets the "
                           "wrong one")  # fmt: skip
    given = {keyword.arg for keyword in node.keywords}
    if name in ("sum", "mean", "max") and "axis" in given and "keepdims" not in given:
        kept = _copied(node)
        kept.keywords.append(ast.keyword("keepdims", ast.Constant(True)))
        yield Mutation(node, _text(kept), "kept-axis", f"a {name} keeps an axis of length 1 (`keepdims`)")


def _statement(node: ast.AugAssign | ast.Assign, words: Words) -> Iterator[Mutation]:
    if isinstance(node, ast.AugAssign):
        what = words.of(node.target, "")
        done = "subtracted from" if isinstance(node.op, ast.Sub) else "added to"
        term = words.of(node.value, " with ")
        if term and not term.startswith(" with 1"):
            clause = f"the term{term}{f', {done} {what},' if what else ''} is missing"
            yield Mutation(node, "pass", "missing-term", clause)
        else:
            weakness = Weakness.NONE if what else Weakness.VAGUE
            yield Mutation(node, "pass", "missing-step", f"nothing is {done} {what or 'a result'}", weakness)
        if type(node.op) in _OPERATORS:
            sign = _OPERATORS[type(node.op)]
            other = _INSTEAD[sign]
            clause = f"something is {_WORDS[other]} that should be {_WORDS[sign]}"
            new = f"{_text(node.target)} {other}= {_text(node.value)}"
            yield Mutation(node, new, "wrong-sign", clause, Weakness.LAYOUT)
        return
    value = _text(node.value)
    if isinstance(node.value, ast.BinOp | ast.Call | ast.UnaryOp):
        target = words.name(node.targets[0])
        weakness = Weakness.NONE if target else Weakness.VAGUE
        target = target or "an intermediate result"
        yield Mutation(node.value, f"-({value})", "wrong-sign", f"the sign of {target} is wrong", weakness)
        yield Mutation(node.value, f"2 * ({value})", "extra-factor", f"{target} is twice what it should be", weakness)


def _takes_maximum(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr in ("max", "amax") for n in ast.walk(node))


def _text(node: ast.AST) -> str:
    """Its source, in brackets where it could fall apart next to an operator."""
    text = ast.unparse(node)
    return f"({text})" if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare | ast.IfExp | ast.Lambda) else text


def _copied(node: ast.Call) -> ast.Call:
    return ast.Call(node.func, list(node.args), [ast.keyword(k.arg, k.value) for k in node.keywords])


def _renamed(node: ast.Call, name: str) -> ast.Call:
    assert isinstance(node.func, ast.Attribute)  # asked before
    return ast.Call(ast.Attribute(node.func.value, name, ast.Load()), node.args, node.keywords)
