"""Two of Keras's tools."""

import random

import numpy as np


def set_random_seed(seed):
    """Seed Python's and NumPy's generators, as Keras does besides TensorFlow's own."""
    random.seed(seed)
    np.random.seed(seed)


def to_categorical(x, num_classes=None):
    """One-hot rows float (N, num_classes) of labels int (N,); without a number, as many as the largest label needs."""
    x = np.asarray(x, dtype=int)
    return np.eye(x.max() + 1 if num_classes is None else num_classes)[x]
