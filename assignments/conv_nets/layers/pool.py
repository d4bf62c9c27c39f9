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
        raise NotImplementedError("MaxPool2d.forward: not implemented yet")

    def backward(self, d_out):
        """Gradient with respect to the latest `x`; where a block's largest entry is there twice, the first has it all.

        First in the order of reading: row by row, from the left.
        """
        raise NotImplementedError("MaxPool2d.backward: not implemented yet")
