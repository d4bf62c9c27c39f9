"""Hidden checks: other sizes, strides, ties, and layers that are used twice or side by side.

A second pass with the same arrays shows whether the first has left them as they were.
"""

import numpy as np
from checks import (
    CONFUSION,
    CONV_BACKWARD,
    CONV_FORWARD,
    NORM_BACKWARD,
    NORM_TRAINING,
    POOL,
    PREDICTION,
    SIZE,
    TRAINING,
    channels,
    conv_point,
    norm_layer,
    scripted_network,
    spread,
)

from grader import check


@check(SIZE, points=1, uses=["output_size"])
def sizes_none(student, rng):
    """Sizes where no window fits, by one entry or by more, or just one"""
    given = [(3, 4, 1, 0), (3, 5, 1, 1), (2, 9, 3, 1), (2, 6, 1, 0), (5, 5, 1, 0)]
    given += [(4, 5, 2, 0), (3, 7, 4, 1), (5, 4, 2, 0)]
    return {"sizes": np.array([student.output_size(*numbers) for numbers in given])}


@check(CONV_FORWARD, points=2, uses=["Conv2d"])
def conv_forward_both(student, rng):
    """Output of the convolution with padding and stride at once"""
    images, weight, bias, more = conv_point(rng, 3, 2, (2, 4))
    return {"out": student.Conv2d(weight, bias, **more).forward(images)}


@check(CONV_BACKWARD, points=2, uses=["Conv2d"])
def conv_backward_both(student, rng):
    """Gradients of the convolution with padding and stride, after earlier calls and beside another layer"""
    images, weight, bias, more = conv_point(rng, 2, 1, (2, 4))
    layer = student.Conv2d(weight, bias, **more)
    shape = layer.forward(images + 1).shape
    layer.backward(rng.normal(size=shape))
    layer.forward(images)
    d_out = rng.normal(size=shape)
    layer.backward(d_out)
    layer.forward(images)
    student.Conv2d(weight, bias, **more).forward(images - 1)
    d_images = layer.backward(d_out)
    return {"d_images": d_images, "d_weight": layer.d_weight, "d_bias": layer.d_bias}


@check(POOL, points=2, uses=["MaxPool2d"])
def pool_ties(student, rng):
    """Gradient of max pooling where entries are left over, or the largest is there twice"""
    layer = student.MaxPool2d(3)
    images = np.round(spread(rng, 2, 2, 7, 8) / 4)
    images[1] -= images[1].max()  # blocks without a positive entry
    d_out = rng.normal(size=(2, 2, 2, 2))
    layer.forward(images)
    layer.backward(d_out)
    layer.forward(images)
    student.MaxPool2d(3).forward(-images)
    return {"d_images": layer.backward(d_out)}


@check(NORM_TRAINING, points=1, uses=["BatchNorm2d"])
def norm_momentum(student, rng):
    """Another momentum and another eps, twice with the same images"""
    images, gamma, beta = channels(rng)
    layer = student.BatchNorm2d(4, momentum=0.3, eps=0.1)
    layer.gamma, layer.beta = gamma, beta
    layer.forward(images)
    out = layer.forward(images)
    return {"out": out, "running_mean": layer.running_mean, "running_var": layer.running_var}


@check(NORM_BACKWARD, points=2, uses=["BatchNorm2d"])
def norm_backward_two(student, rng):
    """Two layers side by side keep their own batches"""
    first, gamma, beta = channels(rng)
    second = channels(rng)[0]
    one, two = norm_layer(student, gamma, beta), norm_layer(student, beta, gamma)
    d_one, d_two = rng.normal(size=first.shape), rng.normal(size=first.shape)
    one.forward(first)
    one.backward(d_one)
    one.forward(first)
    two.forward(second)
    return {"one": one.backward(d_one), "two": two.backward(d_two)}


@check(TRAINING, points=2, uses=["train", "ReLU", "Flatten", "Dense"])
def training_given_layers(student, rng):
    """Losses with the given layers alone, at another rate, also where they are small or grow: every step is taken"""
    images, labels = rng.normal(size=(4, 1, 3, 2)), np.array([1, 0, 0, 1])
    first = student.Dense(rng.normal(size=(6, 5)), rng.normal(size=5))
    last = student.Dense(rng.normal(size=(5, 2)), rng.normal(size=2))
    losses = student.train([student.Flatten(), first, student.ReLU(), last], images, labels, 4, 0.3)
    seen = {"losses": np.array(losses), "weight": first.weight, "bias": last.bias}
    # Scores 15 or so apart, and a step that is far too long between two images that cannot be told apart
    known = student.Dense(rng.uniform(14, 16) * np.eye(2), np.zeros(2))
    same = student.Dense(np.eye(2), rng.normal(size=2))
    small = student.train([student.Flatten(), known], np.eye(2).reshape(2, 1, 1, 2), np.array([0, 1]), 3, 0.1)
    grown = student.train([student.Flatten(), same], np.ones((2, 1, 1, 2)), np.array([0, 1]), 3, 20.0)
    return {**seen, "small": np.array(small), "grown": np.array(grown)}


@check(
    PREDICTION,
    points=2,
    uses=["predict", "BatchNorm2d", "ReLU", "Flatten", "Dense"],
    builds_on=["BatchNorm2d"],
)
def predictions_alone(student, rng):
    """Images one by one, and no layer is called as in training"""
    network, in_training = scripted_network(student, rng, 4)
    images = rng.normal(size=(12, 2, 3, 2))
    alone = [np.asarray(student.predict(network, image[None])).item() for image in images]
    return {"alone": np.array(alone), "calls_in_training": np.array(len(in_training))}


@check(CONFUSION, points=1, uses=["confusion"])
def counts_none(student, rng):
    """Classes that never occur, and one image"""
    none = np.asarray(student.confusion(rng.integers(1, 3, size=20), rng.integers(2, size=20), 5))
    return {"none": none, "one": np.asarray(student.confusion(np.array([1]), np.array([0]), 2))}
