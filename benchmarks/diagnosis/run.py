"""How often a wrong solution is caught and its mistake named, rightly or wrongly.

    python benchmarks/diagnosis/run.py [--seeds N] [--holdout] [--show] [ID ...]

Wrong solutions come from three places: the assignments' own `wrong.py`, whose names the grader has prepared; those of
`cases.py`, written by hand while the rules were made; and those of `holdout.py`, written after that. Each function or
class is put in the place of the reference's in one reference session of its assignment, its checks are observed at N
seeds, scored, and diagnosed by the code that grades students. Right solutions are those of `right.py`; they must fail
no check. Results are printed as rows of `results.md`.

A wrong solution is *named rightly* where some failed check gets a diagnosis and each diagnosis says what the case asks
for, *named wrongly* where any says something else, else *described* only. Follow-through counts as in grading: a check
whose only wrong code is an earlier part's is explained by what explains that part.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from cases import ALSO, WRONG, Wrong
from holdout import HOLDOUT

from grader.assignment.course import find_course
from grader.assignment.edits import edited, right_edits, wrong_edits
from grader.diagnosis.bank import GRADED, MILDER, REPEATED, Bank, read_bank
from grader.diagnosis.explain import CONDUCT, Case, explain
from grader.diagnosis.views import milder, second_seed, watched
from grader.grading import given_for
from grader.model import Assignment, Check, Diagnosis, Observation
from grader.reference import ReferenceSession
from grader.scoring import outcome
from grader.workbench import Bench, Definitions, Seen, definitions

HERE = Path(__file__).resolve().parent
DESCRIBE = ("not-zero", "zero-entries", "one-factor", "upstream-not-a-factor", "underflow")
"""Codes that say what is seen, and name no mistake."""
FRESH = 10
"""Keys of the fresh points begin here."""


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
    """One assignment with everything that its reference and its variants return."""

    def __init__(self, assignment: Assignment, seeds: list[int]) -> None:
        self.assignment = assignment
        self.seeds = seeds
        self.bank: Bank | None = read_bank(assignment)
        # what takes trained networks asks no function, and needs minutes
        self.checks = [c for c in assignment.checks if c.seconds is None and "notebook" not in [u.name for u in c.uses]]

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

    def run(self, variants: list[tuple[str, Definitions]], *, explained: bool = True) -> list[Tried]:
        with ReferenceSession(self.assignment) as session:
            bench = Bench(session, self.assignment, self.points)
            reference, *seen = bench.observe([(), *(d for _, d in variants)], lambda text: None)
        tried = []
        for (name, changed), what in zip(variants, seen, strict=True):
            names = {n for _, n, _ in changed}
            for number, seed in [(GRADED - FRESH, self.assignment.seed), *enumerate(self.seeds)]:
                tried.append(self._tried(name, names, FRESH + number, seed, what, reference, explained))
        return tried

    def _tried(
        self, name: str, names: set[str], key: int, seed: int, seen: Seen, reference: Seen, explained: bool
    ) -> Tried:
        golden = {c.id: reference.get((c.id, key)) or {} for c in self.checks}
        cases = []
        for check in self.checks:
            if (check.id, key) not in seen or not golden[check.id]:
                continue
            observation = self._observation(check, seen, key)
            result = outcome(check, observation, given_for(self.assignment, check, golden[check.id], seed))
            cases.append(Case(result, observation, result.status != "passed" and names <= set(check.builds_on)))

        def probe(check: Check, at: int) -> Observation:
            plain = next(c for c in self.checks if c.id == check.id)
            view = REPEATED if at != self.assignment.seed else GRADED
            if check.source != plain.source:
                view = CONDUCT if check.source == watched(plain).source else MILDER
            return self._observation(check, seen, view)

        started = time.perf_counter()
        said = dict(explain(cases, golden, self.bank, seed, probe).found) if explained else {}
        failed = sum(c.outcome.status != "passed" for c in cases)
        arrays = sum(c.wrong for c in cases)
        return Tried(name, seed, failed, arrays, said, time.perf_counter() - started)

    def _observation(self, check: Check, seen: Seen, key: int) -> Observation:
        values = seen.get((check.id, key))
        if values is None:
            return Observation(check=check.id, ended="error")
        return Observation(check=check.id, ended="returned", values=values)


def verdict(tried: Tried, pattern: str) -> str:
    """What became of one wrong solution at one seed."""
    if not tried.failed:
        return "not caught"
    if not tried.arrays:
        return "raised"
    if not tried.said:
        return "described"
    texts = [f"{d.code} {d.text}" for d in tried.said.values() if d.code not in DESCRIBE]
    if not texts:
        return "described"
    return "rightly" if all(re.search(pattern, t, re.IGNORECASE | re.DOTALL) for t in texts) else "wrongly"


def of(assignment: Assignment, cases: list[Wrong]) -> tuple[list[tuple[str, Definitions]], dict[str, str], list[str]]:
    """The cases as variants, their patterns, and the names of those that are no change of a definition."""
    variants, says, left = [], {}, []
    for case in cases:
        changed = definitions(assignment, edited(assignment, case.edit))
        if changed:
            variants.append((case.edit.name, changed))
            says[case.edit.name] = case.says
        else:
            left.append(case.edit.name)
    return variants, says, left


def counted(table: Table, title: str, cases: list[Wrong], *, show: bool) -> str:
    """One row of the results."""
    variants, says, left = of(table.assignment, cases)
    if not variants:
        return ""
    tried = table.run(variants)
    counts = Counter(verdict(t, says[t.name]) for t in tried)
    shown: Counter[tuple[str, str]] = Counter()
    for t in tried:
        result = verdict(t, says[t.name])
        shown[t.name, result] += 1
        if show and shown[t.name, result] == 1 and (result != "rightly" or show == 2):
            print(f"  [{result}] {t.name} (seed {t.seed}, {t.failed} failed)", file=sys.stderr)
            for check, d in t.said.items():
                mark = " " if re.search(says[t.name], f"{d.code} {d.text}", re.IGNORECASE | re.DOTALL) else "!"
                print(f"    {mark} {check}: {d.code}: {d.text}", file=sys.stderr)
    total = sum(counts.values())

    def share(word: str) -> str:
        return f"{counts[word]} ({100 * counts[word] / total:.1f} %)"

    caught = total - counts["not caught"]
    spent = median([t.seconds for t in tried])
    note = f"; {len(left)} of `wrong.py` change no definition and are not in it" if left else ""
    cells = [
        table.assignment.id,
        title,
        f"{len(variants)} × {len(table.seeds) + 1}{note}",
        f"{caught} ({100 * caught / total:.1f} %)",
        *(share(word) for word in ("rightly", "described", "raised", "wrongly")),
        f"{1000 * spent:.0f} ms",
    ]
    return f"| {' | '.join(cells)} |"


def accepted(name: str) -> str:
    """What names a mistake of `wrong.py`: its name, or the same thing found by another way."""
    also = [says for words, says in ALSO if re.search(words, name, re.IGNORECASE)]
    return "|".join([re.escape(name), *also])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ids", nargs="*")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--only", choices=["named", "cases", "holdout", "right"])
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--without-bank", action="store_true")
    args = parser.parse_args()
    course = find_course(HERE, Path(os.environ["GRADE_COURSE"]) if "GRADE_COURSE" in os.environ else None)
    for id in args.ids or WRONG:
        assignment = course.load(id)
        table = Table(assignment, [1000 + i for i in range(args.seeds - 1)])
        if args.without_bank:
            table.bank, table.seeds = None, []
        groups = {
            "named": [Wrong(e, accepted(e.name)) for e in wrong_edits(assignment) if "trained" not in e.name],
            "cases": WRONG[id],
            "holdout": HOLDOUT.get(id, []),
        }
        for title, cases in groups.items():
            if args.only in (None, title):
                row = counted(table, title, cases, show=args.show)
                if row:
                    print(row, flush=True)
        if args.only in (None, "right"):
            every = [(e.name, definitions(assignment, edited(assignment, e))) for e in right_edits(assignment)]
            changed = [(name, d) for name, d in every if d]
            alarms = [f"{t.name} at seed {t.seed}" for t in table.run(changed) if t.failed or t.said]
            size = f"{len(changed)} × {len(table.seeds) + 1}"
            print(f"| {id} | right | {size} | {len(alarms)} {'; '.join(alarms)} |", flush=True)


if __name__ == "__main__":
    main()
