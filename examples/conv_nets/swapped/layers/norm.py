"""Batch normalisation of images."""

import numpy as np


class BatchNorm2d:
    """Makes each channel's mean 0 and variance 1 over a batch, then scales it by `gamma` and shifts it by `beta`.

    Parameters
    ----------
    channels
        Their number C; `gamma`, `beta`, `running_mean` and `running_var` have shape (C,).
    momentum
        Share of a batch in the running estimates: new = (1 - momentum) * old + momentum * batch.
    eps
        Added to a variance before its root is taken.
    """

    def __init__(self, channels, momentum=0.1, eps=1e-5):
        self.gamma, self.beta = np.ones(channels), np.zeros(channels)
        self.running_mean, self.running_var = np.zeros(channels), np.ones(channels)
        self.momentum, self.eps = momentum, eps

    def forward(self, x, training=True):
        """Output in the shape (N, C, H, W) of `x`.

        In training a batch is normalised by its own mean and variance (the mean of squared deviations, over N, H and
        W), which also move the running estimates. Otherwise it is normalised by the running estimates, and they stay.
        """
        if training:
            mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var
        else:
            mean, var = self.running_mean, self.running_var
        self.scale = 1 / np.sqrt(var + self.eps)
        self.normed = (x - mean[:, None, None]) * self.scale[:, None, None]
        return self.gamma[:, None, None] * self.normed + self.beta[:, None, None]

    def backward(self, d_out):
        """Gradient with respect to the latest `x`; leaves `d_gamma` and `d_beta` in the layer.

        It is called after `forward` in training only. Mean and variance depend on `x`, too.
        """
        axes = (0, 2, 3)
        self.d_gamma = (d_out * self.normed).sum(axis=axes)
        self.d_beta = d_out.sum(axis=axes)
        d_normed = d_out * self.gamma[:, None, None]
        centred = d_normed - d_normed.mean(axis=axes, keepdims=True)
        along = (d_normed * self.normed).mean(axis=axes, keepdims=True)
        return (centred - self.normed * along) * self.scale[:, None, None]
