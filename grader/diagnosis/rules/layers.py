"""Rules on layer behaviour (ignores the upstream gradient, shares state, …); they need no reference values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.compare.messages import enumerated
from grader.diagnosis.codes import Candidate
from grader.diagnosis.evidence import Evidence
from grader.diagnosis.facts import Fact


def own_behaviour(evidence: Evidence) -> Candidate | None:
    """What the layers do whatever is expected of them, unless two prepared mistakes explain all of it."""
    if evidence.whole is not None and evidence.whole.mistakes > 1:
        return None
    facts, failed = evidence.facts, evidence.shown
    return upstream_ignored(facts, failed) or state(facts, failed)


def wrong_forward(evidence: Evidence) -> Candidate | None:
    """Gradients that follow the student's own forward pass, where that fails by itself, and not for an earlier part."""
    if evidence.earlier_fails or not evidence.forward_fails:
        return None
    values = evidence.case.observation.values
    # one of another shape is the derivative with respect to another array, if of any
    shapes = {name: value.shape for name, value in values.items() if isinstance(value, np.ndarray)}
    shaped = [n for n in evidence.failed if n in evidence.expected and shapes.get(n) == evidence.expected[n].shape]
    return own_forward(evidence.facts, shaped)


def not_proportional(evidence: Evidence) -> Candidate | None:
    """Gradients that do not grow with the incoming derivative."""
    return upstream_bent(evidence.facts, evidence.failed)


def upstream_ignored(facts: Sequence[Fact], failed: Sequence[str] | None) -> Candidate | None:
    """Another incoming derivative, the same gradient."""
    fact = _first(facts, "ignored", failed)
    if fact is None:
        return None
    arrays, many = _listed(fact.arrays, failed)
    what = f"`{fact.argument}`" if fact.argument else "the derivative that it is given"
    same = "stay the same" if many else "stays the same"
    never = f"never uses {what}: {arrays} {same}"
    if fact.some:
        never = f"makes {arrays} without {what}: {'they' if many else 'it'} {same}"
    return Candidate(
        "upstream-ignored",
        f"`{fact.function}` {never} whatever {what if fact.argument else 'that'} is. By the chain rule it is part of"
        " every gradient of this layer.",
        f"`{fact.function}` does not use the incoming derivative",
        evidence={"arrays": list(fact.arrays), "other_values_tried": 2},
    )


def upstream_bent(facts: Sequence[Fact], failed: Sequence[str]) -> Candidate | None:
    """The gradient is not proportional to the incoming derivative."""
    fact = _first(facts, "bent", failed)
    if fact is None:
        return None
    arrays, many = _listed(fact.arrays, failed)
    what = f"`{fact.argument}`" if fact.argument else "the derivative that it is given"
    return Candidate(
        "upstream-not-a-factor",
        f"With -2 times {what}, {arrays} of `{fact.function}` {'are' if many else 'is'} not -2 times as large. By the"
        " chain rule every gradient of a layer is proportional to what comes in, and a backward pass leaves the layer"
        " as it is.",
        f"what `{fact.function}` gives is not proportional to the incoming derivative",
        evidence={"arrays": list(fact.arrays), "factor": -2},
    )


def state(facts: Sequence[Fact], failed: Sequence[str] | None) -> Candidate | None:
    """Another object's pass, or an earlier one of the same, shows in the answer."""
    fact = _first(facts, "shared", failed)
    if fact is not None:
        arrays, many = ("the result", False) if failed is None else _listed(fact.arrays, failed)
        return Candidate(
            "shared-state",
            f"After `{fact.function}` of another object, {arrays} of this one {'come' if many else 'comes'} out"
            " differently: what is kept between the two passes is kept in one place for all objects, as in a class"
            " attribute or a global, or in an array that both change.",
            f"objects share what `{fact.function}` keeps",
            evidence={"arrays": list(fact.arrays)},
        )
    fact = _first(facts, "second", failed)
    if fact is None:
        return None
    arrays, many = ("what it returns or keeps", False) if failed is None else _listed(fact.arrays, failed)
    come = "come" if many else "comes"
    how = f"{arrays} {come} out twice as large" if fact.double else f"{arrays} {come} out differently"
    return Candidate(
        "second-call",
        f"Asked a second time with the same numbers, `{fact.function}` answers something else: {how}. Each call must"
        " start afresh, and leave what `forward` kept as it is.",
        f"`{fact.function}` answers differently at a second call",
        evidence={"arrays": list(fact.arrays), "twice": fact.double},
    )


def large(facts: Sequence[Fact], names: Sequence[str]) -> Candidate | None:
    """A forward pass that is not finite for large numbers."""
    fact = _first(facts, "large", names)
    if fact is None:
        return None
    return Candidate(
        "not-finite",
        f"`{fact.function}` returns nan or inf for inputs of size 1000. Does an exponential overflow, or a logarithm"
        " meet 0?",
        evidence={"arrays": list(fact.arrays)},
    )


def own_forward(facts: Sequence[Fact], failed: Sequence[str]) -> Candidate | None:
    """Wrong gradients that are nevertheless those of the student's forward pass, which must then be wrong."""
    fact = _first(facts, "own", failed)
    if fact is None:
        return None
    arrays, many = _listed(fact.arrays, failed)
    others = [name for name in fact.others if name in failed]
    text = (
        f"{arrays} {'are' if many else 'is'} the right derivative of what your own `{fact.function}` computes. So look"
        f" for the mistake there: `{fact.function}` computes something else than was asked for."
    )
    if others:
        names, several = _listed(others, failed)
        text += f" {names} {'are' if several else 'is'} not: something in the gradient itself is wrong as well."
    return Candidate(
        "right-for-your-forward",
        text,
        evidence={"arrays": list(fact.arrays), "agrees_with_differences_to": 1e-5},
        whole=not others,
    )


def _first(facts: Sequence[Fact], kind: str, failed: Sequence[str] | None) -> Fact | None:
    return next((f for f in facts if f.kind == kind and (failed is None or set(f.arrays) & set(failed))), None)


def _listed(arrays: Sequence[str], failed: Sequence[str] | None) -> tuple[str, bool]:
    """Those of the arrays that failed, in words, and whether there are several.

    With None for `failed` the arrays have names that a student does not know.
    """
    if failed is None:
        return "its result", False
    names = [f"`{n}`" for n in arrays if n in failed]
    if len(names) > 4:
        return f"{len(names)} arrays", True
    return enumerated(names), len(names) > 1
