"""The same under Keras's own name: `from keras.datasets import mnist`."""

from tensorflow.keras import datasets

__all__ = ["datasets"]
__version__ = "3+mnist.only"
