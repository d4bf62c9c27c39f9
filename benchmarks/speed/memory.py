"""Peak memory of everything that a command starts, for all contestants alike.

A page that several processes share is divided among them (PSS, from the kernel's smaps_rollup), so what forks have in
common counts once. Sampled, since no kernel counter adds up a tree: a peak shorter than
`PAUSE` can be missed. Linux.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

PAUSE = 0.05
"""Seconds between two samples: the kernel walks every page for one, some milliseconds for a hundred megabytes."""
ADOPT = 36
"""prctl's PR_SET_CHILD_SUBREAPER: what its starter has left behind, a kernel say, stays a descendant of this one."""


class Peak:
    """While it is entered, samples the descendants of this process; `own` counts this process as well."""

    def __init__(self, *, own: bool = False, pause: float = PAUSE) -> None:
        self.megabytes = 0.0
        self.processes = 0
        self._own = own
        self._pause = pause
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._stopped.wait(self._pause):
            found = list(descendants(os.getpid()))
            sizes = [size for pid in ([os.getpid()] if self._own else []) + found if (size := proportional(pid))]
            self.megabytes = max(self.megabytes, sum(sizes) / 1024)
            self.processes = max(self.processes, len(sizes))

    def __enter__(self) -> Peak:
        ctypes.CDLL(None).prctl(ADOPT, 1, 0, 0, 0)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._stopped.set()
        self._thread.join()


def descendants(root: int) -> Iterator[int]:
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        try:
            below = [
                int(word)
                for task in os.listdir(f"/proc/{pid}/task")
                for word in Path(f"/proc/{pid}/task/{task}/children").read_text().split()
            ]
        except OSError:
            continue  # it has ended
        yield from below
        waiting += below


def proportional(pid: int) -> int:
    """Kilobytes of a process, shared pages divided among those who share them; 0 if it has ended."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("Pss:")), 0)
    except OSError:
        return 0


class Cost(NamedTuple):
    seconds: float
    megabytes: float
    """0 where it was not measured."""


def run(command: Sequence[str], where: Path, environment: Mapping[str, str], *, memory: bool = False) -> Cost:
    """Run a command to its end; sampling its memory takes time of its own, so measure that in another run.

    Raises
    ------
    RuntimeError
        With what it said, if it fails.
    """
    begun = time.perf_counter()
    if memory:
        with Peak() as peak:
            done = _done(command, where, environment)
    else:
        done = _done(command, where, environment)
    seconds = time.perf_counter() - begun
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr.decode(errors='replace')[-3000:]}")
    return Cost(seconds, peak.megabytes if memory else 0.0)


def _done(command: Sequence[str], where: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command, cwd=where, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
