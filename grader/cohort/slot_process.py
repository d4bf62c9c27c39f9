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
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from grader.cohort.records import BatchResult, Job
from grader.execution.spawn import Launched, launch
from grader.sandbox.watchdog import remove

if TYPE_CHECKING:
    from grader.cohort.slot import Slot

_LENGTH = struct.Struct(">Q")


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What all jobs of a slot have in common."""

    root: str
    """The course."""
    single: bool
    seed: int | Literal["recorded"] | None
    hidden: bool = True
    data: str | None = None
    require: str | None = None
    """The sandbox's tier below which nothing is graded."""
    unsafe: bool = False
    pages: str | None = None
    """Folder for a page on each submission."""

    def slot(self, worker: Launched | None = None) -> Slot:
        """A slot that works so, with a worker that was started early."""
        from grader.assignment.loading.course import Course
        from grader.cohort.slot import Slot
        from grader.sandbox.tiers import Policy

        course = Course(root=Path(self.root), single=self.single)
        policy = Policy(self.require, self.unsafe)
        return Slot(
            course, seed=self.seed, hidden=self.hidden, data=self.data, policy=policy, pages=self.pages, worker=worker
        )


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
    import_module("grader.cohort.slot")  # while the batch still reads the submissions

    body = receive(channel)
    if body is None:
        remove(worker.folder)
        return
    slot = msgspec.json.decode(body, type=Setup).slot(worker)
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
