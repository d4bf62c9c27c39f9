"""End everything that a submission started, whatever it did to escape: the root adopts every orphan and kills it."""

from __future__ import annotations

import contextlib
import os
import signal
import time

PR_SET_CHILD_SUBREAPER = 36
SWEEP_SECONDS = 5.0
"""A fork bomb within the process limit takes a tenth of it."""


def adopt_orphans() -> None:
    """Make this process the one that orphaned descendants are given to (Linux; elsewhere nothing)."""
    with contextlib.suppress(OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def sweep() -> None:
    """Kill and reap every child, and every orphan that thereby becomes one, until none is left."""
    end = time.monotonic() + SWEEP_SECONDS
    while time.monotonic() < end:
        if os.getpid() == 1:
            with contextlib.suppress(ProcessLookupError):  # nobody else is there
                os.kill(-1, signal.SIGKILL)  # all at once, which no fork bomb outruns
        for pid in _children(os.getpid()):
            _kill(pid)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.001)


def sweep_strays(keep: set[int], *, hard: bool) -> None:
    """Kill every orphan that is not in `keep`, with all that it has started, until none is alive.

    With `hard` also what the processes in `keep` have started, unless that is in `keep` itself.
    """
    end = time.monotonic() + SWEEP_SECONDS
    while time.monotonic() < end:
        strays = _strays(os.getpid(), keep, hard)
        if not strays:
            return
        for pid in strays:
            _kill(pid)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.001)


def _strays(parent: int, keep: set[int], hard: bool) -> list[int]:
    strays = []
    for pid in _children(parent):
        if pid not in keep and not (parent != os.getpid() and _has_ended(pid)):
            strays.append(pid)
        if pid not in keep or hard:
            strays += _strays(pid, keep, hard)
    return strays


def _has_ended(pid: int) -> bool:
    """Whether it is dead and only its parent can take it off the list, as a probe's process below its snapshot.

    A process whose first thread alone has ended is not: it has other threads.
    """
    try:
        with open(f"/proc/{pid}/stat") as file:
            ended = file.read().rpartition(")")[2].split()[0] in "ZX"
        return ended and len(os.listdir(f"/proc/{pid}/task")) <= 1
    except (OSError, IndexError):
        return True


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []  # it has ended; or no such file on this system: `RootProcess.close` kills the process group
