"""A convolution layer."""

import numpy as np

from layers.windows import windows_of


class Conv2d:
    """Correlates images with filters, as deep learning's "convolution" does: the filters are not flipped.

    Parameters
    ----------
    weight
        Filters of shape (F, C, KH, KW).
    bias
        One number for each filter, shape (F,).
    stride
        Step from one window to the next.
    pad
        Zeros on each of the four sides.
    """

    def __init__(self, weight, bias, stride=1, pad=0):
        self.weight, self.bias = weight, bias
        self.stride, self.pad = stride, pad
        self.d_weight, self.d_bias = np.zeros_like(weight), np.zeros_like(bias)

    def forward(self, x):
        """Output of shape (N, F, H', W') for images `x` of shape (N, C, H, W); keeps what `backward` needs.

        `windows_of` gives the windows of padded images.
        """
        raise NotImplementedError("Conv2d.forward: not implemented yet")

    def backward(self, d_out):
        """Gradient with respect to the latest `x`; leaves those of the filters in `d_weight` and `d_bias`.

        `d_out` has the shape of the output: the gradient of some loss with respect to it. The three gradients are those
        of the same loss, each in the shape of its variable; they replace those of an earlier call.
        """
        raise NotImplementedError("Conv2d.backward: not implemented yet")
