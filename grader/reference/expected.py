"""Expected values at the points that a submission is graded at, and which points these are.

Where the reference is at hand, each submission gets one of a pool of seeds that only the course can know, so that
values memorised from a hand-out earn nothing. What the reference returns at the pool's seeds is computed once
and kept in `.expected/` beside the sources, which is never released and can be deleted at any time. A student's own
folder has the recorded golden values alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Literal

from grader.assignment.digest import assignment_digests, folder_digest, text_digest
from grader.assignment.golden.golden import Golden, read_golden, write_golden
from grader.assignment.golden.provenance import refuse_stale
from grader.assignment.requirements import refuse_missing
from grader.errors import AuthoringError
from grader.grading.evaluate import GoldenTable
from grader.model import Assignment
from grader.versions import engine

Seed = int | Literal["recorded"] | None
"""The caller's seed, the recorded golden values, or (None) a seed of each submission's own where that is possible."""

POOL_SIZE = 8
"""Seeds of a pool. Whoever learns the values at one of them is right in one submission of eight; and a batch asks each
check of the reference eight times, which is less than it costs to grade two submissions."""
KEPT = 4
"""Versions of an assignment whose values are kept: with and without hidden checks, another data folder, another one."""
FOLDER = ".expected"


class ExpectedValues:
    """The expected values of one assignment as it is loaded.

    Raises AuthoringError if a package that it requires is missing, or, unless a seed of the caller's own is asked for,
    the golden values are those of other sources.
    """

    def __init__(self, assignment: Assignment, seed: Seed = None) -> None:
        self._assignment = assignment
        self._recorded = seed == "recorded" or (seed is None and assignment.solution is None)
        self._pool = seed_pool(assignment) if seed is None and not self._recorded else ()
        self._seed = seed if isinstance(seed, int) else assignment.seed
        self._tables: dict[int, GoldenTable] = {}
        self._prepared = False
        refuse_missing(assignment)
        if seed is None or seed == "recorded":
            refuse_stale(assignment)

    @property
    def label(self) -> str:
        """Which points are asked, in words: equal labels mean equal points for equal submissions."""
        if self._recorded:
            return f"recorded at {self._seed}"
        if self._pool:
            return f"one of {POOL_SIZE} for each submission ({text_digest(*map(str, self._pool))[:8]})"
        return str(self._seed)

    def seed_for(self, digest: str) -> int:
        """The seed for a submission, by its digest."""
        return self._pool[int(text_digest(digest)[:8], 16) % POOL_SIZE] if self._pool else self._seed

    def at(self, seed: int) -> GoldenTable:
        """The expected values at one of the seeds.

        Raises AuthoringError if the reference is needed and is not here, or a probe fails on it.
        """
        if seed not in self._tables:
            if self._recorded:
                from grader.reference.session import recorded

                self._tables[seed] = recorded(self._assignment)
            else:
                self._tables[seed] = self._kept(seed) or self._computed([seed])[seed]
        return self._tables[seed]

    def prepare(self) -> None:
        """Have the values at every seed kept, for many submissions; what is missing takes one run of the reference.

        Asked again it does nothing. Raises as `at` does.
        """
        if self._prepared:
            return
        if not self._pool:
            self.at(self._seed)
        else:
            with self._locked():  # of several processes one computes, and the others read
                folder = self._folder
                missing = [s for s in self._pool if s not in self._tables and not (folder / f"{s}.json").is_file()]
                if missing:
                    self._tables |= self._computed(missing)
        self._prepared = True

    def _computed(self, seeds: list[int]) -> dict[int, GoldenTable]:
        from grader.reference.session import live  # what most runs need not load

        tables = live(self._assignment, seeds)
        if self._pool:
            for seed, table in tables.items():
                self._keep(seed, table)
        return tables

    @cached_property
    def _folder(self) -> Path:
        """Where the values are kept that belong to the sources, the libraries and the grader as they are now."""
        files = {name: d for name, d in assignment_digests(self._assignment).items() if not name.startswith("golden/")}
        key = text_digest(engine(), *(text for pair in sorted(files.items()) for text in pair))
        return self._assignment.root / FOLDER / key[:16]

    def _kept(self, seed: int) -> GoldenTable | None:
        if not self._pool:
            return None
        with contextlib.suppress(OSError, AuthoringError):  # there is none, or it is damaged: compute it
            golden = read_golden(self._folder / f"{seed}.json")
            if {check.id for check in self._assignment.checks} == golden.observations.keys():
                return golden.observations
        return None

    def _keep(self, seed: int, table: GoldenTable) -> None:
        folder = self._folder
        part = folder / f".{seed}.{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder.parent / ".gitignore").write_text("*\n")
            write_golden(part, Golden(provenance={"seed": seed, "engine": engine()}, observations=table))
            part.replace(folder / f"{seed}.json")
            for old in sorted(folder.parent.glob("*/"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
                shutil.rmtree(old, ignore_errors=True)
        except (OSError, AuthoringError):  # a course that can only be read, a full disk: it is computed again
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError):
                folder = self._assignment.root / FOLDER
                folder.mkdir(exist_ok=True)
                fcntl.flock(stack.enter_context((folder / "lock").open("w")), fcntl.LOCK_EX)
            yield


def seed_pool(assignment: Assignment) -> tuple[int, ...]:
    """The seeds of an assignment's pool.

    Their salt is the digest of the solution's own files: only the course has it, every machine of the course has the
    same without a file that has to be carried along, and whoever has the solution needs no memorised values.
    """
    salt = text_digest(assignment.id, str(assignment.seed), folder_digest(assignment.solution))
    return tuple(int(text_digest(salt, str(n))[:8], 16) for n in range(POOL_SIZE))
