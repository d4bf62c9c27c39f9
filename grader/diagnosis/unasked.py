"""What passed checks did not ask, reported where hidden checks are absent: second calls, other objects, large inputs.

Needs no expected value and moves no points. What is seen is `grader.worker.experiments.layer_facts`'s, the sentences
are those of a diagnosis.
"""

from __future__ import annotations

from collections.abc import Iterable

from grader.diagnosis.evidence import Observe, arrays_of
from grader.diagnosis.facts import read_facts
from grader.diagnosis.points import watched
from grader.diagnosis.rules.layers import large, state
from grader.model import Outcome

MOST = 20
"""Checks of one submission that are probed once more, at some 10 ms each."""


def unasked(outcomes: Iterable[Outcome], seed: int, probe: Observe) -> list[str]:
    """A sentence for each thing that passed checks let through, with the part before it, once for each function."""
    asked = [o for o in outcomes if o.status == "passed" and o.check.seconds is None and o.check.points]
    sentences: dict[tuple[bool, str], str] = {}
    for outcome in asked[:MOST]:
        check = outcome.check
        observation = probe(watched(check, unasked=True), seed)
        if observation.ended != "returned":
            continue
        arrays = [a.name for a in outcome.arrays]
        facts = read_facts(arrays_of(observation), arrays)
        for fact in sorted(facts, key=lambda fact: fact.kind != "shared"):
            seen = state([fact], arrays) or large([fact], arrays)
            if seen is not None:
                sentences.setdefault((fact.kind == "large", fact.function), f"part {check.part.id}: {seen.text}")
    return list(sentences.values())
