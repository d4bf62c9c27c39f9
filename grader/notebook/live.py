"""Runs public checks on the objects of a live kernel, each in a fork, so that nothing of the student's changes.

A check's child inherits the kernel's namespace, runs the probe and sends plain arrays back over a socket, as a grading
worker does. Modules are imported again in the child: what is saved counts.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.assignment.golden.provenance import refuse_stale
from grader.assignment.requirements import refuse_missing
from grader.engine import unchecked_points
from grader.errors import WorkerError
from grader.execution.observe import (
    KNOWN_ENDINGS,
    TOO_SLOW,
    command_for,
    in_own_words,
    is_unwritten,
    not_answered,
    received,
    undeclared_changes,
)
from grader.grading.evaluate import explain_all, given_for
from grader.grading.notes import changed_inputs, each_once
from grader.grading.scoring import by_source, not_filled_in, part_result, safe_outcome
from grader.model import Assignment, Check, Observation, Outcome, PartResult, Report
from grader.notebook import IN_CHECK
from grader.notebook.sources import LiveSources
from grader.reference.session import recorded
from grader.submission.source.calls import seen_calls
from grader.worker import wire
from grader.worker.messages import Observed, Prepare, RunCheck
from grader.worker.probe import run_probe
from grader.worker.state import State

if TYPE_CHECKING:
    from grader.grading.evaluate import GoldenTable

OUTPUT = 1 << 16
"""Characters of output that a check's child may keep; nobody reads them."""


class LiveShell:
    """What `State` asks of a shell: the namespace."""

    def __init__(self, user_ns: dict[str, Any]) -> None:
        self.user_ns = user_ns


class LiveState(State):
    """A state whose cells are those of a kernel."""

    def __init__(self, cells: dict[str, str]) -> None:
        super().__init__()
        self._cells = cells

    def files(self) -> dict[str, str]:
        return super().files() | self._cells


class LiveSession:
    """The checks of one assignment and the namespace of one kernel."""

    def __init__(self, assignment: Assignment, folder: Path, user_ns: dict[str, Any]) -> None:
        self.assignment = assignment
        self.folder = folder
        refuse_missing(assignment)
        refuse_stale(assignment)
        self._golden: GoldenTable = recorded(assignment)
        self.sources = LiveSources(user_ns, assignment)
        self._state = LiveState(self.sources.files())
        self._state.shell = LiveShell(user_ns)  # type: ignore[assignment]  # the namespace is all that a check asks for
        self._state.prepared = Prepare(
            folder=str(folder),
            run_folder=str(folder),
            stand_ins=(),
            compat=None,
            names={name: self.sources.places(name) for name in assignment.names},
            seed=assignment.seed,
            home="",
            output=OUTPUT,
            observation=assignment.limits.observation,
        )

    def report(self, parts: Sequence[str]) -> Report:
        """Ask every public check of these parts; a `Report` of them alone."""
        started = time.monotonic()
        assignment, seed = self.assignment, self.assignment.seed
        chosen = [p for p in assignment.parts if p.id in parts or not parts]
        seen: dict[str, Observation] = {}
        results: list[PartResult] = []
        notes: list[tuple[str, str]] = []
        for part in chosen:
            outcomes = []
            for check in (c for c in assignment.checks if c.part.id == part.id):
                stub = self.sources.untouched(check)
                if stub is not None:
                    outcomes.append(not_filled_in(check, stub))
                    continue
                elsewhere = self._elsewhere(check)
                if elsewhere is not None:
                    outcomes.append(elsewhere)
                    continue
                seen[check.id] = self.observe(check, seed)
                notes += changed_inputs(seen[check.id].changed, check)
                given = given_for(assignment, check, self._golden.get(check.id, {}), seed)
                counted = [one for uses in check.uses if (one := self.sources.counted(uses)) is not None]
                result = safe_outcome(check, seen[check.id], given)
                outcomes.append(by_source(result, seen[check.id], [one.definition.node for one in counted]))
            if outcomes:
                results.append(part_result(part, outcomes, {}, (), Fraction(0)))
        explained, remarks = explain_all(assignment, results, seen, self._golden, seed=seed, probe=self.observe)
        return Report(
            assignment=self.assignment.id,
            title=self.assignment.title,
            path=str(self.folder),
            digest="",
            status="graded",
            parts=tuple(explained),
            notes=tuple(dict.fromkeys((*each_once(notes), *remarks))),
            seed=seed,
            unchecked=unchecked_points(self.assignment) if len(chosen) == len(self.assignment.parts) else Fraction(0),
            seconds={"total": time.monotonic() - started},
        )

    def _elsewhere(self, check: Check) -> Outcome | None:
        """An outcome for a check of a value that a later cell, of another question, has replaced."""
        for uses in check.uses:
            counted = self.sources.counted(uses)
            if (
                counted is not None
                and not counted.current
                and (counted.definition.kind == "assign" or not counted.cell)
            ):
                where = f", under {uses.under!r}," if uses.under else ""
                message = f"`{uses.name}` comes from another cell now: run the one of this part{where} and ask again."
                return Outcome(check=check, status="skipped", score=Fraction(0), message=message)
        return None

    def _restore(self, check: Check) -> None:
        """In the child: give names back the definitions of this check's part, where later cells have their own."""
        for uses in check.uses:
            counted = self.sources.counted(uses)
            if counted is not None and not counted.current and counted.cell:
                text = "\n" * (counted.definition.line - 1) + counted.definition.text
                exec(compile(text, counted.cell, "exec"), self._state.globals)

    def observe(self, check: Check, seed: int) -> Observation:
        """Run one check in a fork of this process."""
        started = time.monotonic()
        seconds = check.seconds or self.assignment.limits.check
        command = command_for(check, seed, private=False)
        ours, theirs = socket.socketpair()
        child = os.fork()
        if child == 0:
            self._answer(check, command, theirs)
        theirs.close()
        try:
            deadline = started + seconds
            reply, buffers = wire.receive(
                ours, wire.REPLIES, max_buffers=self.assignment.limits.observation, deadline=deadline
            )
            if not isinstance(reply, Observed) or reply.nonce != command.nonce or reply.ended not in KNOWN_ENDINGS:
                raise WorkerError("the check's process gave no answer")
            values = {name: received(value, buffers) for name, value in reply.values.items()}
            own_error = in_own_words(check, reply, hidden=False)
        except wire.DeadlineExceeded:
            return not_answered(check, "timeout", TOO_SLOW.format(seconds), started)
        except (wire.Closed, WorkerError) as error:
            return not_answered(check, "crashed", str(error) or "the process ended", started)
        finally:
            ours.close()
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        return Observation(
            check=check.id,
            ended="missing" if is_unwritten(self.sources.texts, reply.error) else reply.ended,  # type: ignore[arg-type]  # known
            values=values,
            error=own_error or reply.error,
            changed=undeclared_changes(check, reply),
            calls=seen_calls(check, reply.calls, self.sources.texts),
            seconds=time.monotonic() - started,
        )

    def _answer(self, check: Check, command: RunCheck, to: socket.socket) -> None:
        """In the child: run the check, send what it returned, end. Never returns."""
        try:
            sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115  # the process ends with it
            os.environ[IN_CHECK] = "1"
            os.chdir(self.folder)
            sys.path.insert(0, str(self.folder))
            for module in self._state.own_modules():
                sys.modules.pop(module.__name__, None)
            self._restore(check)
            observed, buffers = run_probe(self._state, [command])
            wire.send(to, wire.REPLIES, observed, buffers)
        finally:
            os._exit(0)


def public_part_ids(assignment: Assignment, wanted: str) -> list[str]:
    """The parts that `wanted` names: all with checks when empty, one by its id, or those that begin with it.

    Raises UsageError if there is no such part.
    """
    from grader.errors import UsageError

    ids = [p.id for p in assignment.parts if any(c.part.id == p.id for c in assignment.checks)]
    if not wanted:
        return ids
    chosen = [i for i in ids if i == wanted] or [i for i in ids if i.startswith(wanted)]
    if not chosen:
        raise UsageError(f"there is no part {wanted!r} with checks; parts: {', '.join(ids)}")
    return chosen
