"""Of Keras only the data sets, and of those only MNIST."""

from tensorflow.keras import datasets

__all__ = ["datasets"]
__version__ = "0+mnist.only"
