"""Other formulas that stand where a known one belongs, in families.

A family knows its formula by what a call returns, whatever the function is called and however it is written: a result
that is the larger of x and 0 of an argument x is a ReLU's. Each other formula of the family then gives what would come
out with it. The formulas themselves are in `activations`, `softmaxes`, `losses` and `binary`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from grader.worker.experiments.catalogue.activations import ACTIVATIONS, BENT, SLOPES, is_activation, is_slope, sloped
from grader.worker.experiments.catalogue.basics import Arguments, Array, Formula
from grader.worker.experiments.catalogue.binary import BINARY, BINARY_GRADIENTS, is_binary_gradient, is_binary_loss
from grader.worker.experiments.catalogue.losses import GRADIENTS, LOSSES, is_loss, is_loss_gradient
from grader.worker.experiments.catalogue.softmaxes import NORMALISED, is_softmax


class Family(NamedTuple):
    """Formulas in each other's place."""

    known: Callable[[Array, Arguments], Iterator[tuple[Any, ...]]]
    """The arguments of the formulas, if the result is this family's of them."""
    others: Sequence[Formula]


FAMILIES: dict[str, Family] = {
    "activation": Family(is_activation, ACTIVATIONS),
    "slope": Family(is_slope, (*map(sloped, SLOPES), *BENT)),
    "softmax": Family(is_softmax, NORMALISED),
    "loss": Family(is_loss, LOSSES),
    "loss gradient": Family(is_loss_gradient, GRADIENTS),
    "binary loss": Family(is_binary_loss, BINARY),
    "binary gradient": Family(is_binary_gradient, BINARY_GRADIENTS),
}


def other(result: Array, arguments: Arguments, family: str, which: str) -> Array:
    """What another formula of the family gives, by its place; with none something that differs from the result.

    Raises ValueError if the result is not one of this family, or the formula does not apply.
    """
    for terms in FAMILIES[family].known(result, arguments):
        if not which:
            return result + 1
        made = np.asarray(FAMILIES[family].others[int(which)].of(*terms), dtype=float)
        return made.reshape(result.shape) if made.size == result.size else made
    raise ValueError("not of this family")
