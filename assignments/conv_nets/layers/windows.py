"""Given: the windows that a filter sees."""

import numpy as np


def windows_of(x, size, stride=1):
    """All windows of images.

    Parameters
    ----------
    x
        Images of shape (N, C, H, W), padded already.
    size
        Height and width (KH, KW) of a window.
    stride
        Step from one window to the next, in both directions.

    Returns
    -------
    array of shape (N, C, H', W', KH, KW)
        `result[n, c, y, x]` is the window whose upper left corner is at row `y * stride`, column `x * stride`. It is a
        view into `x`: copy it before you change it.
    """
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis=(2, 3))
    return windows[:, :, ::stride, ::stride]
