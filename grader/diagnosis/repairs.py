"""The line of a student's own code where one small change would make a failed check right, and never the change.

Owns which changes are tried and what is said of those that work. They run in forks of the student's own worker, by
`grader.diagnosis.variants`; only fingerprints come back, and they are compared here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from grader.diagnosis.fingerprints import FIELDS, agree, fingerprints
from grader.diagnosis.further import STRONG, every_mutation
from grader.diagnosis.mutants import functions_of, spliced, spots
from grader.diagnosis.mutations import Mutation
from grader.diagnosis.views import with_call
from grader.diagnosis.wording import Words
from grader.model import Check, Observation

MOST = 200
"""Changes that are tried for one check, at some 10 ms each; the likeliest come first. A number and no time, so that the
same submission gets the same report."""
SECONDS = 8.0
"""After which a check's search is ended all the same."""
CLOSE = 1e-6
"""As the tolerance that checks have by default."""
CODES = (*STRONG, "kept-axis", "missing-step", "wrong-operation", "wrong-constant")
"""Of the changes that are tried first; the rest follows."""


class Source(Struct, frozen=True, kw_only=True):
    """A piece of the student's code with the names that a check uses from it."""

    where: str
    """`cell 8` or `layers/linear.py`, for the report."""
    module: str
    """As it is imported; empty for the notebook."""
    text: str
    names: tuple[str, ...]


class Repair(Struct, frozen=True, kw_only=True):
    """One change."""

    where: str
    line: int
    rank: int
    definition: tuple[str, str, str]
    """Module, name and new source."""


def line_hint(
    check: Check,
    sources: Sequence[Source],
    golden: Mapping[str, npt.NDArray[Any]],
    seed: int,
    probe: Callable[[Check, int], Observation],
) -> str:
    """A sentence on the line where a small change makes every array of the check right; empty if there is none."""
    tried = sorted((r for source in sources for r in repairs(source)), key=lambda r: r.rank)[:MOST]
    if not tried or not golden:
        return ""
    names = list(golden)
    jobs = {
        "sources": [check.source],
        "variants": [[repair.definition] for repair in tried],
        "runs": [[(0, check.id, seed)]] * len(tried),
        "names": names,
        "seconds": 1.0,
    }
    asked = msgspec.structs.replace(with_call(check, "observe_fingerprints", jobs), seconds=SECONDS)
    observation = probe(asked, seed)
    wanted = fingerprints(golden, names)
    lines: dict[tuple[str, int], None] = {}
    for number, repair in enumerate(tried):
        found = observation.values.get(str(number))
        if not isinstance(found, np.ndarray) or found.shape != (len(names) * FIELDS,) or found.dtype != np.float64:
            continue
        if agree(found.reshape(-1, FIELDS), wanted, CLOSE).all():
            lines[repair.where, repair.line] = None
    if len(lines) != 1:
        return ""  # none, or several places: then no single line is at fault
    ((where, line),) = lines
    return f"Look at line {line} of {where}: one small change there makes all of this right."


def repairs(source: Source) -> Iterator[Repair]:
    """Changes of one piece of code, in the functions and classes that the check uses."""
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError):
        return
    tops = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name in source.names]
    wanted = {name for _, name in functions_of(tree) if name.partition(".")[0] in source.names}
    everywhere = frozenset(range(1, len(source.text.split("\n")) + 1))
    lines = source.text.split("\n")
    for _, mutation in spots(source.where, source.text, _changes, wanted, everywhere):
        line: int = mutation.node.lineno  # type: ignore[attr-defined]  # only such nodes are changed
        top = next((n for n in tops if n.lineno <= line <= (n.end_lineno or n.lineno)), None)
        if top is None:
            continue
        changed = spliced(lines, mutation)
        end = (top.end_lineno or top.lineno) - (len(lines) - len(changed))
        text = "\n".join(changed[top.lineno - 1 : end])
        rank = CODES.index(mutation.code) if mutation.code in CODES else len(CODES)
        yield Repair(where=source.where, line=line, rank=rank, definition=(source.module, top.name, text))


def _changes(node: ast.AST, words: Words, inside: Set[str]) -> Iterator[Mutation]:
    """What may be wrong in a line is also what may be right in it: the mistakes, and things left out put in."""
    yield from every_mutation(node, words, inside)
    if isinstance(node, ast.Assign | ast.Return) and isinstance(node.value, ast.expr):
        text = ast.unparse(node.value)
        for name in sorted(inside)[:6]:
            yield Mutation(node.value, f"({text}) * {name}", "missing-factor", "")
            yield Mutation(node.value, f"({text}) / len({name})", "missing-division", "")
        for new in (f"np.sum({text}, axis=0)", f"np.mean({text})", f"np.transpose({text})", f"np.log({text})"):
            yield Mutation(node.value, new, "missing-step", "")
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        left, right = ast.unparse(node.left), ast.unparse(node.right)
        for new in (f"({left}).T @ ({right})", f"({left}) @ ({right}).T", f"({right}).T @ ({left})"):
            yield Mutation(node, new, "missing-step", "")


__all__ = ["Source", "line_hint", "repairs"]
