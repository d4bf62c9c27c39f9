"""Observations of one session, asked for as early as they may be and a few at a time.

Public checks are probed as soon as the state of their anchor is parked, beside the notebook, which runs on. Hidden ones
wait until the last cell and the last public check are done, so that neither can say what they ask; those with a piece
of the reference come after all others, one at a time, and nothing that one has started lives when the next one does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Semaphore

from grader.execution.observe import observe
from grader.execution.session import Session
from grader.model import Check, Observation
from grader.worker.messages import Replacement


class Prober:
    """The checks of `session` at one seed, or those of some `parts`; `width` probes run at a time."""

    def __init__(self, session: Session, *, seed: int, width: int = 2, parts: Collection[str] | None = None) -> None:
        self.session = session
        self.seed = seed
        self.parts = tuple(p for p in session.assignment.parts if parts is None or p.id in parts)
        self._checks = tuple(c for c in session.assignment.checks if c.part.id in {p.id for p in self.parts})
        self._pool = ThreadPoolExecutor(max_workers=width)
        self._free = Semaphore(max(1, width - 1))
        """Probes that may run now: one less than `width` as long as the notebook needs a core for itself."""
        self._running = width > 1
        self._asked: dict[str, Future[Observation]] = {}
        self.reference_has_lived = False
        """Whether a process has had a piece of the reference: nothing else is asked from then on."""

    def on_snapshot(self, when: str, cell: int) -> None:
        """Probe the public checks of this anchor from now on."""
        for check in self._checks:
            anchor = self.session.anchors[check.id]
            if check.visibility == "public" and (anchor.when, anchor.cell) == (when, cell):
                self._ask(check)

    def finish(self) -> None:
        """The notebook is done: probe the public checks that are left."""
        if self._running:
            self._running = False
            self._free.release()
        for check in self._checks:
            if check.visibility == "public" and check.id not in self._asked:
                self._ask(check)

    def ask_hidden(self) -> None:
        """Every question to a public check is answered: probe the hidden ones, with nothing left beside them."""
        wait(self._asked.values())
        self.session.supervisor.kill_strays(hard=True)
        for check in self._checks:
            if check.visibility == "hidden":
                self._ask(check)

    def observe(self, check: Check) -> Observation:
        """What the probe of `check` returned; waits for it."""
        if check.id not in self._asked:
            self._ask(check)
        return self._asked[check.id].result()

    def observe_again(self, check: Check, replacements: Sequence[Replacement]) -> Observation:
        """Follow-through: probe `check` with the reference in the place of some names."""
        self.reference_has_lived = True
        wait(self._asked.values())
        self.session.supervisor.kill_strays(hard=True)
        return observe(self.session, check, seed=self.seed, replacements=replacements)

    def close(self) -> None:
        """Drop what nobody has asked for yet; what is running ends with the session, so that nothing waits for it."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, check: Check) -> None:
        self._asked[check.id] = self._pool.submit(self._observe, check)

    def _observe(self, check: Check) -> Observation:
        with self._free:
            return observe(self.session, check, seed=self.seed)
