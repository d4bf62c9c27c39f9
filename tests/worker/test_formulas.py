"""Other formulas: each family knows its own, gives another of the same shape, and words that give no code away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.diagnosis.codes import CODES
from grader.worker.experiments.catalogue.formulas import FAMILIES, other

RNG = np.random.default_rng(5)
X, D = RNG.normal(size=(5, 4)), RNG.normal(size=(5, 4))
LABELS = np.array([3, 0, 2, 1, 0])
HOT = np.eye(4)[LABELS]


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


P = np.exp(X) / np.exp(X).sum(axis=1, keepdims=True)
Q, Y = sigmoid(X[:, 0]), np.array([1.0, 0.0, 1.0, 1.0, 0.0])
KNOWN = [
    ("activation", np.maximum(X, 0), {"x": X}),
    ("activation", sigmoid(X), {"d": D, "x": X}),
    ("slope", D * (X > 0), {"d": D, "x": X}),
    ("slope", sigmoid(X) * (1 - sigmoid(X)), {"x": X}),
    ("softmax", P, {"x": X}),
    ("loss", np.asarray(-np.log(P[np.arange(5), LABELS]).mean()), {"p": P, "y": LABELS}),
    ("loss", np.asarray(-(HOT * np.log(P)).sum() / 5), {"logits": X, "labels": HOT}),
    ("loss gradient", (P - HOT) / 5, {"probabilities": P, "labels": LABELS}),
    ("loss gradient", 3 * (P - HOT) / 5, {"d_out": np.array(3.0), "logits": X, "labels": HOT}),
    ("binary loss", -(Y * np.log(Q) + (1 - Y) * np.log(1 - Q)), {"y": Y, "y_hat": Q}),
    ("binary gradient", (1 - Y) / (1 - Q) - Y / Q, {"y": Y, "y_hat": Q}),
]


@pytest.mark.parametrize(("family", "result", "arguments"), KNOWN)
def test_a_family_knows_its_formula_and_gives_others(family: str, result: Any, arguments: dict[str, Any]) -> None:
    changed = tried = 0
    for number, formula in enumerate(FAMILIES[family].others):
        assert formula.code in CODES, formula.words
        try:
            with np.errstate(all="ignore"):
                made = other(result, arguments, family, str(number))
        except ValueError:
            continue
        tried += 1
        assert made.shape == result.shape, formula.words
        changed += not np.allclose(made, result, equal_nan=True)
    assert tried >= 0.7 * len(FAMILIES[family].others)
    assert changed >= 0.9 * tried


@pytest.mark.parametrize(("family", "result", "arguments"), KNOWN)
def test_what_is_of_no_family_is_left_alone(family: str, result: Any, arguments: dict[str, Any]) -> None:
    for wrong in (result + 0.1, 1.5 * result):
        with pytest.raises(ValueError, match="not of this family"):
            other(wrong, arguments, family, "0")


@pytest.mark.parametrize("family", FAMILIES)
def test_words_are_words(family: str) -> None:
    for formula in FAMILIES[family].others:
        assert formula.words == formula.words.strip()
        assert not formula.words.endswith(".")
        assert "np." not in formula.words
        assert "  " not in formula.words


def one(family: str, words: str, result: Any, arguments: dict[str, Any]) -> Any:
    """What the formula of those words gives."""
    (number,) = (str(n) for n, f in enumerate(FAMILIES[family].others) if f.words == words)
    return other(result, arguments, family, number)


def test_formulas_are_what_their_words_say() -> None:
    softplus = "the softplus is returned, the logarithm of 1 plus the exponential"
    np.testing.assert_allclose(one("activation", softplus, np.maximum(X, 0), {"x": X}), np.log(1 + np.exp(X)))
    both = (
        "where the incoming derivative, the upstream gradient, is negative nothing is let through either: the mask asks"
        " for more than the sign of the input"
    )
    np.testing.assert_allclose(one("slope", both, D * (X > 0), {"d": D, "x": X}), D * (X > 0) * (D > 0))
    loss = np.asarray(-np.log(P[np.arange(5), LABELS]).mean())
    squared = "a squared error stands where the cross-entropy belongs; and a sum is taken where a mean belongs:"
    number = next(n for n, f in enumerate(FAMILIES["loss"].others) if f.words.startswith(squared))
    np.testing.assert_allclose(other(loss, {"p": P, "y": LABELS}, "loss", str(number)), ((P - HOT) ** 2).sum())
    classes = "it is divided by the number of classes (columns), not by the number of samples (rows)"
    arguments = {"d_out": np.array(3.0), "logits": X, "labels": HOT}
    np.testing.assert_allclose(one("loss gradient", classes, 3 * (P - HOT) / 5, arguments), 3 * (P - HOT) / 4)
