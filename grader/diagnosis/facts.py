"""What was seen of a student's own layers: facts from a process that runs student code, taken as hostile.

They come as JSON (`grader.worker.experiments.layer_facts`): only known kinds of facts are read, about arrays of the
check, in names that are identifiers. Pure; what the facts mean is for `grader.diagnosis.rules.layers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
from msgspec import Struct, json
from msgspec.structs import replace

Kind = Literal["ignored", "bent", "own", "second", "shared", "large"]
LONGEST = 20_000
"""Bytes of facts that are read; honest ones take some hundred."""
NAME = re.compile(r"[A-Za-z_][\w.]{0,80}")


class Fact(Struct, frozen=True, kw_only=True):
    """One thing that was seen of a unit."""

    kind: Kind
    arrays: tuple[str, ...]
    """Of the check, that it concerns."""
    function: str
    """`ReLU.backward` or the like."""
    argument: str = ""
    """The incoming derivative, in the student's words; empty where that is not known."""
    double: bool = False
    some: bool = False
    """Whether it is true of some results of the unit only."""
    others: tuple[str, ...] = ()
    """Arrays of the check of which the opposite was seen."""


def read_facts(values: Mapping[str, Any] | None, names: Iterable[str]) -> tuple[Fact, ...]:
    """The facts of one observation, about the check's arrays `names`."""
    packed = (values or {}).get("facts")
    if not isinstance(packed, np.ndarray) or packed.dtype != np.uint8 or packed.size > LONGEST:
        return ()
    try:
        entries = json.decode(packed.tobytes(), type=list[Fact])
    except (ValueError, RecursionError):
        return ()
    known = list(names)
    facts: dict[tuple[str, str], Fact] = {}
    for entry in entries:
        key = entry.kind, _name(entry.function)
        before = facts[key].arrays if key in facts else ()
        arrays = tuple(n for n in known if n in before or n in entry.arrays)
        if arrays and key[1]:
            others = tuple(n for n in known if n in entry.others)
            facts[key] = replace(entry, arrays=arrays, argument=_name(entry.argument), others=others)
    return tuple(facts.values())


def _name(value: str) -> str:
    return value if NAME.fullmatch(value) else ""
