"""The same under Keras's own name."""

from tensorflow.keras.datasets import mnist

__all__ = ["mnist"]
