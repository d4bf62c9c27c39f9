"""The reference as a submission: what the probes observe on it is what is expected of students."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from grader.assignment.golden.golden import golden_path, read_golden
from grader.assignment.loading.check_source import probe_definitions
from grader.assignment.loading.own_words import can_fail
from grader.assignment.notebooks import by_notebook
from grader.assignment.requirements import refuse_missing
from grader.errors import AuthoringError
from grader.execution.observe import observe
from grader.execution.process import RootProcess
from grader.execution.session import Session
from grader.grading.evaluate import GoldenTable
from grader.grading.scoring import wrong_calls
from grader.model import Assignment, Check, Edit, NotArray, Observation, Plain, Visibility
from grader.sandbox.watchdog import remove
from grader.submission.files.open import open_submission
from grader.submission.source.anchors import find_anchors
from grader.worker.messages import FLATTENED
from grader.worker.probe import Unnamed

VISIBILITIES: tuple[Visibility, ...] = ("public", "hidden")


class ReferenceSession:
    """The solution, with `edit` applied if one is given, run to the last cell that a check waits for.

    It uses the worker `root` and leaves it to others, or one of its own. `on_snapshot` is called with the anchors that
    can be probed while the cells still run, as `Session.run_cells` does; what it raises ends the session.
    """

    def __init__(
        self,
        assignment: Assignment,
        *,
        edit: Edit | None = None,
        root: RootProcess | None = None,
        on_snapshot: Callable[[ReferenceSession, str, int], None] | None = None,
    ) -> None:
        refuse_missing(assignment)
        self.assignment = assignment
        self.changed: list[str] = []
        """A sentence for each array that a check passes and the solution changes in place, though it is not to."""
        with ExitStack() as opened:
            folder = Path(tempfile.mkdtemp(prefix="grade-reference-"))
            opened.callback(shutil.rmtree, folder, ignore_errors=True)
            self.root = opened.enter_context(RootProcess()) if root is None else root
            self.root.warm(assignment.preload)
            from grader.assignment.release.release import (
                build_solution,  # recorded values, which most runs take, need none
            )

            built = folder / "solution"
            build_solution(assignment, built, edit)
            work = self.root.new_folder()
            if root is not None:
                opened.callback(remove, work)
            self.submission = open_submission(built, assignment, work)
            anchors = find_anchors(assignment, self.submission)
            self.session = Session(self.root, assignment, self.submission, anchors, seed=assignment.seed)
            if root is not None:
                opened.callback(self.session.close)  # a root of its own ends with all that it has running
            self.session.allowance = None
            tell = partial(on_snapshot, self) if on_snapshot is not None else lambda when, cell: None
            self.session.run_cells(stop_early=True, on_snapshot=tell)
            self._opened = opened.pop_all()

    def close(self) -> None:
        self._opened.close()

    def __enter__(self) -> ReferenceSession:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def live(assignment: Assignment, seeds: Iterable[int]) -> dict[int, GoldenTable]:
    """Expected values at `seeds`, from a run of the reference now; nothing recorded is used.

    Raises AuthoringError if the reference is not here, or a probe fails on it.
    """
    if assignment.solution is None:
        raise AuthoringError(
            f"{assignment.id}: the reference is not here, so only the recorded seed {assignment.seed} can be graded"
        )
    tables: dict[int, dict[str, Mapping[str, Any]]] = {seed: {} for seed in seeds}
    for one in by_notebook(assignment):
        with ReferenceSession(one) as reference:
            for seed, table in tables.items():
                table |= observed_values(reference, seed)
    return dict(tables)


def observed_values(reference: ReferenceSession, seed: int) -> dict[str, Mapping[str, Any]]:
    """What each probe observes on the reference at `seed`."""
    return {check.id: observed_check(reference, check, seed) for check in reference.assignment.checks}


def observed_check(reference: ReferenceSession, check: Check, seed: int) -> Mapping[str, Any]:
    """What one probe observes on the reference at `seed`; raises `AuthoringError` where it fails on it."""
    observation = observe(reference.session, check, seed=seed)
    if observation.ended == "timeout":  # beside a busy submission, or on a busy machine: no fault of the author's yet
        observation = observe(reference.session, check, seed=seed)
    keeps = getattr(check.judge, "keeps", None)
    values = _values(observation, check)
    for name in observation.changed:
        what = f"the solution changes `{name}` in place, which {check.id} passes to it"
        reference.changed.append(f'{check.file}: {what}; write `changes=["{name}"]` in its check if it is to')
    return values if keeps is None else {n: v for n, v in values.items() if keeps(n)}


def recorded(assignment: Assignment) -> GoldenTable:
    """The golden files' values, of every check that has some."""
    table: dict[str, Mapping[str, Any]] = {}
    for visibility in VISIBILITIES:
        path = golden_path(assignment.root, visibility)
        if path.is_file():
            table |= read_golden(path).observations
    return table


def _values(observation: Observation, check: Check) -> Mapping[str, Any]:
    name, line = observation.at
    if not 0 < line <= check.files.get(name, "").count("\n") + 1:
        probe = probe_definitions([check]).get(check.id)
        name, line = check.file, probe.lineno if probe is not None else 0
    file = f"{name}:{line}" if line else name
    if observation.ended != "returned":
        error = observation.error
        why = observation.ended if error is None else f"{error.type}: {error.message}"
        if error is not None and (error.kind == "author" or error.type == Unnamed.__name__):
            why = error.message
        raise AuthoringError(f"{file}: {observation.check} fails on the reference itself: {why}")
    if observation.calls is not None and (sentence := wrong_calls(check, observation.calls)):
        raise AuthoringError(f"{file}: {observation.check} fails on the reference itself: {sentence}")
    values = {n: v for n, v in observation.values.items() if not (isinstance(v, NotArray) and v.kind == FLATTENED)}
    for name, value in values.items():
        if isinstance(value, NotArray) and not isinstance(value, Plain):
            kind = value.detail if value.kind == "other" else value.kind
            what = f"{observation.check} returns `{name}`, which cannot be recorded ({kind})"
            raise AuthoringError(f"{file}: {what}; return arrays, numbers, text, sequences, sets or tables of these")
    if not values and not can_fail(check):
        raise AuthoringError(f"{file}: {observation.check} returns no value; return a dict of named ones, or `assert`")
    return values
