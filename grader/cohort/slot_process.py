"""A slot in a process of its own, `python -m grader.cohort.slot_process FD`: jobs in, results out, over a socket.

The wire between a batch and its slots: each message is JSON. The slot ends with the socket, whether the batch closed it
or was killed, and takes its worker and its files with it. The worker is started before anything heavy is imported
here.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import tempfile
import threading
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from grader.cohort.records import BatchResult, Job, Setup
from grader.execution.spawn import launch
from grader.sandbox.watchdog import remove


def send(channel: Connection, message: Setup | Job | BatchResult) -> None:
    """Send one message; raises OSError if the other side has gone."""
    channel.send_bytes(msgspec.json.encode(message))


def receive(channel: Connection) -> bytes | None:
    """One message; None when the other side has gone."""
    try:
        return channel.recv_bytes()
    except (EOFError, OSError):
        return None


def main(channel: Connection) -> None:
    """Grade until the socket closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the batch, which then closes the socket
    worker = launch()
    from grader.cohort.slot import Slot  # heavy: while the batch still reads the submissions

    body = receive(channel)
    if body is None:
        remove(worker.folder)
        return
    slot = Slot(msgspec.json.decode(body, type=Setup), worker)
    jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()

    def listen() -> None:
        while (message := receive(channel)) is not None:
            jobs.put(msgspec.json.decode(message, type=Job))
        # The batch is gone, and a student's code may run for minutes: end now, the worker by its closed socket.
        with contextlib.suppress(OSError):
            slot.hang_up()
        remove(Path(tempfile.gettempdir()))  # our own: `pool` made it for this slot alone
        os._exit(1)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        graded = slot.grade(jobs.get())
        with contextlib.suppress(OSError):  # the listener sees it too
            send(channel, graded)


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])))
