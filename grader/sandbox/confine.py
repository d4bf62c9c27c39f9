"""Put the layers on, from inside the worker: first around a submission's processes, then on each that runs its code.

`isolate` makes the supervisor: the ancestor of every process of a submission, which runs no student code and can end
them all. `confine` is for its children; what it puts on cannot be taken off and is inherited.
A layer that does not work here is named with its reason, and the rest goes on: whether that is enough is not decided
here.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Sequence

from msgspec import Struct

from grader.sandbox import landlock, namespaces, privileges, rlimits, seccomp
from grader.sandbox.tiers import LANDLOCK, LIMITS, NAMESPACES, NO_PRIVILEGES, SECCOMP, SPARE_USER
from grader.sandbox.view import DEVICES, PROC


class Plan(Struct, frozen=True, kw_only=True):
    """What a submission's processes may touch; paths are absolute."""

    readable: tuple[str, ...]
    writable: tuple[str, ...]
    staging: str
    """An empty folder, to build the view of files in."""
    user: int
    """Becomes the owner of `writable` and of the processes where the grader is root."""
    memory: int
    """Bytes of address space for each process."""
    file_size: int
    beside: int = 0
    """Threads that the same user runs besides: a limit on processes counts them too where there are no namespaces."""


class Confined(Struct, frozen=True):
    """The layers that are on, and a sentence for each that is not."""

    layers: tuple[str, ...]
    problems: tuple[str, ...]


def isolate(plan: Plan) -> Confined:
    """Enter namespaces of one's own; on failure this process must not be used further."""
    layers, problems = _try({NAMESPACES: lambda: _enter(plan)})
    return Confined(layers, problems)


def _enter(plan: Plan) -> None:
    namespaces.enter(readable=plan.readable, writable=plan.writable, staging=plan.staging)


def confine(plan: Plan, *, in_namespaces: bool) -> Confined:
    """Put on what student code must not be without; returns in the same process, as another user where it can."""
    with contextlib.suppress(PermissionError):  # it leads a session already
        os.setsid()
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("500")  # where the machine itself runs out of memory, the grader's processes are spared
    root = os.geteuid() == 0
    layers: list[str] = []
    problems: list[str] = []
    if root:
        found = _try({SPARE_USER: lambda: hand_over(plan)})
        layers += found[0]
        problems += found[1]
    spare = SPARE_USER in layers
    processes: int | None = rlimits.PROCESSES
    if not spare and not in_namespaces:
        processes = None if root else rlimits.PROCESSES + plan.beside
    own_proc = ("/proc",) if in_namespaces else PROC

    def restrict_files() -> None:
        writable = (*plan.writable, "/tmp", "/dev/shm") if in_namespaces else plan.writable
        # a view of one's own has only one's own processes in it
        landlock.restrict(readable=(*plan.readable, *own_proc), writable=writable, devices=DEVICES)

    def restrict_calls() -> None:
        scoped = LANDLOCK in layers and landlock.abi() >= landlock.SIGNALS_FROM
        seccomp.restrict(own_user=not spare and not in_namespaces, signals=spare or in_namespaces or scoped)

    for name, put_on in (
        (LIMITS, lambda: rlimits.limit(memory=plan.memory, file_size=plan.file_size, processes=processes)),
        (NO_PRIVILEGES, privileges.drop_privileges),
        (LANDLOCK, restrict_files),
        (SECCOMP, restrict_calls),
    ):
        found = _try({name: put_on})
        layers += found[0]
        problems += found[1]
    return Confined(tuple(layers), tuple(problems))


def hand_over(plan: Plan) -> None:
    """Give the work folder to the spare user and become that user, if it can get at what it needs.

    Raises
    ------
    OSError
        If it cannot: an interpreter below /root, say.
    """
    os.setegid(plan.user)
    os.seteuid(plan.user)  # for a moment: the real user is still root, and takes it back
    try:
        for path in (os.__file__, __file__, *filter(os.path.exists, plan.readable)):
            os.close(os.open(path, os.O_RDONLY))
        for path in plan.writable:
            os.stat(path)
    finally:
        os.seteuid(0)
        os.setegid(0)
    for folder in plan.writable:
        _give(folder, plan.user)
    privileges.become(plan.user)


def _give(folder: str, user: int) -> None:
    os.chown(folder, user, user)
    for here, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(os.path.join(here, name), user, user, follow_symlinks=False)


def end_all_of(user: int) -> None:
    """Kill every process of a spare user at once, which no fork bomb can outrun; only root can."""
    if os.geteuid() != 0 or not privileges.SPARE_FIRST <= user < privileges.SPARE_FIRST + privileges.SPARE_COUNT:
        return
    killer = os.fork()
    if killer == 0:
        with contextlib.suppress(BaseException):  # as above
            privileges.become(user)
            os.kill(-1, signal.SIGKILL)
        os._exit(0)
    os.waitpid(killer, 0)


def _try(layers: dict[str, Callable[[], object]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    on: Sequence[str] = []
    problems = []
    for name, put_on in layers.items():
        try:
            put_on()
            on = [*on, name]
        except (OSError, ValueError, AttributeError) as error:  # AttributeError: a system without such calls
            problems.append(f"{name}: {error}")
    return tuple(on), tuple(problems)
