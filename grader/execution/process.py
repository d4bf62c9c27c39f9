"""The trusted side's handles on worker processes: start the first, ask, fork, end.

Owns sockets and deadlines. What is asked for, and when, is `grader.execution.session`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from grader.errors import WorkerError
from grader.execution.fair_time import Allowance, CoreTime, Deadline, core_time, has_computed, outside
from grader.execution.spawn import Launched, launch, launch_in
from grader.sandbox import bubblewrap, tiers
from grader.sandbox.watchdog import remove
from grader.worker import wire
from grader.worker.messages import Command, Done, Fork, Forked, Kill, Killed, Reply, Sweep, Warm

START_SECONDS = 60.0
"""Interpreter and NumPy load in 0.2 s; a loaded machine with a cold disk has taken ten."""
ANSWER_SECONDS = 30.0
"""For commands that run no student code; a machine that stands still for longer loses a student points."""
Answer = TypeVar("Answer", bound=Reply)


class WorkerProcess:
    """One worker process, by its socket; `parent` can end it.

    `open_processes` is shared by all processes of a slot: those whose channels are still open.
    """

    def __init__(
        self, channel: socket.socket, pid: int, parent: WorkerProcess | None, open_processes: set[WorkerProcess]
    ) -> None:
        self.channel = channel
        self.pid = pid
        self.parent = parent
        self.open_processes = open_processes
        self.lock = threading.Lock()
        """Held while a question is open: probes of one snapshot are asked for from several threads."""
        self._outside = 0
        open_processes.add(self)

    def ask(
        self,
        command: Command,
        *expected: type[Answer],
        seconds: float = ANSWER_SECONDS,
        max_buffers: int = 0,
        allowance: Allowance | None = None,
    ) -> tuple[Answer, list[bytearray]]:
        """Send `command` and wait for its reply, with at most `max_buffers` bytes of arrays.

        Time for which the process waits for a core does not count against `seconds`, nor against `allowance`. Raises
        wire.Closed or wire.DeadlineExceeded if the process ended, or did not answer within `seconds`; WorkerError if it
        answered something else.
        """
        deadline = Deadline(seconds, self._core_time)
        spending = contextlib.nullcontext(lambda _: None) if allowance is None else allowance.spending()
        with spending as exclude, self.lock:
            wire.send(self.channel, wire.COMMANDS, command, deadline=deadline.started + seconds)
            try:
                return self._answer(expected, deadline, max_buffers)
            finally:
                exclude(deadline.not_counted())

    def has_computed(self, seconds: float) -> bool:
        """Whether it has had a core for so long, by the kernel's count; also where that is not known."""
        return not self._outside or has_computed(self._outside, seconds)

    def _core_time(self) -> CoreTime:
        first: WorkerProcess = self
        while first.parent is not None:
            first = first.parent
        self._outside = self._outside or (self.pid if first is self else outside(first.pid, self.pid))
        return core_time(first.pid, self._outside)

    def _answer(
        self, expected: tuple[type[Answer], ...], deadline: float | Callable[[], float], max_buffers: int
    ) -> tuple[Answer, list[bytearray]]:
        try:
            reply, buffers = wire.receive(self.channel, wire.REPLIES, max_buffers=max_buffers, deadline=deadline)
        except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError) as error:
            # whatever a worker has sent costs that worker, and not the grader
            raise WorkerError(f"the worker sent what could not be read ({type(error).__name__})") from None
        if not isinstance(reply, expected):
            raise WorkerError(f"the worker answered {type(reply).__name__} where {expected[0].__name__} was due")
        return reply, buffers

    def fork(self, *, private: bool = False) -> WorkerProcess:
        """A copy of the process as it stands, parked and waiting for commands; a `private` one is sealed."""
        ours, theirs = socket.socketpair()
        deadline = Deadline(ANSWER_SECONDS, self._core_time)
        try:
            with self.lock:
                latest = deadline.started + ANSWER_SECONDS
                wire.send(self.channel, wire.COMMANDS, Fork(private), descriptor=theirs.fileno(), deadline=latest)
                theirs.close()
                reply, _ = self._answer((Forked,), deadline, 0)
        except BaseException:
            ours.close()
            theirs.close()
            raise
        return WorkerProcess(ours, reply.pid, self, self.open_processes)

    def release(self) -> None:
        """Close the channel; the process ends by itself, unless student code keeps it busy."""
        self.open_processes.discard(self)
        self.channel.close()

    def end(self) -> str:
        """End the process, if it has not ended by itself; returns how it had ended, for a message."""
        self.release()
        assert self.parent is not None  # the root is ended by `RootProcess.close`
        try:
            killed, _ = self.parent.ask(Kill(self.pid), Killed)
        except (wire.Closed, wire.DeadlineExceeded, WorkerError):
            return "the process ended"
        return _how(killed.status)


class RootProcess(WorkerProcess):
    """The first process of a slot, which never runs student code itself; every other is forked from it."""

    def __init__(self, launched: Launched | None = None) -> None:
        launched = launched or launch()
        self.folder = launched.folder
        self.layers: tuple[str, ...] = ()
        """What the whole worker is in."""
        self.refused: tuple[str, ...] | None = None
        """Why no submission of this slot gets namespaces of its own; None as long as they work."""
        self._popen = launched.popen
        super().__init__(launched.channel, self._popen.pid, None, set())
        self._loading = False
        self._warmed: set[str] | None = None
        self._readable: tuple[str, ...] = ()
        """What is in view, where bubblewrap limits that."""
        self._bubblewrap_error = ""
        """Why bubblewrap does not work here."""

    def warm(self, modules: tuple[str, ...], *, draw: bool = True) -> None:
        """Let it import libraries; returns at once, the answer is collected before the next command."""
        if self._warmed is not None and self._warmed.issuperset(modules):
            return
        self._collect()
        wire.send(self.channel, wire.COMMANDS, Warm(modules, draw))
        self._loading = True
        self._warmed = {*modules, *(self._warmed or ())}

    def fork(self, *, private: bool = False) -> WorkerProcess:
        self._collect()
        return super().fork(private=private)

    def new_folder(self) -> Path:
        """Create a folder for one submission below the worker's own, which bubblewrap exposes."""
        return Path(tempfile.mkdtemp(prefix="grade-work-", dir=self.folder))

    def move_into_bubblewrap(self, readable: tuple[str, ...]) -> str:
        """Go on inside bubblewrap with `readable` in view, or say why not; for a slot without open submissions.

        Where the worker does not see all of it yet, another one takes its place, which costs a second start. What any
        submission was to see stays in view: data and stand-ins of the course, which Landlock closes to the others.
        """
        if self._bubblewrap_error or (self.layers and set(readable) <= set(self._readable)):
            return self._bubblewrap_error
        seen, folder = tuple(dict.fromkeys((*self._readable, *readable))), (str(self.folder.resolve()),)
        self._bubblewrap_error = bubblewrap.problem(readable=seen, writable=folder)
        if self._bubblewrap_error:
            return self._bubblewrap_error
        self._end()

        def wrap(words: Sequence[str]) -> Sequence[str]:
            command = bubblewrap.wrapped(words, readable=seen, writable=folder)
            if command is None:
                raise WorkerError("bubblewrap disappeared")
            return command

        launched = launch_in(self.folder, wrap)
        self._popen, self.channel, self.pid = launched.popen, launched.channel, launched.popen.pid
        self.layers, self._readable = (tiers.BUBBLEWRAP,), seen
        self.open_processes.add(self)
        modules, self._warmed = tuple(sorted(self._warmed or ())), None
        self.warm(modules)
        return ""

    def _collect(self) -> None:
        if not self._loading:
            return
        self._loading = False
        try:
            self._answer((Done,), Deadline(START_SECONDS, self._core_time), 0)
        except (wire.Closed, wire.DeadlineExceeded):
            raise WorkerError(
                "the worker could not start; `python -m grader.worker 0` in the same environment says why"
            ) from None

    def close(self) -> None:
        """End every process of the slot and remove its folder."""
        self._end()
        remove(self.folder)

    def _end(self) -> None:
        with contextlib.suppress(wire.Closed, wire.DeadlineExceeded, WorkerError):
            self._collect()
            self.ask(Sweep(), Done)
        for process in self.open_processes:
            process.channel.close()
        self.open_processes.clear()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()

    def __enter__(self) -> RootProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _how(status: int | None) -> str:
    if status is None:
        return "the process ended"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = f"signal {number}"
        causes = {"SIGSEGV": " (a crash in compiled code, often endless recursion)", "SIGKILL": " (killed)"}
        return f"the process ended with {name}{causes.get(name, '')}"
    return f"the process ended with exit code {os.WEXITSTATUS(status)}"
