"""A slot in a process of its own, `python -m grader.cohort.slot_process FD`: jobs in, results out, over a socket.

The wire between a batch and its slots: a message is its length in eight bytes and JSON. The slot ends with the socket,
whether the batch closed it or was killed, and takes its worker and its files with it. The worker is started before
anything heavy is imported here.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import struct
import sys
import tempfile
import threading
from pathlib import Path

import msgspec

from grader.cohort.records import BatchResult, Job, Setup
from grader.execution.spawn import launch
from grader.sandbox.watchdog import remove

_LENGTH = struct.Struct(">Q")


def send(channel: socket.socket, message: Setup | Job | BatchResult) -> None:
    """Send one message.

    Raises
    ------
    OSError
        The other side has gone.
    """
    body = msgspec.json.encode(message)
    channel.sendall(_LENGTH.pack(len(body)) + body)


def receive(channel: socket.socket) -> bytes | None:
    """One message's body; None when the other side has gone."""
    head = _read(channel, _LENGTH.size)
    return None if head is None else _read(channel, _LENGTH.unpack(head)[0])


def _read(channel: socket.socket, size: int) -> bytes | None:
    parts = []
    while size:
        try:
            part = channel.recv(min(size, 1 << 20))
        except OSError:
            return None
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def main(channel: socket.socket) -> None:
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
    main(socket.socket(fileno=int(sys.argv[1])))
