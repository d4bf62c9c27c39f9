"""Interrupts a cell that takes too long, as Ctrl-C would: what it has computed by then is kept.

Only a courtesy: code that catches the interrupt, or takes the alarm for itself, meets the grader's own deadline, which
ends the process.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# bound before the first cell: student code may replace the modules' attributes later
_set_timer, _set_handler, _ALARM, _REAL = signal.setitimer, signal.signal, signal.SIGALRM, signal.ITIMER_REAL
_open, _cpu_time, _wall_time = open, time.process_time, time.monotonic
SHORTEST = 0.05
"""Seconds that are too few to wait for once more."""


class TooLong(KeyboardInterrupt):
    """Not an `Exception`, which training loops catch and go on."""


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    """Raise `TooLong` in the main thread after `seconds`, without those spent waiting for a core; 0 for never."""
    if not seconds:
        yield
        return
    ends = _wall_time() + seconds
    waiting = _waiting()

    def ring(number: int, frame: FrameType | None) -> None:
        left = ends + _waiting() - waiting - _wall_time()
        if left < SHORTEST:
            raise TooLong
        _set_timer(_REAL, left)

    before = _set_handler(_ALARM, ring)
    _set_timer(_REAL, seconds)
    try:
        yield
    finally:
        _set_timer(_REAL, 0)
        _set_handler(_ALARM, before)


def _waiting() -> float:
    """Seconds for which this process has waited for a core; where that is closed to it, those without a core."""
    try:
        with _open("/proc/self/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return _wall_time() - _cpu_time()
