"""Fully connected networks made of the layers in `layers.py`."""

import numpy as np

from .layer_utils import affine_relu_backward, affine_relu_forward
from .layers import affine_backward, affine_forward, relu_backward, relu_forward, softmax_loss


class TwoLayerNet:
    """Affine, ReLU, affine, softmax: a network with one hidden layer.

    Its parameters are in the dictionary `self.params`: W1 (input_dim, hidden_dims), b1 (hidden_dims,),
    W2 (hidden_dims, num_classes) and b2 (num_classes,). It only computes losses and gradients; a Solver trains it.
    """

    def __init__(self, input_dim=3072, hidden_dims=100, num_classes=10, dropout=0, weight_scale=1e-3, reg=0.0):
        """Set up the parameters.

        Parameters
        ----------
        input_dim, hidden_dims, num_classes : int
            Sizes of a flattened sample, of the hidden layer and of the output.
        dropout : float
            Not used in this homework.
        weight_scale : float
            Standard deviation of the normal distribution that the weights are drawn from. Biases start at 0.
        reg : float
            Strength of the L2 regularisation.
        """
        self.params = {}
        self.reg = reg
        self.params["W1"] = weight_scale * np.random.randn(input_dim, hidden_dims)  # equivalent: -noise
        self.params["b1"] = np.zeros(hidden_dims)  # equivalent: zeros
        self.params["W2"] = weight_scale * np.random.randn(hidden_dims, num_classes)  # equivalent: -noise
        self.params["b2"] = np.zeros(num_classes)  # equivalent: zeros

    def loss(self, X, y=None):
        """Scores, or loss and gradients, of a minibatch.

        Parameters
        ----------
        X : array, shape (N, d_1, ..., d_k)
        y : integer array, shape (N,), or None
            The right class of each sample.

        Returns
        -------
        scores : array, shape (N, num_classes)
            Without y.
        loss, grads : float, dict
            With y. The loss includes 0.5 * reg times the sum of all squared weights, not biases; `grads` holds its
            gradient for every name in `self.params`.
        """
        hidden, hidden_cache = affine_relu_forward(X, self.params["W1"], self.params["b1"])
        scores, scores_cache = affine_forward(hidden, self.params["W2"], self.params["b2"])
        if y is None:
            return scores

        raise NotImplementedError("TwoLayerNet.loss: not implemented yet")
        return loss, grads


class FullyConnectedNet:
    """(Affine, ReLU) for every hidden layer, then affine and softmax.

    Its parameters are in the dictionary `self.params`, numbered from the input: W1 and b1, W2 and b2, ...
    """

    def __init__(
        self,
        hidden_dims,
        input_dim=3 * 32 * 32,
        num_classes=10,
        dropout=0,
        use_batchnorm=False,
        reg=0.0,
        weight_scale=1e-2,
        dtype=np.float32,
        seed=None,
    ):
        """Set up the parameters.

        Parameters
        ----------
        hidden_dims : list of int
            Size of each hidden layer, one or more.
        input_dim, num_classes : int
            Sizes of a flattened sample and of the output.
        dropout, use_batchnorm, seed
            For the next homework.
        reg : float
            Strength of the L2 regularisation.
        weight_scale : float
            Standard deviation of the normal distribution that the weights are drawn from. Biases start at 0.
        dtype : data type
            Of the parameters and of all that is computed. float32 is too coarse for a numerical gradient.
        """
        self.reg = reg
        self.dtype = dtype
        self.use_batchnorm = use_batchnorm
        self.use_dropout = dropout > 0
        self.num_layers = 1 + len(hidden_dims)
        self.params = {}
        raise NotImplementedError("FullyConnectedNet.__init__: not implemented yet")
        for name, value in self.params.items():
            self.params[name] = value.astype(dtype)

    def loss(self, X, y=None):
        """Scores, or loss and gradients, of a minibatch; arguments and results as in `TwoLayerNet.loss`."""
        X = X.astype(self.dtype)
        caches = []
        hidden = X
        for i in range(1, self.num_layers):
            hidden, cache = affine_relu_forward(hidden, self.params[f"W{i}"], self.params[f"b{i}"])
            caches.append(cache)
        last = self.num_layers
        scores, last_cache = affine_forward(hidden, self.params[f"W{last}"], self.params[f"b{last}"])
        if y is None:
            return scores

        loss, dscores = softmax_loss(scores, y)
        grads = {}
        dhidden, grads[f"W{last}"], grads[f"b{last}"] = affine_backward(dscores, last_cache)
        for i in range(last - 1, 0, -1):
            dhidden, grads[f"W{i}"], grads[f"b{i}"] = affine_relu_backward(dhidden, caches[i - 1])
        for i in range(1, last + 1):
            weight = self.params[f"W{i}"]
            loss += 0.5 * self.reg * np.sum(weight**2)
            grads[f"W{i}"] += self.reg * weight
        return loss, grads
