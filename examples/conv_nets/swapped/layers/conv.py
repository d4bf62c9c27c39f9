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
        sides = (self.pad, self.pad)
        padded = np.pad(x, ((0, 0), (0, 0), sides, sides))
        self.shape = padded.shape
        self.windows = windows_of(padded, self.weight.shape[2:], self.stride)
        return np.einsum("ncyxij,fcij->nfyx", self.windows, self.weight) + self.bias[:, None, None]

    def backward(self, d_out):
        """Gradient with respect to the latest `x`; leaves those of the filters in `d_weight` and `d_bias`.

        `d_out` has the shape of the output: the gradient of some loss with respect to it. The three gradients are those
        of the same loss, each in the shape of its variable; they replace those of an earlier call.
        """
        self.d_weight = np.einsum("nfyx,ncyxij->fcij", d_out, self.windows)
        self.d_bias = d_out.sum(axis=(0, 2, 3))
        d_windows = np.einsum("nfyx,fcij->ncyxij", d_out, self.weight)
        d_padded = np.zeros(self.shape)
        rows, columns = self.weight.shape[2:]
        for y in range(d_out.shape[2]):
            for x in range(d_out.shape[3]):
                top, left = y * self.stride, x * self.stride
                d_padded[:, :, top : top + rows, left : left + columns] += d_windows[:, :, y, x]
        height, width = self.shape[2] - self.pad, self.shape[3] - self.pad
        return d_padded[:, :, self.pad : height, self.pad : width]
