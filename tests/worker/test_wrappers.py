"""Functions with one argument or one result changed: what comes out, and that nothing else does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.diagnosis.codes import CODES
from grader.diagnosis.mutation.compound import SourceText
from grader.diagnosis.mutation.wrapper_specs import alone, asked, functions, within
from grader.worker.experiments import wrappers as wrapping
from grader.worker.experiments.catalogue.effects import IN_ONE_CALL, ON_ARGUMENT, ON_RESULT, WITH_ARGUMENT, WITH_OTHER

RNG = np.random.default_rng(3)
X, W, B, D = RNG.normal(size=(6, 4)), RNG.normal(size=(4, 3)), RNG.normal(size=3), RNG.normal(size=(6, 3))
SOURCE = """import numpy as np


def relu(x):
    ### BEGIN SOLUTION
    return np.maximum(x, 0)
    ### END SOLUTION


class Affine:
    def forward(self, x, w, b):
        self.cache = x, w
        ### BEGIN SOLUTION
        return x @ w + b
        ### END SOLUTION

    def backward(self, d_out):
        x, w = self.cache
        ### BEGIN SOLUTION
        self.db = d_out.sum(axis=0)
        return d_out @ w.T, x.T @ d_out
        ### END SOLUTION


def network(x, w, b):
    ### BEGIN SOLUTION
    hidden = relu(Affine().forward(x, w, b))
    return hidden.sum(axis=1)
    ### END SOLUTION
"""
BASES = [SourceText("f.py", SOURCE, "f")]


class Affine:
    def forward(self, x: Any, w: Any, b: Any) -> Any:
        self.cache = x, w
        return x @ w + b

    def backward(self, d_out: Any) -> Any:
        x, w = self.cache
        self.db = d_out.sum(axis=0)
        return d_out @ w.T, x.T @ d_out


def changed(place: str, change: str) -> tuple[Any, Any, Any]:
    """dx, dw and db of a layer whose backward pass is changed."""

    class Changed(Affine):
        forward = wrapping.remembered(Affine.forward, "Affine.forward")
        backward = wrapping.wrapped(Affine.backward, place, change, stem="Affine.forward")

    layer = Changed()
    layer.forward(X, W, B)
    dx, dw = layer.backward(D)
    return dx, dw, layer.db


RIGHT = (D @ W.T, X.T @ D, D.sum(axis=0))


@pytest.mark.parametrize(
    ("place", "change", "expected"),
    [
        ("argument:d_out", "ones", (np.ones_like(D) @ W.T, X.T @ np.ones_like(D), np.full(3, 6.0))),
        ("argument:d_out", "negative", tuple(-r for r in RIGHT)),
        ("kept:x", "absolute", (RIGHT[0], np.abs(X).T @ D, RIGHT[2])),
        ("kept:x", "row mean", (RIGHT[0], np.broadcast_to(X.mean(axis=0), X.shape).T @ D, RIGHT[2])),
        ("kept:w", "square", (D @ (W**2).T, RIGHT[1], RIGHT[2])),
        ("result:0", "negative", (-RIGHT[0], RIGHT[1], RIGHT[2])),
        ("result:1", "over rows", (RIGHT[0], RIGHT[1] / 6, RIGHT[2])),
        ("result:1", "over columns:w", (RIGHT[0], RIGHT[1] / 3, RIGHT[2])),
        ("result:1", "plus:w", (RIGHT[0], RIGHT[1] + W, RIGHT[2])),
        ("kept:w", "and:w", (D @ (2 * W).T, RIGHT[1], RIGHT[2])),
        ("kept:x", "by:x", (RIGHT[0], (X * X).T @ D, RIGHT[2])),
        ("result:attribute:db", "times:b", (RIGHT[0], RIGHT[1], RIGHT[2] * B)),
        ("result:attribute:db", "largest instead:d_out", (RIGHT[0], RIGHT[1], D.max(axis=0))),
    ],
)
def test_one_thing_is_changed(place: str, change: str, expected: Any) -> None:
    for got, wanted in zip(changed(place, change), expected, strict=True):
        np.testing.assert_allclose(got, wanted)


@pytest.mark.parametrize("place", ["result:7", "result:key:W1", "result:attribute:nothing", "argument:other", "kept:y"])
def test_what_is_not_there_is_left_as_it_is(place: str) -> None:
    change = "negative" if place.startswith("result") else "square"
    for got, wanted in zip(changed(place, change), RIGHT, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_what_the_forward_pass_kept_is_put_back() -> None:
    class Changed(Affine):
        forward = wrapping.remembered(Affine.forward, "once.forward")
        backward = wrapping.wrapped(Affine.backward, "kept:x", "square", stem="once.forward")

    layer = Changed()
    layer.forward(X, W, B)
    first = layer.backward(D)[1]
    np.testing.assert_array_equal(layer.cache[0], X)
    np.testing.assert_array_equal(layer.backward(D)[1], first)


def test_a_change_inside_a_network_spares_calls_from_elsewhere() -> None:
    def double(x: Any) -> Any:
        return 2 * x

    inner = wrapping.wrapped(double, "result", "negative", within="network")

    def network(x: Any) -> Any:
        return inner(x) + 1

    outer = wrapping.marked(network, "network")
    np.testing.assert_array_equal(inner(X), 2 * X)
    np.testing.assert_array_equal(outer(X), 1 - 2 * X)
    np.testing.assert_array_equal(inner(X), 2 * X)


def test_functions_are_found_with_their_forward_pass_and_their_results() -> None:
    found = {f.name: f for f in functions(BASES)}
    assert found["relu"].results == ("result",)
    backward = found["Affine.backward"]
    assert backward.forward is not None
    assert backward.forward.name == "Affine.forward"
    assert set(backward.results) == {"result:0", "result:1", "result:attribute:db"}


def test_every_variant_is_code_and_says_what_it_is() -> None:
    known = set(asked(BASES))
    variants = [*alone(BASES, known), *within(BASES, known)]
    assert {v.hypothesis.function for v in variants} == {"relu", "Affine.forward", "Affine.backward", "network"}
    for variant in variants:
        assert variant.hypothesis.code in CODES
        assert variant.hypothesis.text
        for _, _, source in variant.definitions:
            compile(source, "f.py", "exec")
    skipped = [
        v.hypothesis.text for v in variants if v.hypothesis.function == "network" and "left out" in v.hypothesis.text
    ]
    assert "`relu` is left out: `x` goes on as it is" in skipped


@pytest.mark.parametrize("table", [ON_ARGUMENT, IN_ONE_CALL, ON_RESULT, WITH_OTHER, WITH_ARGUMENT])
def test_effects_have_a_code_and_words(table: dict[str, Any]) -> None:
    for effect in table.values():
        assert effect.code in CODES
        assert "np." not in effect.words


def test_one_result_alone_is_made_of_a_changed_argument() -> None:
    for place, at in (("result:1", 1), ("result:attribute:db", 2)):
        got = changed(f"argument:d_out>{place}", "ones")
        ones = changed("argument:d_out", "ones")
        for number in range(3):
            np.testing.assert_allclose(got[number], ones[number] if number == at else RIGHT[number])


def test_one_of_several_calls_is_changed() -> None:
    inner = wrapping.wrapped(lambda x: x + 1, "argument:x", "zeros", within="net", call=1)
    net = wrapping.marked(lambda x: [inner(x), inner(x), inner(x)], "net")
    for _ in range(2):  # counted anew in every call
        first, second, third = net(X)
        np.testing.assert_array_equal(first, X + 1)
        np.testing.assert_array_equal(second, np.ones_like(X))
        np.testing.assert_array_equal(third, X + 1)


def test_a_backward_pass_may_take_what_went_into_an_activation() -> None:
    relu = wrapping.remembered(lambda x: np.maximum(x, 0), "relu")
    layer = Affine()
    layer.forward(relu(X), W, B)
    backward = wrapping.wrapped(Affine.backward, "kept:x", "before", stem="Affine.forward")
    forward = wrapping.remembered(Affine.forward, "Affine.forward")
    forward(layer, relu(X), W, B)
    dx, dw = backward(layer, D)
    assert np.array_equal(dx, D @ W.T)
    assert np.array_equal(dw, X.T @ D)


def test_it_is_tried_in_functions_that_call_both() -> None:
    source = SOURCE.replace("return hidden.sum(axis=1)", "return Affine().backward(hidden)")
    found = within([SourceText("f.py", source, "f")], set())
    words = "at the step of `Affine.backward` `x` is what goes into `relu`, before the activation"
    (variant,) = (v for v in found if v.hypothesis.text == words)
    assert (
        "remembered(relu, 'relu')" in variant.definitions[0][2] + variant.definitions[1][2] + variant.definitions[2][2]
    )
