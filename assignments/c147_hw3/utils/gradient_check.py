"""Gradients by centred differences, to compare a backward pass with. Provided, and not to be edited.

Both functions change the array that they are given one entry at a time and put it back: `f` may read the array from
elsewhere (`model.params["W1"]`) instead of from its argument.
"""

import numpy as np


def eval_numerical_gradient(f, x, verbose=True, h=1e-5):
    """Gradient of a scalar function.

    Parameters
    ----------
    f : callable
        Takes `x` and returns a number.
    x : array, any shape
        Where to evaluate; changed during the call and as before after it.
    verbose : bool
        Print every partial derivative.
    h : float
        Step to either side.

    Returns
    -------
    array, shape of x
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _either_side(f, x, index, h)
        gradient[index] = (above - below) / (2 * h)
        if verbose:
            print(index, gradient[index])
    return gradient


def eval_numerical_gradient_array(f, x, df, h=1e-5):
    """Gradient of `sum(f(x) * df)` for a function that returns an array.

    Parameters
    ----------
    f : callable
        Takes `x` and returns an array.
    x : array, any shape
        Where to evaluate; changed during the call and as before after it.
    df : array, shape of f(x)
        The upstream gradient.
    h : float
        Step to either side.

    Returns
    -------
    array, shape of x
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _either_side(f, x, index, h)
        gradient[index] = np.sum((above - below) * df) / (2 * h)
    return gradient


def _either_side(f, x, index, h):
    """`f` with entry `index` of `x` moved up and down by `h`; copies, since `f` may hand out the same array twice."""
    middle = x[index]
    x[index] = middle + h
    above = np.array(f(x))
    x[index] = middle - h
    below = np.array(f(x))
    x[index] = middle
    return above, below
