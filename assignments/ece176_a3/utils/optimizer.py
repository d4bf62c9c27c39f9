"""Stochastic gradient descent with weight decay. Provided: nothing to write here."""


class SGD:
    """Steps against the gradient, for every parameter of every layer of a network.

    Parameters
    ----------
    net
        A `Sequential`.
    lr
        Step size.
    weight_decay
        Strength of the pull towards zero. It is added to the gradient, for biases as well as for weights.
    """

    def __init__(self, net, lr, weight_decay=0.0):
        self.net = net
        self.lr = lr
        self.weight_decay = weight_decay

    def zero_grad(self):
        """Set the gradients of all layers to None."""
        for module in self.net._modules:
            module.zero_grad()

    def step(self):
        """Change the parameters in place."""
        for module in self.net._modules:
            for parameter, grad in zip(module.parameters, module.grads, strict=False):
                parameter -= self.lr * (grad + self.weight_decay * parameter)
