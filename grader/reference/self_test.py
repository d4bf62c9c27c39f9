"""The assignment's own trials: its named wrong edits must fail exactly their checks, its right ones none.

The grader tests the instructor's checks here, by the same session and scoring that grade a student.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct, structs

from grader.assignment.notebooks import by_notebook
from grader.assignment.release.edits import right_edits, wrong_edits
from grader.execution.process import RootProcess
from grader.execution.scheduler import Prober
from grader.grading.evaluate import GoldenTable, evaluate
from grader.model import Assignment, Edit, Outcome
from grader.reference.pool import in_parallel
from grader.reference.session import ReferenceSession, live


class Trial(Struct, frozen=True, kw_only=True):
    """One edit of the solution at one seed."""

    edit: Edit
    seed: int
    failed: tuple[str, ...]
    """Checks that did not pass, in the assignment's order."""
    spent: tuple[float, str] = (0.0, "")
    """The largest share of its tolerance that an array differs by, and which: "check, array"."""

    @property
    def text(self) -> str:
        """One line on what was wrong with the trial; empty if nothing."""
        let_through = [c for c in self.edit.fails if c not in self.failed]
        surplus = [c for c in self.failed if c not in (*self.edit.fails, *self.edit.may_fail)]
        faults = [f"passes {', '.join(let_through)}"] if let_through else []
        faults += [f"fails {', '.join(surplus)}, which it does not name"] if surplus else []
        return f"{self.edit.name!r} at seed {self.seed} {' and '.join(faults)}" if faults else ""


def try_edit(
    root: RootProcess,
    assignment: Assignment,
    edit: Edit,
    golden: Mapping[int, GoldenTable],
    once: Set[str] = frozenset(),
) -> list[Trial]:
    """Run the solution with `edit` and probe it at every seed of `golden`, the checks `once` at the first alone."""
    first = next(iter(golden))
    outcomes: dict[int, list[Outcome]] = {seed: [] for seed in golden}
    for one in by_notebook(assignment):
        with ReferenceSession(one, edit=edit, root=root) as session:
            for seed, expected in golden.items():
                checks = tuple(c for c in one.checks if seed == first or c.id not in once)
                session.session.assignment = structs.replace(one, checks=checks)
                prober = Prober(session.session, seed=seed, width=1, parts={c.part.id for c in checks})
                outcomes[seed] += evaluate(prober, expected, follow_through=False, explain=False).outcomes
                prober.close()
    return [
        Trial(
            edit=edit,
            seed=seed,
            failed=tuple(o.check.id for o in observed if o.status != "passed"),
            spent=_spent(observed),
        )
        for seed, observed in outcomes.items()
    ]


def seedless(golden: Mapping[int, GoldenTable]) -> set[str]:
    """The checks of which the reference computes the same at every seed: they draw no points."""
    first, *others = golden.values()

    def same(one: Mapping[str, npt.NDArray[Any]], other: Mapping[str, npt.NDArray[Any]]) -> bool:
        return one.keys() == other.keys() and all(np.array_equal(array, other[name]) for name, array in one.items())

    return {id for id, arrays in first.items() if all(same(arrays, other.get(id, {})) for other in others)}


def _spent(outcomes: Iterable[Outcome]) -> tuple[float, str]:
    """See `Trial.spent`; a judge's verdicts have a measure of their own and do not count."""
    compared = [(o.check.id, a) for o in outcomes if o.check.judge is None for a in o.arrays]
    shares = [(a.error / a.tolerance, f"{id}, {a.name}") for id, a in compared if a.error is not None and a.tolerance]
    return max(shares, default=(0.0, ""))


def run_trials(assignment: Assignment, seeds: int = 1, tell: Callable[[str], None] = lambda text: None) -> list[Trial]:
    """Try every wrong edit at the assignment's seed, every right one at `seeds` seeds, against a live reference.

    A check that asks the same at every seed is asked once of each edit.
    """
    golden = live(assignment, range(assignment.seed, assignment.seed + seeds))
    own = {assignment.seed: golden[assignment.seed]}
    wrong, right = wrong_edits(assignment), right_edits(assignment)
    tell(f"{assignment.id}: {len(wrong)} wrong edits at one seed, {len(right)} right ones at {seeds}")
    jobs = [*((edit, own) for edit in wrong), *((edit, golden) for edit in right)]
    once = seedless(golden)
    batches = in_parallel(jobs, lambda root, job: try_edit(root, assignment, *job, once))
    return [trial for trials in batches for trial in trials]
