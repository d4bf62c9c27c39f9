"""Of the data sets only MNIST."""

from tensorflow.keras.datasets import mnist

__all__ = ["mnist"]
