"""What every layer has in common. Provided: nothing to write here."""

from functools import cached_property


class BaseLayer:
    """A layer maps a batch forwards and the gradient of the loss backwards.

    `parameters` and `grads` are two lists of the same length: the arrays that the optimizer changes, and the
    gradient of the loss with respect to each of them (None before the first backward pass). A layer without
    parameters keeps the two empty lists that it inherits.
    """

    # Not a plain property: a layer may assign its own list, or override the name with a property.
    @cached_property
    def parameters(self):
        return []

    @cached_property
    def grads(self):
        return []

    def forward(self, x):
        raise NotImplementedError(f"{type(self).__name__}.forward")

    def backward(self, dout):
        raise NotImplementedError(f"{type(self).__name__}.backward")

    def zero_grad(self):
        """Forget the gradients of the last backward pass."""
        self.grads[:] = [None] * len(self.grads)

    def __call__(self, x):
        return self.forward(x)
