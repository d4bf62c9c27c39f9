"""Public checks of homework 3: every layer and both networks at random points, and what the trained networks can do.

67 of the 98 automatic points; other shapes, sizes and depths are in the course's hidden checks. All dimensions
differ, so that a transposed or misplaced axis shows, and upstream gradients are random. `checks_networks` builds
networks, `checks_trained` finds those that the notebook has trained, and `checks_accuracy` judges them.
"""

import numpy as np
from checks_accuracy import BY_HEART, GOAL, judge_overfit, judge_solver
from checks_networks import (
    KINK,
    deep_net,
    float32_start,
    gradients,
    judge_loss_of_scores,
    judge_start,
    l2_term,
    layers_at,
    loss_of,
    parameters,
    printed_point,
    two_layer_net,
    two_layers_at,
    with_own_loss,
)
from checks_trained import notebook_images, observed_net

from grader import Part, Uses, check, gradient_check

AFFINE_FORWARD = Part("1.1", "affine_forward")
AFFINE_BACKWARD = Part("1.2", "affine_backward")
RELU_FORWARD = Part("2.1", "relu_forward")
RELU_BACKWARD = Part("2.2", "relu_backward")
PROVIDED = Part("3", "affine_relu and softmax_loss (provided)")
TWO_LAYER_START = Part("4.1", "TwoLayerNet: initialization")
TWO_LAYER_SCORES = Part("4.2", "TwoLayerNet: scores")
TWO_LAYER_LOSS = Part("4.3", "TwoLayerNet: loss")
TWO_LAYER_L2 = Part("4.4", "TwoLayerNet: regularization")
TWO_LAYER_GRADIENTS = Part("4.5", "TwoLayerNet: gradients")
SOLVER = Part("5", "Solver: validation accuracy")
DEEP_LOSS = Part("6.1", "FullyConnectedNet: initialization and loss")
DEEP_GRADIENTS = Part("6.2", "FullyConnectedNet: gradients without regularization")
DEEP_GRADIENTS_L2 = Part("6.3", "FullyConnectedNet: gradients with regularization")
OVERFIT = Part("6.4", "FullyConnectedNet: fifty images by heart")
FORWARD = ("affine_forward", "relu_forward")
LAYERS = (*FORWARD, "affine_backward", "relu_backward", "softmax_loss")


# ---------------------------------------------------------------- layers


def off_zero(rng, *shape):
    """Random numbers of both signs, none within 0.1 of 0."""
    return rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.1, 2.0, size=shape)


def affine_arguments(rng, shape, outputs):
    """x of the shape (N, d_1, ..., d_k), w and b."""
    return rng.normal(size=shape), rng.normal(size=(int(np.prod(shape[1:])), outputs)), rng.normal(size=outputs)


@check(AFFINE_FORWARD, points=1, uses=["affine_forward"])
def affine_forward_printed(student, rng):
    """Output at the point whose result the notebook prints"""
    x = np.linspace(-0.1, 0.5, num=240).reshape(2, 4, 5, 6)
    w = np.linspace(-0.2, 0.3, num=360).reshape(120, 3)
    return {"out": student.affine_forward(x, w, np.linspace(-0.3, 0.1, num=3))[0]}


@check(AFFINE_FORWARD, points=4, uses=["affine_forward"])
def affine_forward(student, rng):
    """Output for random samples that are rows, and for samples of more dimensions"""
    rows, _ = student.affine_forward(*affine_arguments(rng, (7, 5), 3))
    volumes, _ = student.affine_forward(*affine_arguments(rng, (5, 2, 3, 4), 6))
    return {"out_rows": rows, "out_volumes": volumes}


@check(AFFINE_BACKWARD, points=6, uses=["affine_forward", "affine_backward"], builds_on=["affine_forward"])
def affine_backward(student, rng):
    """Gradients with respect to x, w and b"""
    _, cache = student.affine_forward(*affine_arguments(rng, (7, 2, 3), 5))
    dx, dw, db = student.affine_backward(rng.normal(size=(7, 5)), cache)
    return {"dx": dx, "dw": dw, "db": db}


@check(RELU_FORWARD, points=3, uses=["relu_forward"])
def relu_forward(student, rng):
    """Output for random numbers of both signs"""
    return {
        "out_rows": student.relu_forward(off_zero(rng, 6, 11))[0],
        "out_volumes": student.relu_forward(off_zero(rng, 4, 2, 3, 5))[0],
    }


@check(RELU_BACKWARD, points=3, uses=["relu_forward", "relu_backward"], builds_on=["relu_forward"])
def relu_backward(student, rng):
    """Gradient with respect to x"""
    _, cache = student.relu_forward(off_zero(rng, 6, 11))
    return {"dx": student.relu_backward(rng.normal(size=(6, 11)), cache)}


@check(PROVIDED, points=0, uses=["affine_relu_forward", "affine_relu_backward"])
def affine_relu(student, rng):
    """The two layers in one, made of yours"""
    x, w, b = affine_arguments(rng, (60, 2, 3), 4)
    x = x[(np.abs(x.reshape(60, 6) @ w + b) > KINK).all(axis=1)][:5]
    out, cache = student.affine_relu_forward(x, w, b)
    dx, dw, db = student.affine_relu_backward(rng.normal(size=(5, 4)), cache)
    return {"out": out, "dx": dx, "dw": dw, "db": db}


@check(PROVIDED, points=0, uses=["softmax_loss"])
def softmax_as_given(student, rng):
    """softmax_loss still does what it did in the hand-out"""
    # at ordinary scores: editions differ in what they make of a probability that is 0
    loss, dx = student.softmax_loss(2 * rng.normal(size=(9, 4)), rng.integers(4, size=9))
    return {"loss": loss, "dx": dx}


# ---------------------------------------------------------------- networks


@check(TWO_LAYER_START, points=4, uses=["TwoLayerNet"], judge=judge_start(0.03))
def two_layer_start(student, rng):
    """Normal weights with the standard deviation weight_scale, and biases of 0"""
    return parameters(two_layer_net(student, (20, 30, 15), scale=0.03))


@check(TWO_LAYER_SCORES, points=1, uses=["TwoLayerNet"], builds_on=FORWARD)
def two_layer_scores_printed(student, rng):
    """Scores at the point whose result the notebook prints"""
    net, x, _ = printed_point(student)
    return {"scores": net.loss(x)}


@check(TWO_LAYER_SCORES, points=4, uses=["TwoLayerNet"], builds_on=FORWARD)
def two_layer_scores(student, rng):
    """Scores with random parameters"""
    net, x, _ = two_layers_at(student, rng, (6, 11, 4), 7)
    return {"scores": net.loss(x)}


@check(TWO_LAYER_LOSS, points=1, uses=["TwoLayerNet"], builds_on=LAYERS)
def two_layer_loss(student, rng):
    """Loss without regularization, at the notebook's point and with random parameters"""
    net, x, y = printed_point(student)
    printed = loss_of(net, x, y)
    net, x, y = two_layers_at(student, rng, (6, 11, 4), 7)
    return {"loss_printed": printed, "loss": loss_of(net, x, y)}


@check(TWO_LAYER_LOSS, points=1, uses=["TwoLayerNet"], builds_on=LAYERS, judge=judge_loss_of_scores)
def two_layer_loss_of_scores(student, rng):
    """Loss without regularization: the softmax loss of your own scores"""
    net, x, y = two_layers_at(student, rng, (6, 11, 4), 7)
    return {"scores": net.loss(x), "loss": loss_of(net, x, y), "labels": y}


@check(TWO_LAYER_L2, points=2, uses=["TwoLayerNet"], builds_on=LAYERS)
def two_layer_l2(student, rng):
    """What regularization adds to the loss, at the notebook's point and with random parameters"""
    net, x, y = printed_point(student)
    printed = l2_term(net, x, y, 1.0)
    net, x, y = two_layers_at(student, rng, (6, 11, 4), 7)
    return {"added_printed": printed, "added": l2_term(net, x, y, 0.7)}


@gradient_check(TWO_LAYER_GRADIENTS, points=4, uses=["TwoLayerNet"], builds_on=LAYERS, own_forward=1)
def two_layer_derivative(student, rng):
    """Gradients of all four parameters, by finite differences of your own loss with reg = 0.7"""
    sizes = (3, 4, 2)
    net = two_layer_net(student, sizes)
    net.reg = 0.7
    return with_own_loss(net, rng, sizes, 6)


@check(TWO_LAYER_GRADIENTS, points=1, uses=["TwoLayerNet"], builds_on=LAYERS)
def two_layer_gradients(student, rng):
    """Gradients of all four parameters without regularization"""
    net, x, y = two_layers_at(student, rng, (6, 11, 4), 7)
    return gradients(net, x, y)


@check(TWO_LAYER_GRADIENTS, points=1, uses=["TwoLayerNet"], builds_on=LAYERS)
def two_layer_gradients_l2(student, rng):
    """Gradients of all four parameters with reg = 0.7"""
    net, x, y = two_layers_at(student, rng, (6, 11, 4), 7, reg=0.7)
    return gradients(net, x, y)


@check(DEEP_LOSS, points=1, uses=["FullyConnectedNet"], judge=judge_start(0.04))
def deep_start(student, rng):
    """Normal weights with the standard deviation weight_scale in every layer, and biases of 0, all of type `dtype`"""
    found = parameters(deep_net(student, (20, 25, 30, 15), scale=0.04))
    return found | float32_start(student, [25, 30])


@check(DEEP_LOSS, points=2, uses=["FullyConnectedNet"], builds_on=LAYERS)
def deep_loss(student, rng):
    """Loss of a network with two hidden layers, without and with regularization"""
    net, x, y = layers_at(student, rng, (7, 9, 11, 5), 6)
    loss = loss_of(net, x, y)
    net, x, y = layers_at(student, rng, (7, 9, 11, 5), 6, reg=3.14)
    return {"loss": loss, "loss_l2": loss_of(net, x, y)}


@gradient_check(DEEP_GRADIENTS, points=3, uses=["FullyConnectedNet"], builds_on=LAYERS, own_forward=1)
def deep_derivative(student, rng):
    """Gradients of all six parameters, by finite differences of your own loss"""
    sizes = (2, 4, 3, 2)
    return with_own_loss(deep_net(student, sizes), rng, sizes, 6)


@check(DEEP_GRADIENTS, points=2, uses=["FullyConnectedNet"], builds_on=LAYERS)
def deep_gradients(student, rng):
    """Gradients of all six parameters of a network with two hidden layers"""
    net, x, y = layers_at(student, rng, (7, 9, 11, 5), 6)
    return gradients(net, x, y)


@gradient_check(DEEP_GRADIENTS_L2, points=3, uses=["FullyConnectedNet"], builds_on=LAYERS, own_forward=1)
def deep_derivative_l2(student, rng):
    """Gradients of all six parameters, by finite differences of your own loss with reg = 1.7"""
    sizes = (2, 4, 3, 2)
    return with_own_loss(deep_net(student, sizes, reg=1.7), rng, sizes, 6)


@check(DEEP_GRADIENTS_L2, points=2, uses=["FullyConnectedNet"], builds_on=LAYERS)
def deep_gradients_l2(student, rng):
    """Gradients of all six parameters of a network with two hidden layers, with reg = 3.14"""
    net, x, y = layers_at(student, rng, (7, 9, 11, 5), 6, reg=3.14)
    return gradients(net, x, y)


# ---------------------------------------------------------------- trained networks


@check(
    SOLVER,
    points=12,
    uses=[Uses(name="solver", under="Solver")],
    builds_on=[*LAYERS, "TwoLayerNet"],
    judge=judge_solver,
    seconds=120,
)
def solver_accuracy(student, rng):
    """The trained TwoLayerNet gets half of the validation images right, recomputed from its parameters"""
    images, labels = notebook_images(student.notebook, 1000, "val")
    return observed_net(
        student.notebook,
        images,
        labels,
        GOAL,
        "TwoLayerNet",
        lambda sizes, kind: len(sizes) == 3 and kind != "FullyConnectedNet",
        lambda sizes, scale, reg: two_layer_net(student, sizes, scale, reg),
    )


@check(
    OVERFIT,
    points=6,
    uses=[Uses(name="solver", under="Multilayer")],
    builds_on=[*LAYERS, "FullyConnectedNet"],
    judge=judge_overfit,
    seconds=60,
)
def fifty_by_heart(student, rng):
    """The trained FullyConnectedNet gets all of the first fifty training images right, recomputed"""
    images, labels = notebook_images(student.notebook, BY_HEART, "train")
    return observed_net(
        student.notebook,
        images,
        labels,
        1.0,
        "FullyConnectedNet",
        lambda sizes, kind: kind == "FullyConnectedNet" or len(sizes) > 3,
        lambda sizes, scale, reg: deep_net(student, sizes, scale, reg),
    )
