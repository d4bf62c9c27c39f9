"""More wrong solutions to name students' mistakes by: other mistakes, other ways of writing, two mistakes at once.

Pure: text in, text out. They are no trials of the author's checks (those are `grader.diagnosis.mutants`), since some
change nothing that can be seen; only what each returns is of use.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from grader.assignment.percent import python_lines
from grader.diagnosis.codes import TWO
from grader.diagnosis.mutants import Generate, function_sources, spliced, spots
from grader.diagnosis.mutations import Mutation, mutations
from grader.diagnosis.wording import Words

MOST_REWRITTEN, MOST_PAIRS, PAIRS_OF_ONE = 300, 400, 100
"""Hypotheses of each kind for one assignment, and pairs of one function: what can be run in a minute or two."""
STRONG = (
    "missing-factor", "missing-division", "mean-for-sum", "sum-for-mean", "wrong-sign", "missing-term", "missing-mask",
    "wrong-mask", "wrong-axis", "missing-function", "missing-transpose", "missing-shift", "wrong-function",
    "extra-factor", "left-out",
)  # fmt: skip
"""Codes of mistakes that name one, the likeliest to come in twos first."""
VAGUE = ("intermediate result", "constant", "a result")
"""Words of clauses that name nothing."""


class Variant(Struct, frozen=True, kw_only=True):
    """A wrong solution."""

    code: str
    text: str
    function: str
    named: bool
    definitions: tuple[tuple[str, str, str], ...]
    """What it defines anew: module ("" the notebook), name, source."""
    mistakes: int = 1


class Base(NamedTuple):
    """A text that mistakes are made in."""

    file: str
    text: str
    module: str
    changed: tuple[tuple[str, str, str], ...] = ()
    """Definitions that differ from the solution's already."""


def further(bases: Sequence[Base], rewritten: Sequence[Base]) -> list[Variant]:
    """Other single mistakes in the solution, and all strong ones in other ways of writing it."""
    found: dict[object, Variant] = {}
    for base in bases:
        for variant in _single(base, other_mutations, None):
            found.setdefault(variant.definitions, variant)
    count = len(found)
    for base in rewritten:
        names = {name for _, name, _ in base.changed}
        for variant in _single(base, every_mutation, names):
            if variant.code in STRONG and len(found) < count + MOST_REWRITTEN:
                found.setdefault(variant.definitions, variant)
    return list(found.values())


def _single(base: Base, generate: Generate, names: Set[str] | None) -> Iterator[Variant]:
    for function, mutation in _spots(base, generate):
        changed = _definition(base, mutation)
        if changed is not None and (names is None or changed[1] in names):
            yield Variant(
                code=mutation.code,
                text=mutation.clause,
                function=function,
                named=False,
                definitions=(*(d for d in base.changed if d[1] != changed[1]), changed),
            )


def pairs(bases: Sequence[Base], named: Sequence[tuple[str, Base]]) -> list[Variant]:
    """Two mistakes in one function: a named or a generated one, and another generated one; the likeliest first."""
    firsts = [(name, base) for name, base in named if len(base.changed) == 1]
    original = {(base.module, base.file): base for base in bases}
    for base in bases:
        for function, mutation in _spots(base, mutations):
            if _strong(mutation):
                changed = _definition(base, mutation)
                if changed is not None:
                    text = "\n".join(spliced(base.text.split("\n"), mutation))
                    clause = f"in `{function}` {mutation.clause}"
                    firsts.append((clause, base._replace(text=text, changed=(changed,))))
    ranked: dict[object, tuple[int, int, Variant]] = {}
    for place, (clause, base) in enumerate(firsts):
        touched = _touched_functions(original[base.module, base.file].text, base.text)
        if len(touched) != 1:
            continue
        for function, mutation in _spots(base, mutations, touched):
            second = f"in `{function}` {mutation.clause}"
            changed = _definition(base, mutation) if _strong(mutation) and second != clause else None
            if changed is not None and changed not in ranked:
                variant = Variant(
                    code=TWO,
                    text=f"{clause}; and {second}",
                    function=function,
                    named=True,
                    definitions=(changed,),
                    mistakes=2,
                )
                ranked[changed] = STRONG.index(mutation.code), place, variant
    chosen: list[Variant] = []
    of_function: Counter[str] = Counter()
    for _, _, variant in sorted(ranked.values(), key=lambda r: r[:2]):
        if len(chosen) < MOST_PAIRS and of_function[variant.function] < PAIRS_OF_ONE:
            of_function[variant.function] += 1
            chosen.append(variant)
    return chosen


def _strong(mutation: Mutation) -> bool:
    return mutation.code in STRONG and not any(word in mutation.clause for word in VAGUE)


def _spots(base: Base, generate: Generate, functions: Set[str] | None = None) -> list[tuple[str, Mutation]]:
    try:
        return list(spots(base.file, base.text, generate, functions))
    except SyntaxError:  # a way of writing that only a notebook can read
        return []


def _definition(base: Base, mutation: Mutation) -> tuple[str, str, str] | None:
    """The function or class at the top of the file that holds the change, with it; None where none holds it."""
    line = mutation.node.lineno  # type: ignore[attr-defined]  # only such nodes are changed
    tops = _tops(base.text)
    at = next(((name, begin, end) for name, begin, end in tops if begin <= line <= end), None)
    if at is None or [name for name, _, _ in tops].count(at[0]) > 1:
        return None
    lines = base.text.split("\n")
    changed = spliced(lines, mutation)
    source = "\n".join(changed[at[1] - 1 : at[2] - (len(lines) - len(changed))])
    try:
        ast.parse(source)
    except SyntaxError:
        return None
    return base.module, at[0], source


@lru_cache(maxsize=64)
def _tops(text: str) -> tuple[tuple[str, int, int], ...]:
    """Name, first and last line of the functions and classes at the top of a text."""
    body = ast.parse("\n".join(python_lines(text))).body
    return tuple(
        (n.name, n.lineno, n.end_lineno or n.lineno) for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)
    )


def other_mutations(node: ast.AST, words: Words, inside: Set[str]) -> Iterator[Mutation]:
    """Mistakes of students that a solution's own operators do not suggest."""
    match node:
        case ast.Call(func=ast.Attribute(attr="maximum" | "clip"), args=[inner, *_]):
            text = ast.unparse(inner if not isinstance(inner, ast.Constant) else node.args[-1])
            yield Mutation(node, f"np.abs({text})", "wrong-function", "the absolute value is taken, where negative"
                           " numbers should become 0")  # fmt: skip
            for slope in ("0.01", "0.1", "0.2"):
                yield Mutation(node, f"np.where({text} > 0, {text}, {slope} * {text})", "missing-mask",
                               f"negative numbers are not cut off but multiplied by {slope}")  # fmt: skip
            yield Mutation(node, f"({text} > 0) * 1.0", "wrong-function", "the mask is returned, and not what it lets"
                           " through")  # fmt: skip
        case ast.Compare(left=ast.Name(id=left), comparators=[ast.Constant(value=0)]):
            yield Mutation(node, f"np.maximum({left}, 0)", "wrong-mask", "the numbers themselves take the place of the"
                           " mask, which should be 0 and 1")  # fmt: skip
            yield Mutation(node, f"np.sign({left})", "wrong-mask", "the sign takes the place of the mask")
            yield Mutation(node, f"({left} > 1)", "wrong-constant", "the mask begins at 1")
        case ast.BinOp(op=ast.Div()):
            yield from _parts_divided(node)
        case ast.BinOp(op=ast.MatMult(), left=ast.Attribute(attr="T", value=left), right=right):
            one, other = ast.unparse(left), ast.unparse(right)
            yield Mutation(node, f"({one})[:-1].T @ ({other})[:-1]", "left-out", "the last row is left out of a sum")
            yield Mutation(node, f"({one})[1:].T @ ({other})[1:]", "left-out", "the first row is left out of a sum")
        case ast.Call(func=ast.Attribute(attr="sum" | "mean" as name, value=owner)):
            inner = node.args[0] if ast.unparse(owner) in ("np", "numpy") and node.args else owner
            for cut, word in (("[:-1]", "last"), ("[1:]", "first")):
                text = ast.unparse(node).replace(ast.unparse(inner), f"({ast.unparse(inner)}){cut}", 1)
                yield Mutation(node, text, "left-out", f"the {word} row is left out of a {name}")
        case ast.Call(func=ast.Name(id="range"), args=[*rest, last]):
            start = [ast.unparse(a) for a in rest]
            text = ", ".join([*start, f"({ast.unparse(last)}) - 1"])
            yield Mutation(node, f"range({text})", "left-out", "a loop stops one too early")
            if not rest:
                yield Mutation(node, f"range(1, {ast.unparse(last)})", "left-out", "a loop begins one too late")
        case ast.Tuple(ctx=ast.Load(), elts=items) if 1 < len(items) < 5 and all(
            isinstance(i, ast.Constant) and isinstance(i.value, str) for i in items
        ):
            for item in items:
                rest = [i for i in items if i is not item]
                text = "(" + ", ".join(ast.unparse(i) for i in rest) + ",)"
                assert isinstance(item, ast.Constant)  # asked above
                yield Mutation(node, text, "left-out", f"`{item.value!s}` is left out of a loop")
        case ast.Assign(
            value=ast.Call(func=ast.Attribute(attr="forward" | "backward") as step, args=[first, *_]) as call
        ):
            layer = words.name(step.value) or "a layer"
            yield Mutation(
                call, ast.unparse(first), "missing-step", f"{layer} is left out: its `{step.attr}` is not asked"
            )
            yield from _scaled(call, words, inside, node)
        case ast.Assign(value=ast.BinOp() | ast.Call() as value) | ast.Return(value=ast.BinOp() | ast.Call() as value):
            yield from _scaled(value, words, inside, node)


def _parts_divided(node: ast.BinOp) -> Iterator[Mutation]:
    """`(a - b) / n` with only one of the two divided."""
    by = ast.unparse(node.right)
    for inner in ast.walk(node.left):
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub | ast.Add):
            left, right = ast.unparse(inner.left), ast.unparse(inner.right)
            sign = "-" if isinstance(inner.op, ast.Sub) else "+"
            for text in (f"(({left}) / ({by}) {sign} ({right}))", f"(({left}) {sign} ({right}) / ({by}))"):
                whole = ast.unparse(node.left).replace(ast.unparse(inner), text, 1)
                clause = "only one of the two terms of a difference is divided, where both should be"
                yield Mutation(node, whole, "missing-division", clause)
            return


def _scaled(value: ast.expr, words: Words, inside: Set[str], node: ast.Assign | ast.Return) -> Iterator[Mutation]:
    """Divided by a number of rows that has no place there."""
    what = words.name(node.targets[0]) if isinstance(node, ast.Assign) else "what is returned"
    text = ast.unparse(value)
    used = [n.id for n in ast.walk(value) if isinstance(n, ast.Name) and n.id in inside]
    for name in dict.fromkeys(used):
        clause = f"{what or 'an intermediate result'} is divided by the number of rows, which has no place there"
        yield Mutation(value, f"({text}) / len({name})", "extra-factor", clause)
        yield Mutation(value, f"({text}) * len({name})", "extra-factor", clause.replace("divided", "multiplied"))
        break
    if isinstance(node, ast.Return):
        yield Mutation(value, f"2 * ({text})", "extra-factor", "there is a factor 2 of what is returned")
    yield Mutation(value, f"0.5 * ({text})", "extra-factor", f"there is a factor 1/2 of {what or 'a result'}")


def every_mutation(node: ast.AST, words: Words, inside: Set[str]) -> Iterator[Mutation]:
    """Those of the trials, and the others."""
    yield from mutations(node, words, inside)
    yield from other_mutations(node, words, inside)


def _touched_functions(before: str, after: str) -> set[str]:
    """Dotted names of the functions that differ between two texts of a file."""
    one, other = function_sources(before), function_sources(after)
    return {name for name, source in other.items() if one.get(name) != source}
