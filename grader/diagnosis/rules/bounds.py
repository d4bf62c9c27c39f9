"""Numbers that the student's own lines cut off, or keep away from 0, where another result comes of that.

Rules like those of `source`: what stands in the line is said, and not that numbers prove it. Pure.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

import numpy as np

from grader.diagnosis.codes import Candidate
from grader.diagnosis.evidence import Evidence
from grader.diagnosis.points import milder
from grader.diagnosis.rules.source import Function, ParsedDefinition, defaults_of, functions_of, short

GUARD = 1e-3
"""Largest number that keeps another away from 0 before a logarithm or a division."""
SCORE = 20.0
"""From here on a bound of a minimum or maximum is no size and no probability."""


def clipped(evidence: Evidence) -> Candidate | None:
    """Numbers that are cut off at a bound which is no guard of a logarithm or a division."""
    for definition, _, function in functions_of(evidence):
        exponentials = [
            n for n in ast.walk(function) if isinstance(n, ast.Call) and ast.unparse(n.func).endswith("exp")
        ]
        in_exponentials = {id(inner) for call in exponentials for inner in ast.walk(call)}
        for node in ast.walk(function):
            match node:
                case ast.Call(func=ast.Attribute(attr="clip"), args=[*_, low, high]):
                    cuts = all(_is_none(bound) or abs(_number(bound)) >= 0.5 for bound in (low, high))
                case ast.Call(
                    func=ast.Attribute(attr="minimum" | "maximum") | ast.Name(id="min" | "max") as called,
                    args=[one, other],
                ) if isinstance(called, ast.Attribute) or id(node) in in_exponentials:
                    cuts = max(abs(_number(one)), abs(_number(other))) >= SCORE
                case _:
                    continue
            if cuts:
                text = f"`{short(node)}` {definition.at(node)} changes every number beyond its bounds: what"
                return Candidate("cut-off", f"{text} is cut off is another result.", f"`{short(node)}`")
    return None


def guarded_log(evidence: Evidence) -> Candidate | None:
    """A number is kept away from 0 before its logarithm is taken, and scores as far apart as 1000 are asked for."""
    values, expected = evidence.values, evidence.expected
    asked = [name for name in evidence.failed if name in expected] if milder(evidence.check) is not None else []
    if not any(_largest(values.get(name)) < _largest(expected[name]) for name in asked):
        return None
    for definition, _, function in functions_of(evidence):
        numbers = _numbers(definition, function)
        for node in _before_logarithms(function):
            for bound in _lower_bounds(node):
                least = numbers.get(bound.id, 0.0) if isinstance(bound, ast.Name) else _number(bound)
                if 0 < least <= GUARD:
                    end = f"{-np.log(least):.3g}"
                    text = (
                        f"`{short(node)}` {definition.at(node)} leaves nothing below {least:g}, so that the logarithm"
                    )
                    text += f" is -{end} at least, and no loss of a sample comes out above {end}."
                    return Candidate("cut-off", text, f"`{short(node)}`")
    return None


def _largest(value: object) -> float:
    """The largest entry; nan where there is none, or one that is no finite number."""
    array = np.asarray(value) if isinstance(value, np.ndarray | float) else np.array(np.nan)
    finite = array.dtype.kind in "fiu" and array.size and np.isfinite(array).all()
    return float(array.max()) if finite else np.nan


def _before_logarithms(function: Function) -> Iterator[ast.expr]:
    """The sums in the arguments of logarithms, and all calls of a function that takes any."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    logarithms = [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == "log"]
    for logarithm in logarithms:
        for node in ast.walk(logarithm):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                yield node
    yield from calls if logarithms else ()


def _lower_bounds(node: ast.expr) -> list[ast.expr]:
    """What may keep a number away from 0: the terms of a sum, or a lower bound."""
    match node:
        case ast.BinOp(left=one, right=other):
            return [one, other]
        case ast.Call(func=ast.Attribute(attr="maximum") | ast.Name(id="max"), args=[one, other]):
            return [one, other]
        case ast.Call(func=ast.Attribute(attr="clip"), args=[*_, low, _]):
            return [low]
    return []


def _numbers(definition: ParsedDefinition, function: Function) -> Mapping[str, float]:
    """The names that stand for one number in a function: defaults, and what is assigned there."""
    given = dict(defaults_of(function))
    for node in ast.walk(definition.tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                given[name] = value
    return {name: _number(value) for name, value in given.items()}


def _number(node: ast.expr) -> float:
    """The number that is written there, with its sign; 0 for anything else, as a bound with a name may be 1e-12."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return 0.0
    return float(value) if isinstance(value, int | float) else 0.0


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
