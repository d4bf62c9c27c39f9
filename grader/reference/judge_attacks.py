"""Attacks on an assignment's judges: what a lazy submission would do must earn nothing, and no judge may break on it.

Runs the probes of judged checks on the reference with what they use replaced by functions that compute nothing, and on
a state of zeros that cannot be written; then gives the judges arrays that no probe of honest work returns.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import structs

from grader.assignment.lint.issue import Issue, Level
from grader.assignment.notebooks import by_notebook
from grader.assignment.solution import definitions
from grader.checks import GradientJudge
from grader.errors import AuthoringError
from grader.execution.observe import observe
from grader.grading.evaluate import given_for
from grader.grading.scoring import outcome
from grader.model import Assignment, Check, Given, Observation
from grader.reference.session import ReferenceSession
from grader.worker.messages import Replacement

LAZY: Mapping[str, str] = {
    "prints a grid of numbers": "print(*(n / 10 for n in range(200)))\n    return 0.0",
    "returns 0": "return 0.0",
    "returns nan": "return float('nan')",
    "returns what it is given": "return given[0] if len(given) == 1 else given",
    "returns zeros like its first argument": "import numpy\n    return numpy.zeros_like(given[0]) if given else 0.0",
}
"""What a function does instead of its work."""
ZERO_STATE = """
_probe = {id}
def {id}(student, rng):
    import numpy
    changed = 0
    for name in {names}:
        try:
            held = student.notebook[name]
        except Exception:
            continue
        places = range(len(held)) if isinstance(held, list) else list(held) if isinstance(held, dict) else ()
        for place in places:
            if isinstance(held[place], numpy.ndarray):
                held[place] = numpy.broadcast_to(0.0, held[place].shape)
                changed += 1
    assert changed
    return _probe(student, rng)
"""
ZEROS = "the state is zeros that cannot be written"
ARRAYS: Mapping[str, Any] = {
    "zeros": np.zeros_like,
    "ones": np.ones_like,
    "nan": lambda array: np.full(np.shape(array), np.nan),
    "inf": lambda array: np.full(np.shape(array), np.inf),
    "empty arrays": lambda array: np.zeros(0),
    "single numbers": lambda array: np.array(0.5),
    "truth values": lambda array: np.ones(np.shape(array), dtype=bool),
    "a grid of numbers": lambda array: np.arange(200) / 10,
    "one dimension more": lambda array: np.asarray(array)[None],
}
"""What a judge is given instead of each array that was observed: it must not break on any."""
NEVER_RIGHT = ("nan",)
"""What it must not pay for; whether zeros are right depends on what is asked."""


def attack_judges(assignment: Assignment) -> list[Issue]:
    """The attacks that a judge pays for in full or breaks on; a state of zeros may be right, and is a warning.

    Raises AuthoringError if a probe fails on the reference itself.
    """
    judged = [check for check in assignment.checks if check.judge is not None]
    if not judged:
        return []
    findings: list[Issue] = []
    for one in by_notebook(structs.replace(assignment, checks=tuple(judged))):
        with ReferenceSession(one) as reference:
            findings += [line for check in one.checks for line in _attacks(reference, check)]
    return findings


def _attacks(reference: ReferenceSession, check: Check) -> Iterator[Issue]:
    assignment, seed = reference.assignment, reference.assignment.seed
    right = observe(reference.session, check, seed=seed)
    values = {name: value for name, value in right.values.items() if isinstance(value, np.ndarray)}
    given = given_for(assignment, check, values, seed)
    for what, change in ARRAYS.items():
        changed = structs.replace(right, values={name: change(value) for name, value in values.items()})
        yield from _line(check, f"given {what}", changed, given, may_pay=what not in NEVER_RIGHT)
    functions = 0
    for name in dict.fromkeys(use.name for use in check.uses if _is_function(assignment, use.name)):
        for what, body in LAZY.items():
            seen = observe(reference.session, check, seed=seed, replacements=_replaced(assignment, name, body))
            if not seen.replaced.get(name):
                break
            functions += what == next(iter(LAZY))
            yield from _line(check, f"`{name}` {what}", seen, given, may_pay=_takes_any(check, name))
    if functions:  # a check of the state alone may be content with its shape
        text = ZERO_STATE.format(id=check.id, names=[use.name for use in check.uses])
        zero = structs.replace(check, source=check.source + text)
        yield from _line(check, ZEROS, observe(reference.session, zero, seed=seed), given)


def _takes_any(check: Check, name: str) -> bool:
    """Whether this is the forward pass of a gradient check that leaves it to other checks."""
    is_forward = name == check.uses[0].name != check.uses[-1].name
    return is_forward and isinstance(check.judge, GradientJudge) and check.judge.takes_any_forward


def _replaced(assignment: Assignment, name: str, body: str) -> Sequence[Replacement]:
    module = next((place.module for place in assignment.names.get(name, ()) if place.module), "")
    return [Replacement(name, f"def {name}(*given, **named):\n    {body}\n", module)]


def _is_function(assignment: Assignment, name: str) -> bool:
    """Whether the solution defines the name by `def`."""
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in definitions(assignment, name))


def _line(check: Check, what: str, seen: Observation, given: Given, *, may_pay: bool = False) -> Iterator[Issue]:
    if seen.ended != "returned":
        return
    try:
        earned = outcome(check, seen, given)
    except AuthoringError as error:
        yield Issue("error", check.file, f"{str(error).removeprefix(check.file + ': ')} ({what})")
        return
    if earned.status == "passed" and check.points and not may_pay:
        level: Level = "warning" if what == ZEROS else "error"
        yield Issue(level, check.file, f"the judge of {check.id} pays in full where {what}")
