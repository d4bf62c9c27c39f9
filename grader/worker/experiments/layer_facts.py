"""Inside a student's worker: how the layers that a probe uses behave, whatever values are expected of them.

Runs in the child of one probe: it lets the probe run on watched layers, and then asks copies of them what the probe
did not. Does `backward` depend on the incoming derivative, and is it proportional to it? Is the gradient that of the
student's own `forward`? Does a second call, or another layer, change the answer? It holds no expected value; only
facts about the student's own code go back, as JSON. What they mean is for `grader.diagnosis.rules.layers`.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.worker.experiments.layers import Gradients, Unit, arrays_in
from grader.worker.experiments.recording import Watched

SAME = 1e-9
"""Two answers of one program to one question; a new order of summation costs 1e-13."""
DERIVATIVE = 1e-5
"""Agreement of a gradient with a centred difference, whose truncation and rounding stay below 1e-8 at these points."""
NO_DERIVATIVE = 1e-2
"""Disagreement that no kink between the two points explains."""
STEP = 1e-5
DIRECTIONS = 3
UNITS_LOOKED_AT = 3
"""Units of one probe that are looked at."""
Look = Callable[[Unit, Any], Iterable[dict[str, Any]]]
LARGE = 1000.0
"""Size of an input for which a softmax that does not shift its scores overflows."""


def observe_behaviour(
    probe: Callable[..., Mapping[str, Any]], student: Any, rng: Any, *, unasked: bool = False
) -> dict[str, npt.NDArray[np.uint8]]:
    """Facts about the layers that `probe` uses, as the bytes of a JSON list of objects.

    `unasked`: look at what the probe itself did not ask, a second call, another object and large inputs.
    """
    watched = Watched(student)
    returned: Mapping[str, Any] = {}
    with contextlib.suppress(Exception):  # student code may raise whatever it likes; what was seen until then counts
        returned = dict(probe(watched, rng))
    watched.stop()
    names = _named(returned)
    facts: list[dict[str, Any]] = []
    # where layers stand one behind the other, what comes into one depends on the others: its gradients prove nothing
    alone = len({unit.name for unit in watched.units}) == 1
    looks: list[tuple[Unit, Look]] = [
        (unit, look)
        for unit in watched.units[:UNITS_LOOKED_AT]
        for look in (_upstream, _second_call, _shared, *((_own_forward,) if alone else ()))
    ]
    if unasked:
        looks = [(unit, look) for unit in watched.units[:UNITS_LOOKED_AT] for look in (_second_answer, _other_object)]
        looks += [(unit, _large) for unit in watched.forwards[:UNITS_LOOKED_AT]]
    for unit, look in looks:
        with contextlib.suppress(Exception):  # a layer that cannot be asked again tells nothing
            facts += [{**fact, "unit": unit.name} for fact in look(unit, names) if fact["arrays"]]
    return {"facts": np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)}


def _named(returned: Mapping[str, Any]) -> list[tuple[str, npt.NDArray[Any]]]:
    """The arrays that the probe returned, by the names that they have in a report."""
    return [(name, array.copy()) for name, array in arrays_in(returned) if array.size]


def _names_of(array: npt.NDArray[Any], names: Iterable[tuple[str, npt.NDArray[Any]]]) -> list[str]:
    return [n for n, known in names if known.shape == array.shape and np.array_equal(known, array)]


def _names(names: Any, gradients: Gradients, which: Iterable[int]) -> list[str]:
    return [name for i in which for name in _names_of(gradients[i], names)]


def _same(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    if one.shape != other.shape:
        return False
    size = float(np.max(np.abs(one), initial=0.0))
    return bool(np.all(np.abs(one - other) <= SAME * size))


def _moved(before: Gradients, after: Gradients) -> list[int]:
    """Which finite arrays came out differently; one with nan differs from itself."""
    return [i for i in range(len(before)) if np.isfinite(before[i]).all() and not _same(before[i], after[i])]


def _upstream(unit: Unit, names: Any) -> Iterable[dict[str, Any]]:
    """Whether gradients depend on the incoming derivative, and in proportion to it."""
    d_out = unit.upstream
    if d_out is None:
        return
    once = unit.gradients()
    other = np.random.default_rng(7).uniform(0.5, 1.5, size=np.shape(d_out)) * np.where(np.asarray(d_out) > 0, -1, 1)
    # of the other sign, so that a mask that is taken from it shows as well
    turned, elsewhere = unit.gradients(upstream=-2 * d_out), unit.gradients(upstream=_like(d_out, other))
    if not len(once) == len(turned) == len(elsewhere):
        return
    filled = [i for i, g in enumerate(once) if g.any()]
    ignored = [i for i in filled if _same(once[i], turned[i]) and _same(once[i], elsewhere[i])]
    bent = [i for i in filled if i not in ignored and not _same(-2 * once[i], turned[i])]
    argument = {"function": unit.backward_name, "argument": unit.upstream_name}
    yield {"kind": "ignored", "arrays": _names(names, once, ignored), "some": len(ignored) < len(filled), **argument}
    yield {"kind": "bent", "arrays": _names(names, once, bent), **argument}


def _like(d_out: Any, values: npt.NDArray[Any]) -> Any:
    return values.astype(np.result_type(d_out, float)) if isinstance(d_out, np.ndarray) else float(values)


def _own_forward(unit: Unit, names: Any) -> Iterable[dict[str, Any]]:
    """Which gradients are those of the student's own forward pass, by centred differences along random directions."""
    gradients = unit.gradients()
    inputs = unit.inputs()
    fits, others, asked = [], [], []
    for i, gradient in enumerate(gradients):
        at = next((k for k, array in enumerate(inputs) if array.shape == gradient.shape), None)
        if at is None or not gradient.any():
            continue
        deviation = _from_derivative(unit, at, inputs[at], gradient)
        if deviation <= DERIVATIVE:
            fits.append(i)
            asked.append(unit.input_name(at))
        elif deviation > NO_DERIVATIVE:
            others.append(i)
    arrays, wrong = _names(names, gradients, fits), _names(names, gradients, others)
    yield {"kind": "own", "arrays": arrays, "others": wrong, "function": unit.forward_name, "inputs": asked}


def _from_derivative(unit: Unit, at: int, value: npt.NDArray[Any], gradient: npt.NDArray[Any]) -> float:
    """Largest deviation of the gradient from centred differences, as a share of what it may come to."""
    rng, deviation = np.random.default_rng(11), 0.0
    size = max(float(np.max(np.abs(value))), 1.0)
    for _ in range(DIRECTIONS):
        direction = rng.uniform(0.5, 1.5, size=value.shape) * rng.choice([-1.0, 1.0], size=value.shape)
        above, below = (unit.total(at, sign * STEP * size * direction) for sign in (1, -1))
        slope = (above - below) / (2 * STEP * size)
        parts = gradient * direction
        error = abs(slope - float(np.sum(parts))) / float(np.sum(np.abs(parts)))
        deviation = max(deviation, error if np.isfinite(error) else np.inf)
        if deviation > NO_DERIVATIVE:
            break  # however far: no other direction makes up for it
    return deviation


def _second_call(unit: Unit, names: Any) -> Iterable[dict[str, Any]]:
    """Whether the same backward pass, asked for twice, answers twice the same; only where the probe asked twice."""
    return _second_answer(unit, names) if unit.backward_calls > 1 else ()


def _second_answer(unit: Unit, names: Any) -> Iterable[dict[str, Any]]:
    first, again = unit.gradients_twice()
    if len(first) != len(again):
        return
    moved = _moved(first, again)
    double = bool(moved) and all(_same(2 * first[i], again[i]) for i in moved)
    arrays = [*_names(names, first, moved), *_names(names, again, moved)]
    yield {"kind": "second", "arrays": arrays, "function": unit.backward_name, "double": double}


def _shared(unit: Unit, names: Any) -> Iterable[dict[str, Any]]:
    """Whether another object's forward pass changes this one's backward pass; only where the probe used two."""
    return _other_object(unit, names) if unit.siblings > 1 else ()


def _other_object(unit: Unit, names: Any) -> Iterable[dict[str, Any]]:
    alone, after = unit.gradients(), unit.gradients(disturbed=True)
    if len(alone) == len(after):
        moved = _moved(alone, after)
        arrays = [*_names(names, alone, moved), *_names(names, after, moved)]
        yield {"kind": "shared", "arrays": arrays or [n for n, _ in names if moved], "function": unit.forward_name}


def _large(unit: Unit, names: Any) -> Iterable[dict[str, Any]]:
    """Whether a forward pass of finite numbers of either sign is not finite for numbers as large as scores may be."""
    scores = next((a for a in unit.inputs() if a.size > 1), None)
    if scores is None or not (scores.min() < 0 < scores.max()):
        return  # a logarithm of probabilities, say, need not take others
    usual = unit.outputs(1.0)
    large = unit.outputs(LARGE / float(np.max(np.abs(scores))))
    if all(np.isfinite(a).all() for a in usual):
        spoilt = [i for i, a in enumerate(large) if not np.isfinite(a).all()]
        arrays = [name for i in spoilt for name in _names_of(usual[i], names)]
        yield {"kind": "large", "arrays": arrays, "function": unit.forward_name, "inputs": [unit.input_name(0)]}
