"""Hidden checks of exercise 9: other sizes, large logits, and what a layer remembers between its calls.

Eight of the twenty points. A layer that answers the public points by heart, keeps its memory in its class, or alters
what it was given, shows here.
"""

import numpy as np
from checks import (
    AFFINE,
    CROSS_ENTROPY,
    LAYERS,
    NETWORK,
    RELU,
    THROUGH_THE_NETWORK,
    batch,
    gradients,
    network,
    off_zero,
    one_hot,
)

from grader import check

UNDERFLOW = -800.0  # exp of it is 0


def affine_arguments(rng, samples, inputs, outputs):
    return rng.normal(size=(samples, inputs)), rng.normal(size=(inputs, outputs)), rng.normal(size=outputs)


def answers(backward, backward_other, d_out):
    """What the first layer answers, what it answers when asked again, and what the other says to the same `d_out`."""
    # Copies of the first answer, since the second may reuse its memory
    first = [array.copy() if isinstance(array, np.ndarray) else array for array in backward(d_out)]
    return {"": first, "_again": backward(d_out), "_other": backward_other(d_out)}


@check(AFFINE, points=1, uses=["Affine"])
def affine_forward_sizes(student, rng):
    """Output of the affine layer for a single row, few and many units"""
    sizes = {"out_one_row": (1, 4, 6), "out_narrowing": (5, 13, 2), "out_widening": (8, 3, 10)}
    return {name: student.Affine().forward(*affine_arguments(rng, *size)) for name, size in sizes.items()}


@check(AFFINE, points=1, uses=["Affine"])
def affine_two_layers(student, rng):
    """Gradients of two affine layers with the same inputs and the same d_out; the first is asked twice"""
    one, other = student.Affine(), student.Affine()
    inputs, weight, bias = affine_arguments(rng, 6, 4, 9)
    d_out = rng.normal(size=(6, 9))
    one.forward(-inputs, weight + 1, bias)  # an earlier batch, of which nothing may be left
    one.forward(inputs, weight, bias)
    other.forward(inputs, rng.normal(size=(4, 9)), rng.normal(size=9))
    seen = answers(one.backward, other.backward, d_out)
    return {
        f"{name}{suffix}": array
        for suffix, arrays in seen.items()
        for name, array in zip(("d_inputs", "d_weight", "d_bias"), arrays, strict=True)
    }


@check(RELU, points=1, uses=["ReLU"])
def relu_two_layers(student, rng):
    """Gradients of two ReLU layers, of x and of -x, with the same d_out; the first is asked twice"""
    one, other = student.ReLU(), student.ReLU()
    inputs, d_out = off_zero(rng, 3, 5, 4), rng.normal(size=(3, 5, 4))
    one.forward(np.roll(inputs, 1, axis=1))  # an earlier batch, of which nothing may be left
    one.forward(inputs)
    other.forward(-inputs)  # all zero, and so is its gradient, if the first has rectified its inputs in place
    seen = answers(lambda d: [one.backward(d)], lambda d: [other.backward(d)], d_out)
    return {f"d_inputs{suffix}": arrays[0] for suffix, arrays in seen.items()}


@check(CROSS_ENTROPY, points=1, uses=["CategoricalCrossEntropy"])
def cross_entropy_value_sizes(student, rng):
    """Value of the cross-entropy for one sample, two classes, many classes"""
    sizes = {"loss_one_sample": (1, 6), "loss_two_classes": (13, 2), "loss_many_classes": (5, 17)}
    return {
        name: student.CategoricalCrossEntropy().forward(2 * rng.normal(size=size), one_hot(rng, *size))
        for name, size in sizes.items()
    }


@check(CROSS_ENTROPY, points=1, uses=["CategoricalCrossEntropy"])
def cross_entropy_large_logits(student, rng):
    """Value of the cross-entropy for logits as far apart as 1000 and 0"""
    largest = one_hot(rng, 5, 4)
    levels = np.linspace(-1000, 1000, 5)[:, None]  # so that each row needs its own maximum subtracted
    logits = rng.uniform(0, 1, size=(5, 4)) + 1000 * largest + levels
    small = np.roll(largest, 1, axis=1)
    return {
        "loss_label_has_largest_logit": student.CategoricalCrossEntropy().forward(logits.copy(), largest),
        "loss_label_has_small_logit": student.CategoricalCrossEntropy().forward(logits.copy(), small),
    }


@check(CROSS_ENTROPY, points=1, uses=["CategoricalCrossEntropy"])
def cross_entropy_two_layers(student, rng):
    """Gradients of two cross-entropy layers with the same labels, the first asked twice; of probabilities that are 0"""
    one, other = student.CategoricalCrossEntropy(), student.CategoricalCrossEntropy()
    logits, labels = rng.normal(size=(8, 5)), one_hot(rng, 8, 5)
    one.forward(-logits, labels[::-1].copy())  # an earlier batch, of which nothing may be left
    one.forward(logits, labels)
    # Rolled, two rows meet in one, so that it shows if the first layer has shifted the rows in place.
    other.forward(np.roll(logits, 3), labels)
    seen = answers(lambda _: [one.backward()[0]], lambda _: [other.backward()[0]], None)
    apart = student.CategoricalCrossEntropy()
    # No exp overflows, and each largest logit is 0: what a forward does with large ones is asked elsewhere.
    apart.forward(UNDERFLOW * (1 - one_hot(rng, 8, 5)), labels)
    twice = {f"d_logits{suffix}": arrays[0] for suffix, arrays in seen.items()}
    return {**twice, "d_logits_probability_0": apart.backward()[0]}


@check(NETWORK, points=1, uses=["FeedforwardNeuralNet"], builds_on=LAYERS, tolerance=THROUGH_THE_NETWORK)
def network_predict_sizes(student, rng):
    """Class probabilities of two more networks, with few and with many hidden units"""
    seen = {}
    for name, size in {"few_hidden": (9, 3, 4), "many_hidden": (4, 15, 6)}.items():
        net, values = network(student, rng, *size)
        seen[name] = net.predict(batch(rng, values, 22)[0])
    return seen


@check(NETWORK, points=1, uses=["FeedforwardNeuralNet"], builds_on=LAYERS, tolerance=THROUGH_THE_NETWORK)
def network_gradients_sizes(student, rng):
    """Gradients of two more networks, with few and with many hidden units, the second at its second step"""
    few, values = network(student, rng, 9, 3, 4)
    seen = {"few_hidden": gradients(few, *batch(rng, values, 22))}
    many, values = network(student, rng, 4, 15, 6)
    many.step(*batch(rng, values, 26))
    return {**seen, "many_hidden": gradients(many, *batch(rng, values, 26))}
