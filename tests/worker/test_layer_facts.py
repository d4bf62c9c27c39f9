"""What is seen of a student's own layers when they are asked again, and what is said of it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from grader.diagnosis.codes import CODES
from grader.diagnosis.facts import read_facts
from grader.diagnosis.rules.layers import large, own_forward, state, upstream_bent, upstream_ignored
from grader.worker.experiments.layer_facts import observe_behaviour
from grader.worker.experiments.layers import of_method


class Layer:
    """The square of its inputs times a weight; subclasses make one mistake each."""

    def forward(self, inputs: Any, weight: Any) -> Any:
        self.cache = inputs, weight
        return inputs**2 @ weight

    def backward(self, d_out: Any) -> Any:
        inputs, weight = self.cache
        return 2 * inputs * (d_out @ weight.T), (inputs**2).T @ d_out


class Ignores(Layer):
    def backward(self, d_out: Any) -> Any:
        return super().backward(np.ones_like(d_out))


class CallsItself(Layer):
    """An object that is not called `self`, and a static method, which has none."""

    def forward(s, inputs: Any, weight: Any) -> Any:
        return super().forward(inputs, weight)

    def backward(me, g: Any) -> Any:
        return super().backward(np.ones_like(g))

    @staticmethod
    def size_of(array: Any) -> Any:
        return array.size


class IgnoresInOne(Layer):
    def backward(self, d_out: Any) -> Any:
        return super().backward(d_out)[0], super().backward(np.ones_like(d_out))[1]


class Masks(Layer):
    def backward(self, d_out: Any) -> Any:
        return super().backward(np.maximum(d_out, 0))


class Cubes(Layer):
    """Right for its own forward, which is wrong."""

    def forward(self, inputs: Any, weight: Any) -> Any:
        self.cache = inputs, weight
        return inputs**3 @ weight

    def backward(self, d_out: Any) -> Any:
        inputs, weight = self.cache
        return 3 * inputs**2 * (d_out @ weight.T), (inputs**3).T @ d_out


class CubesAndDoubles(Cubes):
    """And one of its two gradients is not right for its forward."""

    def backward(self, d_out: Any) -> Any:
        d_inputs, d_weight = super().backward(d_out)
        return d_inputs, 2 * d_weight


class Adds(Layer):
    def forward(self, inputs: Any, weight: Any) -> Any:
        self.total = np.zeros_like(weight)
        return super().forward(inputs, weight)

    def backward(self, d_out: Any) -> Any:
        d_inputs, d_weight = super().backward(d_out)
        self.total += d_weight
        return d_inputs, self.total.copy()


class Shares(Layer):
    kept: list[Any] = [None]  # noqa: RUF012  # the mistake itself

    def forward(self, inputs: Any, weight: Any) -> Any:
        Shares.kept[0] = inputs, weight
        return inputs**2 @ weight

    def backward(self, d_out: Any) -> Any:
        inputs, weight = Shares.kept[0]
        return 2 * inputs * (d_out @ weight.T), (inputs**2).T @ d_out


class GivesNan(Layer):
    def backward(self, d_out: Any) -> Any:
        d_inputs, d_weight = super().backward(d_out)
        return d_inputs, np.full_like(d_weight, np.nan)


class Raises(Layer):
    def __deepcopy__(self, memo: Any) -> Any:
        raise RuntimeError


class Student:
    def __init__(self, layer: type) -> None:
        self.Layer = layer


def probe(student: Any, rng: Any) -> dict[str, Any]:
    one, other = student.Layer(), student.Layer()
    inputs, weight, d_out = rng.normal(size=(5, 4)), rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    one.forward(inputs, weight)
    d_inputs, d_weight = one.backward(d_out)
    again = one.backward(d_out)[1]
    other.forward(inputs + 1, weight)
    return {"d_inputs": d_inputs, "d_weight": d_weight, "again": again}


NAMES = ("d_inputs", "d_weight", "again")


def said(layer: type) -> dict[str, str]:
    facts = read_facts(observe_behaviour(probe, Student(layer), np.random.default_rng(3)), NAMES)
    found = [f(facts, NAMES) for f in (upstream_ignored, upstream_bent, own_forward, state)]
    return {c.code: c.text for c in found if c is not None}


@pytest.mark.parametrize(
    ("layer", "code"),
    [
        (Ignores, "upstream-ignored"),
        (Masks, "upstream-not-a-factor"),
        (Adds, "second-call"),
        (Shares, "shared-state"),
    ],
)
def test_each_way_to_misbehave_is_seen(layer: type, code: str) -> None:
    found = said(layer)
    assert code in found
    assert code in CODES
    assert f"`{layer.__name__}." in found[code]


def test_a_right_layer_has_nothing_but_a_gradient_of_its_own_forward() -> None:
    assert set(said(Layer)) == {"right-for-your-forward"}
    assert set(said(Cubes)) == {"right-for-your-forward"}
    assert "right-for-your-forward" not in said(Masks)


def test_a_gradient_that_is_wrong_besides_its_forward_is_told() -> None:
    both, one = (said(layer)["right-for-your-forward"] for layer in (CubesAndDoubles, Cubes))
    assert "`d_inputs` is the right derivative of what your own `CubesAndDoubles.forward` computes." in both
    assert both.endswith("`d_weight` and `again` are not: something in the gradient itself is wrong as well.")
    assert "not:" not in one


def test_nan_that_comes_each_time_is_neither_shared_state_nor_another_answer() -> None:
    assert not {"shared-state", "second-call"} & said(GivesNan).keys()


def test_the_students_own_words_are_used() -> None:
    text = said(Ignores)["upstream-ignored"]
    assert "`Ignores.backward` never uses `d_out`" in text
    assert "`d_inputs`, `d_weight` and `again`" in text


def test_the_object_may_have_any_name() -> None:
    assert "`CallsItself.backward` never uses `g`" in said(CallsItself)["upstream-ignored"]
    assert of_method(CallsItself, "forward") == ["inputs", "weight"]
    assert of_method(CallsItself, "size_of") == ["array"]


def test_one_gradient_without_what_comes_in_is_not_all_of_them() -> None:
    text = said(IgnoresInOne)["upstream-ignored"]
    assert "makes `d_weight` and `again` without `d_out`: they stay the same" in text
    assert "never uses" not in text


def test_a_layer_that_cannot_be_copied_tells_nothing() -> None:
    assert said(Raises) == {}


@pytest.mark.parametrize(
    "facts",
    [
        b"not json", b"[" * 5000, b"{}", b"[1, null]",
        json.dumps([{"kind": "ignored", "arrays": ["secret"], "function": "f"}]).encode(),
        json.dumps([{"kind": "ignored", "arrays": ["d_inputs"], "function": "f\n<b>"}]).encode(),
        json.dumps([{"kind": "told", "arrays": ["d_inputs"], "function": "f"}]).encode(),
    ],
)  # fmt: skip
def test_forged_facts_are_not_believed(facts: bytes) -> None:
    assert read_facts({"facts": np.frombuffer(facts, dtype=np.uint8)}, NAMES) == ()


class AddsAtEachCall(Layer):
    def backward(self, d_out: Any) -> Any:
        d_inputs, d_weight = super().backward(d_out)
        self.total = getattr(self, "total", 0) + d_weight
        return d_inputs, self.total.copy()


class Overflows(Layer):
    def forward(self, inputs: Any, weight: Any) -> Any:
        return super().forward(inputs, weight) * np.exp(abs(inputs).max()) / np.exp(abs(inputs).max())


def quiet_probe(student: Any, rng: Any) -> dict[str, Any]:
    """One object, one call of each pass: nothing here shows what a second one would."""
    layer = student.Layer()
    out = layer.forward(rng.normal(size=(4, 3)), rng.normal(size=(3, 2)))
    d_inputs, d_weight = layer.backward(rng.normal(size=(4, 2)))
    return {"out": out, "d_inputs": d_inputs, "d_weight": d_weight}


@pytest.mark.parametrize(
    ("layer", "code"),
    [(Layer, None), (AddsAtEachCall, "second-call"), (Shares, "shared-state"), (Overflows, "not-finite")],
)
def test_what_a_probe_did_not_ask_is_seen_when_asked_for(layer: type, code: str | None) -> None:
    names = ("out", "d_inputs", "d_weight")
    with np.errstate(all="ignore"):
        usual, unasked = (
            read_facts(observe_behaviour(quiet_probe, Student(layer), np.random.default_rng(3), unasked=unasked), names)
            for unasked in (False, True)
        )
    assert (state(usual, names), large(usual, names)) == (None, None)
    assert [c.code for c in (state(unasked, names), large(unasked, names)) if c] == ([code] if code else [])


class Keeps(Layer):
    """Keeps its gradient, as layers with a `dW` do."""

    def backward(self, d_out: Any) -> Any:
        d_inputs, self.d_weight = super().backward(d_out)
        return d_inputs


class KeepsAndAdds(Layer):
    d_weight: Any = None

    def backward(self, d_out: Any) -> Any:
        d_inputs, d_weight = super().backward(d_out)
        self.d_weight = d_weight if self.d_weight is None else self.d_weight + d_weight
        return d_inputs


def keeping_probe(student: Any, rng: Any, *, calls: int = 2) -> dict[str, Any]:
    layer, d_out = student.Layer(), rng.normal(size=(5, 3))
    layer.forward(rng.normal(size=(5, 4)), rng.normal(size=(4, 3)))
    d_inputs = [layer.backward(d_out) for _ in range(calls)][-1]
    return {"d_inputs": d_inputs, "d_weight": np.array(layer.d_weight)}


def test_a_gradient_that_is_kept_and_grows_is_seen_where_it_is_asked_for_twice() -> None:
    def found(layer: type, calls: int, *, unasked: bool = False) -> list[str]:
        packed = observe_behaviour(
            lambda student, rng: keeping_probe(student, rng, calls=calls),
            Student(layer),
            np.random.default_rng(3),
            unasked=unasked,
        )
        facts = read_facts(packed, ("d_inputs", "d_weight"))
        return [name for fact in facts if fact.kind == "second" for name in fact.arrays]

    assert found(KeepsAndAdds, 2) == ["d_weight"]
    assert found(Keeps, 2) == []
    # a course may want gradients added up until they are set to zero
    assert found(KeepsAndAdds, 1, unasked=True) == []
