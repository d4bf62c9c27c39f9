"""The fully connected layer."""

import numpy as np

from layers.base_layer import BaseLayer


class Linear(BaseLayer):
    """`out = x @ W + b`, with W of shape (in_features, out_features) and b of shape (out_features,)."""

    def __init__(self, in_features, out_features):
        # Given. W is drawn first, then b: the numbers that the notebook prints depend on this order.
        self.W = 1e-4 * np.random.rand(in_features, out_features)
        self.b = 1e-4 * np.random.rand(out_features)
        self.dW = None
        self.db = None

    @property
    def parameters(self):
        return [self.W, self.b]

    @property
    def grads(self):
        return [self.dW, self.db]

    def zero_grad(self):
        self.dW = None
        self.db = None

    def forward(self, x):
        """Map a batch x (N, in_features) to (N, out_features), and keep what `backward` will need."""
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        """Set `self.dW` and `self.db`, each shaped like its parameter, and return the gradient for the input.

        dout (N, out_features) is the gradient of the loss with respect to this layer's output; the result is the
        gradient with respect to its input, (N, in_features).
        """
        raise NotImplementedError("Linear.backward: not implemented yet")
