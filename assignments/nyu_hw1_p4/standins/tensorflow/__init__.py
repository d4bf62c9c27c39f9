"""Stands in for TensorFlow, which is not installed where assignments are graded: it loads MNIST.

What only looks at the machine or sets a seed, as the first lines of many notebooks do, does nothing; the rest raises.
"""

from tensorflow import keras

__all__ = ["keras"]
__version__ = "2+mnist.only"
SETTINGS = ("config", "random", "test", "device", "get_logger", "compat", "debugging", "executing_eagerly", "sysconfig")


class Nothing:
    """No device, no logger, nothing to set: whatever is asked of it is nothing too."""

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args, **named):
        return self

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 0

    def __repr__(self):
        return "[]"

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


def __getattr__(name: str):
    if name in SETTINGS:
        return Nothing()
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(
        f"tensorflow.{name} is not available while grading: only tensorflow.keras.datasets.mnist is; "
        "everything else in this homework is plain NumPy"
    )
