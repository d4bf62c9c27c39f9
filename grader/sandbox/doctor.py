"""Try each layer in a child process of its own, for `grade doctor`: what works here is found by doing it."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable

from msgspec import Struct

from grader.sandbox import bubblewrap, confine, kernel, landlock, namespaces, privileges, rlimits, seccomp, tiers, view
from grader.sandbox.advice import advice
from grader.sandbox.watchdog import descendants

MEMORY, FILE_SIZE = 4 << 30, 1 << 28
_LONGEST_ANSWER = 300


class Trial(Struct, frozen=True):
    """One layer: whether it works here, and the detail or the reason."""

    layer: str
    works: bool | None
    """None where it was not tried."""
    detail: str


class Findings(Struct, frozen=True):
    trials: tuple[Trial, ...]
    tier: str
    """Of what works, together."""
    advice: tuple[str, ...]
    """What would help, the command included."""


def try_everything() -> Findings:
    """Try every layer."""
    folder = os.path.realpath(tempfile.mkdtemp(prefix="grade-doctor-"))
    try:
        os.chmod(folder, 0o711)
        work, staging = os.path.join(folder, "work"), os.path.join(folder, "view")
        os.mkdir(work)
        os.mkdir(staging)
        user = privileges.spare_user(os.getpid())
        plan = confine.Plan(readable=view.readable(), writable=(work,), staging=staging, user=user, memory=MEMORY,
                             file_size=FILE_SIZE)  # fmt: skip
        own_view = _in_child(tiers.NAMESPACES, lambda: _namespaces(plan))
        trials = (
            own_view,
            _bubblewrap(plan, work, needed=not own_view.works),
            _in_child(tiers.SPARE_USER, lambda: _spare_user(plan)),
            _in_child(tiers.LANDLOCK, _landlock),
            _in_child(tiers.SECCOMP, _seccomp),
            _in_child(tiers.LIMITS, _limits),
            _in_child(tiers.WATCHDOG, _watchdog),
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    working = {t.layer for t in trials if t.works}
    return Findings(trials, tiers.tier(working), advice(working))


def _namespaces(plan: confine.Plan) -> str:
    # Ubuntu 24.04 lets the first call succeed and denies the mounts, so nothing less than a whole view shows it
    namespaces.enter(readable=plan.readable, writable=plan.writable, staging=plan.staging)
    if os.getpid() != 1 or os.path.exists("/etc/passwd"):
        raise OSError("the new view still shows the machine's files or processes")
    return "own files, processes, network and shared memory"


def _bubblewrap(plan: confine.Plan, work: str, *, needed: bool) -> Trial:
    if not needed:
        return Trial(tiers.BUBBLEWRAP, None, "not needed where namespaces work")
    why = bubblewrap.problem(readable=plan.readable, writable=[work])
    return Trial(tiers.BUBBLEWRAP, not why, why or "takes the place of namespaces")


def _spare_user(plan: confine.Plan) -> str:
    if os.geteuid() != 0:
        raise OSError("only root can change users")
    confine.hand_over(plan)
    return f"student code becomes user {os.getuid()}"


def _landlock() -> str:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    version = landlock.restrict(readable=view.readable(), writable=())
    try:
        os.listdir("/")
    except PermissionError:
        lacks = [] if version >= landlock.TCP_FROM else ["TCP (seccomp does that)"]
        lacks += [] if version >= landlock.SIGNALS_FROM else ["signals (seccomp forbids them)"]
        return f"no files but its own; version {version}" + (f", without {' and '.join(lacks)}" if lacks else "")
    raise OSError("it was accepted, but does not hold")


def _seccomp() -> str:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    seccomp.restrict(own_user=False, signals=True)
    try:
        socket.socket().close()
    except PermissionError:
        return f"no sockets, no tracing, no mounts; on {kernel.machine()}"
    raise OSError("it was accepted, but does not hold")


def _limits() -> str:
    rlimits.limit(memory=MEMORY, file_size=FILE_SIZE, processes=rlimits.PROCESSES)
    return "memory, size of files, open files and new processes, for each process"


def _watchdog() -> str:
    child = os.fork()
    if child == 0:
        os.read(os.pipe()[0], 1)
    seen = descendants(os.getpid())
    os.kill(child, 9)
    os.waitpid(child, 0)
    if child not in seen:
        raise OSError("this system does not say what a process has started (/proc/PID/task/TID/children)")
    return "memory, processes and disk, for a submission as a whole"


def _in_child(layer: str, attempt: Callable[[], str]) -> Trial:
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        try:
            answer = "+" + attempt()
        except OSError as error:
            answer = f"-{error.filename}: {error.strerror}" if error.filename else f"-{error.strerror or error}"
        except BaseException as error:  # whatever is wrong with the layer is the answer
            answer = f"-{error}"
        os.write(writing, answer.encode()[:_LONGEST_ANSWER])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode("utf-8", "replace")
    os.waitpid(child, 0)
    return Trial(layer, told.startswith("+"), told[1:] or "the trial ended without an answer")
