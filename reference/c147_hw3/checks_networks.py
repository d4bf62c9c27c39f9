"""Networks of the student's classes at random points: built, filled and asked.

No input of a ReLU lies near 0, where its gradient is a matter of choice, and both signs occur before every ReLU: at the
point that the notebook prints all of them are positive, so a network without a ReLU gets those scores too.
"""

import inspect
from itertools import pairwise

import numpy as np

from grader import Verdict

KINK = 1e-3
"""No input of a ReLU is closer to 0 than this; they are of order 1."""
CLEAR = 0.05
"""The same where parameters are moved for finite differences."""
SIGMAS = 5.0
"""Limit for the statistics of random weights: right code is beyond it once in two million draws."""
SPELLINGS = {
    "hidden_dims": ("hidden_dims", "hidden_dim", "hidden_size"),
    "input_dim": ("input_dim", "input_size"),
    "num_classes": ("num_classes", "output_size"),
    "weight_scale": ("weight_scale", "std"),
}
"""How editions call an argument, this one's name first."""


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


def float32_start(student, hidden):
    """What becomes of the list of hidden sizes, and how long the parameters' numbers are in a float32 network."""
    kind, sizes = student.FullyConnectedNet, list(hidden)
    net = build(kind, hidden_dims=sizes, input_dim=20, num_classes=15, dtype=np.float32)
    found = [np.asarray(array).dtype.itemsize for name, array in net.params.items() if str(name)[:1] in ("W", "b")]
    if "dtype" not in inspect.signature(kind).parameters:
        found = [4] * len(found)  # an edition without it
    return {"hidden_dims": np.array(sizes), "bytes_with_float32": np.array(found)}


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


def batch(rng, values, rows, shape=None, clearance=KINK):
    """Random samples (rows, *shape) that put no hidden unit on the kink of its ReLU, and labels."""
    depth = len(values) // 2
    x = np.empty((0, len(values["W1"])))
    while len(x) < rows:
        drawn = rng.normal(size=(5 * rows, len(values["W1"])))
        hidden, clear = drawn, np.ones(len(drawn), dtype=bool)
        for i in range(1, depth):
            before = hidden @ values[f"W{i}"] + values[f"b{i}"]
            clear &= (np.abs(before) > clearance).all(axis=1)
            hidden = np.maximum(before, 0)
        x = np.concatenate([x, drawn[clear]])
    x = x[:rows]
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


def with_own_loss(net, rng, sizes, rows):
    """What a gradient check asks: the loss as a function of the parameters, and the gradients that go with it."""
    values = random_values(rng, sizes)
    x, y = batch(rng, values, rows, clearance=CLEAR)

    def forward(**parameters):
        put(net, parameters)
        return np.sum(loss_of(net, x, y))  # a loss of shape (1,) is one number too

    return forward, lambda d_out: gradients(net, x, y)["grads"], values


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
            if name == "hidden_dims":
                told = f"the list hidden_dims is changed in place: {golden.tolist()} has become {value.tolist()}"
                kept = value.tolist() == golden.tolist()
                yield Verdict(name, kept, "" if kept else told)
            elif name == "bytes_with_float32":
                right = not (value != 4).any()
                told = f"with dtype=np.float32, parameters are of float{8 * value.max(initial=0)}"
                yield Verdict(name, right, "" if right else told)
            elif value.shape != golden.shape:
                yield Verdict(name, False, f"{name} has shape {value.shape} instead of {golden.shape}")
            elif value.dtype.kind not in "fiu":
                yield Verdict(name, False, f"{name} holds no real numbers but {value.dtype}")
            elif name.startswith("b"):
                largest = float(np.abs(value).max(initial=0.0))
                told = f"the entries of {name} go up to {largest:.2g}; biases of 0 are asked for"
                yield Verdict(name, not value.any(), told if value.any() else "")
            else:
                # the mean of n numbers is known to scale / sqrt(n), their deviation from 0 to scale / sqrt(2 n)
                spread = float(np.sqrt(np.mean(np.square(value, dtype=float))))
                off_mean = abs(float(value.mean())) / scale * np.sqrt(value.size)
                off_spread = abs(spread / scale - 1) * np.sqrt(2 * value.size)
                right = bool(off_mean <= SIGMAS and off_spread <= SIGMAS)
                found = f"mean {value.mean():.2g} and standard deviation {value.std():.2g}"
                weights = {other: seen[other] for other in given.golden if other[:1] == "W" and other in seen}
                asked = f"{name} has {found}; 0 and {scale:g} are asked for"
                if np.allclose([value.mean(), value.std()], [scale / 2, scale / np.sqrt(12)], rtol=0.1):
                    asked += f". They are spread evenly from 0 to {scale:g}, as by `rand`; `randn` is normal"
                elif spread and (other := mistaken_scale(spread, scale, value.shape)):
                    asked += f". {other}"
                told = not_drawn(name, value, weights) if right else asked
                yield Verdict(name, not told, told)

    return judge


def mistaken_scale(spread, scale, shape):
    """What a standard deviation is, where it is one that a usual mistake gives in place of `scale`; else empty."""
    near = 2 / np.sqrt(2 * np.prod(shape))  # the deviation of n numbers is known to 1 / sqrt(2 n)
    usual = {
        f"It is the root of {scale:g}: `weight_scale` is the standard deviation, not the variance": np.sqrt(scale),
        f"It is the square of {scale:g}": scale**2,
        "It is the root of 2 divided by the number of inputs": np.sqrt(2 / shape[0]),
        "It is 1 divided by the root of the number of inputs": np.sqrt(1 / shape[0]),
        "It is that of `randn` alone, not multiplied by `weight_scale`": 1.0,
    }
    return next((told for told, value in usual.items() if abs(spread / value - 1) < near), "")


def not_drawn(name, value, weights):
    """What is wrong with weights of the right mean and spread that are not normal or not independent; else empty.

    `weights` are those of all layers, by name. 6 % of normal numbers are beyond 1.9 standard deviations, and 5 % where
    they are truncated at 2; of 450, none is once in 10^10 draws.
    """
    if (np.abs(value) <= 1.9 * np.std(value)).all():
        return f"{name} is not normal: no number is beyond 1.9 standard deviations, where 6 % of normal ones are"
    for other, numbers in weights.items():
        if other < name and np.isin(value, numbers).mean() > 0.5:
            return f"{name} starts with the numbers of {other}; each weight needs numbers of its own"
    return f"{name} repeats its numbers" if np.unique(value).size < value.size / 2 else ""


def judge_loss_of_scores(seen, given):
    """The loss is that of the student's own scores: what is wrong with those has been paid for."""
    labels, shape = given.golden["labels"], given.golden["scores"].shape
    scores, loss = seen["scores"].astype(float), seen["loss"]
    if scores.shape != shape or loss.size != 1 or not np.ptp(scores) > 0:
        yield Verdict("loss", False, f"scores of shape {shape} and one loss are asked for")
        return
    shifted = scores - scores.max(axis=1, keepdims=True)
    wanted = np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels])
    got = float(loss.reshape(()))
    error = abs(got - wanted) / max(abs(wanted), 0.1)
    limit = 1e-4 if seen["scores"].dtype.itemsize < 8 or loss.dtype.itemsize < 8 else 1e-6
    told = f"the loss is {got:.5g}; the softmax loss of your own scores is {wanted:.5g}"
    yield Verdict("loss", bool(error <= limit), "" if error <= limit else told, error=error, tolerance=limit)
