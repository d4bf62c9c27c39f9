"""The same under Keras's own name."""

from tensorflow.keras.utils import set_random_seed, to_categorical

__all__ = ["set_random_seed", "to_categorical"]
