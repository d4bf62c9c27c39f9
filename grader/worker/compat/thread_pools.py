"""Gives thread pools new threads after a fork: their own stay behind, and a pool would wait for them for ever."""

from __future__ import annotations

import os
import queue
import sys
import threading
from typing import Any


def revive_after_fork() -> None:
    """From now on a forked process starts new threads for each `ThreadPoolExecutor` that had some."""
    os.register_at_fork(after_in_child=_revive)


def _revive() -> None:
    started: Any = getattr(sys.modules.get("concurrent.futures.thread"), "_threads_queues", {})
    for thread in list(started):
        reference, *_ = getattr(thread, "_args", None) or [lambda: None]
        pool = reference()  # the thread of a pool holds it weakly
        if pool is not None:
            pool._threads = set()
            pool._idle_semaphore = threading.Semaphore(0)
            pool._work_queue = queue.SimpleQueue()
    if started:
        started.clear()
