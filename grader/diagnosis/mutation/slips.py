"""Operator: students' slips that the solution's own code does not suggest: other functions, counts, missing rows."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set

from grader.diagnosis.mutation.mutation import Mutation, Weakness, renamed
from grader.diagnosis.mutation.phrases import Words
from grader.diagnosis.mutation.rounds import values_of
from grader.worker.syntax import names_in

OTHERS = (
    ("np.tanh({x})", "the hyperbolic tangent", ("tanh",)),
    ("1 / (1 + np.exp(-({x})))", "the sigmoid", ("sigmoid", "exp")),
    ("np.maximum({x}, 0)", "the larger of the number and 0", ("maximum", "relu", "where")),
    ("np.exp({x})", "the exponential function", ()),
    ("np.log1p(np.exp({x}))", "the logarithm of 1 plus the exponential", ("log1p",)),
    ("{x}", "the argument as it came in", ()),
    ("({x} > 0) * 1.0", "a mask of zeros and ones", ("where", ">")),
    ("np.square({x})", "the square", ()),
)
"""What a function of one array may return instead, with words for it, and what it then is already."""


def slips(node: ast.AST, words: Words, inside: Set[str]) -> Iterator[Mutation]:
    """The wrong changes of one node; arguments as those of every operator."""
    match node:
        case ast.Call():
            yield from _called(node, words)
        case ast.Compare(left=ast.Name(id=left), comparators=[ast.Constant(value=0)]):
            yield Mutation(node, f"np.maximum({left}, 0)", "wrong-mask", "the numbers themselves take the place of the"
                           " mask, which should be 0 and 1")  # fmt: skip
            yield Mutation(node, f"np.sign({left})", "wrong-mask", "the sign takes the place of the mask")
            yield Mutation(node, f"({left} > 1)", "wrong-constant", "the mask begins at 1")
        case ast.Attribute(attr="T", value=inner):
            clause = f"{words.of(inner, '') or 'an array'} is reshaped where it should be transposed"
            text = ast.unparse(inner)
            yield Mutation(node, f"np.reshape({text}, np.shape({text})[::-1])", "missing-transpose", clause)
        case ast.Name(ctx=ast.Load(), id=name) if name in words.defaults:
            clause = f"the fixed number {words.defaults[name]} stands where `{name}` belongs"
            yield Mutation(node, words.defaults[name], "wrong-constant", clause)
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=int() as entry), ctx=ast.Load()) if (
            words.shown(name) and type(entry) is int
        ):
            for beside in (entry - 1, entry + 1):
                if entry >= 0 <= beside:
                    yield Mutation(node, f"{name}[{beside}]", "wrong-variable",
                                   f"`{name}[{beside}]` stands where `{name}[{entry}]` belongs")  # fmt: skip
        case ast.BinOp(op=ast.Div()):
            yield from _divided(node)
        case ast.BinOp(op=ast.Sub(), left=left, right=ast.Call(func=ast.Attribute(attr="log"), args=[inner])):
            # a - log(b) is the logarithm of exp(a) / b
            quotient = f"np.exp({ast.unparse(left)}) / ({ast.unparse(inner)})"
            yield Mutation(node, quotient, "missing-function", "the function `log` is missing")
            yield Mutation(
                node, f"np.log1p({quotient})", "wrong-function", "the logarithm is that of 1 plus the number"
            )
        case ast.BinOp(op=ast.Pow(), left=left, right=ast.Constant(value=2)):
            yield Mutation(node, f"np.abs({ast.unparse(left)})", "wrong-function", "absolute values stand for squares")
        case ast.BinOp(op=ast.Sub(), right=right):
            which = words.of(node.left, " with ")
            weakness = Weakness.VAGUE if not which or which.startswith(" with 1") else Weakness.NONE
            yield Mutation(node, f"-({ast.unparse(right)})", "missing-term", f"the term{which} is missing", weakness)
        case ast.BinOp(op=ast.MatMult(), left=ast.Attribute(attr="T", value=left), right=right):
            one, other = ast.unparse(left), ast.unparse(right)
            yield Mutation(node, f"({one})[:-1].T @ ({other})[:-1]", "left-out", "the last row is left out of a sum")
            yield Mutation(node, f"({one})[1:].T @ ({other})[1:]", "left-out", "the first row is left out of a sum")
            yield Mutation(node, f"({one})[:1].T @ ({other})[:1]", "left-out", "only the first row is used")
        case ast.Tuple(ctx=ast.Load(), elts=items) if 1 < len(items) < 5:
            yield from _shorter(node, items)
        case ast.For(iter=ast.Name() | ast.Attribute() as source):
            what = words.of(source, " over ")
            for cut, begin in (("[::2]", "with the second"), ("[1::2]", "with the first")):
                clause = f"every second one is left out of a loop{what}, beginning {begin}"
                yield Mutation(source, f"list({ast.unparse(source)}){cut}", "left-out", clause)
            yield Mutation(
                source, f"list({ast.unparse(source)})[:-1]", "left-out", f"the last round of a loop is left out{what}"
            )
            yield Mutation(
                source, f"list({ast.unparse(source)})[1:]", "left-out", f"the first one is left out of a loop{what}"
            )
        case ast.Subscript(
            value=whole,
            slice=ast.Tuple(elts=[ast.Call(func=ast.Attribute(attr="arange")) as rows, column]),
            ctx=ast.Load(),
        ):
            one, at = ast.unparse(whole), ast.unparse(rows)
            yield Mutation(node, f"{one}[:, 0]", "wrong-variable", "the first column is taken whatever the label")
            yield Mutation(node, f"{one}[{at}, {ast.unparse(column)} - 1]", "wrong-variable",
                           "the column beside that of the label is taken")  # fmt: skip
            yield Mutation(node, f"{one}.sum(axis=1)", "wrong-variable", "all columns are taken, not that of the label")
        case ast.Return(value=ast.expr() as value) | ast.Assign(value=ast.expr() as value):
            yield from _whole(node, value, words, inside)


def _called(node: ast.Call, words: Words) -> Iterator[Mutation]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    for argument in node.args if words.shown(name) else ():  # steps of a method of Runge and Kutta, say
        match argument:
            case ast.BinOp(op=ast.Add() | ast.Sub(), left=ast.Name() as base, right=step):
                what = words.of(base, " to ")
                clause = f"nothing is added{what} in an argument of `{name}`"
                yield Mutation(argument, base.id, "missing-term", clause)
                for factor, much in (("0.5", "half of"), ("2", "twice")):
                    clause = f"what is added{what} in an argument of `{name}` is {much} what it should be"
                    yield Mutation(step, f"{factor} * ({ast.unparse(step)})", "extra-factor", clause)
    inner = node.args[0] if node.args else None
    if isinstance(node.func, ast.Name) and len(node.args) == 1 and (name in words.functions or name == "softmax"):
        yield from _instead(name, node, words)
    if ("entropy" in name or "bce" in name) and len(node.args) == 2 and "grad" not in name:
        one, other = (ast.unparse(a) for a in node.args)
        for whole in ("np.sum({})", "np.mean({})", "0.5 * np.sum({})"):
            yield Mutation(node, whole.format(f"np.square(({one}) - ({other}))"), "wrong-function",
                           "the squared error stands where the cross-entropy belongs")  # fmt: skip
    if name in ("maximum", "clip") and inner is not None:
        text = ast.unparse(inner if not isinstance(inner, ast.Constant) else node.args[-1])
        yield Mutation(node, f"np.abs({text})", "wrong-function", "the absolute value is taken, where negative numbers"
                       " should become 0")  # fmt: skip
        for slope in ("0.01", "0.1", "0.2"):
            yield Mutation(node, f"np.where({text} > 0, {text}, {slope} * {text})", "missing-mask",
                           f"negative numbers are not cut off but multiplied by {slope}")  # fmt: skip
        yield Mutation(node, f"({text} > 0) * 1.0", "wrong-function", "the mask is returned, and not what it lets"
                       " through")  # fmt: skip
        for top in ("1", "6"):
            yield Mutation(node, f"np.clip({text}, 0, {top})", "wrong-function",
                           f"large numbers are cut off as well, at {top}")  # fmt: skip
        yield Mutation(node, f"np.where({text} > 0, 0, {text})", "wrong-mask", "the negative numbers are let through,"
                       " and the positive ones are cut off")  # fmt: skip
    if name in ("exp", "softmax", "sigmoid", "tanh") and inner is not None:
        rest = [ast.unparse(a) for a in [*node.args[1:], *node.keywords]]
        call, text = ast.unparse(node.func), ast.unparse(inner)
        for factor in ("2", "1/2"):
            new = f"{call}({', '.join([f'{factor} * ({text})', *rest])})"
            yield Mutation(node, new, "extra-factor", f"there is a factor {factor} inside `{name}`")
        new = f"{call}({', '.join([f'-({text})', *rest])})"
        yield Mutation(node, new, "wrong-sign", f"what stands inside `{name}` has the wrong sign")
    if name == "softmax" and inner is not None:
        text = ast.unparse(inner)
        yield Mutation(node, f"np.exp({text})", "missing-division", "the exponentials are not normalised: they are not"
                       " divided by their sum")  # fmt: skip
        yield Mutation(node, f"1 / (1 + np.exp(-({text})))", "wrong-function", "the sigmoid stands for the softmax")
        yield Mutation(node, f"({text}) - np.log(np.exp({text}).sum(axis=-1, keepdims=True))", "wrong-function",
                       "the logarithm of the softmax stands for the softmax")  # fmt: skip
    if name == "reshape" and len(node.args) == 2 and isinstance(node.func, ast.Attribute):
        rows, columns = (ast.unparse(a) for a in node.args)
        owner = ast.unparse(node.func.value)
        yield Mutation(node, f"{owner}.reshape({columns}, {rows}).T", "wrong-axis", "an array is reshaped along the"
                       " wrong axis, so that numbers of different samples are mixed")  # fmt: skip
    if (
        name in ("var", "std")
        and isinstance(node.func, ast.Attribute)
        and not any(k.arg == "ddof" for k in node.keywords)
    ):
        more = "" if ast.unparse(node).endswith("()") else ", "
        clause = f"a {'variance' if name == 'var' else 'standard deviation'} is divided by n - 1, not by n"
        yield Mutation(node, f"{ast.unparse(node)[:-1]}{more}ddof=1)", "wrong-constant", clause)
    if name == "sqrt" and isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add):
        one, other = ast.unparse(inner.left), ast.unparse(inner.right)
        outside = f"({ast.unparse(node.func)}({one}) + ({other}))"
        yield Mutation(node, outside, "wrong-operation", "what is added under a root is added outside of it")
    if name in ("sum", "mean") and isinstance(node.func, ast.Attribute):
        summed = inner if ast.unparse(node.func.value) in ("np", "numpy") and inner is not None else node.func.value
        whole, array = ast.unparse(node), ast.unparse(summed)
        for cut, word in (("[:-1]", "last"), ("[1:]", "first")):
            yield Mutation(node, whole.replace(array, f"({array}){cut}", 1), "left-out",
                           f"the {word} row is left out of a {name}")  # fmt: skip
        if any(k.arg == "axis" and ast.unparse(k.value) == "0" for k in node.keywords):
            for at, word in (("0", "first"), ("-1", "last")):
                yield Mutation(node, f"({array})[{at}]", "left-out", f"only the {word} row is used where a {name} over"
                               " all rows belongs")  # fmt: skip
            yield Mutation(node, f"np.max({array}, axis=0)", "wrong-reduction", f"the largest entry is taken where a"
                           f" {name} belongs")  # fmt: skip
    if isinstance(node.func, ast.Name) and node.func.id == "range" and node.args and not values_of(node):
        *rest_of, last = node.args
        text = ", ".join([*(ast.unparse(a) for a in rest_of), f"({ast.unparse(last)}) - 1"])
        if len(rest_of) < 2:
            yield Mutation(node, f"range({text})", "left-out", "the last round of a loop is left out")
        if not rest_of:
            yield Mutation(
                node,
                f"range(1, {ast.unparse(last)})",
                "left-out",
                "the first one is left out of a loop, that of index 0",
            )
        if len(rest_of) == 1:
            begin = ast.unparse(rest_of[0])
            yield Mutation(node, f"range(({begin}) + 1, {ast.unparse(last)})", "left-out", "the first one is left out"
                           " of a loop")  # fmt: skip


def _instead(name: str, node: ast.Call, words: Words) -> Iterator[Mutation]:
    """Another function of the same file, or one that students confuse with it."""
    argument = ast.unparse(node.args[0])
    for other in words.functions:
        if other != name:
            yield Mutation(node, f"{other}({argument})", "wrong-function", f"`{other}` stands where `{name}` belongs")
    yield Mutation(node, argument, "missing-function", f"the function `{name}` is missing")
    for text, word, known in OTHERS:
        if text != "{x}" and not any(k in name for k in known):
            yield Mutation(node, text.format(x=argument), "wrong-function", f"{word} stands where `{name}` belongs")


def _shorter(node: ast.Tuple, items: list[ast.expr]) -> Iterator[Mutation]:
    """A loop over a tuple of constants without one of them."""
    if not all(isinstance(i, ast.Constant) and isinstance(i.value, str | int) for i in items):
        return
    for item in items:
        text = "(" + ", ".join(ast.unparse(i) for i in items if i is not item) + ",)"
        assert isinstance(item, ast.Constant)  # asked above
        yield Mutation(node, text, "left-out", f"`{item.value!s}` is left out of a loop")


def _divided(node: ast.BinOp) -> Iterator[Mutation]:
    """`(a - b) / n` with only one of the two divided, or by another count."""
    by = ast.unparse(node.right)
    for inner in ast.walk(node.left):
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub | ast.Add):
            left, right = ast.unparse(inner.left), ast.unparse(inner.right)
            sign, whole_name = ("-", "difference") if isinstance(inner.op, ast.Sub) else ("+", "sum")
            for text in (f"(({left}) / ({by}) {sign} ({right}))", f"(({left}) {sign} ({right}) / ({by}))"):
                whole = ast.unparse(node.left).replace(ast.unparse(inner), text, 1)
                clause = f"only one of the two terms of a {whole_name} is divided, where both should be"
                yield Mutation(node, whole, "missing-division", clause)
            break
    match node.right:
        case ast.Call(func=ast.Name(id="len"), args=[array]):
            yield from _counts(node, ast.unparse(array))
        case ast.Subscript(value=ast.Attribute(attr="shape", value=array), slice=ast.Constant(value=0)):
            yield from _counts(node, ast.unparse(array))


def _counts(node: ast.BinOp, array: str) -> Iterator[Mutation]:
    top = ast.unparse(node.left)
    for count, words in ((f"np.size({array})", "all entries"), (f"np.shape({array})[-1]", "the columns")):
        clause = f"a division is by the number of {words}, not by the number of rows"
        yield Mutation(node, f"({top}) / {count}", "extra-factor", clause)


def _whole(node: ast.Assign | ast.Return, value: ast.expr, words: Words, inside: Set[str]) -> Iterator[Mutation]:
    """The value of a whole statement: scaled by a count, left out, or another function."""
    match node, value:
        case ast.Assign(), ast.Call(func=ast.Attribute(attr="forward" | "backward" as step, value=owner), args=[x, *_]):
            layer = words.layer(owner)
            clause = f"{layer} is left out: its `{step}` is not asked"
            yield Mutation(value, ast.unparse(x), "missing-step", clause)
    names = [name for name in names_in(value) if name in inside]
    one = dict.fromkeys(names)
    if isinstance(value, ast.BinOp | ast.Call):
        yield from _scaled(node, value, words, list(one))
    if len(one) == 2 and isinstance(node, ast.Return):
        a, b = one
        if words.shown(a) and words.shown(b):
            swapped = renamed(value, {a: b, b: a})
            yield Mutation(value, swapped, "wrong-variable", f"`{a}` and `{b}` stand in each other's place")
    if isinstance(node, ast.Return) and len(one) == 1 and words.shown(next(iter(one))):
        before, argument = ast.unparse(value), next(iter(one))
        for text, word, known in OTHERS:
            if not any(k in before for k in known):
                yield Mutation(value, text.format(x=argument), "wrong-function", f"{word} is returned")


def _scaled(node: ast.Assign | ast.Return, value: ast.expr, words: Words, used: list[str]) -> Iterator[Mutation]:
    """A number of rows that has no place there, a factor, signs that are lost."""
    what = words.name(node.targets[0]) if isinstance(node, ast.Assign) else "what is returned"
    text, weakness = ast.unparse(value), Weakness.NONE if what else Weakness.VAGUE
    for name in used[:1]:
        clause = (
            f"{what or 'an intermediate result'} is divided by a count, of rows or entries, which has no place there"
        )
        multiplied = clause.replace("divided", "multiplied")
        yield Mutation(value, f"({text}) / len({name})", "extra-factor", clause, weakness)
        yield Mutation(value, f"({text}) * len({name})", "extra-factor", multiplied, weakness)
    if isinstance(node, ast.Return):
        yield Mutation(value, f"2 * ({text})", "extra-factor", "what is returned is twice what it should be")
    clause = f"{what or 'a result'} is half of what it should be"
    yield Mutation(value, f"0.5 * ({text})", "extra-factor", clause, weakness)
    if what:
        yield Mutation(
            value, f"np.abs({text})", "wrong-function", f"{what} has lost its signs: absolute values are taken"
        )
