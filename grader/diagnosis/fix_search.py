"""Small changes of a student's own code that make a failed check right: what they undo, and the line; never the change.

Owns which changes are tried and what is said of those that work. They run in forks of the student's own worker, by
`grader.worker.experiments.variants`; only fingerprints come back, and they are compared here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence, Set

import msgspec
import numpy as np
from msgspec import Struct

from grader.diagnosis.codes import Candidate
from grader.diagnosis.mutation.operators import Mutation
from grader.diagnosis.mutation.phrases import Words
from grader.diagnosis.mutation.sites import functions_of, spliced, spots
from grader.diagnosis.mutation.slips import every_mutation
from grader.diagnosis.points import with_call
from grader.model import Check, Observation
from grader.worker.experiments.fingerprints import FIELDS, Floats, agree

Probe = Callable[[Check, int], Observation]

MOST = 120
"""Changes that are tried for one check, at some 10 ms each; the likeliest come first. A number and no time, so that the
same submission gets the same report."""
SECONDS = 30.0
"""After which a check's search is ended all the same, and the report says so."""
CLOSE = 1e-6
"""As the tolerance that checks have by default."""
AVERAGED = "a division by the number of rows is missing"
TRANSPOSED = "a transpose is missing, or the factors of a product are swapped"
UNDONE = {
    "missing-factor": ("extra-factor", "a factor is too many"),
    "missing-division": ("extra-factor", "a division is too many"),
    "missing-term": ("extra-term", "a term of a sum is too many"),
    "missing-transpose": ("wrong-operation", "a transpose is too many"),
    "missing-function": ("wrong-function", "a function is applied that has no place there"),
    "mean-for-sum": ("sum-for-mean", "a sum is taken where a mean belongs"),
    "sum-for-mean": ("mean-for-sum", "a mean is taken where a sum belongs"),
    "wrong-sign": ("wrong-sign", "a sign is wrong"),
    "wrong-axis": ("wrong-axis", "an axis is the wrong one, or is missing"),
    "wrong-constant": ("wrong-constant", "a constant is not the right one"),
    "wrong-mask": ("wrong-mask", "a comparison or a mask is wrong"),
    "extra-factor": ("missing-factor", "a factor or a division is missing"),
    "wrong-variable": ("wrong-variable", "a variable stands where another belongs"),
    "wrong-reduction": ("wrong-reduction", "the smallest entry is taken for the largest, or one for its place"),
}
"""What a change that makes a check right undoes: code and words. Other changes say too little of what was wrong."""
VAGUE = frozenset({"missing-factor", "extra-factor", "wrong-constant", "wrong-mask", "wrong-variable"})
"""Kinds that a change can only be said to be of, not the mistake: many a factor makes one entry right by chance."""
RANKS = tuple(dict.fromkeys(code for code, _ in UNDONE.values()))
"""Kinds of mistakes in the order in which they are looked for; the rest follows."""


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
    undone: tuple[str, str]
    """Code and words of the mistake that the change takes back; empty where it does not say."""
    function: str
    definition: tuple[str, str, str]
    """Module, name and new source."""


def working(check: Check, sources: Sequence[Source], wanted: Mapping[int, Floats], names: Sequence[str],
            probe: Probe) -> list[Repair] | None:  # fmt: skip
    """The changes that make every array of the check right at every point; None where the time was used up.

    Parameters
    ----------
    wanted
        For each seed the fingerprints of what is expected, shape (arrays, 7).
    names
        Of the arrays, in that order.
    """
    tried = sorted((r for source in sources for r in repairs(source)), key=lambda r: r.rank)[:MOST]
    if not tried or not names:
        return []
    jobs = {
        "sources": [check.source],
        "variants": [[repair.definition] for repair in tried],
        "runs": [[(0, check.id, seed) for seed in wanted]] * len(tried),
        "names": list(names),
        "seconds": 1.0,
    }
    asked = msgspec.structs.replace(with_call(check, "observe_fingerprints", jobs), seconds=SECONDS)
    observation = probe(asked, next(iter(wanted)))
    if observation.ended == "timeout":
        return None
    right = np.stack(list(wanted.values()))
    found = []
    for number, repair in enumerate(tried):
        seen = observation.values.get(str(number))
        if not isinstance(seen, np.ndarray) or seen.shape != (right.size,) or seen.dtype != np.float64:
            continue
        if agree(seen.reshape(-1, len(names), FIELDS), right, CLOSE).all():
            found.append(repair)
    return found


def line_hint(found: Sequence[Repair]) -> str:
    """A sentence on the one line where changes make a check right; empty where there is none, or several."""
    lines = {(repair.where, repair.line) for repair in found}
    if len(lines) != 1:
        return ""
    ((where, line),) = lines
    return f"Look at line {line} of {where}: one small change there makes all of this right."


def undone(found: Sequence[Repair]) -> Candidate | None:
    """What the changes that work have in common: one line, and one kind of mistake in it."""
    said = {repair.undone for repair in found}
    if len({(r.where, r.line) for r in found}) != 1 or len(said) != 1:
        return None
    ((code, words),) = said
    if not code:
        return None
    if code in VAGUE:
        where = f"in one line of your own `{found[0].function}`"
        text = f"One small change {where} makes all of this right; the rest can stay."
        return Candidate("one-line", text, {"agrees_at_points": 2})
    text = f"One small change of your own `{found[0].function}` makes all of this right: {words}."
    return Candidate(code, text, {"agrees_at_points": 2})


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
    for function, mutation in spots(source.where, source.text, _changes, wanted, everywhere):
        line: int = mutation.node.lineno  # type: ignore[attr-defined]  # only such nodes are changed
        top = next((n for n in tops if n.lineno <= line <= (n.end_lineno or n.lineno)), None)
        if top is None:
            continue
        changed = spliced(lines, mutation)
        end = (top.end_lineno or top.lineno) - (len(lines) - len(changed))
        text = "\n".join(changed[top.lineno - 1 : end])
        rank = RANKS.index(mutation.code) if mutation.code in RANKS else len(RANKS)
        yield Repair(
            where=source.where,
            line=line,
            rank=rank,
            undone=(mutation.code, mutation.clause),
            function=function,
            definition=(source.module, top.name, text),
        )


def _changes(node: ast.AST, words: Words, inside: Set[str]) -> Iterator[Mutation]:
    """What may be wrong in a line is also what may be right in it: the mistakes, and things left out put in."""
    for mutation in every_mutation(node, words, inside):
        code, clause = UNDONE.get(mutation.code, ("", ""))
        if code == "wrong-constant" and isinstance(mutation.node, ast.Constant):
            clause = f"the constant {ast.unparse(mutation.node)} in it is not the right one"
        yield mutation._replace(code=code, clause=clause)
    if isinstance(node, ast.Assign | ast.Return) and isinstance(node.value, ast.expr):
        text = ast.unparse(node.value)
        for name in sorted(inside)[:6]:
            yield Mutation(node.value, f"({text}) * {name}", "missing-factor", "a factor is missing")
            yield Mutation(node.value, f"({text}) / len({name})", "missing-division", AVERAGED)
        yield Mutation(node.value, f"np.sum({text}, axis=0)", "not-reduced", "a sum over the rows is missing")
        yield Mutation(node.value, f"np.mean({text})", "not-reduced", "a mean is missing")
        yield Mutation(node.value, f"np.transpose({text})", "missing-transpose", TRANSPOSED)
        yield Mutation(node.value, f"np.log({text})", "missing-function", "a logarithm is missing")
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        left, right = ast.unparse(node.left), ast.unparse(node.right)
        for new in (f"({left}).T @ ({right})", f"({left}) @ ({right}).T", f"({right}).T @ ({left})"):
            yield Mutation(node, new, "missing-transpose", TRANSPOSED)
    if isinstance(node, ast.Constant) and isinstance(node.value, float | int) and node.value not in (0, 1):
        for new in ("0", "1"):
            clause = f"the constant {ast.unparse(node)} in it is not the right one"
            yield Mutation(node, new, "wrong-constant", clause)


__all__ = ["Source", "line_hint", "repairs", "undone", "working"]
