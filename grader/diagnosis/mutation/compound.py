"""Further wrong solutions to match students' results against: rewritten mistakes and mistakes combined.

Pure: text in, text out. Not used to test an author's checks (that is `grader.diagnosis.mutation.sites`), since
some of them change nothing that can be seen.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from grader.assignment.release.percent import python_lines
from grader.diagnosis.codes import TWO
from grader.diagnosis.mutation.operators import Mutation, mutations
from grader.diagnosis.mutation.sites import Generate, function_sources, spliced, spots
from grader.diagnosis.mutation.slips import every_mutation, untried

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
    likely: int = 0
    """0 for what students write, more for what is seldom meant."""


class Base(NamedTuple):
    """A text that mistakes are made in."""

    file: str
    text: str
    module: str
    changed: tuple[tuple[str, str, str], ...] = ()
    """Definitions that differ from the solution's already."""
    whole: str = ""
    """The file, where `text` is only a part of it."""


def further(bases: Sequence[Base], rewritten: Sequence[Base]) -> list[Variant]:
    """Other single mistakes in the solution, and all strong ones in other ways of writing it."""
    found: dict[object, Variant] = {}
    for base in bases:
        for variant in _single(base, untried, None):
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
    original = {(base.module, base.file): base for base in bases}
    firsts = []
    for name, base in named:
        before = original.get((base.module, base.file))
        touched = _touched_functions(before.text, base.text) if before is not None else set()
        if len(base.changed) == 1 and len(touched) == 1:
            firsts.append((name, _alone(base, base.changed[0][1]), touched))
    for base in bases:
        for function, mutation in _spots(base, mutations):
            changed = _definition(base, mutation) if _strong(mutation) else None
            if changed is not None:
                text = "\n".join(spliced(base.text.split("\n"), mutation))
                clause = f"in `{function}` {mutation.clause}"
                once = _alone(base._replace(text=text, changed=(changed,)), changed[1])
                firsts.append((clause, once, {function}))
    possible = [
        (STRONG.index(mutation.code), place, clause, base, function, mutation)
        for place, (clause, base, touched) in enumerate(firsts)
        for function, mutation in _spots(base, mutations, touched)
        if _strong(mutation) and f"in `{function}` {mutation.clause}" != clause
    ]
    chosen: dict[object, Variant] = {}
    of_function: Counter[str] = Counter()
    for _, _, clause, base, function, mutation in sorted(possible, key=lambda p: p[:2]):
        if len(chosen) == MOST_PAIRS:
            break
        changed = _definition(base, mutation) if of_function[function] < PAIRS_OF_ONE else None
        if changed is not None and changed not in chosen:
            of_function[function] += 1
            text = f"{clause}; and in `{function}` {mutation.clause}"
            chosen[changed] = Variant(
                code=TWO, text=text, function=function, named=True, definitions=(changed,), mistakes=2
            )
    return list(chosen.values())


def _alone(base: Base, name: str) -> Base:
    """The same with nothing but one definition in its text, at its place: that much is read hundreds of times."""
    begin, end = next((begin, end) for top, begin, end in _tops(base.text) if top == name)
    lines = base.text.split("\n")
    while end < len(lines) and (not lines[end] or lines[end][0].isspace()):
        end += 1  # comments below the last statement: markers stand there
    return base._replace(text="\n".join([*[""] * (begin - 1), *lines[begin - 1 : end]]), whole=base.whole or base.text)


def _strong(mutation: Mutation) -> bool:
    return mutation.code in STRONG and not any(word in mutation.clause for word in VAGUE)


def _spots(base: Base, generate: Generate, functions: Set[str] | None = None) -> list[tuple[str, Mutation]]:
    try:
        return list(spots(base.file, base.text, generate, functions, whole=base.whole))
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


def _touched_functions(before: str, after: str) -> set[str]:
    """Dotted names of the functions that differ between two texts of a file."""
    one, other = function_sources(before), function_sources(after)
    return {name for name, source in other.items() if one.get(name) != source}
