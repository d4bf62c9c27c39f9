"""Hidden checks: other sizes, whole networks at ordinary scale, objects used twice, training on other data."""

import numpy as np
from checks import (
    EXIST,
    FORWARD,
    GRADIENTS,
    LOSS,
    NETWORK,
    PROBABILITY_LOSS,
    SCORES,
    TRAINING,
    UNMOVED,
    changes,
    existing,
    judge_existence,
    keeping,
    kept,
    labels,
    linear,
    off_zero,
    other_than,
    probabilities,
    put,
    same,
    values,
)

from grader import Verdict, check

STEPS = 40
"""Of training on other data: enough for a wrong gradient to show, too few for rounding to grow past 1e-12."""


def network(student, rng, inputs, hidden, outputs, size=1.0):
    """Four layers; weights and biases have the standard deviation `size`."""
    first = linear(student, rng, inputs, hidden, size)
    return [first, student.ReLU(), linear(student, rng, hidden, outputs, size), student.Softmax()]


def points(rng, layer, rows):
    """Random inputs (rows, n) for which no output of `layer` is close to 0, where ReLU has its kink."""
    weight, bias = layer.parameters
    x = rng.normal(size=(10 * rows, weight.shape[0]))
    clear = (np.abs(x @ weight + bias) > 0.02).all(axis=1)
    return x[clear][:rows]


# ---------------------------------------------------------------- 1.0.1


@check(SCORES, points=1, uses=["Linear"])
def linear_forward_sizes(student, rng):
    """Linear: outputs at several sizes"""
    sizes = {"narrow": (3, 6, 2), "wide": (4, 2, 7), "single": (1, 5, 3)}
    return {
        name: linear(student, rng, inputs, outputs).forward(rng.normal(size=(rows, inputs)))
        for name, (rows, inputs, outputs) in sizes.items()
    }


@check(SCORES, points=1, uses=["Softmax"])
def softmax_forward_sizes(student, rng):
    """Softmax: probabilities at several sizes"""
    layer = student.Softmax()
    return {"few": layer.forward(rng.normal(size=(5, 2))), "many": layer.forward(3 * rng.normal(size=(3, 9)))}


@check(SCORES, points=1, uses=["Softmax"])
def softmax_large(student, rng):
    """Softmax: scores near 2000 do not overflow"""
    scores = 2000 + rng.integers(-32, 32, size=(5, 6)) / 16  # exact in single precision too
    # few are large: a shift by the smallest score, or by the mean or the median of all, overflows as well
    scores[:, [0, 2, 3, 5]] = 0
    return {"probabilities": student.Softmax().forward(scores)}


@check(SCORES, points=3, uses=[*FORWARD, "Sequential"])
def net_forward(student, rng):
    """A whole network with weights of ordinary size"""
    layers = network(student, rng, 5, 8, 4)
    return {"scores": student.Sequential(layers).forward(points(rng, layers[0], 7))}


# ---------------------------------------------------------------- 1.0.2


@check(LOSS, points=3, uses=["CrossEntropyLoss"], tolerance=PROBABILITY_LOSS)
def loss_forward_sizes(student, rng):
    """CrossEntropyLoss: losses at several sizes, from one object"""
    criterion = student.CrossEntropyLoss()
    sizes = {"small": (4, 2), "middle": (9, 5), "large": (23, 7)}
    return {
        name: criterion.forward(probabilities(rng, rows, count), labels(rng, rows, count))
        for name, (rows, count) in sizes.items()
    }


@check(LOSS, points=2, uses=NETWORK, builds_on=FORWARD, tolerance=PROBABILITY_LOSS)
def loss_net(student, rng):
    """The loss of a whole network's scores"""
    # no probability near 0, where an epsilon in the logarithm would count
    layers = network(student, rng, 4, 6, 3, size=0.4)
    scores = student.Sequential(layers).forward(points(rng, layers[0], 9))
    return {"loss": student.CrossEntropyLoss().forward(scores, labels(rng, 9, 3))}


# ---------------------------------------------------------------- 1.0.3


@check(EXIST, points=8, uses=["Linear", "ReLU", "Sequential"], judge=judge_existence)
def gradients_exist_sizes(student, rng):
    """Shapes at other sizes, for an arbitrary gradient coming in"""
    weights = [layer.parameters for layer in (linear(student, rng, 5, 6), linear(student, rng, 6, 2))]
    x, d = rng.normal(size=(7, 5)), rng.normal(size=(7, 2))

    def network(given, dout):
        first, second = student.Linear(5, 6), student.Linear(6, 2)
        for layer, parameters in zip((first, second), weights, strict=True):
            put(layer, *parameters)
        net = student.Sequential([first, student.ReLU(), second])
        net.forward(given.copy())
        return net, (first, second), dout.copy()

    return existing(network(*given) for given in ((x, d), (x, d), (other_than(x), other_than(d))))


@check(GRADIENTS, points=2, uses=["Linear"])
def linear_backward_sizes(student, rng):
    """Linear: gradients at another size, for the last of three batches"""
    layer = linear(student, rng, 3, 8)
    for rows in (6, 4, 4):
        layer.forward(rng.normal(size=(rows, 3)))
    d_input = layer.backward(rng.normal(size=(4, 8)))
    return {"d_input": d_input, **values(dict(zip(("d_weight", "d_bias"), layer.grads)))}  # noqa: B905


@check(GRADIENTS, points=1, uses=["ReLU"])
def relu_two_objects(student, rng):
    """ReLU: two layers in turn, each with its own memory, of the latest batch"""
    first, second = student.ReLU(), student.ReLU()
    first.forward(off_zero(rng, 5, 4))
    first.forward(off_zero(rng, 5, 4))
    second.forward(off_zero(rng, 5, 4))
    return {
        "d_input_second": second.backward(rng.normal(size=(5, 4))),
        "d_input_first": first.backward(rng.normal(size=(5, 4))),
    }


@check(GRADIENTS, points=2, uses=["CrossEntropyLoss"])
def loss_backward_sizes(student, rng):
    """CrossEntropyLoss: gradients at several sizes, from one object, also for a batch without the last class"""
    criterion = student.CrossEntropyLoss()
    seen = {}
    for name, (rows, count) in {"small": (4, 2), "middle": (9, 5), "large": (23, 7)}.items():
        criterion.forward(probabilities(rng, rows, count), labels(rng, rows, count))
        seen[name] = copied(criterion.backward())
    criterion.forward(probabilities(rng, 6, 5), labels(rng, 6, 5))
    criterion.forward(probabilities(rng, 6, 5), labels(rng, 6, 4))
    return {**seen, "no_last_class": copied(criterion.backward())}


@check(GRADIENTS, points=3, uses=["Linear", "ReLU", "CrossEntropyLoss", "Sequential"])
def gradients_net(student, rng):
    """Gradients of a whole network whose layers were each given the right input"""
    first, second = linear(student, rng, 5, 8), linear(student, rng, 8, 4)
    relu, criterion = student.ReLU(), student.CrossEntropyLoss()
    x = points(rng, first, 7)
    hidden = x @ first.parameters[0] + first.parameters[1]
    for layer, given in ((first, x), (relu, hidden), (second, np.maximum(hidden, 0))):
        layer.forward(given)
    criterion.forward(probabilities(rng, 7, 4), labels(rng, 7, 4))
    dout = criterion.backward()
    student.Sequential([first, relu, second]).backward(dout)
    return keeping((first, second), dout)


def judge_repeated(seen, given):
    """One verdict per class: the second backward gives what the first gave, made of the data; `dout` is as it was."""
    for name in ("Linear", "ReLU", "CrossEntropyLoss"):
        once = [key for key in given.golden if key.startswith(name) and key.endswith("once")]
        message = ""
        if not all(seen[key].size for key in once):
            missing = sum(not seen[key].size for key in once)
            message = f"{missing} of the {len(once)} arrays that {name}.backward gives are missing"
        elif not all(same(seen[key], seen[key.replace("once", "again")]) for key in once):
            message = f"{name}.backward gives something else when it is called a second time"
        elif f"unmoved_{name}" in seen:
            message = f"what {name}.backward gives {UNMOVED}"
        elif f"{name}_dout" in seen and not np.array_equal(seen[f"{name}_dout"], seen[f"{name}_after"]):
            changed = changes(seen[f"{name}_dout"], seen[f"{name}_after"])
            message = f"{name}.backward changes the array that it is given in {changed}; none may be changed"
        yield Verdict(name, not message, message)


def copied(value):
    """A copy, since a second call may write into the same array; what is no array stays what it is."""
    return value.copy() if isinstance(value, np.ndarray) else value


@check(GRADIENTS, points=1, uses=["Linear", "ReLU", "CrossEntropyLoss"], judge=judge_repeated)
def backward_twice(student, rng):
    """A second backward gives the same, and none changes the array that it is given"""
    seen = {}
    shapes = {"Linear": (linear(student, rng, 5, 3), (6, 3)), "ReLU": (student.ReLU(), (6, 5))}
    for name, (layer, shape) in shapes.items():
        x, dout = off_zero(rng, 6, 5), rng.normal(size=shape)
        layer.forward(x.copy())
        given = seen[f"{name}_dout"] = dout.copy()
        for turn in ("once", "again"):
            returned = [layer.backward(dout), *layer.grads]
            seen.update({f"{name}_{i}_{turn}": kept(array) for i, array in enumerate(returned)})
        seen[f"{name}_after"] = dout
        layer.forward(other_than(x))
        others = [layer.backward(other_than(given)), *layer.grads]
        if any(same(seen[f"{name}_{i}_once"], kept(array)) for i, array in enumerate(others)):
            seen[f"unmoved_{name}"] = np.array(1)
    criterion, p, y = student.CrossEntropyLoss(), probabilities(rng, 6, 4), labels(rng, 6, 4)
    criterion.forward(p.copy(), y)
    for turn in ("once", "again"):
        seen[f"CrossEntropyLoss_0_{turn}"] = kept(criterion.backward())
    criterion.forward(p[::-1].copy(), (y + 1) % 4)
    if same(seen["CrossEntropyLoss_0_once"], kept(criterion.backward())):
        seen["unmoved_CrossEntropyLoss"] = np.array(1)
    if not any(array.size for name, array in seen.items() if name.endswith(("once", "again"))):
        raise NotImplementedError("no backward returns or keeps anything")
    return seen


# ---------------------------------------------------------------- 1.1


@check(TRAINING, points=3, uses=[*NETWORK, "SGD"], builds_on=[*FORWARD, "CrossEntropyLoss"])
def training_elsewhere(student, rng):
    """The loop of the notebook on other data: the parameters after some steps"""
    layers, criterion = network(student, rng, 4, 6, 3), student.CrossEntropyLoss()
    net = student.Sequential(layers)
    optimizer = student.SGD(net, lr=0.1, weight_decay=1e-3)
    x, y = rng.normal(size=(12, 4)), labels(rng, 12, 3)
    for _ in range(STEPS):
        criterion.forward(net.forward(x), y)
        optimizer.zero_grad()
        net.backward(criterion.backward())
        optimizer.step()
    return dict(zip(("W1", "b1", "W2", "b2"), [*layers[0].parameters, *layers[2].parameters], strict=True))
