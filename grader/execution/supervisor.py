"""First process of a submission: its folders, sandbox layers and watchdog.

It is forked from the worker's root, enters namespaces of its own, and is the ancestor of every process of the
submission; ending it ends them. Where namespaces are refused, the whole worker goes on inside bubblewrap; where that is
refused too, it does without.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

import msgspec

from grader.errors import WorkerError
from grader.execution.process import RootProcess, WorkerProcess
from grader.execution.spawn import FONTS
from grader.model import Assignment
from grader.sandbox import privileges, rlimits, tiers, view
from grader.sandbox.layer import Plan
from grader.sandbox.watchdog import Watchdog, remove
from grader.worker import wire
from grader.worker.messages import Done, Isolate, Isolated, Sweep

FILE_SIZE = 256 << 20
"""Bytes of the largest file that student code may write."""
OWN_GENERATIONS = 3
"""Generations below bubblewrap's first process: its second, the worker's root, the supervisor."""
DEAD = (wire.Closed, wire.DeadlineExceeded, WorkerError)


class Supervisor:
    """First process of a submission; runs no student code and can kill everything below it.

    `work` is the submission's folder, which its code may write to, below the worker's own; `readable` are other files
    and folders that it may read. `memory` is in bytes, for each process and for all of them together.
    """

    def __init__(self, root: RootProcess, work: Path, readable: tuple[Path, ...], *, memory: int) -> None:
        self._root = root
        self.home = Path(tempfile.mkdtemp(prefix="home-", dir=root.folder))
        fonts = root.folder / FONTS
        if fonts.is_dir():  # where libraries look for it that are loaded from now on
            shutil.copytree(fonts, self.home / FONTS)
        if os.geteuid() == 0:
            _let_through(work)
        staging = root.folder / "view"
        staging.mkdir(exist_ok=True)
        self._plan = Plan(
            readable=(*view.readable(), str(fonts), *_both(readable)),
            writable=(str(work.resolve()), str(self.home.resolve())),
            staging=str(staging.resolve()),
            user=privileges.spare_user(root.pid),
            memory=memory,
            file_size=FILE_SIZE,
        )
        self.layers: tuple[str, ...] = root.layers
        self.problems: tuple[str, ...] = ()
        self.process = self._isolated()
        self._watchdog = self._watched(memory, [work, self.home])

    def _isolated(self) -> WorkerProcess:
        if self._root.refused is None:
            supervisor = self._root.fork()
            reply, _ = supervisor.ask(Isolate(self._plan, namespaces=True), Isolated)
            if reply.layers:
                self.layers += reply.layers
                return supervisor
            supervisor.end()
            self._root.refused = reply.problems  # the next submission need not try
        self.problems += self._root.refused
        if why := self._root.move_into_bubblewrap(self._plan.readable):
            self.problems += (f"{tiers.BUBBLEWRAP}: {why}",)
        self.layers = self._root.layers
        supervisor = self._root.fork()
        beside = 0 if os.geteuid() == 0 else rlimits.threads_of_this_user()
        supervisor.ask(Isolate(msgspec.structs.replace(self._plan, beside=beside), namespaces=False), Isolated)
        return supervisor

    def _watched(self, memory: int, folders: list[Path]) -> Watchdog:
        if tiers.BUBBLEWRAP in self.layers:  # inside its PID namespace only its first process is visible to us
            return Watchdog(self._root.pid, memory=memory, folders=folders, spared=OWN_GENERATIONS)
        relays = 1 if tiers.NAMESPACES in self.layers else 0
        return Watchdog(self.process.pid, memory=memory, folders=folders, spared=relays)

    def require_tier(self, policy: tiers.Policy, assignment: Assignment) -> tuple[str, ...]:
        """Raise unless the sandbox meets the policy; return a warning for the report.

        Raises UsageError if the layers are not what `policy` or the assignment's secrets need.
        """
        layers, problems = self.layers, self.problems
        secrets = [] if assignment.solution is None else [str(assignment.solution.parent)]
        if exposed := view.exposed(secrets, self._plan.readable):
            layers, problems = (), (f"{exposed[0]} lies where the worker has to read; move the course elsewhere",)
        hidden = any(check.visibility == "hidden" for check in assignment.checks)
        warning = tiers.require(layers, policy, problems, secrets=hidden or bool(secrets))
        return (warning,) if warning else ()

    def register_layers(self, layers: tuple[str, ...], problems: tuple[str, ...]) -> None:
        """What the submission's first process has put on."""
        watched = (tiers.WATCHDOG,) if self._watchdog.works else ()
        self.layers += (*layers, *watched)
        self.problems += problems

    def kill_strays(self, *, hard: bool = False) -> None:
        """End what no part of the session knows: processes that a cell has left behind, all of them with `hard`."""
        known = tuple(process.pid for process in self._root.open_processes if process is not self._root)
        with contextlib.suppress(*DEAD):
            self.process.ask(Sweep(keep=(self.process.pid, *known), hard=hard), Done)

    def close(self) -> list[str]:
        """End every process of the submission and remove its home; returns what the watch has noticed."""
        self._watchdog.stop()
        with contextlib.suppress(*DEAD):
            self.process.ask(Sweep(), Done)
        self.process.end()
        remove(self.home)
        return self._watchdog.notes


def _let_through(folder: Path) -> None:
    """Let the spare user pass, not look, through our own temporary folders on the way to its own."""
    for above in folder.resolve().parents:
        if above.name.startswith("grade-"):
            above.chmod(above.stat().st_mode | stat.S_IXGRP | stat.S_IXOTH)


def _both(paths: tuple[Path, ...]) -> tuple[str, ...]:
    """As they are written and as they are reached: a link's target must be there as well."""
    return tuple(dict.fromkeys(form for path in paths for form in (os.path.abspath(path), str(path.resolve()))))
