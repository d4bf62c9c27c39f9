"""Processes as /proc lists them: what one has started, how it stands; and burying children that have ended."""

from __future__ import annotations

import contextlib
import os


def children(pid: int) -> list[int]:
    """What process `pid` has started by any of its threads: the kernel keeps a list for each thread.

    Empty where it has ended, or where the kernel keeps no such lists.
    """
    pids: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/children") as file:
                pids += [int(word) for word in file.read().split()]
    return pids


def stat_words(path: str) -> list[str]:
    """Fields of /proc/`path`/stat from the state on: the name before it may hold spaces and brackets.

    Raises OSError if there is no such process or thread any more.
    """
    with open(f"/proc/{path}/stat") as file:
        return file.read().rpartition(")")[2].split()


def bury_children() -> bool:
    """Take every child that has ended off the list of processes; returns whether any child is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True
