"""Stands in for TensorFlow, which is not installed where assignments are graded: it loads MNIST and nothing else."""

from tensorflow import keras

__all__ = ["keras"]
__version__ = "0+mnist.only"


def __getattr__(name: str):
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(
        f"tensorflow.{name} is not available while grading: only tensorflow.keras.datasets.mnist is; "
        "everything else in this homework is plain NumPy"
    )
