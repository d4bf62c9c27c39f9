"""A max-pooling layer."""

import numpy as np


class MaxPool2d:
    """The largest entry of every block of `size` by `size`; blocks do not overlap.

    Rows and columns at the end that do not fill a block are left out.
    """

    def __init__(self, size):
        self.size = size

    def forward(self, x):
        """Output of shape (N, C, H // size, W // size) for images `x` of shape (N, C, H, W)."""
        n, c, height, width = x.shape
        rows, columns = height // self.size, width // self.size
        blocks = x[:, :, : rows * self.size, : columns * self.size]
        blocks = blocks.reshape(n, c, rows, self.size, columns, self.size).transpose(0, 1, 2, 4, 3, 5)
        flat = blocks.reshape(n, c, rows, columns, self.size * self.size)
        self.shape, self.largest = x.shape, flat.argmax(axis=-1)
        return flat.max(axis=-1)

    def backward(self, d_out):
        """Gradient with respect to the latest `x`; where a block's largest entry is there twice, the first has it all.

        First in the order of reading: row by row, from the left.
        """
        d_x = np.zeros(self.shape)
        n, c, y, x = np.indices(d_out.shape)
        below, right = self.largest // self.size, self.largest % self.size
        d_x[n, c, y * self.size + below, x * self.size + right] = d_out
        return d_x
