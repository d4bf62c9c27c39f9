"""Further wrong solutions to match students' results against: rarer mistakes, and those in other ways of writing.

Pure: text in, text out. Not used to test an author's checks (that is `grader.diagnosis.mutation.sites`), since
some of them change nothing that can be seen.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence, Set
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from grader.assignment.release.percent import python_lines
from grader.diagnosis.bank import Hypothesis
from grader.diagnosis.mutation.mutation import Mutation, Weakness
from grader.diagnosis.mutation.operators import FOR_CHECKS, FOR_STUDENTS, Operator
from grader.diagnosis.mutation.sites import spliced, spots
from grader.worker.syntax import parse_tree

MOST_REWRITTEN = 300
"""Hypotheses in other ways of writing, for one assignment: what can be run in a minute or two."""
MOST_TOGETHER = 400
"""Hypotheses of one mistake that is made in several places of a function."""
MOST_PLACES = 8
STRONG = (
    "missing-factor", "missing-division", "mean-for-sum", "sum-for-mean", "wrong-sign", "missing-term", "missing-mask",
    "wrong-mask", "wrong-axis", "missing-function", "missing-transpose", "missing-shift", "wrong-function",
    "extra-factor", "left-out",
)  # fmt: skip
"""Codes of mistakes that name one."""


class WrongSolution(NamedTuple):
    """A wrong solution."""

    hypothesis: Hypothesis
    definitions: tuple[tuple[str, str, str], ...]
    """What it redefines: module ("" the notebook), name, source."""


class SourceText(NamedTuple):
    """A text that mistakes are made in."""

    file: str
    text: str
    module: str
    changed: tuple[tuple[str, str, str], ...] = ()
    """Definitions that differ from the solution's already."""


def further(bases: Sequence[SourceText], rewritten: Sequence[SourceText]) -> list[WrongSolution]:
    """Other single mistakes in the solution, and all strong ones in other ways of writing it."""
    variants_of: dict[object, WrongSolution] = {}
    for base in bases:
        for variant in _single(base, FOR_STUDENTS, None):
            variants_of.setdefault(variant.definitions, variant)
    for variant in islice((v for base in bases for v in _everywhere(base)), MOST_TOGETHER):
        variants_of.setdefault(variant.definitions, variant)
    count = len(variants_of)
    for base in rewritten:
        names = {name for _, name, _ in base.changed}
        for variant in _single(base, FOR_CHECKS + FOR_STUDENTS, names):
            if variant.hypothesis.code in STRONG and len(variants_of) < count + MOST_REWRITTEN:
                variants_of.setdefault(variant.definitions, variant)
    return list(variants_of.values())


def _single(base: SourceText, operators: Sequence[Operator], names: Set[str] | None) -> Iterator[WrongSolution]:
    for function, mutation in _spots(base, operators):
        changed = _definition(base, [mutation])
        if changed is not None and (names is None or changed[1] in names):
            yield WrongSolution(
                Hypothesis(
                    code=mutation.code, text=mutation.clause, weakness=mutation.weakness, function=function, named=False
                ),
                (*(d for d in base.changed if d[1] != changed[1]), changed),
            )


def _everywhere(base: SourceText) -> Iterator[WrongSolution]:
    """One mistake made wherever it can be made in a function: who errs about a formula does so in every line."""
    groups: dict[tuple[str, str, str], list[Mutation]] = {}
    for function, mutation in _spots(base, FOR_CHECKS + FOR_STUDENTS):
        if mutation.weakness not in (Weakness.VAGUE, Weakness.CONSTANT):
            clause = mutation.clause.partition(", where `")[0]
            groups.setdefault((function, mutation.code, clause), []).append(mutation)
    for (function, code, clause), mutations in groups.items():
        apart: list[Mutation] = []
        for mutation in sorted(mutations, key=lambda m: _place(m)[0]):
            if not apart or _place(mutation)[0] >= _place(apart[-1])[1]:
                apart.append(mutation)
        changed = _definition(base, apart) if 1 < len(apart) <= MOST_PLACES else None
        if changed is not None:
            yield WrongSolution(
                Hypothesis(
                    code=code,
                    text=f"{clause}, in all {len(apart)} places" if len(apart) > 2 else f"{clause}, in both places",
                    weakness=apart[0].weakness,
                    function=function,
                    named=False,
                    likely=1,
                ),
                (changed,),
            )


def _place(mutation: Mutation) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where what it replaces begins and ends."""
    node = mutation.node
    assert isinstance(node, ast.expr | ast.stmt)
    return (node.lineno, node.col_offset), (node.end_lineno or node.lineno, node.end_col_offset or 0)


def _spots(base: SourceText, operators: Sequence[Operator]) -> list[tuple[str, Mutation]]:
    try:
        return list(spots(base.file, base.text, operators))
    except SyntaxError:  # a way of writing that only a notebook can read
        return []


def _definition(base: SourceText, mutations: Sequence[Mutation]) -> tuple[str, str, str] | None:
    """The function or class at the top of the file that holds the changes, with them; None where none holds them."""
    line = _place(mutations[0])[0][0]
    tops = _tops(base.text)
    at = next(((name, begin, end) for name, begin, end in tops if begin <= line <= end), None)
    if at is None or [name for name, _, _ in tops].count(at[0]) > 1:
        return None
    lines = base.text.split("\n")
    changed = lines
    for mutation in reversed(mutations):  # what comes before keeps its place
        changed = spliced(changed, mutation)
    source = "\n".join(changed[at[1] - 1 : at[2] - (len(lines) - len(changed))])
    try:
        parse_tree(source)
    except SyntaxError:
        return None
    return base.module, at[0], source


@lru_cache(maxsize=64)
def _tops(text: str) -> tuple[tuple[str, int, int], ...]:
    """Name, first and last line of the functions and classes at the top of a text."""
    body = parse_tree("\n".join(python_lines(text))).body
    return tuple(
        (n.name, n.lineno, n.end_lineno or n.lineno) for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)
    )
