"""The network that the student's notebook has trained: its parameters, its loss, and its training once more."""

import numpy as np

from grader import Verdict

SIZES = {"W1": (4, 10), "b1": (10,), "W2": (10, 3), "b2": (3,)}
LONGEST = 3000  # epochs of a training that is repeated, at some 0.1 ms each
LOSS_GOAL, LOSS_HOPE = 0.02, 0.01  # the cell asks for the first, the text above it for the second


def toy_data():
    """The ten points (10, 4) and labels (10,) of the notebook, whatever its X and y hold by now."""
    stream = np.random.RandomState(0)
    return 10 * stream.randn(10, 4), stream.randint(3, size=10)


def toy_loss(W1, b1, W2, b2):
    """The cross-entropy (a number) of the two-layer network on the toy data, computed here."""
    X, y = toy_data()
    logits = np.maximum(X @ W1 + b1, 0) @ W2 + b2
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probability = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-log_probability[np.arange(len(y)), y].mean())


def judge_training(seen, given):
    """Points by the loss that the network of the notebook really has; remarks cost nothing."""
    if any(seen[name].size != np.prod(size) for name, size in SIZES.items()) or "more" in seen:
        yield Verdict("final_loss", False, "`net` is no network of a (4, 10) and a (10, 3) linear layer")
        return
    loss = toy_loss(*(seen[name].reshape(size) for name, size in SIZES.items()))
    remarks = list(edited(seen))
    if not loss < LOSS_GOAL:  # nan if the parameters have run away
        remarks.insert(0, f"the loss of `net` on the toy data is {loss:.4g}, not below {LOSS_GOAL}")
    elif not loss < LOSS_HOPE:
        remarks.insert(0, f"the loss is {loss:.4g}: enough, though the text expects less than {LOSS_HOPE}")
    yield Verdict("final_loss", loss < LOSS_GOAL, "; ".join(remarks), error=loss, tolerance=LOSS_GOAL)


def edited(seen):
    """Remarks about what the hand-out asks to leave alone; nan stands for what could not be read."""
    for name, value in (("lr", 0.1), ("weight_decay", 1e-5)):
        if seen[name].size == 1 and not np.isnan(seen[name]) and seen[name] != value:
            yield f"the optimizer's {name} is {seen[name].item():g} instead of {value:g}"
    if seen["epoch_loss"].ndim and len(seen["epoch_loss"]) != 1000:
        yield f"{len(seen['epoch_loss'])} losses were collected instead of 1000"
    for name, value in zip(("X", "y"), toy_data(), strict=True):
        if seen[name].ndim and not np.array_equal(seen[name], value):
            yield f"`{name}` does not hold the toy data any more"


def numbers(value):
    """The value as an array of floats, nan if it is none."""
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return np.array(np.nan)


def trained_again(student, net, others):
    """The training of the notebook once more, on fresh layers: they may be right by now, in follow-through.

    The network, the data and the settings are the notebook's own, so that a mistake in those stays one.
    """
    optim, epochs = others.get("optim"), others.get("epochs", 1000)
    np.random.seed(0)
    sizes = iter([SIZES["W1"], SIZES["W2"]])  # a third linear layer is a mistake of the notebook's
    layers = [student.Linear(*next(sizes)) if type(m) is student.Linear else type(m)() for m in net._modules]
    again, criterion = student.Sequential(layers), student.CrossEntropyLoss()
    optimizer = student.SGD(again, lr=optim.lr, weight_decay=optim.weight_decay)
    for _ in range(min(epochs, LONGEST)):
        criterion.forward(again.forward(others["X"]), others["y"])
        optimizer.zero_grad()
        again.backward(criterion.backward())
        optimizer.step()
    return again


def parameters_of(net):
    """The parameters by name; `more` where there are too many."""
    found = [numbers(parameter) for module in net._modules for parameter in module.parameters]
    return dict(zip(("W1", "b1", "W2", "b2", "more"), found))  # noqa: B905


def reached(seen):
    """The loss on the toy data; infinite for what is no such network."""
    if seen.keys() != SIZES.keys() or any(seen[name].size != np.prod(size) for name, size in SIZES.items()):
        return np.inf
    return toy_loss(*(seen[name].reshape(size) for name, size in SIZES.items()))


# `epoch` runs in the training loop, wherever that is; `net` may be made anew below it, which must not matter.
