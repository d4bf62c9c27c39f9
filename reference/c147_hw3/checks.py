"""Public checks of homework 3: every layer and both networks at random points, and what the trained networks can do.

67 of the 98 automatic points; other shapes, sizes and depths are in the course's hidden checks. All dimensions
differ, so that a transposed or misplaced axis shows; upstream gradients are random; and no input of a ReLU lies near
0, where its gradient is a matter of choice. Both signs occur before every ReLU: at the point that the notebook prints
all of them are positive, so a network without a ReLU gets those scores too.

A trained network is judged by its parameters alone: they come out of the notebook, and the network is computed here,
on images that the judge makes or reads for itself. What the Solver printed or remembers does not count.
"""

from fractions import Fraction
from itertools import pairwise

import numpy as np

from grader import Part, Uses, Verdict, check

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

KINK = 1e-3
"""No input of a ReLU is closer to 0 than this; they are of order 1."""
SIGMAS = 5.0
"""Limit for the statistics of random weights: right code is beyond it once in two million draws."""
SPELLINGS = {
    "hidden_dims": ("hidden_dims", "hidden_dim", "hidden_size"),
    "input_dim": ("input_dim", "input_size"),
    "num_classes": ("num_classes", "output_size"),
    "weight_scale": ("weight_scale", "std"),
}
"""How editions call an argument, this one's name first."""


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


def build(kind, **wanted):
    """An object of the student's class, its arguments called by whichever of their spellings it takes.

    An argument that is no part of every edition (`dtype`) is left out where the class does not know it.
    """
    code = getattr(kind.__init__, "__code__", None)
    known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code else ()
    found = {}
    for name, value in wanted.items():
        spellings = SPELLINGS.get(name, (name,))
        found[next((s for s in spellings if s in known), spellings[0])] = value
    if "dtype" not in known:
        found.pop("dtype", None)
    return kind(**found)


def two_layer_net(student, sizes, scale=1e-2, reg=0.0):
    """A TwoLayerNet of the sizes (inputs, hidden units, classes)."""
    inputs, hidden, classes = sizes
    kind = student.TwoLayerNet
    return build(kind, input_dim=inputs, hidden_dims=hidden, num_classes=classes, weight_scale=scale, reg=reg)


def deep_net(student, sizes, scale=5e-2, reg=0.0):
    """A FullyConnectedNet of the sizes (inputs, hidden units of each layer, classes), in float64."""
    return build(
        student.FullyConnectedNet,
        hidden_dims=list(sizes[1:-1]),
        input_dim=sizes[0],
        num_classes=sizes[-1],
        weight_scale=scale,
        reg=reg,
        dtype=np.float64,
    )


def random_values(rng, sizes):
    """Parameters that keep scores of order 1, biases included."""
    values = {}
    for i, (inputs, outputs) in enumerate(pairwise(sizes), 1):
        values[f"W{i}"] = rng.normal(size=(inputs, outputs)) / np.sqrt(inputs)
        values[f"b{i}"] = 0.5 * rng.normal(size=outputs)
    return values


def put(net, values):
    """Give a network these parameters: in place where it can be, since the network may hold an array twice."""
    for name, value in values.items():
        held = net.params.get(name)
        if isinstance(held, np.ndarray) and held.shape == value.shape and held.dtype == value.dtype:
            held[...] = value
        else:
            net.params[name] = value.copy()
    return net


def batch(rng, values, rows, shape=None):
    """Random samples (rows, *shape) that put no hidden unit on the kink of its ReLU, and labels."""
    depth = len(values) // 2
    x = rng.normal(size=(5 * rows, len(values["W1"])))
    hidden, clear = x, np.ones(len(x), dtype=bool)
    for i in range(1, depth):
        before = hidden @ values[f"W{i}"] + values[f"b{i}"]
        clear &= (np.abs(before) > KINK).all(axis=1)
        hidden = np.maximum(before, 0)
    x = x[clear][:rows]
    return x.reshape(rows, *(shape or x.shape[1:])), rng.integers(len(values[f"b{depth}"]), size=rows)


def two_layers_at(student, rng, sizes, rows, shape=None, reg=0.0):
    """A TwoLayerNet with random parameters, and a batch for it."""
    values = random_values(rng, sizes)
    net = put(two_layer_net(student, sizes), values)
    net.reg = reg  # as the notebook sets it
    return net, *batch(rng, values, rows, shape)


def layers_at(student, rng, sizes, rows, shape=None, reg=0.0):
    """A FullyConnectedNet with random parameters, and a batch for it."""
    values = random_values(rng, sizes)
    return put(deep_net(student, sizes, reg=reg), values), *batch(rng, values, rows, shape)


def parameters(net):
    """The fresh parameters of a network; none at all is work that has not been begun."""
    if not net.params:
        raise NotImplementedError("the dictionary of parameters is empty")
    return dict(net.params)


def loss_of(net, x, y):
    """The loss of a batch; 0 without any gradients is work that has not been begun."""
    loss, grads = net.loss(x, y)
    if isinstance(grads, dict) and not grads and not np.any(loss):
        raise NotImplementedError("the loss is 0, and the dictionary of gradients is empty")
    return loss


def gradients(net, x, y):
    """The gradients that the network returns; none at all is work that has not been begun."""
    _, grads = net.loss(x, y)
    if isinstance(grads, dict) and not grads:
        raise NotImplementedError("the dictionary of gradients is empty")
    return {"grads": grads}


def l2_term(net, x, y, reg):
    """What regularization adds to the loss: not touched by a mistake in the rest of it."""
    net.reg = 0.0
    plain, _ = net.loss(x, y)
    net.reg = reg
    return net.loss(x, y)[0] - plain


def printed_point(student):
    """The network and the samples of the notebook's cell."""
    net = put(
        two_layer_net(student, (5, 50, 7)),
        {
            "W1": np.linspace(-0.7, 0.3, num=250).reshape(5, 50),
            "b1": np.linspace(-0.1, 0.9, num=50),
            "W2": np.linspace(-0.3, 0.4, num=350).reshape(50, 7),
            "b2": np.linspace(-0.9, 0.1, num=7),
        },
    )
    return net, np.linspace(-5.5, 4.5, num=15).reshape(5, 3).T, np.array([0, 5, 1])


def judge_start(scale):
    """A judge of fresh parameters: weights normal with mean 0 and standard deviation `scale`, biases 0."""

    def judge(seen, given):
        for name, golden in given.golden.items():
            value = seen.get(name)
            if value is None:
                continue  # not there, which is reported without a judge
            if value.shape != golden.shape:
                yield Verdict(name, False, f"{name} has shape {value.shape} instead of {golden.shape}")
            elif value.dtype.kind not in "fiu":
                yield Verdict(name, False, f"{name} holds no real numbers but {value.dtype}")
            elif name.startswith("b"):
                yield Verdict(name, not value.any(), "" if not value.any() else f"{name} is not zero")
            else:
                # the mean of n numbers is known to scale / sqrt(n), their deviation from 0 to scale / sqrt(2 n)
                spread = float(np.sqrt(np.mean(np.square(value, dtype=float))))
                off_mean = abs(float(value.mean())) / scale * np.sqrt(value.size)
                off_spread = abs(spread / scale - 1) * np.sqrt(2 * value.size)
                right = bool(off_mean <= SIGMAS and off_spread <= SIGMAS)
                found = f"mean {value.mean():.2g} and standard deviation {value.std():.2g}"
                yield Verdict(name, right, "" if right else f"{name} has {found}, not 0 and {scale:g}")

    return judge


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


@check(TWO_LAYER_LOSS, points=2, uses=["TwoLayerNet"], builds_on=LAYERS)
def two_layer_loss(student, rng):
    """Loss without regularization, at the notebook's point and with random parameters"""
    net, x, y = printed_point(student)
    printed = loss_of(net, x, y)
    net, x, y = two_layers_at(student, rng, (6, 11, 4), 7)
    return {"loss_printed": printed, "loss": loss_of(net, x, y)}


@check(TWO_LAYER_L2, points=2, uses=["TwoLayerNet"], builds_on=LAYERS)
def two_layer_l2(student, rng):
    """What regularization adds to the loss, at the notebook's point and with random parameters"""
    net, x, y = printed_point(student)
    printed = l2_term(net, x, y, 1.0)
    net, x, y = two_layers_at(student, rng, (6, 11, 4), 7)
    return {"added_printed": printed, "added": l2_term(net, x, y, 0.7)}


@check(TWO_LAYER_GRADIENTS, points=3, uses=["TwoLayerNet"], builds_on=LAYERS)
def two_layer_gradients(student, rng):
    """Gradients of all four parameters without regularization"""
    net, x, y = two_layers_at(student, rng, (6, 11, 4), 7)
    return gradients(net, x, y)


@check(TWO_LAYER_GRADIENTS, points=3, uses=["TwoLayerNet"], builds_on=LAYERS)
def two_layer_gradients_l2(student, rng):
    """Gradients of all four parameters with reg = 0.7"""
    net, x, y = two_layers_at(student, rng, (6, 11, 4), 7, reg=0.7)
    return gradients(net, x, y)


@check(DEEP_LOSS, points=1, uses=["FullyConnectedNet"], judge=judge_start(0.04))
def deep_start(student, rng):
    """Normal weights with the standard deviation weight_scale in every layer, and biases of 0"""
    return parameters(deep_net(student, (20, 25, 30, 15), scale=0.04))


@check(DEEP_LOSS, points=2, uses=["FullyConnectedNet"], builds_on=LAYERS)
def deep_loss(student, rng):
    """Loss of a network with two hidden layers, without and with regularization"""
    net, x, y = layers_at(student, rng, (7, 9, 11, 5), 6)
    loss = loss_of(net, x, y)
    net, x, y = layers_at(student, rng, (7, 9, 11, 5), 6, reg=3.14)
    return {"loss": loss, "loss_l2": loss_of(net, x, y)}


@check(DEEP_GRADIENTS, points=5, uses=["FullyConnectedNet"], builds_on=LAYERS)
def deep_gradients(student, rng):
    """Gradients of all six parameters of a network with two hidden layers"""
    net, x, y = layers_at(student, rng, (7, 9, 11, 5), 6)
    return gradients(net, x, y)


@check(DEEP_GRADIENTS_L2, points=5, uses=["FullyConnectedNet"], builds_on=LAYERS)
def deep_gradients_l2(student, rng):
    """Gradients of all six parameters of a network with two hidden layers, with reg = 3.14"""
    net, x, y = layers_at(student, rng, (7, 9, 11, 5), 6, reg=3.14)
    return gradients(net, x, y)


# ---------------------------------------------------------------- trained networks

IMAGE, CLASSES = 3072, 10
STONES, STONE = 4, 8
"""An image of the small data set is STONES x STONES squares of STONE x STONE equal pixels, in each colour."""
GOAL, HALF = 0.50, 0.45
"""Validation accuracy for all points, and for half of them.

The hand-out's numbers, also for the small data set, which was made for them. Right code with 200 hidden units, at
twenty seeds, by learning rate, batch size and epochs: at least 0.907 from 1e-3, 200, 10 and 1e-4, 100, 20 and 5e-3,
500, 20; 0.680 from 1e-4, 200, 10; 0.577 from 5e-3, 100, 5; 0.540 from 1e-4, 500, 20. Of the 54 combinations of 1e-4 to
5e-3, 100 to 500 and 5 to 20 epochs only four can stay below 0.5, those whose learning rate times number of steps is
below 0.01; on CIFAR-10 it takes about 1 to get there. Wrong code, at ten seeds and four settings: at most 0.33 without
the ReLU, 0.46 where it lets every gradient through, 0.12 with the wrong sign; but up to 0.69 with the mask from dout,
and 0.87 where only the last layer learns: for those there are the other parts.
"""
BY_HEART = 50
RETRAINED_IMAGES, RETRAINED_STEPS = 5000, 2000
"""No training is repeated beyond these: it would take minutes."""


def members(notebook):
    """Every value of the notebook's globals, and what lists and dictionaries of them hold."""
    for name in list(notebook):
        value = notebook[name]
        yield value
        if isinstance(value, (list, tuple, dict)) and len(value) <= 100:
            yield from value.values() if isinstance(value, dict) else value


def layer_sizes(params):
    """(3072, hidden units ..., 10) of a dictionary W1, b1, ... for these images; None for anything else."""
    if not isinstance(params, dict) or not isinstance(params.get("W1"), np.ndarray):
        return None
    weights = []
    while isinstance(weight := params.get(f"W{len(weights) + 1}"), np.ndarray) and weight.ndim == 2:
        weights.append(weight.shape)
    fits = all(above[1] == below[0] for above, below in pairwise(weights))
    if not weights or not fits or weights[0][0] != IMAGE or weights[-1][1] != CLASSES:
        return None
    biases = [np.size(params.get(f"b{i}")) for i in range(1, len(weights) + 1)]
    if any(size not in (1, shape[1]) for size, shape in zip(biases, weights)):  # noqa: B905
        return None
    return [IMAGE, *(shape[1] for shape in weights)]


def layers_of(params, sizes):
    """(weight, bias) of each layer as float64 arrays."""
    return [
        (np.asarray(params[f"W{i}"], dtype=float), np.ravel(params[f"b{i}"]).astype(float) + np.zeros(size))
        for i, size in enumerate(sizes[1:], 1)
    ]


def accuracy(layers, images, labels):
    """Share of `images` (N, inputs) that the network gets right; where it gives nan, it is wrong."""
    hidden = images
    for i, (weight, bias) in enumerate(layers):
        before = hidden @ weight + bias
        hidden = np.maximum(before, 0) if i < len(layers) - 1 else before
    return float(np.mean((hidden.argmax(axis=1) == labels) & np.isfinite(hidden).all(axis=1)))


def by_stones(weight):
    """A first weight (3072, M) for images that are given by their stones: (48, M)."""
    return weight.reshape(3, STONES, STONE, STONES, STONE, -1).sum(axis=(2, 4)).reshape(3 * STONES**2, -1)


def found_nets(notebook, fits):
    """Parameters of the networks in the notebook for which `fits(sizes, class name)`, and the solver of one."""
    params, solver = {}, None
    for thing in members(notebook):
        for holder in (thing, getattr(thing, "model", None)):
            kind = type(getattr(thing, "model", None) if hasattr(thing, "last_params") else holder).__name__
            kept = [getattr(holder, key, None) for key in ("params", "best_params", "last_params")]
            for one in (*kept, holder):
                sizes = layer_sizes(one)
                if sizes is not None and fits(sizes, kind):
                    params[id(one)] = one
        sizes = layer_sizes(getattr(thing, "first_params", None))
        if sizes is not None and fits(sizes, type(thing.model).__name__):
            solver = thing
    return list(params.values()), solver


def trained_again(solver, net):
    """Parameters of `net` after the training that `solver` once did."""
    names = ("lr_decay", "batch_size", "num_epochs", "num_train_samples", "num_val_samples")
    data = {name: getattr(solver, name) for name in ("X_train", "y_train", "X_val", "y_val")}
    settings = {name: getattr(solver, name) for name in names}
    again = type(solver)(
        net, data, solver.update_rule.__name__, solver.optim_config, **settings, print_every=10**9, verbose=False
    )
    again.train()
    return [net.params, again.last_params]


def repeatable(solver):
    """Whether there was a training that can be done once more within the check's time."""
    images = len(solver.X_train)
    steps = solver.num_epochs * max(images // solver.batch_size, 1)
    return solver.started and images <= RETRAINED_IMAGES and steps <= RETRAINED_STEPS


def observed_net(notebook, images, labels, goal, fits, fresh):
    """The best network in the notebook as two arrays: its layer sizes, and all its parameters in a row.

    Where none reaches the `goal`, the training is done once more with the same settings, on a network that
    `fresh(sizes, scale, reg)` gives: the layers may be right by now, in follow-through. The images only choose among
    networks; the judge has its own. Four digits are plenty for an accuracy, and keep the golden file small.
    """
    found, solver = found_nets(notebook, fits)
    if not found:
        raise NotImplementedError("no trained network was found in the notebook")

    def score(params):
        return accuracy(layers_of(params, layer_sizes(params)), images, labels)

    best = max(found, key=score)
    if solver is not None and score(best) < goal and repeatable(solver):
        scale = float(np.std(solver.first_params["W1"]))
        net = fresh(layer_sizes(solver.first_params), scale or 1e-3, getattr(solver.model, "reg", 0.0))
        again = [params for params in trained_again(solver, net) if layer_sizes(params) is not None]
        best = max([best, *again], key=score)
    sizes = layer_sizes(best)
    layers = layers_of(best, sizes)
    sample = images[:2].reshape(-1, 3, 32, 32)
    stones = sample[:, :, ::STONE, ::STONE].repeat(STONE, axis=2).repeat(STONE, axis=3)
    if np.allclose(sample, stones):
        layers[0] = (by_stones(layers[0][0]), layers[0][1])
        sizes[0] = len(layers[0][0])
    values = [f"{value:.4g}" for layer in layers for array in layer for value in array.ravel()]
    return {"sizes": np.array(sizes), "values": np.array(values, dtype=np.float32)}


def notebook_images(notebook, count, where):
    """`count` flattened images and labels of the notebook's data, to choose among its networks."""
    for thing in members(notebook):
        data = thing if isinstance(thing, dict) else getattr(thing, "__dict__", {})
        images, labels = data.get(f"X_{where}"), data.get(f"y_{where}")
        if isinstance(images, np.ndarray) and images.ndim > 1 and isinstance(labels, np.ndarray):
            return images[:count].reshape(len(images[:count]), -1), labels[:count]
    raise NotImplementedError("the notebook holds no `data` with images")


def small_set():
    """Stones (4500, 48) and labels of the small data set.

    The judge's own copy of `utils.data_utils.small_set`, which student code cannot reach.
    """
    rng = np.random.default_rng(147)
    patterns = rng.standard_normal((10, 2, 3, 4, 4))
    patterns /= np.sqrt(np.mean(patterns**2, axis=(2, 3, 4), keepdims=True))
    labels = rng.integers(10, size=4500)
    which = rng.integers(2, size=4500)
    sign = rng.choice([-1.0, 1.0], size=(4500, 1, 1, 1))
    images = 128 + 60 * sign * patterns[labels, which] + 45 * rng.standard_normal((4500, 3, 4, 4))
    labels = np.where(rng.random(4500) < 0.1, rng.integers(10, size=4500), labels)
    return np.clip(np.rint(images), 0, 255).reshape(4500, -1), labels


def held_images(folder):
    """The judge's images, mean subtracted: their name, the fifty training images with labels, those for validation."""
    batches = folder / "cifar-10-batches-py"
    if batches.is_dir():
        name, count = "CIFAR-10", 49000
        # NumPy reads a plain pickle too
        parts = [np.load(batches / f"data_batch_{i}", allow_pickle=True, encoding="latin1") for i in range(1, 6)]
        images = np.concatenate([part["data"] for part in parts])
        labels = np.concatenate([part["labels"] for part in parts])
    else:
        name, count = "the small data set", 3000
        images, labels = small_set()
    mean = images[:count].mean(axis=0)
    validation = slice(count, count + 1000)
    training = slice(BY_HEART)
    return name, (images[training] - mean, labels[training]), (images[validation] - mean, labels[validation])


def judged_layers(seen, inputs):
    """The layers in an observation, for images of so many numbers; None if it holds no such network."""
    if seen["sizes"].dtype.kind not in "iu" or seen["values"].dtype.kind != "f":
        return None
    sizes, values = [int(size) for size in seen["sizes"].ravel()], seen["values"].astype(float).ravel()
    if len(sizes) < 2 or min(sizes) < 1 or sum((a + 1) * b for a, b in pairwise(sizes)) != values.size:
        return None
    layers = []
    for above, below in pairwise(sizes):
        weight, bias, values = np.split(values, [above * below, (above + 1) * below])
        layers.append((weight.reshape(above, below), bias))
    if sizes[0] == IMAGE and inputs == 3 * STONES**2:
        layers[0] = (by_stones(layers[0][0]), layers[0][1])
    return layers if len(layers[0][0]) == inputs and sizes[-1] == CLASSES else None


def judge_solver(seen, given):
    """Points by the validation accuracy of the network; its number of hidden units costs nothing."""
    name, _, (images, labels) = held_images(given.data)
    layers = judged_layers(seen, images.shape[1])
    if layers is None:
        yield Verdict("accuracy", False, f"the network does not fit the images of {name}")
        return
    reached = accuracy(layers, images, labels)
    told = [f"{reached:.1%} of the {len(labels)} validation images of {name} are right"]
    if reached < GOAL:
        told.append(f"{GOAL:.0%} are asked for" + (f", and {HALF:.0%} are worth half" if reached >= HALF else ""))
    if len(layers[0][1]) != 200:
        told.append(f"the network has {len(layers[0][1])} hidden units instead of 200, which costs nothing")
    earned = True if reached >= GOAL else Fraction(1, 2) if reached >= HALF else False
    yield Verdict("accuracy", earned, "; ".join(told), error=1 - reached, tolerance=1 - GOAL)


def judge_overfit(seen, given):
    """All fifty or nothing, as the hand-out has it."""
    name, (images, labels), _ = held_images(given.data)
    layers = judged_layers(seen, images.shape[1])
    if layers is None:
        yield Verdict("accuracy", False, f"the network does not fit the images of {name}")
        return
    reached = accuracy(layers, images, labels)
    text = f"{round(reached * len(labels))} of the {len(labels)} training images of {name} are right"
    yield Verdict("accuracy", reached == 1, text, error=1 - reached, tolerance=0.0)


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
        lambda sizes, kind: kind == "FullyConnectedNet" or len(sizes) > 3,
        lambda sizes, scale, reg: deep_net(student, sizes, scale, reg),
    )
