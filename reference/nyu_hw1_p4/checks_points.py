"""The points at which a network is asked: weights, images and labels, all made from one number, the key.

Probe and judge make the same from the same key, so that nothing but the key has to come out of the worker.
"""

import numpy as np
from checks_network import SIZES, forward

SPREADS = (1 / 2000, 0.3, 0.3)  # inputs of all neurons of order 1, for images whose pixels have the norm 2000


def drawn_state(key, shift=0.0, sharp=1.0):
    """Six arrays; the ten scores are multiplied by `sharp`, and all moved alike by `shift` in the last weights."""
    stream, state = np.random.default_rng([int(key), 1]), {}
    for i, (size, spread) in enumerate(zip(SIZES, SPREADS, strict=True), 1):
        state[f"W{i}"], state[f"b{i}"] = spread * stream.normal(size=size), stream.normal(size=size[1])
    state["W3"], state["b3"] = sharp * state["W3"] + shift, sharp * state["b3"]
    return state


def drawn_points(key, count):
    """Images uint8 (count, 28, 28), a quarter of whose pixels hold ink, and labels uint8; two in five are guessed."""
    stream = np.random.default_rng([int(key), 2])
    shape = (count, 28, 28)
    images = np.where(stream.random(shape) < 0.25, stream.integers(1, 256, shape), 0).astype(np.uint8)
    guesses = forward(drawn_state(key), images.reshape(count, -1))[1][2].argmax(axis=1)
    labels = np.where(stream.random(count) < 0.4, guesses, stream.integers(10, size=count))
    return images, labels.astype(np.uint8)


def new_key(rng):
    return int(rng.integers(2**31))
