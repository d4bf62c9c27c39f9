"""Hidden checks of homework 3: other shapes, sizes and depths, and what a layer does to the arrays that it is given.

31 of the 98 automatic points. Functions that answer the public points by heart, share one cache between two calls, or
alter their inputs show here.
"""

import numpy as np
from checks import (
    AFFINE_BACKWARD,
    AFFINE_FORWARD,
    DEEP_GRADIENTS,
    DEEP_GRADIENTS_L2,
    DEEP_LOSS,
    FORWARD,
    LAYERS,
    RELU_BACKWARD,
    RELU_FORWARD,
    TWO_LAYER_GRADIENTS,
    TWO_LAYER_L2,
    TWO_LAYER_LOSS,
    TWO_LAYER_SCORES,
    affine_arguments,
    off_zero,
)
from checks_networks import gradients, judge_loss_of_scores, l2_term, layers_at, loss_of, put, two_layers_at

from grader import Verdict, check, fail

SHAPES = {"one_row": (1, 4), "narrow": (8, 13), "images": (6, 2, 5, 3)}
"""Shapes of x for the affine layer, each with another number of outputs."""
OUTPUTS = {"one_row": 6, "narrow": 2, "images": 7}
IMAGES = (3, 2, 4)
"""Shape of one sample for the networks."""
LARGE = 800.0
"""Added to all scores alike, which leaves the loss as it is: exp overflows at 710."""
SHALLOW, DEEP = (8, 12, 3), (6, 9, 7, 10, 4)
"""Layer sizes with one and with three hidden layers."""
TEN = (6, *[4] * 11)
"""Layer sizes with ten hidden layers, which have one width: in any order they fit each other."""


def with_new_arrays(net):
    """The network with another dictionary of parameters, as the Solver leaves it: new arrays, of other values."""
    net.params = {name: 0.5 * array for name, array in net.params.items()}
    return net


def is_constant(array):
    """Whether all entries are one number, as where nothing is computed."""
    return array.size == 0 or bool((array == array.flat[0]).all() or (array != array).any())


def judge_kept(seen, given):
    """One verdict for each array that was passed: it still holds what it held, and the call did compute something."""
    results = {n: seen[n] for n in given.golden if n in seen and not n.startswith(("before_", "after_"))}
    befores = [name for name in given.golden if name.startswith("before_")]
    passed = [seen[name] for name in befores if name.removeprefix("before_") not in results]
    idle = any(map(is_constant, results.values()))
    for name in results.keys() & {"out", "dx"}:  # more or less than what a pass is given is no result
        idle = idle or results[name].size != given.golden[name].size
    if "out" in results:  # nor is that itself; a dx that is dout is judged where the gradients are
        idle = idle or any(np.array_equal(results["out"], one) for one in passed)
    for name in [name.removeprefix("before_") for name in given.golden if name.startswith("before_")]:
        before, after = seen[f"before_{name}"], seen[f"after_{name}"]
        told = "nothing is computed" if idle else ""
        if before.shape != after.shape:
            told = f"{name} is changed in place: its shape was {before.shape} and is {after.shape}"
        elif name in seen and (before != after).any():
            told = f"the next call overwrites {name}, which it returned before; a result is a new array every time"
        elif (before != after).any():
            told = f"{name} is changed in place, {(before != after).mean():.0%} of its numbers; none may be"
        yield Verdict(name, not told, told)


def judge_repeated(seen, given):
    """As `judge_kept`, and the second answer to the same question is the first."""
    yield from judge_kept(seen, given)
    for name in [name.removesuffix("_again") for name in given.golden if name.endswith("_again")]:
        once, again = seen.get(name, np.zeros(0)), seen.get(f"{name}_again", np.ones(1))
        same = once.shape == again.shape and np.allclose(once, again, rtol=1e-6, atol=0, equal_nan=True)
        told = "" if same else f"a second backward gives another {name}"
        told = told or ("nothing is computed" if is_constant(once) else "")  # the same zeros are no answer
        yield Verdict(f"{name}_again", not told, told)


def returned(*arrays):
    """What a layer returned; nothing but None is work that has not been begun."""
    if all(array is None for array in arrays):
        raise NotImplementedError("nothing but None is returned")
    return arrays


# ---------------------------------------------------------------- layers


@check(AFFINE_FORWARD, points=2, uses=["affine_forward"])
def affine_forward_shapes(student, rng):
    """Output for a single row, for many inputs and few outputs, and for samples of three dimensions"""
    return {
        name: student.affine_forward(*affine_arguments(rng, shape, OUTPUTS[name]))[0] for name, shape in SHAPES.items()
    }


@check(AFFINE_FORWARD, points=1, uses=["affine_forward"], judge=judge_kept)
def affine_forward_keeps(student, rng):
    """x, w and b are left as they were, and so is the output at the next call"""
    x, w, b = affine_arguments(rng, (5, 2, 3), 4)
    seen = {"before_x": x.copy(), "before_w": w.copy(), "before_b": b.copy()}
    (out,) = returned(student.affine_forward(x, w, b)[0])
    seen |= {"out": np.array(out), "after_x": x.copy(), "after_w": w.copy(), "after_b": b.copy()}
    student.affine_forward(*affine_arguments(rng, (5, 2, 3), 4))
    return {**seen, "before_out": seen["out"], "after_out": out}


@check(AFFINE_BACKWARD, points=4, uses=["affine_forward", "affine_backward"], builds_on=["affine_forward"])
def affine_backward_shapes(student, rng):
    """Gradients for a single row, for many inputs and few outputs, and for samples of three dimensions, in turn"""
    caches = {}
    for name, shape in SHAPES.items():
        _, caches[name] = student.affine_forward(*affine_arguments(rng, shape, OUTPUTS[name]))
    seen = {}
    for name, cache in caches.items():
        gradients = student.affine_backward(rng.normal(size=(SHAPES[name][0], OUTPUTS[name])), cache)
        seen |= {f"{which}_{name}": gradient for which, gradient in zip(("dx", "dw", "db"), gradients, strict=True)}
    return seen


@check(
    AFFINE_BACKWARD,
    points=2,
    uses=["affine_forward", "affine_backward"],
    builds_on=["affine_forward"],
    judge=judge_repeated,
)
def affine_backward_repeated(student, rng):
    """A second backward with the same cache gives the same; dout, x, w and earlier gradients are left as they were"""
    x, w, b = affine_arguments(rng, (5, 2, 3), 4)
    dout = rng.normal(size=(5, 4))
    _, cache = student.affine_forward(x, w, b)
    given = {"x": x, "w": w, "dout": dout}
    seen = {f"before_{name}": array.copy() for name, array in given.items()}
    for suffix in ("", "_again"):
        gradients = returned(*student.affine_backward(dout, cache))
        seen |= {f"{name}{suffix}": np.array(array) for name, array in zip(("dx", "dw", "db"), gradients, strict=True)}
    seen |= {f"after_{name}": array.copy() for name, array in given.items()}
    student.affine_backward(rng.normal(size=(5, 4)), cache)
    for name, array in zip(("dx", "dw", "db"), gradients, strict=True):
        seen |= {f"before_{name}": seen[f"{name}_again"], f"after_{name}": array}
    return seen


@check(RELU_FORWARD, points=1, uses=["relu_forward"], judge=judge_kept, all_or_nothing=True)
def relu_forward_keeps(student, rng):
    """x is left as it was, and so is the output at the next call"""
    x = off_zero(rng, 4, 3, 5)
    before = x.copy()
    (out,) = returned(student.relu_forward(x)[0])
    seen = {"before_x": before, "out": np.array(out), "after_x": x.copy()}
    student.relu_forward(off_zero(rng, 4, 3, 5))
    return {**seen, "before_out": seen["out"], "after_out": out}


@check(RELU_BACKWARD, points=2, uses=["relu_forward", "relu_backward"], builds_on=["relu_forward"])
def relu_backward_shapes(student, rng):
    """Gradients for two inputs of more dimensions, the first asked last"""
    _, first = student.relu_forward(off_zero(rng, 4, 3, 5))
    _, second = student.relu_forward(off_zero(rng, 4, 3, 5))
    return {
        "dx_second": student.relu_backward(rng.normal(size=(4, 3, 5)), second),
        "dx_first": student.relu_backward(rng.normal(size=(4, 3, 5)), first),
    }


@check(
    RELU_BACKWARD,
    points=1,
    uses=["relu_forward", "relu_backward"],
    builds_on=["relu_forward"],
    judge=judge_repeated,
    all_or_nothing=True,
)
def relu_backward_repeated(student, rng):
    """A second backward with the same cache gives the same, and dout and x are left as they were"""
    dout = rng.normal(size=(7, 4))
    before = dout.copy()
    x = off_zero(rng, 7, 4)
    _, cache = student.relu_forward(x)
    before_x = x.copy()  # what the forward has done to it is asked elsewhere
    once = np.array(*returned(student.relu_backward(dout, cache)))
    seen = {"before_dout": before, "dx": once, "dx_again": student.relu_backward(dout, cache), "after_dout": dout}
    return seen | {"before_x": before_x, "after_x": x}


# ---------------------------------------------------------------- networks


@check(TWO_LAYER_SCORES, points=3, uses=["TwoLayerNet"], builds_on=FORWARD)
def two_layer_scores_sizes(student, rng):
    """Scores of a small and of a large network, and of samples that are images"""
    seen = {}
    for name, sizes, shape in (("small", (3, 2, 5), None), ("large", (7, 40, 6), None), ("images", (24, 9, 4), IMAGES)):
        net, x, _ = two_layers_at(student, rng, sizes, 8, shape)
        seen[name] = net.loss(x)
    return seen


@check(TWO_LAYER_LOSS, points=1, uses=["TwoLayerNet"], builds_on=LAYERS)
def two_layer_loss_sizes(student, rng):
    """Loss of one sample, of samples that are images, with other arrays in `params`, and of large scores"""
    seen = {}
    for name, sizes, rows, shape in (("one_sample", (7, 9, 5), 1, None), ("images", (24, 10, 3), 11, IMAGES)):
        net, x, y = two_layers_at(student, rng, sizes, rows, shape)
        seen[name] = loss_of(net, x, y)
    seen["other_params"] = loss_of(with_new_arrays(net), x, y)
    seen["of_large"] = loss_of(put(net, {"b2": net.params["b2"] + LARGE}), x, y)
    return seen


@check(TWO_LAYER_LOSS, points=1, uses=["TwoLayerNet"], builds_on=LAYERS, judge=judge_loss_of_scores)
def two_layer_loss_of_scores_sizes(student, rng):
    """Loss of samples that are images: the softmax loss of your own scores"""
    net, x, y = two_layers_at(student, rng, (24, 10, 3), 11, IMAGES)
    return {"scores": net.loss(x), "loss": loss_of(net, x, y), "labels": y}


@check(TWO_LAYER_L2, points=2, uses=["TwoLayerNet"], builds_on=LAYERS)
def two_layer_l2_sizes(student, rng):
    """What regularization of other strengths adds to the loss of other networks"""
    seen = {}
    for name, sizes, reg in (("weak", (4, 13, 3), 0.05), ("strong", (11, 3, 8), 4.0)):
        net, x, y = two_layers_at(student, rng, sizes, 5)
        seen[name] = l2_term(net, x, y, reg)
    return seen


@check(TWO_LAYER_GRADIENTS, points=2, uses=["TwoLayerNet"], builds_on=LAYERS)
def two_layer_gradients_sizes(student, rng):
    """Gradients for samples that are images, at the second of two batches"""
    net, x, y = two_layers_at(student, rng, (24, 10, 3), 12, IMAGES)
    net.loss(x[:7], y[:7])
    return gradients(net, x[7:], y[7:])


@check(TWO_LAYER_GRADIENTS, points=2, uses=["TwoLayerNet"], builds_on=LAYERS)
def two_layer_gradients_l2_sizes(student, rng):
    """Gradients of another network with reg = 2.5"""
    net, x, y = two_layers_at(student, rng, (9, 5, 8), 6, reg=2.5)
    return gradients(net, x, y)


@check(DEEP_LOSS, points=1, uses=["FullyConnectedNet"], builds_on=LAYERS)
def deep_loss_depths(student, rng):
    """Losses with one, three and ten hidden layers, regularized, also of large scores and with other arrays in `params`

    Without labels, `loss` returns the scores.
    """
    seen = {}
    for name, sizes in (("shallow", SHALLOW), ("deep", DEEP)):
        net, x, y = layers_at(student, rng, sizes, 7, reg=0.6)
        seen[name] = loss_of(net, x, y)
        returned = np.asarray(net.loss(x))
        if returned.dtype.kind == "f" and (returned >= 0).all() and np.allclose(returned.sum(axis=-1), 1):
            fail("without labels, `loss` returns probabilities; the scores are asked for")
    seen["other_params"] = loss_of(with_new_arrays(net), x, y)
    seen["of_large"] = loss_of(put(net, {"b4": net.params["b4"] + LARGE}), x, y)
    seen["ten_hidden"] = loss_of(*layers_at(student, rng, TEN, 7, reg=0.6))
    return seen


def gradients_at_depths(student, rng, reg):
    """Gradients with one hidden layer, and with three, for samples that are images in the first case."""
    seen = {}
    for name, sizes, shape in (("shallow", SHALLOW, (2, 4)), ("deep", DEEP, None)):
        net, x, y = layers_at(student, rng, sizes, 7, shape, reg=reg)
        seen[name] = gradients(net, x, y)["grads"]
    return seen


@check(DEEP_GRADIENTS, points=1, uses=["FullyConnectedNet"], builds_on=LAYERS)
def deep_gradients_third(student, rng):
    """Gradients at the third of three batches, of which the second has no labels"""
    net, x, y = layers_at(student, rng, DEEP, 12)
    net.loss(x[:4], y[:4])
    net.loss(x[4:8])
    return gradients(net, x[8:], y[8:])


@check(DEEP_GRADIENTS, points=2, uses=["FullyConnectedNet"], builds_on=LAYERS)
def deep_gradients_depths(student, rng):
    """Gradients with one and with three hidden layers"""
    return gradients_at_depths(student, rng, 0.0)


@check(DEEP_GRADIENTS_L2, points=3, uses=["FullyConnectedNet"], builds_on=LAYERS)
def deep_gradients_l2_depths(student, rng):
    """Gradients with one and with three hidden layers, with reg = 0.4"""
    return gradients_at_depths(student, rng, 0.4)
