"""Public checks: what the layers compute at random points."""

import numpy as np

from grader import Part, check

SIZE = Part("1", "Size of the output")
CONV_FORWARD = Part("2a", "Convolution: forward")
CONV_BACKWARD = Part("2b", "Convolution: backward")
POOL = Part("3", "Max pooling")
NORM_TRAINING = Part("4a", "Batch normalisation in training")
NORM_AFTER = Part("4b", "Batch normalisation after training")
NORM_BACKWARD = Part("4c", "Batch normalisation: backward")
TRAINING = Part("5", "Training")
PREDICTION = Part("7", "Predicted classes")
CONFUSION = Part("8", "Which class is taken for which")


def conv_point(rng, stride, pad, kernel=(3, 2)):
    """Images, filters and biases; no two sizes are equal, so that no transposed product fits."""
    images = rng.normal(size=(2, 3, 8, 7))
    return images, rng.normal(size=(4, 3, *kernel)), rng.normal(size=4), {"stride": stride, "pad": pad}


def spread(rng, *shape):
    """Images whose entries differ by 0.1 at least: no largest entry is there twice."""
    count = int(np.prod(shape))
    return (rng.permutation(count) * 0.1 - 0.05 * count).reshape(shape)


def channels(rng):
    """Images whose channels differ in mean and spread, and a layer's gamma and beta."""
    images = rng.normal(size=(3, 4, 5, 2)) * np.array([0.5, 1.0, 2.0, 3.0])[:, None, None] + rng.normal(size=(4, 1, 1))
    return images, rng.uniform(0.5, 2.0, size=4), rng.normal(size=4)


def norm_layer(student, gamma, beta):
    layer = student.BatchNorm2d(len(gamma))
    layer.gamma, layer.beta = gamma.copy(), beta.copy()
    return layer


@check(SIZE, points=1, uses=["output_size"])
def sizes(student, rng):
    """Number of windows that fit"""
    given = [(9, 3, 1, 0), (9, 4, 1, 2), (10, 3, 2, 0), (11, 4, 3, 1), (6, 6, 5, 0)]
    return {"sizes": np.array([student.output_size(*numbers) for numbers in given])}


@check(CONV_FORWARD, points=4, uses=["Conv2d"])
def conv_forward(student, rng):
    """Output of the convolution, with padding and a stride"""
    images, weight, bias, _ = conv_point(rng, 1, 0)
    plain = student.Conv2d(weight, bias).forward(images)
    padded = student.Conv2d(weight, bias, pad=1).forward(images)
    strided = student.Conv2d(weight, bias, stride=2).forward(images)
    return {"plain": plain, "padded": padded, "strided": strided}


@check(CONV_BACKWARD, points=5, uses=["Conv2d"])
def conv_backward(student, rng):
    """Gradients of the convolution without padding, stride 1"""
    images, weight, bias, more = conv_point(rng, 1, 0)
    layer = student.Conv2d(weight, bias, **more)
    layer.forward(images)
    d_images = layer.backward(rng.normal(size=(2, 4, 6, 6)))
    return {"d_images": d_images, "d_weight": layer.d_weight, "d_bias": layer.d_bias}


@check(CONV_BACKWARD, points=1, uses=["Conv2d"])
def conv_backward_left_over(student, rng):
    """Gradients where the stride leaves rows and columns over, without padding and with it"""
    images, weight, bias, _ = conv_point(rng, 1, 0, (3, 5))
    plain, padded = student.Conv2d(weight, bias, stride=3), student.Conv2d(weight[:, :, 1:], bias, stride=3, pad=1)
    plain.forward(images)
    d_images = plain.backward(rng.normal(size=(2, 4, 2, 1)))
    padded.forward(images)
    d_padded = padded.backward(rng.normal(size=(2, 4, 3, 2)))
    return {"d_images": d_images, "padded": d_padded, "d_weight": plain.d_weight, "d_bias": plain.d_bias}


@check(POOL, points=3, uses=["MaxPool2d"])
def pool_forward(student, rng):
    """Largest entries of blocks, also where some rows are left over"""
    images = spread(rng, 2, 3, 6, 4)
    return {
        "two": student.MaxPool2d(2).forward(images),
        "left_over": student.MaxPool2d(3).forward(spread(rng, 2, 3, 7, 5)),
    }


@check(POOL, points=2, uses=["MaxPool2d"])
def pool_backward(student, rng):
    """Gradient of max pooling"""
    images = spread(rng, 2, 3, 6, 4)
    layer = student.MaxPool2d(2)
    layer.forward(images)
    return {"d_images": layer.backward(rng.normal(size=(2, 3, 3, 2)))}


@check(NORM_TRAINING, points=4, uses=["BatchNorm2d"])
def norm_training(student, rng):
    """Normalised batch, and the running estimates after two batches"""
    images, gamma, beta = channels(rng)
    layer = norm_layer(student, gamma, beta)
    out = layer.forward(images)
    layer.forward(channels(rng)[0])
    return {"out": out, "running_mean": layer.running_mean, "running_var": layer.running_var}


@check(NORM_AFTER, points=3, uses=["BatchNorm2d"])
def norm_after(student, rng):
    """Normalised by the running estimates, which stay"""
    images, gamma, beta = channels(rng)
    layer = norm_layer(student, gamma, beta)
    layer.running_mean, layer.running_var = rng.normal(size=4), rng.uniform(0.5, 2.0, size=4)
    out = layer.forward(images, training=False)
    return {"out": out, "running_mean": layer.running_mean, "running_var": layer.running_var}


@check(NORM_BACKWARD, points=6, uses=["BatchNorm2d"])
def norm_backward(student, rng):
    """Gradients of batch normalisation"""
    images, gamma, beta = channels(rng)
    layer = norm_layer(student, gamma, beta)
    layer.forward(images)
    d_images = layer.backward(rng.normal(size=images.shape))
    return {"d_images": d_images, "d_gamma": layer.d_gamma, "d_beta": layer.d_beta}


@check(
    TRAINING,
    points=4,
    uses=["train", "Conv2d", "MaxPool2d", "BatchNorm2d", "ReLU", "Flatten", "Dense"],
    builds_on=["Conv2d", "MaxPool2d", "BatchNorm2d"],
)
def training(student, rng):
    """Losses and filters of three steps"""
    images, labels = rng.normal(size=(5, 2, 6, 6)), np.array([0, 2, 1, 1, 0])
    conv = student.Conv2d(0.5 * rng.normal(size=(3, 2, 3, 3)), rng.normal(size=3))
    dense = student.Dense(rng.normal(size=(12, 3)), rng.normal(size=3))
    norm = student.BatchNorm2d(3)
    network = [conv, norm, student.ReLU(), student.MaxPool2d(2), student.Flatten(), dense]
    losses = student.train(network, images, labels, 3, 0.1)
    return {"losses": np.array(losses), "filters": conv.weight, "beta": norm.beta}


def scripted_network(student, rng, classes):
    """A network of given layers, and the calls in training of its normalisation, whose `forward` is the check's own.

    Its biases take away the mean scores, so that each class is the largest about as often.
    """
    norm, in_training = student.BatchNorm2d(2), []
    mean, scale = rng.normal(size=(2, 1, 1)), rng.uniform(0.5, 2.0, size=(2, 1, 1))

    def forward(x, training=True):
        if training:
            in_training.append(1)
            return (x - x.mean(axis=(0, 2, 3), keepdims=True)) / x.std(axis=(0, 2, 3), keepdims=True)
        return (x - mean) * scale

    norm.forward = forward
    # a network may be asked without calling it: from its estimates the same comes out
    norm.gamma, norm.beta, norm.running_mean = np.ones(2), np.zeros(2), mean.ravel()
    norm.running_var = 1 / scale.ravel() ** 2 - getattr(norm, "eps", 1e-5)
    weight = rng.normal(size=(12, classes))
    normed = (np.maximum(rng.normal(size=(200, 2, 3, 2)), 0) - mean) * scale
    dense = student.Dense(weight, -(normed.reshape(200, 12) @ weight).mean(axis=0))
    return [student.ReLU(), norm, student.Flatten(), dense], in_training


@check(
    PREDICTION,
    points=2,
    uses=["predict", "BatchNorm2d", "ReLU", "Flatten", "Dense"],
    builds_on=["BatchNorm2d"],
)
def predictions(student, rng):
    """Classes of forty images"""
    network, _ = scripted_network(student, rng, 5)
    return {"classes": np.asarray(student.predict(network, rng.normal(size=(40, 2, 3, 2))))}


@check(CONFUSION, points=1, uses=["confusion"])
def counts(student, rng):
    """Counts of three classes"""
    return {"matrix": np.asarray(student.confusion(rng.integers(3, size=30), rng.integers(3, size=30), 3))}
