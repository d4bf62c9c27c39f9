"""One assignment with everything that its reference and variants of it return, diagnosed as a student's hand-in is."""

from __future__ import annotations

import hashlib
import pickle
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from grader.diagnosis.bank import GRADED, MILDER, REPEATED, Bank, read_bank
from grader.diagnosis.evidence import CONDUCT, Case
from grader.diagnosis.explain import explain
from grader.diagnosis.points import milder, second_seed, watched
from grader.grading.evaluate import given_for
from grader.grading.scoring import outcome
from grader.model import Assignment, Check, Diagnosis, Observation
from grader.reference.session import ReferenceSession
from grader.reference.variants import Arrays, Definitions, Seen, VariantRunner

FRESH = 10
"""Keys of the fresh points begin here."""
BATCH = 8
"""Variants that are observed at a time: at twenty points an assignment's arrays take some 10 MB for each."""


class Tried(NamedTuple):
    """One wrong or right solution at one seed."""

    name: str
    seed: int
    failed: int
    arrays: int
    """Of the failed checks, those that returned arrays: an exception speaks for itself."""
    said: dict[str, Diagnosis]
    seconds: float


class Table:
    """One assignment with everything that its reference and its variants return.

    Parameters
    ----------
    stored
        A folder in which observations are kept from run to run, for work on the rules; None keeps nothing.
    """

    def __init__(self, assignment: Assignment, seeds: list[int], stored: Path | None) -> None:
        self.assignment = assignment
        self.seeds = seeds
        self.bank: Bank | None = read_bank(assignment)
        # what takes trained networks asks no function, and needs minutes
        self.checks = [c for c in assignment.checks if c.seconds is None and "notebook" not in [u.name for u in c.uses]]
        self._stored = stored
        self._session: ReferenceSession | None = None
        self.golden: dict[str, Arrays] = {}
        self._asked: dict[tuple[str, str], Observation] = {}

    def close(self) -> None:
        if self._session is not None:
            self._session.close()

    def points(self, check: Check) -> Iterator[tuple[int, Check, int]]:
        if check.seconds is not None:
            return
        seed = self.assignment.seed
        yield GRADED, check, seed
        yield REPEATED, check, second_seed(seed)
        yield CONDUCT, watched(check), seed
        mild = milder(check)
        if mild is not None:
            yield MILDER, mild, seed
        for number, fresh in enumerate(self.seeds):
            yield FRESH + number, check, fresh

    def run(self, variants: list[tuple[str, Definitions]], *, explained: bool = True) -> Iterator[Tried]:
        """Each variant at each seed; a few are observed at a time, since their arrays take room."""
        (reference,) = self.observed([()])
        for begin in range(0, len(variants), BATCH):
            batch = variants[begin : begin + BATCH]
            for (name, changed), what in zip(batch, self.observed([d for _, d in batch]), strict=True):
                for number, seed in [(GRADED - FRESH, self.assignment.seed), *enumerate(self.seeds)]:
                    yield self._tried(name, changed, FRESH + number, seed, what, reference, explained)

    def observed(self, variants: list[Definitions]) -> list[Seen]:
        files = [self._file(v) for v in variants]
        missing = [v for v, file in zip(variants, files, strict=True) if file is None or not file.is_file()]
        runner = VariantRunner(self.session(), self.assignment, self.points) if missing else None
        made = iter(runner.observe(missing, lambda text: None) if runner is not None else [])
        found = []
        for file in files:
            if file is not None and file.is_file():
                found.append(pickle.loads(file.read_bytes()))
                continue
            found.append(next(made))
            if file is not None:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(pickle.dumps(found[-1]))
        return found

    def session(self) -> ReferenceSession:
        if self._session is None:
            self._session = ReferenceSession(self.assignment)
        return self._session

    def _file(self, variant: Definitions) -> Path | None:
        if self._stored is None:
            return None
        key = repr((variant, self.seeds, [(c.id, c.source) for c in self.checks]))
        return self._stored / self.assignment.id / f"{hashlib.sha256(key.encode()).hexdigest()}.pickle"

    def _cases(self, changed: Definitions, key: int, seed: int, seen: Seen, reference: Seen) -> list[Case]:
        names = {n for _, n, _ in changed}
        cases = []
        for check in self.checks:
            golden = reference.get((check.id, key))
            if not golden:
                continue
            observation = self._observation(check, seen, reference, key)
            result = outcome(check, observation, given_for(self.assignment, check, golden, seed))
            cases.append(Case(result, observation, result.status != "passed" and names <= set(check.builds_on)))
        return cases

    def _tried(
        self, name: str, changed: Definitions, key: int, seed: int, seen: Seen, reference: Seen, explained: bool
    ) -> Tried:
        golden = {c.id: reference.get((c.id, key)) or {} for c in self.checks}
        cases = self._cases(changed, key, seed, seen, reference)

        def probe(check: Check, at: int) -> Observation:
            plain = next(c for c in self.checks if c.id == check.id)
            view = REPEATED if at != self.assignment.seed else GRADED
            if check.source != plain.source:
                view = CONDUCT if check.source == watched(plain).source else MILDER
            return self._observation(check, seen, reference, view)

        started = time.perf_counter()
        said = dict(explain(cases, golden, self.bank, seed, probe).found) if explained else {}
        failed = sum(c.outcome.status != "passed" for c in cases)
        arrays = sum(c.wrong for c in cases)
        return Tried(name, seed, failed, arrays, said, time.perf_counter() - started)

    def _observation(self, check: Check, seen: Seen, reference: Seen, key: int) -> Observation:
        """A check that cannot see the variant answers as the reference's does."""
        values = seen.get((check.id, key), reference.get((check.id, key)))
        if values is None:
            return Observation(check=check.id, ended="error")
        return Observation(check=check.id, ended="returned", values=values)
