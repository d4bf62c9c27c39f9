"""The loop that every worker process runs: receive a command, obey, reply.

Owns forking, reaping and the process's way out. What the commands do with student code is `state`, `cells` and
`probe`. It returns never: a process ends with its socket.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import time

from grader.sandbox.processes import bury_children
from grader.sandbox.seal import seal
from grader.worker import wire
from grader.worker.compat.missing_packages import import_with
from grader.worker.messages import (
    Done,
    Failed,
    Fork,
    Forked,
    Import,
    Isolate,
    Isolated,
    Kill,
    Killed,
    Prepare,
    Prepared,
    Reply,
    RunCell,
    RunCheck,
    Sweep,
    Warm,
)
from grader.worker.preload import hurry, load
from grader.worker.reaper import adopt_orphans, sweep, sweep_strays
from grader.worker.state import State
from grader.worker.student_error import student_error

# bound before the first cell: student code may replace the modules' attributes later
_fork, _getpid, _exit, _handle = os.fork, os.getpid, os._exit, signal.signal
REAP_SECONDS = 2.0
"""How long a killed child may take to end; the kernel needs milliseconds, unless it is writing out memory."""


def serve(channel: socket.socket) -> None:
    """Obey commands from `channel` until it closes."""
    _quiet()
    # before the first fork, so that no child pays for it: every submission needs NumPy, every check the probe runner
    from grader.worker.cells import run_cell
    from grader.worker.probe import run_probe

    sealed = seal

    adopt_orphans()
    hurry()
    state = State()
    state.build_shell()  # while the grader still reads the submission
    gc.enable()
    children: set[int] = set()
    own = root = _getpid()
    while True:
        try:
            command, descriptor = wire.receive_with_descriptor(channel, wire.COMMANDS)
        except wire.Closed:
            if _getpid() == root:
                sweep()  # the grader was killed: nothing else would end a loop of a student's
            _exit(0)
        reply: Reply
        match command:
            case Fork(private):
                assert descriptor is not None  # the grader always sends one
                _reap_ended(children)
                _handle(signal.SIGCHLD, signal.SIG_DFL)  # a student's own handler would see how a probe ends
                gc.freeze()  # a collection in the child would otherwise copy every page that it marks
                try:
                    pid = _forked()
                except OSError as error:  # student code has used up what processes there may be
                    pid = -1
                    reply = Failed(student_error(error, {}))
                if pid == 0:
                    channel.close()
                    channel, children, own = socket.socket(fileno=descriptor), set(), _getpid()
                    if private:
                        sealed(channel.fileno())
                    continue
                gc.unfreeze()
                os.close(descriptor)
                if pid > 0:
                    children.add(pid)
                    reply = Forked(pid)
            case Isolate(plan, namespaces):
                confined = state.isolate(plan, namespaces=namespaces)
                adopt_orphans()
                own = root = _getpid()  # another process than the one that was asked
                reply = Isolated(confined.layers, confined.problems)
            case Kill(pid):
                reply = Killed(_reap(pid) if pid in children else None)
                children.discard(pid)
            case Sweep(keep, hard):
                if keep:
                    sweep_strays(set(keep), hard=hard)
                else:
                    sweep()
                    children.clear()
                reply = Done()
            case Warm(modules, draw):
                load(modules, draw=draw)
                reply = Done()
            case Prepare():
                confined = state.prepare(command)
                reply = Prepared(confined.layers, confined.problems, state.failure)
            case Import(module):
                try:
                    import_with(state.placeholders, module, state.is_own)
                    reply = Done(tuple(name[:200] for name in state.placeholders.names))
                except BaseException as error:  # a student's module may raise anything, SystemExit included
                    reply = Failed(student_error(error, state.files()))
            case RunCell():
                reply = run_cell(state, command)
            case RunCheck():
                question = [command]
                del command  # nothing but the probe itself holds what it brings
                observed, buffers = run_probe(state, question)
                if _getpid() == own:
                    wire.send(channel, wire.REPLIES, observed, buffers)
                _exit(0)
        if _getpid() != own:
            _exit(0)  # student code has forked and come back here twice: only the first may answer
        try:
            wire.send(channel, wire.REPLIES, reply)
        except wire.Closed:
            _exit(0)


def _quiet() -> None:
    """Point the standard streams at nothing: what student code prints there must reach no terminal."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        if stream == 2 and os.environ.get("GRADE_WORKER_STDERR"):
            continue  # for those who work on the worker
        os.dup2(nothing, stream)
    os.close(nothing)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which then ends its workers


def _forked() -> int:
    """`os.fork`, after burying what has ended if there is no room: the dead count against the limit on processes."""
    try:
        return _fork()
    except OSError:
        bury_children()
        return _fork()


def _reap_ended(children: set[int]) -> None:
    """Forget the children that have ended by themselves, as every probe does."""
    for pid in list(children):
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                children.discard(pid)
        except ChildProcessError:
            children.discard(pid)


def _reap(pid: int) -> int | None:
    """Wait status of the child `pid`, killed unless it has ended by itself."""
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if not ended:
            time.sleep(0.0005)  # a child that has just closed its socket needs a moment to be waitable
            ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + REAP_SECONDS
        while time.monotonic() < end:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return status
            time.sleep(0.001)
    except (ChildProcessError, ProcessLookupError):
        return None  # the student's code reaped it first
    return None
