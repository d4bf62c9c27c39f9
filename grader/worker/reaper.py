"""End everything that a submission started, whatever it did to escape: the root adopts every orphan and kills it."""

from __future__ import annotations

import contextlib
import os
import signal
import time

from grader.sandbox.kernel import PR_SET_CHILD_SUBREAPER
from grader.sandbox.processes import bury_children, children, stat_words

SWEEP_SECONDS = 5.0
"""A fork bomb within the process limit takes a tenth of it."""


def adopt_orphans() -> None:
    """Make this process the one that orphaned descendants are given to (Linux; elsewhere nothing)."""
    with contextlib.suppress(OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def sweep() -> None:
    """Kill and reap every child, and every orphan that becomes one by that, until none is left."""
    if os.getpid() == 1:
        with contextlib.suppress(ProcessLookupError):  # nobody else is there
            os.kill(-1, signal.SIGKILL)  # all at once, which no fork bomb outruns
    sweep_strays(set(), hard=True)


def sweep_strays(keep: set[int], *, hard: bool) -> None:
    """Kill every orphan that is not in `keep`, with all that it has started, until none is alive.

    With `hard` also what the processes in `keep` have started, unless that is in `keep` itself. All are stopped before
    the first is killed: a killed one would leave room for another under the limit on processes, a stopped one does not.
    """
    end = time.monotonic() + SWEEP_SECONDS
    stopped: set[int] = set()
    while time.monotonic() < end:
        strays = _strays(os.getpid(), keep, hard)
        if not strays:
            return
        # what goes on starting others, since nothing limits it or they wake each other, is killed all the same
        killing = stopped.issuperset(strays) or time.monotonic() > end - SWEEP_SECONDS / 2
        for pid in strays:
            _signal(pid, signal.SIGKILL if killing else signal.SIGSTOP)
        stopped.update(strays)
        bury_children()
        if killing:
            time.sleep(0.001)


def _strays(parent: int, keep: set[int], hard: bool) -> list[int]:
    strays = []
    for pid in children(parent):
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
        return stat_words(f"{pid}")[0] in "ZX" and len(os.listdir(f"/proc/{pid}/task")) <= 1
    except (OSError, IndexError):
        return True


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
