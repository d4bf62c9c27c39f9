"""Public checks: the toy point of the hand-out, and each layer alone at random points of ordinary scale.

The toy weights are of size 1e-4, so the toy scores are all close to 1/3 and hide mistakes that show at once on
ordinary numbers: most points are for those. Which class is asked for what:

    1.0.1   Linear, ReLU and Softmax: forward
    1.0.2   CrossEntropyLoss: forward (given the scores of 1.0.1)
    1.0.3   Linear, ReLU and CrossEntropyLoss: backward (with the Softmax of 1.0.1)
    1.1     the trained network in the notebook: `checks_training`
"""

import contextlib

import numpy as np
from checks_training import LOSS_GOAL, judge_training, numbers, parameters_of, reached, toy_data, trained_again

from grader import Part, Tolerance, Uses, Verdict, check, fail

SCORES = Part("1.0.1", "Forward pass: scores")
LOSS = Part("1.0.2", "Forward pass: loss")
EXIST = Part("1.0.3a", "Backward pass: the gradients exist and have the right shapes")
GRADIENTS = Part("1.0.3b", "Backward pass: values of the gradients")
TRAINING = Part("1.1a", "Training: final loss")

FORWARD = ("Linear", "ReLU", "Softmax")
NETWORK = (*FORWARD, "CrossEntropyLoss", "Sequential")

# In single precision a third is known to 3e-8 and there are 30 of them; the gradients are a hundred times smaller.
SCORES_RULE = Tolerance(rule="sum_abs", limit=1e-7, limit32=3e-6)
GRADIENTS_RULE = Tolerance(rule="sum_abs", limit=1e-8, limit32=1e-6)
PROBABILITY_LOSS = 1e-5  # leaves room for an epsilon up to 1e-7 inside the logarithm


def put(layer, *values):
    """Give a layer these parameters: in place, because the optimizer changes them in place too.

    An attribute that only holds a copy of the parameter gets the new value as well; such a layer computes what it
    should, and that the optimizer cannot reach it shows in the training.
    """
    for parameter, value in zip(layer.parameters, values, strict=True):
        before = np.array(parameter)
        parameter[...] = value
        for held in vars(layer).values():
            if isinstance(held, np.ndarray) and held is not parameter and np.array_equal(held, before):
                held[...] = value


def toy_layers(student):
    """Linear, ReLU, Linear, Softmax with the weights that the notebook starts from."""
    stream = np.random.RandomState(0)
    first, second = student.Linear(4, 10), student.Linear(10, 3)
    put(first, 1e-4 * stream.rand(4, 10), 1e-4 * stream.rand(10))
    put(second, 1e-4 * stream.rand(10, 3), 1e-4 * stream.rand(3))
    return [first, student.ReLU(), second, student.Softmax()]


def linear(student, rng, inputs, outputs, size=1.0):
    """A Linear whose weights and biases have the standard deviation `size`."""
    layer = student.Linear(inputs, outputs)
    put(layer, size * rng.normal(size=(inputs, outputs)), size * rng.normal(size=outputs))
    return layer


def off_zero(rng, *shape):
    """Numbers of both signs that keep away from the kink of ReLU."""
    return rng.uniform(0.1, 2.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)


def probabilities(rng, rows, count):
    """Rows that add up to 1, no entry near 0: an epsilon inside the logarithm must not matter."""
    weights = np.exp(rng.uniform(-1.0, 1.0, size=(rows, count)))
    return weights / weights.sum(axis=1, keepdims=True)


def labels(rng, rows, count):
    """Labels (rows,) in which every class occurs."""
    return rng.permutation(np.concatenate([np.arange(count), rng.integers(count, size=rows - count)]))


def gradients(first, second):
    """The gradients of a network's two linear layers, by name."""
    return {**dict(zip(("W1", "b1"), first.grads)), **dict(zip(("W2", "b2"), second.grads))}  # noqa: B905


def values(found):
    """Gradients for a comparison of their values: a bias's of shape (1, n) as (n,), its shape is 1.0.3a's matter."""
    return {
        name: np.reshape(a, -1) if name in ("b1", "b2", "d_bias") and np.ndim(a) == 2 and np.shape(a)[0] == 1 else a
        for name, a in found.items()
    }


def toy_network(student, X, y):
    """The toy network after its forward pass, its two linear layers, and the gradient that its loss sends back."""
    layers, criterion = toy_layers(student), student.CrossEntropyLoss()
    net = student.Sequential(layers)
    criterion.forward(net.forward(X), y)
    return net, (layers[0], layers[2]), criterion.backward()


# ---------------------------------------------------------------- 1.0.1


@check(SCORES, points=4, uses=[*FORWARD, "Sequential"], tolerance=SCORES_RULE)
def scores_toy(student, rng):
    """Scores of the toy network: the hand-out's own comparison"""
    np.random.seed(0)
    first, second = student.Linear(4, 10), student.Linear(10, 3)
    net = student.Sequential([first, student.ReLU(), second, student.Softmax()])
    return {"scores": net.forward(toy_data()[0])}


@check(SCORES, points=4, uses=["Linear"])
def linear_forward(student, rng):
    """Linear: output for random inputs, weights and biases"""
    layer = linear(student, rng, 5, 4)
    return {"out": layer.forward(rng.normal(size=(7, 5)))}


@check(SCORES, points=2, uses=["ReLU"])
def relu_forward(student, rng):
    """ReLU: output for random inputs of both signs"""
    return {"out": student.ReLU().forward(off_zero(rng, 6, 5))}


@check(SCORES, points=3, uses=["Softmax"])
def softmax_forward(student, rng):
    """Softmax: probabilities of random scores"""
    return {"probabilities": student.Softmax().forward(2 * rng.normal(size=(6, 4)))}


UNMOVED = "is not computed from the data: it stays as it is for other data"
RESTLESS = "is something else at a second time, for the same data and the same parameters"


def other_than(x):
    """Other numbers than x: no sum over the rows stays what it was, nor how many are positive."""
    return 1 - 2 * x[::-1]


def same(first, second, rtol=1e-6):
    """Whether two arrays agree but for rounding."""
    return np.shape(first) == np.shape(second) and np.allclose(first, second, rtol=rtol, atol=0, equal_nan=True)


def kept(value):
    """A copy, empty for what is no array."""
    return value.copy() if isinstance(value, np.ndarray) else np.empty(0)


def unmoved(first, again, other):
    """A flag for each array that the data do not make: the same for other data, or another one for the same."""
    restless = {f"restless_{name}": np.array(1) for name in first if not same(first[name], again[name])}
    fixed = [name for name in first if same(first[name], again[name]) and same(first[name], other[name], 1e-12)]
    return restless | {f"unmoved_{name}": np.array(1) for name in fixed}


def changes(before, after):
    """In how many of its numbers an array was changed, in words."""
    if before.shape != after.shape:
        return f"its shape, from {before.shape} to {after.shape}"
    return f"{np.mean(before != after):.0%} of its numbers"


def judge_kept(seen, given):
    """One verdict per layer: an output is there, made of the input, and the input still holds what it held."""
    for name in FORWARD:
        out, before, after = (seen[f"{name}_{what}"] for what in ("out", "before", "after"))
        message = ""
        if out.shape != (wanted := given.golden[f"{name}_out"].shape):
            message = f"{name}.forward returns shape {out.shape}; {wanted} is asked for"
        elif f"unmoved_{name}" in seen or f"restless_{name}" in seen:
            message = f"what {name}.forward returns {UNMOVED if f'unmoved_{name}' in seen else RESTLESS}"
        elif not np.array_equal(before, after):
            message = (
                f"{name}.forward changes the array that it is given in {changes(before, after)}; none may be changed"
            )
        yield Verdict(name, not message, message)


@check(SCORES, points=1, uses=FORWARD, judge=judge_kept)
def forward_keeps_input(student, rng):
    """No forward changes the array that it is given"""
    layers = {"Linear": linear(student, rng, 5, 3), "ReLU": student.ReLU(), "Softmax": student.Softmax()}
    seen = {}
    for name, layer in layers.items():
        x = off_zero(rng, 4, 5)
        seen[f"{name}_before"] = x.copy()
        seen[f"{name}_out"] = layer.forward(x)
        seen[f"{name}_after"] = x
        given = seen[f"{name}_before"]
        worlds = [{name: kept(layer.forward(x))} for x in (given.copy(), given.copy(), other_than(given))]
        seen |= unmoved(*worlds)
    return seen


# ---------------------------------------------------------------- 1.0.2


def judge_toy_loss(seen, given):
    """Points within 2e-7: all scores at 1/3 would lie 4.3e-7 off, an epsilon in the logarithm far less."""
    loss = seen["loss"]
    if loss.size != 1:
        yield Verdict("loss", False, f"CrossEntropyLoss.forward returns shape {loss.shape}; one number is asked for")
        return
    error = float(abs(loss.reshape(()) - given.golden["loss"]))
    told = f"the loss is {loss.item():.9g}, {error:.2g} off {given.golden['loss'].item():.9g}"
    message = "" if error < 1e-12 else f"{told}; less than 1e-12 is what the hand-out gets"
    yield Verdict("loss", error <= 2e-7, message, error=error, tolerance=2e-7)


@check(LOSS, points=2, uses=NETWORK, builds_on=FORWARD, judge=judge_toy_loss)
def loss_toy(student, rng):
    """Loss of the toy network: the hand-out's own comparison"""
    X, y = toy_data()
    scores = student.Sequential(toy_layers(student)).forward(X)
    return {"loss": student.CrossEntropyLoss().forward(scores, y)}


@check(LOSS, points=3, uses=["CrossEntropyLoss"], tolerance=PROBABILITY_LOSS)
def loss_forward(student, rng):
    """CrossEntropyLoss: the loss of random probabilities, one number"""
    return {"loss": student.CrossEntropyLoss().forward(probabilities(rng, 8, 3), labels(rng, 8, 3))}


# ---------------------------------------------------------------- 1.0.3


def returns_one(layer, dout):
    """Whether the backward pass of a layer is written as far as to return a gradient."""
    return isinstance(dout, np.ndarray) and isinstance(layer.backward(dout.copy()), np.ndarray)


def keeping(layers, dout):
    """The values of the gradients of two layers; where these return one and keep none, that is said instead."""
    found = gradients(*layers)
    if all(a is None for a in found.values()) and returns_one(layers[1], dout):
        fail("no layer keeps a gradient: after `backward`, which is written, `grads` holds None alone")
    return values(found)


def existing(worlds):
    """All four gradients, an empty array in the place of what is none, so that each is judged by itself.

    Each world is a network after its forward pass, its two linear layers, and the gradient that comes in; the second
    has the same data as the first and the third other data: which gradients do not follow the data is told. A backward
    pass that stops in an earlier layer leaves those of the later ones.
    """
    found, stopped = [], None
    for net, layers, dout in worlds:
        try:
            net.backward(dout)
        except Exception as error:
            stopped = error
        world = gradients(*layers)
        found.append({name: world.get(name) for name in ("W1", "b1", "W2", "b2")})
        if all(a is None for a in found[0].values()) and (stopped or not returns_one(layers[1], dout)):
            raise stopped or NotImplementedError("no layer has a gradient after backward")
    found = [{name: kept(a) for name, a in world.items()} for world in found]
    return found[0] | unmoved(*found) | ({"stopped": np.array(True)} if stopped else {})


def judge_existence(seen, given):
    """One verdict per array: there, shaped like its parameter, finite, not all zero and made of the data."""
    for name, golden in given.golden.items():
        got, message = seen[name], ""
        if not got.size:
            message = f"the gradient of {name} is no array after backward"
            message += ", which stops with an error on the way" if "stopped" in seen else ""
        elif got.shape != golden.shape:
            message = f"the gradient of {name} has shape {got.shape} instead of {golden.shape}"
        elif not np.isfinite(got).all():
            message = f"the gradient of {name} holds nan or inf"
        elif not got.any():
            message = f"the gradient of {name} is zero throughout"
        elif f"unmoved_{name}" in seen or f"restless_{name}" in seen:
            message = f"the gradient of {name} {UNMOVED if f'unmoved_{name}' in seen else RESTLESS}"
        yield Verdict(name, not message, message)


@check(EXIST, points=12, uses=NETWORK, builds_on=["Softmax"], judge=judge_existence)
def gradients_exist(student, rng):
    """Shapes on the toy data: (4, 10), (10,), (10, 3), (3,)"""
    X, y = toy_data()
    return existing(toy_network(student, *data) for data in ((X, y), (X, y), (other_than(X), (y + 1) % 3)))


@check(GRADIENTS, points=4, uses=NETWORK, builds_on=["Softmax"], tolerance=GRADIENTS_RULE)
def gradients_toy(student, rng):
    """Gradients on the toy data: the hand-out's own comparison, array by array"""
    net, layers, dout = toy_network(student, *toy_data())
    net.backward(dout)
    return keeping(layers, dout)


@check(GRADIENTS, points=3, uses=["Linear"])
def linear_backward(student, rng):
    """Linear: gradients with respect to the input, the weight and the bias"""
    layer = linear(student, rng, 5, 4)
    layer.forward(rng.normal(size=(7, 5)))
    d_input = layer.backward(rng.normal(size=(7, 4)))
    return {"d_input": d_input, **values(dict(zip(("d_weight", "d_bias"), layer.grads)))}  # noqa: B905


@check(GRADIENTS, points=1, uses=["ReLU"])
def relu_backward(student, rng):
    """ReLU: gradient with respect to the input"""
    layer = student.ReLU()
    layer.forward(off_zero(rng, 6, 5))
    return {"d_input": layer.backward(rng.normal(size=(6, 5)))}


@check(GRADIENTS, points=3, uses=["CrossEntropyLoss"])
def loss_backward(student, rng):
    """CrossEntropyLoss: gradient with respect to the input of the softmax"""
    criterion = student.CrossEntropyLoss()
    criterion.forward(probabilities(rng, 8, 3), labels(rng, 8, 3))
    return {"d_logits": criterion.backward()}


# ---------------------------------------------------------------- 1.1


@check(
    TRAINING,
    points=7,
    uses=[*NETWORK, Uses(name="net", occurrence=0), "epoch"],
    builds_on=[*FORWARD, "CrossEntropyLoss"],
    judge=judge_training,
)
def training_loss(student, rng):
    """The trained network's loss on the toy data, recomputed from its parameters, is below 0.02"""
    others = dict(student.notebook)
    net, parameters = student.net, {}
    with contextlib.suppress(AttributeError):  # a replaced layer keeps its parameters under other names
        parameters = parameters_of(net)
    if not reached(parameters) < LOSS_GOAL:
        with contextlib.suppress(Exception):  # what was never trained, or cannot be once more, stays as it is
            again = parameters_of(trained_again(student, net, others))
            parameters = again if reached(again) < LOSS_GOAL else parameters
    if not reached(parameters) < LOSS_GOAL:  # a training in a function may be of a network of another name
        for value in others.values():
            with contextlib.suppress(Exception):  # what is no network
                found = parameters_of(value)
                parameters = found if reached(found) < LOSS_GOAL else parameters
    seen = {name: numbers(getattr(others.get("optim"), name, None)) for name in ("lr", "weight_decay")}
    seen.update({name: numbers(others.get(name)) for name in ("X", "y", "epoch_loss")})
    seen.update(parameters)
    return seen
