"""The rectifier."""

import numpy as np

from layers.base_layer import BaseLayer


class ReLU(BaseLayer):
    """max(x, 0), entry by entry; no parameters."""

    def forward(self, x):
        """Map x to an array of the same shape, and keep what `backward` will need."""
        self.positive = x > 0
        return np.maximum(x, 0)

    def backward(self, dout):
        """Turn the gradient with respect to the output into the gradient with respect to the input."""
        return dout * self.positive
