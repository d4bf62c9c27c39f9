"""The trained networks of the student's notebook: found among its globals, or trained once more as they were."""

from itertools import pairwise

import numpy as np
from checks_accuracy import CLASSES, IMAGE, STONE, accuracy, by_stones

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
    if any(size not in (1, shape[1]) for size, shape in zip(biases, weights, strict=True)):
        return None
    return [IMAGE, *(shape[1] for shape in weights)]


def layers_of(params, sizes):
    """(weight, bias) of each layer as float64 arrays."""
    return [
        (np.asarray(params[f"W{i}"], dtype=float), np.ravel(params[f"b{i}"]).astype(float) + np.zeros(size))
        for i, size in enumerate(sizes[1:], 1)
    ]


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
