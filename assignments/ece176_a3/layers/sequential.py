"""A network as a chain of layers. Provided: nothing to write here."""

import numpy as np


class Sequential:
    """Layers one after the other, kept in `_modules`."""

    def __init__(self, modules):
        self._modules = list(modules)

    def forward(self, x):
        """Send a batch through all layers; with a Softmax at the end the result holds probabilities (N, C)."""
        for module in self._modules:
            x = module.forward(x)
        return x

    def __call__(self, x):
        return self.forward(x)

    def backward(self, dout):
        """Send the gradient (N, C) back from the last layer to the first; every layer keeps its own gradients."""
        for module in reversed(self._modules):
            dout = module.backward(dout)

    def predict(self, x):
        """The most likely class of each row: integers (N,)."""
        return np.argmax(self.forward(x), axis=-1)
