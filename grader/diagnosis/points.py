"""The points at which hypotheses and students are compared: the assignment's seed, another, and a milder extreme.

A check with numbers such as 1000 in its probe gives nan for `exp(1000)` and for `log(exp(-1000))` alike. With 720 in
its place the first still overflows (above 709.8) and the second does not underflow yet (before 745): the two are
distinguished. The bounds are those of float64.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from grader.model import Check
from grader.worker.syntax import parse_tree

SECOND = 7919
"""Added to the assignment's seed for the second point; a prime, so that no author's own seeds meet it by counting."""
EXTREME, MILD = 500.0, 720.0
"""Constants of at least the first size are replaced by the second."""
BEYOND = 1e6
"""Constants from here on are no logits: seeds, sizes."""


def second_seed(seed: int) -> int:
    """The seed of the point at which a match must repeat."""
    return seed + SECOND


@lru_cache(maxsize=256)
def _mild_source(source: str, function: str) -> str | None:
    tree = parse_tree(source)
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == function]
    if not functions:
        return None
    extreme = 0
    for node in ast.walk(functions[-1]):
        match node:
            case ast.Constant(value=int() | float() as value) if EXTREME <= abs(value) < BEYOND:
                node.value = type(value)(MILD)
                extreme += 1
    if not extreme:
        return None
    return ast.unparse(tree)


def milder(check: Check) -> Check | None:
    """The same check with its extreme numbers within reach of a right softmax's exponentials; None if it has none."""
    source = _mild_source(check.source, check.id)
    return None if source is None else msgspec.structs.replace(check, source=source)


DRAWS = frozenset({"normal", "standard_normal", "uniform", "random", "integers", "randn", "rand", "randint"})


@lru_cache(maxsize=256)
def spreads(source: str) -> bool:
    """Whether a probe multiplies random numbers by an extreme one: then they are farther apart than it says."""

    def extreme(node: ast.AST) -> bool:
        return any(
            isinstance(n, ast.Constant) and isinstance(n.value, int | float) and EXTREME <= abs(n.value) < BEYOND
            for n in ast.walk(node)
        )

    def draws(node: ast.AST) -> bool:
        return any(isinstance(n, ast.Attribute) and n.attr in DRAWS for n in ast.walk(node))

    for node in ast.walk(parse_tree(source)):
        match node:
            case ast.BinOp(left, ast.Mult(), right) if (extreme(left) and draws(right)) or (
                draws(left) and extreme(right)
            ):
                return True
            case ast.Call(ast.Attribute(attr=name), args, keywords) if name in DRAWS:
                if any(map(extreme, [*args, *(k.value for k in keywords)])):
                    return True
    return False


@lru_cache(maxsize=256)
def sizes_in(source: str, function: str) -> frozenset[int]:
    """The whole numbers in a probe's own lines: its inputs may have axes of these lengths."""
    tree = parse_tree(source)
    lines = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == function][-1:]
    numbers = {node.value for line in lines for node in ast.walk(line) if isinstance(node, ast.Constant)}
    return frozenset(n for n in numbers if type(n) is int and 1 < n < EXTREME)


def with_call(check: Check, function: str, jobs: Mapping[str, object]) -> Check:
    """The check as a probe that calls a function of `grader.worker.experiments.variants` with `jobs`."""
    source = (
        f"def {check.id}(student, rng):\n"
        "    import json\n"
        f"    from grader.worker.experiments.variants import {function}\n"
        f"    return {function}(student, json.loads({json.dumps(jobs)!r}))\n"
    )
    return msgspec.structs.replace(check, source=source, judge=None)


def watched(check: Check, *, unasked: bool = False) -> Check:
    """The same check, answered by facts about the layers that it uses (`grader.worker.experiments.layer_facts`)."""
    source = (
        f"{check.source}\n\n"
        f"def {check.id}(student, rng, asked={check.id}):\n"
        "    from grader.worker.experiments.layer_facts import observe_behaviour\n"
        f"    return observe_behaviour(asked, student, rng, unasked={unasked})\n"
    )
    return msgspec.structs.replace(check, source=source)
