"""Apply the layers, from inside the worker: first around a submission's processes, then on each that runs its code.

`isolate` makes the supervisor: the ancestor of every process of a submission, which runs no student code and can end
them all. `confine` is for its children; what it puts on cannot be taken off and is inherited.
A layer that does not work here is named with its reason, and the rest goes on: whether that is enough is not decided
here.
"""

from __future__ import annotations

import contextlib
import os

import msgspec
from msgspec import Struct

from grader.sandbox.layer import Plan, Situation
from grader.sandbox.layers import LAYERS


class Confined(Struct, frozen=True):
    """The layers that are on, and a sentence for each that is not."""

    layers: tuple[str, ...]
    problems: tuple[str, ...]


def isolate(plan: Plan) -> Confined:
    """Apply the supervisor's layers; where one fails this process must not be used further."""
    return _applied("supervisor", Situation(plan=plan, root=os.geteuid() == 0, in_namespaces=False))


def confine(plan: Plan, *, in_namespaces: bool) -> Confined:
    """Put on what student code must not be without; returns in the same process, as another user where it can."""
    with contextlib.suppress(PermissionError):  # it leads a session already
        os.setsid()
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("500")  # where the machine itself runs out of memory, the grader's processes are spared
    return _applied("process", Situation(plan=plan, root=os.geteuid() == 0, in_namespaces=in_namespaces))


def _applied(where: str, situation: Situation) -> Confined:
    problems = []
    for layer in LAYERS:
        if layer.where != where or layer.apply is None or (layer.root_only and not situation.root):
            continue
        try:
            layer.apply(situation)
            situation = msgspec.structs.replace(situation, applied=(*situation.applied, layer.name))
        except (OSError, ValueError, AttributeError) as error:  # AttributeError: a system without such calls
            problems.append(f"{layer.name}: {error}")
    return Confined(situation.applied, tuple(problems))
