"""Judges of trained networks, by their parameters alone.

The network is computed here, on images that the judge makes or reads for itself. What the Solver printed or remembers
does not count.
"""

from fractions import Fraction
from itertools import pairwise

import numpy as np

from grader import Verdict

IMAGE, CLASSES = 3072, 10
STONES, STONE = 4, 8
"""An image of the small data set is STONES x STONES squares of STONE x STONE equal pixels, in each colour."""
GUESSED = 0.15
"""One of ten classes, with what chance adds on a thousand images."""
GOAL, HALF = 0.50, 0.45
"""Validation accuracy for all points, and for half of them.

The hand-out's numbers, also for the small data set, which was made for them. Right code with 200 hidden units, at
twenty seeds, by learning rate, batch size and epochs: at least 0.907 from 1e-3, 200, 10 and 1e-4, 100, 20 and 5e-3,
500, 20; 0.680 from 1e-4, 200, 10; 0.577 from 5e-3, 100, 5; 0.540 from 1e-4, 500, 20. Of the 54 combinations of 1e-4 to
5e-3, 100 to 500 and 5 to 20 epochs only four can stay below 0.5, those whose learning rate times number of steps is
below 0.01; on CIFAR-10 it takes about 1 to get there. Settings on their way are given as many steps as they would have
on CIFAR-10: 1e-4, 500, 10 goes from 0.47 to 0.62 in twice the steps, and 1e-5 stays below 0.3. Wrong code, at ten
seeds and four settings: at most 0.33 without the ReLU, 0.46 where it lets every gradient through, 0.12 with the wrong
sign; but up to 0.69 with the mask from dout, and 0.87 where only the last layer learns: for those there are the other
parts.
"""
BY_HEART = 50
SLOWEST, FASTEST = 1e-4, 5e-3
"""Learning rates that work, as the hand-out's README says; its notebook begins 6.4 with the first."""


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


def misfit(seen, name):
    """What keeps an observed network from judging these images."""
    sizes = seen["sizes"].ravel()
    if seen["sizes"].dtype.kind in "iu" and sizes.size == 0:
        return "the parameters of your network are not called W1, b1, W2, b2 and so on, two for each layer"
    if seen["sizes"].dtype.kind in "iu" and sizes.size == 1 and 0 < sizes[0] != CLASSES:
        return f"your network gives {sizes[0]} scores for an image, not {CLASSES}"
    return f"the network does not fit the images of {name}"


def told_settings(seen, remark):
    """How the last Solver for this network was asked to train, as a list of one sentence or none.

    `remark` is what is said of a learning rate and a standard deviation.
    """
    values = seen["settings"].ravel()
    if values.size != 5 or values.dtype.kind != "f" or not np.isfinite(values).all():
        return []
    started, rate, epochs, batch, scale = values.tolist()
    if not started:
        return ["its Solver was made, and `train` was never called"]
    times = "1 epoch" if epochs == 1 else f"{epochs:g} epochs"
    how = f"its Solver had the learning rate {rate:g}, {times} and batches of {batch:g}"
    return [f"{how}; the first weights had the standard deviation {scale:.2g}{remark(rate, scale)}"]


def slow(rate, scale):
    return "" if rate >= SLOWEST else f"; learning rates from {SLOWEST:g} to {FASTEST:g} work"


def unchanged(rate, scale):
    """A remark on the settings from which the notebook asks to move away."""
    given = rate == SLOWEST and abs(scale / 0.01 - 1) < 0.1
    return ". These are the notebook's own settings, which it asks you to change" if given else ""


def judge_solver(seen, given):
    """Points by the validation accuracy of the network; its number of hidden units costs nothing."""
    name, _, (images, labels) = held_images(given.data)
    layers = judged_layers(seen, images.shape[1])
    if layers is None:
        yield Verdict("accuracy", False, misfit(seen, name))
        return
    reached = accuracy(layers, images, labels)
    told = [f"{reached:.1%} of the {len(labels)} validation images of {name} are right"]
    if reached < GOAL:
        told[0] += ", about as many as guessing gives" if reached < GUESSED else ""
        told.append(f"{GOAL:.0%} are asked for" + (f", and {HALF:.0%} are worth half" if reached >= HALF else ""))
        told += told_settings(seen, slow)
    if len(layers[0][1]) != 200:
        told.append(f"the network has {len(layers[0][1])} hidden units instead of 200, which costs nothing")
    earned = True if reached >= GOAL else Fraction(1, 2) if reached >= HALF else False
    yield Verdict("accuracy", earned, "; ".join(told), error=1 - reached, tolerance=1 - GOAL)


def judge_overfit(seen, given):
    """All fifty or nothing, as the hand-out has it."""
    name, (images, labels), _ = held_images(given.data)
    layers = judged_layers(seen, images.shape[1])
    if layers is None:
        yield Verdict("accuracy", False, misfit(seen, name))
        return
    reached = accuracy(layers, images, labels)
    text = f"{round(reached * len(labels))} of the {len(labels)} training images of {name} are right"
    text += "" if reached == 1 else "; ".join(["; all are asked for", *told_settings(seen, unchanged)])
    yield Verdict("accuracy", reached == 1, text, error=1 - reached, tolerance=0.0)
