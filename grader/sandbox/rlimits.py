"""Resource limits of a student's process; whatever it forks inherits them."""

from __future__ import annotations

import contextlib
import os
import resource

from grader.sandbox import tiers
from grader.sandbox.layer import Layer, Plan, Situation
from grader.sandbox.processes import stat_words

OPEN_FILES = 256
PROCESSES = 256
"""Of a submission, threads included: parked copies of the notebook take one each, a pool of workers some ten."""


def limit(*, memory: int, file_size: int, processes: int | None) -> None:
    """Limit address space and files in bytes, and processes where `processes` is given."""
    _lower(resource.RLIMIT_AS, memory)
    _lower(resource.RLIMIT_FSIZE, file_size)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    _lower(resource.RLIMIT_CORE, 0)
    if processes is not None:
        _lower(resource.RLIMIT_NPROC, processes)


def threads_of_this_user() -> int:
    """How many threads this user runs by now, on the whole machine: its limit on processes counts them all."""
    count, own = 0, os.getuid()
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == own:
                count += int(stat_words(name)[17])
    return count


def _lower(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (ceiling, ceiling))


def _apply(situation: Situation) -> None:
    plan, processes = situation.plan, PROCESSES
    if tiers.SPARE_USER not in situation.applied and not situation.in_namespaces:
        if situation.root:  # whom no such limit binds
            return limit(memory=plan.memory, file_size=plan.file_size, processes=None)
        processes += plan.beside
    return limit(memory=plan.memory, file_size=plan.file_size, processes=processes)


def _self_test(plan: Plan) -> str:
    limit(memory=plan.memory, file_size=plan.file_size, processes=PROCESSES)
    return "memory, size of files, open files and new processes, for each process"


LAYER = Layer(name=tiers.LIMITS, where="process", apply=_apply, self_test=_self_test)
