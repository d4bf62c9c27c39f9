"""Deadlines that a busy machine does not shorten: the time that a process waits for a core is not counted.

Owns how time is counted, for one question (`Deadline`) and for a whole submission (`Allowance`). Waiting is read from
the kernel's own account of it (`/proc/PID/schedstat`); where there is none, time is wall time.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator

from grader.sandbox.watchdog import descendants

MOST_WALL = 10.0
"""Wall time that a question may take, as a multiple of its deadline, however little of a core it got: six busy
processes for each core, or a grader of low priority, are ordinary on a laptop."""
FIRST_LOOK = 1.0
"""Seconds, or a quarter of the deadline, before waiting is counted: short questions do not pay for the count."""

SHORTEST = 0.05
"""Seconds of a submission's time that are as good as none."""


class Deadline:
    """Seconds left of `seconds`, each time it is called; `wait` gives the seconds waited for a core so far."""

    def __init__(self, seconds: float, wait: Callable[[], float]) -> None:
        self.started = time.monotonic()
        self.seconds = seconds
        self.waited = 0.0
        self._wait = wait
        self._before: float | None = None

    def __call__(self) -> float:
        elapsed = time.monotonic() - self.started
        first = min(FIRST_LOOK, self.seconds / 4)
        if self._before is None:
            if elapsed < first:
                return first - elapsed
            self._before = self._wait()
        if elapsed >= self.seconds + self.waited:
            self.waited = max(self.waited, min(self._wait() - self._before, elapsed))
        return min(self.seconds + self.waited, MOST_WALL * self.seconds) - elapsed


class Allowance:
    """What a submission may take for its cells, probes, follow-through and diagnosis together.

    Time is counted while at least one question is open, so that what the grader does in between costs nothing.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.exceeded = False
        self._lock = threading.Lock()
        self._open = 0
        self._since = 0.0
        self._wall = self._waited = 0.0

    @property
    def used(self) -> float:
        """Seconds used so far."""
        with self._lock:
            wall = self._wall + (time.monotonic() - self._since if self._open else 0.0)
            return max(wall - self._waited, wall / MOST_WALL)

    def left(self, share: float = 1.0) -> float:
        """Seconds left of a share of it; that nothing is left of the whole is remembered in `exceeded`."""
        left = self.seconds * share - self.used
        if left > SHORTEST:
            return left
        self.exceeded = self.exceeded or share == 1
        return 0.0

    @contextlib.contextmanager
    def spending(self) -> Iterator[Callable[[float], None]]:
        """Count the time of the block; what it is called with was spent waiting for a core."""
        with self._lock:
            if not self._open:
                self._since = time.monotonic()
            self._open += 1
        waited: list[float] = []
        try:
            yield waited.append
        finally:
            with self._lock:
                self._open -= 1
                self._waited += sum(waited)
                if not self._open:
                    self._wall += time.monotonic() - self._since


def outside(root: int, pid: int) -> int:
    """The number out here of a process below `root` that is known by its number in a namespace; 0 if there is none."""
    best, most = 0, 0
    for candidate in descendants(root):
        with contextlib.suppress(OSError, ValueError), open(f"/proc/{candidate}/status") as file:
            numbers = next((line.split()[1:] for line in file if line.startswith("NSpid:")), [str(candidate)])
            if int(numbers[-1]) == pid and len(numbers) > most:
                best, most = candidate, len(numbers)
    return best


def waited_for_a_core(pid: int) -> float:
    """Seconds for which a process, or that one of its descendants which waited longest, could have run and did not."""
    return max((_counted(each, 1) for each in (pid, *descendants(pid))), default=0.0)


def has_computed(pid: int, seconds: float) -> bool:
    """Whether a process, or any of its descendants, has had a core for so long; itself first, as those may be many."""
    return _counted(pid, 0) >= seconds or any(_counted(each, 0) >= seconds for each in descendants(pid))


def _counted(pid: int, field: int) -> float:
    most = 0
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/task/{task}/schedstat") as f:
                most = max(most, int(f.read().split()[field]))
    return most / 1e9
