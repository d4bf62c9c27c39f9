"""Given: the layers without a convolution, and the loss."""

import numpy as np


class Flatten:
    """Rows of shape (N, C * H * W) from images of shape (N, C, H, W)."""

    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, d_out):
        return d_out.reshape(self.shape)


class ReLU:
    """max(x, 0) in every entry."""

    def forward(self, x):
        self.positive = x > 0
        return np.where(self.positive, x, 0.0)

    def backward(self, d_out):
        return np.where(self.positive, d_out, 0.0)


class Dense:
    """x @ weight + bias; `backward` leaves `d_weight` and `d_bias` in the layer."""

    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias

    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias

    def backward(self, d_out):
        self.d_weight = self.x.T @ d_out
        self.d_bias = d_out.sum(axis=0)
        return d_out @ self.weight.T


def softmax_cross_entropy(scores, labels):
    """The mean loss of a batch, and its gradient with respect to the scores."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(labels))
    d_scores = np.exp(log_probs)
    d_scores[rows, labels] -= 1
    return -log_probs[rows, labels].mean(), d_scores / len(labels)
