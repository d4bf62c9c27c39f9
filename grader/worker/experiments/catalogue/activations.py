"""Other functions that stand where an activation, its derivative or a softmax belongs.

Each table belongs to one known formula; `x` is its argument, `d` the incoming derivative. Words complete "in `f`, ...".
Formulas are those of the field's textbooks: Goodfellow, Bengio, Courville, Deep Learning (2016), sections 4.1 and 6.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

import numpy as np

from grader.worker.experiments.catalogue.basics import Arguments, Array, Formula, positive, same, sigmoid

FUNCTION, CONSTANT, MASK, LEAK = "wrong-function", "wrong-constant", "wrong-mask", "missing-mask"
SIGN, FACTOR, VARIABLE, AXIS = "wrong-sign", "missing-factor", "wrong-variable", "wrong-axis"
INSIDE = "inside the exponential"
FUNCTIONS = (positive, sigmoid, np.tanh)


def bell(x: Array) -> Array:
    """The derivative of the sigmoid."""
    result: Array = sigmoid(x) * (1 - sigmoid(x))
    return result


def step(x: Array) -> Array:
    """The derivative of the ReLU: 1 where x is positive, else 0."""
    return (x > 0).astype(float)


def _slope(slope: float) -> Callable[[Array], Array]:
    return lambda x: np.asarray(np.where(x > 0, x, slope * x))


ACTIVATIONS = (
    Formula(FUNCTION, "a ReLU, the larger of the number and 0, is returned", positive),
    Formula(FUNCTION, "the sigmoid is returned", sigmoid),
    Formula(FUNCTION, "the hyperbolic tangent, tanh, is returned", np.tanh),
    Formula("missing-function", "the argument is returned as it came in: no activation is applied to it, and negative"
            " numbers are let through", lambda x: x),
    Formula(FUNCTION, "the softplus is returned, the logarithm of 1 plus the exponential",
            lambda x: np.logaddexp(0, x)),
    Formula(FUNCTION, "an exponential, exp - 1, stands for negative numbers, as in an ELU",
            lambda x: np.asarray(np.where(x > 0, x, np.expm1(x)))),
    *(
        Formula(LEAK, f"negative numbers are not cut off but multiplied by {slope}, as by a leaky ReLU", _slope(slope))
        for slope in (0.01, 0.1, 0.2, 0.05, 0.001)
    ),
    Formula(FUNCTION, "the absolute value is returned", np.abs),
    Formula(FUNCTION, "the square is returned", np.square),
    Formula(FUNCTION, "the square is returned where the number is positive", lambda x: positive(x) ** 2),
    Formula(FUNCTION, "the exponential is returned", np.exp),
    Formula(FUNCTION, "the sign is returned, -1 or 1", np.sign),
    Formula(FUNCTION, "the mask is returned, 1 where the number is positive, and not what it lets through", step),
    Formula(FUNCTION, "the other mask is returned, 1 where the number is negative", lambda x: 1 - step(x)),
    Formula(MASK, "the negative numbers are let through, and the positive ones are cut off: the comparison is the wrong"
            " way round", lambda x: np.minimum(x, 0)),
    Formula(MASK, "negative numbers come out with the other sign, and the positive ones are cut off",
            lambda x: positive(-x)),
    *(
        Formula(CONSTANT, f"the threshold, below which numbers are cut off, is {at} and not 0",
                lambda x, at=at: x * (x > at))
        for at in (1, 0.5, 0.1, -1)
    ),
    *(
        Formula(CONSTANT, f"nothing comes out below {at}: the larger of the number and {at} is taken, a wrong constant",
                lambda x, at=at: np.maximum(x, at))
        for at in (1, 0.1, 0.01, 0.5, -1, 0.001)
    ),
    *(
        Formula(FUNCTION, f"large numbers are cut off as well, at {top}", lambda x, top=top: np.clip(x, 0, top))
        for top in (1, 6)
    ),
    Formula(FUNCTION, "the number is cut off at 1 and -1", lambda x: np.clip(x, -1, 1)),
    Formula(CONSTANT, "1 stands where the number is negative, and not 0", lambda x: np.where(x > 0, x, 1.0)),
    Formula(CONSTANT, "-1 stands where the number is negative, and not 0", lambda x: np.where(x > 0, x, -1.0)),
    Formula(FUNCTION, "the number times its sigmoid is returned", lambda x: x * sigmoid(x)),
    Formula(SIGN, "the sign in the exponential is wrong: the sigmoid is mirrored, and falls where it should rise",
            lambda x: sigmoid(-x)),
    Formula("missing-term", "the term 1 in the denominator is missing", np.exp),
    Formula("missing-division", "the quotient is missing: only its denominator is returned", lambda x: 1 + np.exp(-x)),
    Formula("missing-division", "the quotient is missing: only its denominator is returned, with the wrong sign in the"
            " exponential", lambda x: 1 + np.exp(x)),
    Formula(SIGN, "a sign in the denominator is wrong: the exponential is subtracted", lambda x: 1 / (1 - np.exp(-x))),
    Formula(SIGN, "two signs are wrong in the denominator", lambda x: 1 / (1 - np.exp(x))),
    Formula(FUNCTION, "a power of 2 stands for the exponential", lambda x: 1 / (1 + np.exp2(-x))),
    Formula(FUNCTION, "a power of 10 stands for the exponential", lambda x: 1 / (1 + 10.0**-x)),
    *(
        Formula("extra-factor", f"there is a factor {words} {INSIDE}", lambda x, by=by: sigmoid(by * x))
        for words, by in (("2", 2), ("1/2", 0.5))
    ),
    Formula(FUNCTION, "the derivative of the sigmoid is returned, and not the sigmoid itself", bell),
    Formula(FUNCTION, "the sigmoid is applied twice", lambda x: sigmoid(sigmoid(x))),
    Formula(FUNCTION, "the logarithm of the sigmoid is returned", lambda x: np.log(sigmoid(x))),
    Formula(FUNCTION, "the number over 1 plus its absolute value is returned, another function of that form",
            lambda x: x / (1 + np.abs(x))),
    Formula(FUNCTION, "the absolute value is taken inside the exponential", lambda x: sigmoid(np.abs(x))),
    Formula(CONSTANT, "the constant in the denominator is 2 and not 1", lambda x: 1 / (2 + np.exp(-x))),
    Formula(CONSTANT, "the numerator is 2 and not 1: the constant is wrong", lambda x: 2 / (1 + np.exp(-x))),
    Formula("extra-term", "1 is subtracted at the end, as if the result should lie around 0", lambda x: sigmoid(x) - 1),
    Formula("extra-term", "it is twice the sigmoid minus 1, a hyperbolic tangent", lambda x: 2 * sigmoid(x) - 1),
    Formula("missing-factor", "the square is missing in the exponentials of the hyperbolic tangent",
            lambda x: np.tanh(x / 2)),
    Formula("wrong-operation", "the exponential of the sigmoid is in the numerator only",
            lambda x: np.exp(-x) / (1 + np.exp(-x))),
)  # fmt: skip


def is_activation(result: Array, arguments: Arguments) -> Iterator[tuple[Any, ...]]:
    """The argument of which it is the ReLU, the sigmoid or the hyperbolic tangent."""
    for x in arguments.values():
        if x.dtype.kind == "f" and x.any() and any(same(result, f(x)) for f in FUNCTIONS):
            yield (x,)


OF_X = "the derivative is the one of "
SLOPES = (
    Formula(LEAK, "what comes in is handed on as it is, without the derivative of the activation: the mask or factor"
            " of this step is missing", np.ones_like),
    Formula(MASK, "the mask is the wrong way round: it lets through what belongs to negative numbers",
            lambda x: 1 - step(x)),
    Formula(MASK, "the sign stands for the mask: what belongs to negative numbers comes out with the other sign, as -1"
            " and not as 0", np.sign),
    *(
        Formula(LEAK, f"the mask is {slope} for negative numbers, as in a leaky ReLU, and not 0",
                lambda x, slope=slope: np.where(x > 0, 1, slope))
        for slope in (0.01, 0.1, 0.2, 0.05, 0.001)
    ),
    Formula(MASK, "the ReLU itself, its output, stands for the mask: the number comes in as a factor", positive),
    Formula(MASK, "the input itself stands for the mask, as a factor", lambda x: x),
    Formula(MASK, "the absolute value of the input stands for the mask", np.abs),
    Formula(MASK, "the square of the ReLU stands for the mask", lambda x: positive(x) ** 2),
    *(
        Formula(CONSTANT, f"the mask begins at {at} and not at 0: the threshold is wrong",
                lambda x, at=at: (x > at) * 1.0)
        for at in (1, 0.5, 0.1, -1)
    ),
    Formula(MASK, "the mask lets nothing through", np.zeros_like),
    Formula(FACTOR, "one of the two factors of the derivative is missing: the sigmoid itself is taken", sigmoid),
    Formula(FACTOR, "one of the two factors of the derivative, the sigmoid, is missing", lambda x: 1 - sigmoid(x)),
    Formula(SIGN, "something is added in the derivative of the sigmoid that should be subtracted",
            lambda x: sigmoid(x) * (1 + sigmoid(x))),
    Formula(SIGN, "a difference is taken the wrong way round: the derivative has the wrong sign",
            lambda x: -bell(x)),
    Formula(FUNCTION, "the square of the sigmoid is taken for its derivative: a term is missing",
            lambda x: sigmoid(x) ** 2),
    Formula(FUNCTION, "the square of the sigmoid is subtracted from 1, as one does with the hyperbolic tangent",
            lambda x: 1 - sigmoid(x) ** 2),
    Formula(FUNCTION, "a square too many: the derivative of the sigmoid comes in twice", lambda x: bell(x) ** 2),
    Formula(FUNCTION, "one factor of the derivative is squared", lambda x: sigmoid(x) * (1 - sigmoid(x)) ** 2),
    Formula(FUNCTION, "one factor of the derivative, the sigmoid, is squared",
            lambda x: sigmoid(x) ** 2 * (1 - sigmoid(x))),
    Formula(FUNCTION, OF_X + "the hyperbolic tangent", lambda x: 1 - np.tanh(x) ** 2),
    Formula(FUNCTION, OF_X + "the sigmoid", bell),
    Formula(FUNCTION, OF_X + "the ReLU, a mask", step),
    Formula(FUNCTION, OF_X + "the exponential", np.exp),
    Formula(FUNCTION, OF_X + "the hyperbolic tangent without its square: a power is missing", lambda x: 1 - np.tanh(x)),
    Formula(VARIABLE, "the derivative is taken at the activation, the output of the sigmoid, in place of its argument:"
            " the sigmoid is applied twice", lambda x: bell(sigmoid(x))),
    Formula(VARIABLE, "the argument stands in place of the activation: the sigmoid of it is missing in both factors",
            lambda x: x * (1 - x)),
    Formula(VARIABLE, "the argument `x` stands in place of its sigmoid in one of the two factors",
            lambda x: x * (1 - sigmoid(x))),
    Formula(VARIABLE, "the argument `x` stands in place of its sigmoid in one of the two factors",
            lambda x: sigmoid(x) * (1 - x)),
    Formula("missing-division", "the exponential is taken without the denominator below it", lambda x: np.exp(-x)),
    Formula("missing-function", "a square is missing in the denominator: a factor, the sigmoid, is missing",
            lambda x: sigmoid(-x)),
    Formula(SIGN, "the exponential in the numerator has the wrong sign", lambda x: np.exp(x) * sigmoid(x) ** 2),
    Formula(SIGN, "the mask has the wrong sign", lambda x: -step(x)),
    *(
        Formula("extra-factor", f"there is a factor {words} of the derivative", lambda x, by=by: by * bell(x))
        for words, by in (("2", 2), ("1/2", 0.5))
    ),
    Formula("extra-factor", "the argument comes in once more as a factor", lambda x: x * bell(x)),
    Formula(FUNCTION, "the hyperbolic tangent itself is taken, and not its derivative", np.tanh),
    Formula(FUNCTION, "the softplus is taken, the logarithm of 1 plus the exponential", lambda x: np.logaddexp(0, x)),
    Formula("missing-term", "the term 1 is missing in a factor of the derivative", lambda x: -sigmoid(x) ** 2),
)  # fmt: skip


def is_slope(result: Array, arguments: Arguments) -> Iterator[tuple[Any, ...]]:
    """The point of the derivative of an activation, and the incoming derivative, which may be absent."""
    known = (step, bell, lambda x: 1 - np.tanh(x) ** 2)
    alike = [a for a in arguments.values() if a.shape == result.shape and a.dtype.kind == "f" and a.any()]
    for x in alike:
        if any(same(result, f(x)) for f in known) and np.ptp(result) > 0:
            yield x, None
    for x, d in permutations(alike, 2):
        if any(same(result, f(x) * d) for f in known):
            yield x, d


def sloped(formula: Formula) -> Formula:
    """A formula of the derivative alone, as one that multiplies what comes in."""

    def of(x: Array, d: Array | None) -> Array:
        slope = np.asarray(formula.of(x), dtype=float)
        return slope if d is None else slope * d

    return formula._replace(of=of)


def _with(of: Callable[[Array, Array], Array]) -> Callable[[Array, Array | None], Array]:
    def result(x: Array, d: Array | None) -> Array:
        if d is None:
            raise ValueError("nothing comes in")
        return of(x, d)

    return result


IN = "the incoming derivative, the upstream gradient,"
BENT = (
    Formula(MASK, f"the mask is made of {IN} and not of the input", _with(lambda x, d: d * (d > 0))),
    Formula(MASK, f"where {IN} is negative nothing is let through either: the mask asks for more than the sign of the"
            " input", _with(lambda x, d: d * (d > 0) * (x > 0))),
    Formula(MASK, f"the mask compares the input with {IN} and not with 0", _with(lambda x, d: d * (x > d))),
    Formula(MASK, f"the mask is made of the product of the input with {IN}", _with(lambda x, d: d * (x * d > 0))),
    Formula(FACTOR, f"only the mask or derivative is returned: {IN} is missing as a"
            f" factor", _with(lambda x, d: step(x))),
    Formula(FACTOR, f"only the derivative is returned: {IN} is missing as a factor", _with(lambda x, d: bell(x))),
    Formula(VARIABLE, f"the input is let through by the mask, the output of the ReLU, in place of {IN} itself",
            _with(lambda x, d: positive(x))),
    Formula(MASK, f"the ReLU is applied to the product of the input and {IN}", _with(lambda x, d: positive(x * d))),
    Formula("wrong-operation", f"the mask is added to {IN} and not multiplied with"
            f" it", _with(lambda x, d: d + step(x))),
    Formula("wrong-operation", f"the output of the ReLU is added to {IN}", _with(lambda x, d: d + positive(x))),
    Formula(MASK, f"the activation is applied to {IN} not its derivative at the input", _with(lambda x, d: sigmoid(d))),
    Formula(VARIABLE, f"the derivative of the activation is taken at {IN} and not at the input",
            _with(lambda x, d: bell(d))),
    Formula(VARIABLE, f"the derivative of the activation is taken at {IN} and not at the input",
            _with(lambda x, d: d * bell(d))),
    Formula(VARIABLE, f"{IN} stands in the place of the activation in the derivative", _with(lambda x, d: d * (1 - d))),
    Formula("missing-division", "the derivative divides where it should multiply", _with(lambda x, d: d / bell(x))),
    Formula(MASK, f"1 stands for all of {IN} where it is positive", _with(lambda x, d: (d > 0) * (x > 0) * 1.0)),
)  # fmt: skip
