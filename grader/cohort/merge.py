"""Join the stores of shards: the same store as if one machine had graded everything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import structs

from grader.cohort.records import Run
from grader.cohort.store import Store
from grader.errors import UsageError


def join(store: Store, shards: Sequence[Path]) -> int:
    """Write the last finished run of each shard into one run of `store`; returns its number.

    Raises UsageError if they are not the shards of one batch, or one is there twice or is missing.
    """
    runs = []
    for path in shards:
        with Store.open(path) as shard:
            runs.append((path, shard.run()))
    _check(runs)
    first = runs[0][1]
    number = store.start(first.source, _common(first), first.grader)
    worth = []
    for path, run in runs:
        with Store.open(path) as shard:
            store.enrol(number, {p.key: p for p in (*store.people(number), *shard.people(run.id))}.values())
            for decision in shard.decisions():
                store.decide(decision)
            known: dict[int, int] = {}
            """The shard's report -> ours: several submissions may share one."""
            for id, submission, graded, result in shard.rows(run.id):
                if id in known:
                    store.reuse(number, submission, known[id])
                else:
                    whole = structs.replace(graded, report=shard.report(id), evidence=shard.evidence(id))
                    known[id] = store.add(number, submission, whole)
                worth.append(result)
    store.finish(number, worth)
    return number


def _check(runs: Sequence[tuple[Path, Run]]) -> None:
    path, first = runs[0]
    shares: dict[int, Path] = {}
    of = 0
    for path, run in runs:
        shard = run.options.get("shard")
        if shard is None:
            raise UsageError(f"{path}: its last run was no shard (`grade batch --shard I/N` makes one)")
        if _common(run) != _common(first) or (of and shard[1] != of):
            raise UsageError(f"{path}: its last run was not the same command as that of {runs[0][0]}")
        share, of = shard
        if share in shares:
            raise UsageError(f"{path}: shard {share}/{of} is in {shares[share]} already")
        shares[share] = path
    missing = sorted(set(range(1, of + 1)) - set(shares))
    if missing:
        raise UsageError(f"shard {missing[0]}/{of} is missing; give the stores of all {of}")


def _common(run: Run) -> dict[str, Any]:
    """What the shards of one batch have in common."""
    return {key: value for key, value in run.options.items() if key != "shard"} | {"shard": None}
