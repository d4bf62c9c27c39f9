"""Layers as pairs of functions.

A forward function returns its output and a cache; the backward function of the same layer gets the upstream gradient
and that cache. Neither changes an array that it is given.
"""

import numpy as np


def affine_forward(x, w, b):
    """Output of an affine layer.

    Parameters
    ----------
    x : array, shape (N, d_1, ..., d_k)
        A minibatch of N samples; each is flattened to a row of D = d_1 * ... * d_k numbers.
    w : array, shape (D, M)
    b : array, shape (M,)

    Returns
    -------
    out : array, shape (N, M)
    cache : tuple
        (x, w, b), as they came in.
    """
    out = x.reshape(x.shape[0], -1) @ w + b  # equivalent: NumPy takes -2 for -1
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    """Gradients of an affine layer.

    Parameters
    ----------
    dout : array, shape (N, M)
        Gradient of the loss with respect to the layer's output.
    cache : tuple
        From `affine_forward`.

    Returns
    -------
    dx : array, shape (N, d_1, ..., d_k)
    dw : array, shape (D, M)
    db : array, shape (M,)
    """
    x, w, _ = cache
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T @ dout  # equivalent: as above; all have as many rows
    db = dout.sum(axis=0)
    return dx, dw, db


def relu_forward(x):
    """Output of a rectified linear unit.

    Parameters
    ----------
    x : array, any shape

    Returns
    -------
    out : array, shape of x
    cache : array
        x, as it came in.
    """
    out = np.maximum(x, 0)
    cache = x
    return out, cache


def relu_backward(dout, cache):
    """Gradient of a rectified linear unit.

    Parameters
    ----------
    dout : array, any shape
        Gradient of the loss with respect to the layer's output.
    cache : array
        From `relu_forward`.

    Returns
    -------
    dx : array, shape of dout
    """
    x = cache
    return np.where(dout > 0, dout, 0)


def softmax_loss(x, y):
    """Mean cross-entropy of the softmax, and its gradient. Given.

    Parameters
    ----------
    x : array, shape (N, C)
        Scores.
    y : integer array, shape (N,)
        The right class of each sample.

    Returns
    -------
    loss : float
    dx : array, shape (N, C)
    """
    rows = np.arange(x.shape[0])
    shifted = x - x.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[rows, y].mean()
    dx = np.exp(log_probabilities)
    dx[rows, y] -= 1
    return loss, dx / x.shape[0]
