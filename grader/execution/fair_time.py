"""Deadlines that a busy machine does not shorten: the time that a process waits for a core is not counted.

Owns how time is counted, for one question (`Deadline`) and for a whole submission (`Allowance`). Waiting is read from
the kernel's own account of it (`/proc/PID/schedstat`); where there is none, time is wall time. What a submission waits
for because its own processes have all the cores does count.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from grader.sandbox.processes import stat_words
from grader.sandbox.watchdog import descendants

MOST_WALL = 10.0
"""Wall time that a question may take, as a multiple of its deadline, however little of a core it got: six busy
processes for each core, or a grader of low priority, are ordinary on a laptop."""
FIRST_LOOK = 1.0
"""Seconds, or a quarter of the deadline, before waiting is counted: short questions do not pay for the count."""

SHORTEST = 0.05
"""Seconds of a submission's time that are as good as none."""


class CoreTime(NamedTuple):
    """The kernel's account so far, in seconds."""

    waited: float
    """For which it could have run and did not: the process that was asked, or its descendant that waited longest."""
    computed: float
    """What the processes of its submission had of the machine's cores, ended ones included, divided by their number."""


class Deadline:
    """Seconds left of `seconds`, each time it is called; `account` gives the kernel's account of the time so far."""

    def __init__(self, seconds: float, account: Callable[[], CoreTime]) -> None:
        self.started = time.monotonic()
        self.seconds = seconds
        self.waited = 0.0
        self._account = account
        self._before: CoreTime | None = None

    def __call__(self) -> float:
        elapsed = time.monotonic() - self.started
        first = min(FIRST_LOOK, self.seconds / 4)
        if self._before is None:
            if elapsed < first:
                return first - elapsed
            self._before = self._account()
        if elapsed >= self.seconds + self.waited:
            now, before = self._account(), self._before
            waited = min(now.waited - before.waited, elapsed - (now.computed - before.computed))
            self.waited = max(self.waited, min(waited, elapsed))
        return min(self.seconds + self.waited, MOST_WALL * self.seconds) - elapsed

    def not_counted(self) -> float:
        """Seconds since it began that the question did not take: waiting, and how late its end was noticed here."""
        return max(self.waited, time.monotonic() - self.started - self.seconds)


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
        """Count the time of the block, without the seconds that it is called with."""
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


def core_time(root: int, pid: int) -> CoreTime:
    """The account of process `pid` with its descendants, in a submission below process `root`; in one walk.

    Of a process that is not known, which is 0, nothing is known to have waited.
    """
    ticks, waited, own = 0, 0.0, {pid} - {0}
    for each in (root, *descendants(root)):
        with contextlib.suppress(OSError, ValueError, IndexError):
            words = stat_words(f"{each}")
            ticks += sum(map(int, words[11:15]))
            if each == pid or int(words[1]) in own:
                own.add(each)
                waited = max(waited, _counted(each, 1))
    return CoreTime(waited, ticks / os.sysconf("SC_CLK_TCK") / (os.cpu_count() or 1))


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
