"""What is kept of a private observation: one of a hidden check, or with a piece of the reference in its process.

Such a process holds what no student may read, and student code decides what it answers. So nothing that it has worded
goes on from here: no text, line, key or count, and no name but those that the check itself has. Arrays go on, for the
comparison and the judge alone; what may be shown of them is `grader.grading.hidden`.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable

import msgspec

from grader.model import Check, NotArray, Observation, Plain, StudentError
from grader.worker.messages import FLATTENED

ERRORS = frozenset(
    name for name, thing in vars(builtins).items() if isinstance(thing, type) and issubclass(thing, BaseException)
)
"""The types of errors that are named; any other is an `Exception`."""
KINDS = frozenset(
    (
        "None", "text", "text array", "uneven list", "object array", "too large", "generator", "map", "zip",
        "function", "method", "builtin_function_or_method", "ellipsis", "NotImplementedType", "empty list",
        "empty tuple", FLATTENED,
    )
)  # fmt: skip
"""What a value may be called that is no array."""
UNNAMED = "value of another kind"
AN_INPUT = "one of its inputs"
"""Stands for the names of changed inputs."""


def is_private(check: Check, *, follow_through: bool) -> bool:
    """Whether the process that answers knows what no student may read."""
    return check.visibility == "hidden" or follow_through


def withheld(observation: Observation, asked: Iterable[str]) -> Observation:
    """The observation without anything that its process has worded; `asked` has the names to be replaced."""
    error = observation.error
    if error is not None and error.kind not in ("import", "process", "author"):  # those are of this side's making
        error = StudentError(type=error.type if error.type in ERRORS else "Exception", message="")
    return msgspec.structs.replace(
        observation,
        values={name: _plain(value) for name, value in observation.values.items()},
        error=error,
        at=("", 0),
        changed=(AN_INPUT,) if observation.changed else (),
        replaced={name: min(1, observation.replaced.get(name, 0)) for name in asked},
        private=True,
        seconds=float(round(observation.seconds)),
    )


def _plain(value: object) -> object:
    if not isinstance(value, NotArray):
        return value
    if isinstance(value, Plain):
        return Plain(value.kind if value.kind in KINDS else UNNAMED, "", value.value)
    kind = value.detail if value.kind == "other" else value.kind
    return NotArray(kind if kind in KINDS else UNNAMED)
