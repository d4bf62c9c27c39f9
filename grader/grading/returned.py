"""Says in words what a student's function returned instead of the values that a check unpacks.

`dx, dw, db = student.affine_backward(...)` raises in the check's own line, of which the student sees nothing.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache

from grader.compare.messages import enumerated
from grader.model import Check, Observation
from grader.worker.syntax import parse_tree

_NONE = re.compile(r"cannot unpack non-iterable (?P<type>\w+) object")
_FEW = re.compile(r"not enough values to unpack \(expected (?:at least )?\d+, got (?P<count>\d+)\)")
_MANY = re.compile(r"too many values to unpack")


def not_taken_apart(check: Check, observation: Observation) -> str:
    """One sentence about the function whose result could not be unpacked in the check's line; else empty."""
    error = observation.error
    if error is None or error.frames or check.visibility == "hidden" or check.files.get(observation.at[0]) is None:
        return ""
    file, line = observation.at
    called = _unpacked(check.files[file]).get(line)
    if called is None:
        return ""
    function, names = called
    count = f"{len(names)} value{'' if len(names) == 1 else 's'}"
    wanted = f"{count} {'is' if len(names) == 1 else 'are'} expected: {enumerated(names)}"
    if (match := _NONE.search(error.message)) is not None:
        if match["type"] == "NoneType":
            return f"`{function}` returned None: is a `return` missing? {wanted}"
        return f"`{function}` returned one {match['type']}; {wanted}"
    if (match := _FEW.search(error.message)) is not None:
        return f"`{function}` returned {match['count']} value{'' if match['count'] == '1' else 's'}; {wanted}"
    if _MANY.search(error.message):
        return f"`{function}` returned more values than expected, or one array; {wanted}"
    return ""


@lru_cache(maxsize=16)
def _unpacked(source: str) -> dict[int, tuple[str, tuple[str, ...]]]:
    """Line -> function and names, for each statement that takes a call's result apart into plain names."""
    calls: dict[int, tuple[str, tuple[str, ...]]] = {}
    for node in ast.walk(parse_tree(source)):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=parts)], value=ast.Call(func=ast.Attribute(attr=function))):
                names = tuple(f"`{part.id}`" for part in parts if isinstance(part, ast.Name) and part.id != "_")
                if len(names) == len(parts):
                    calls |= dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), (function, names))
    return calls
