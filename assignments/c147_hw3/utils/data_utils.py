"""The images: CIFAR-10 where it is, else a small data set of the same form. Provided, and not to be edited.

CIFAR-10 itself (`cifar-10-batches-py/`, the Python version of https://www.cs.toronto.edu/~kriz/cifar.html) goes into
the folder `data` beside the notebook. Without it, 4500 images are made from a seed: too few and too simple to be worth
a look, but a net has to use its hidden layer to tell them apart.
"""

import pickle
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[1] / "data" / "cifar-10-batches-py"
PER_BATCH = 10000
SMALL_VALIDATION, SMALL_TEST = 1000, 500


def get_CIFAR10_data(num_training=49000, num_validation=1000, num_test=1000, subtract_mean=True):
    """Load and split the images, and subtract the mean training image.

    Parameters
    ----------
    num_training, num_validation, num_test : int
        How many images of each kind. Of the small data set there are 3000, 1000 and 500 at most.
    subtract_mean : bool

    Returns
    -------
    dict
        `X_train`, `X_val`, `X_test`: float arrays, shape (N, 3, 32, 32), the mean over `X_train` being zero;
        `y_train`, `y_val`, `y_test`: integer arrays, shape (N,), classes 0 to 9.
    """
    X, y, X_test, y_test = load_CIFAR10()
    if not FOLDER.is_dir():
        print(f"CIFAR-10 is not in {FOLDER.parent.name}/, so this is the small data set.")
    num_training = min(num_training, len(X) - num_validation)
    rest = slice(num_training, num_training + num_validation)
    images = {"train": X[:num_training], "val": X[rest], "test": X_test[:num_test]}
    labels = {"train": y[:num_training], "val": y[rest], "test": y_test[:num_test]}
    mean = np.mean(images["train"], axis=0) if subtract_mean else 0.0

    data = {}
    for name in images:
        data[f"X_{name}"] = np.ascontiguousarray((images[name] - mean).transpose(0, 3, 1, 2))
        data[f"y_{name}"] = labels[name]
    return data


def load_CIFAR10(ROOT=None):
    """All training and test images.

    Parameters
    ----------
    ROOT : path or None
        The folder of the batches; where it is not there, the small data set.

    Returns
    -------
    Xtr, Ytr, Xte, Yte
        Images (N, 32, 32, 3), floats from 0 to 255, and labels (N,).
    """
    folder = Path(ROOT) if ROOT is not None and Path(ROOT).is_dir() else FOLDER
    if not folder.is_dir():
        images, y = small_set()
        pixels = images.repeat(8, axis=2).repeat(8, axis=3).transpose(0, 2, 3, 1).astype(float)
        return pixels[:-SMALL_TEST], y[:-SMALL_TEST], pixels[-SMALL_TEST:], y[-SMALL_TEST:]
    parts = [load_CIFAR_batch(folder / f"data_batch_{number}") for number in range(1, 6)]
    Xtr = np.concatenate([images for images, _ in parts])
    Ytr = np.concatenate([labels for _, labels in parts])
    return Xtr, Ytr, *load_CIFAR_batch(folder / "test_batch")


def load_CIFAR_batch(filename):
    """One of the six files of CIFAR-10.

    Returns
    -------
    X, Y
        Images (10000, 32, 32, 3), floats from 0 to 255, and labels (10000,).

    Raises
    ------
    ValueError
        If the file does not hold 10000 images.
    """
    with open(filename, "rb") as file:
        batch = pickle.load(file, encoding="latin1")
    pixels, labels = np.asarray(batch["data"]), np.asarray(batch["labels"])
    if pixels.shape != (PER_BATCH, 3072) or labels.shape != (PER_BATCH,):
        raise ValueError(f"{filename}: {pixels.shape} pixels and {labels.shape} labels; a batch has 10000 images")
    return pixels.reshape(PER_BATCH, 3, 32, 32).transpose(0, 2, 3, 1).astype(float), labels


def small_set():
    """The small data set: every image is a mosaic of 4 x 4 stones, each 8 x 8 pixels of one colour.

    A class has two patterns. An image is one of them, as light on dark or as dark on light, under a noise almost as
    strong. Averaged over a class nothing is left, so a net without a nonlinearity learns nothing here. One label in
    ten is drawn at random, so 91 % is the best that can be hoped for.

    Returns
    -------
    images : uint8 array, shape (4500, 3, 4, 4)
        The colours of the stones: 3000 images for training, 1000 for validation, 500 for testing.
    labels : integer array, shape (4500,)
    """
    rng = np.random.default_rng(147)
    patterns = rng.standard_normal((10, 2, 3, 4, 4))
    patterns /= np.sqrt(np.mean(patterns**2, axis=(2, 3, 4), keepdims=True))
    labels = rng.integers(10, size=4500)
    which = rng.integers(2, size=4500)
    sign = rng.choice([-1.0, 1.0], size=(4500, 1, 1, 1))
    images = 128 + 60 * sign * patterns[labels, which] + 45 * rng.standard_normal((4500, 3, 4, 4))
    labels = np.where(rng.random(4500) < 0.1, rng.integers(10, size=4500), labels)
    return np.clip(np.rint(images), 0, 255).astype(np.uint8), labels
