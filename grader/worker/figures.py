"""What a figure shows, from Matplotlib's objects, as plain data that a check can return."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np


def figure_data(shown: Any = None) -> list[dict[str, Any]]:
    """What each axes of a figure shows, in the order in which they were made.

    Parameters
    ----------
    shown
        A figure, an axes, or a list or array of axes; by default the current figure.

    Returns
    -------
    data
        For each axes a dictionary: `title`, `xlabel`, `ylabel`, `xscale`, `yscale` (text), `legend` (a list of text),
        `lines` (arrays of shape (2, n): x and y), `points` (of scatter plots: arrays of shape (n, 2)), `bars` (arrays
        of heights, or widths of horizontal ones) and `images` (arrays).
    """
    pyplot = import_module("matplotlib.pyplot")
    if shown is None:
        shown = pyplot.gcf()
    every = shown.axes if hasattr(shown, "add_subplot") else list(np.ravel(np.array(shown, dtype=object)))
    return [_axes_data(axes) for axes in every]


def _axes_data(axes: Any) -> dict[str, Any]:
    legend = axes.get_legend()
    return {
        "title": next((text for side in ("center", "left", "right") if (text := axes.get_title(loc=side))), ""),
        "xlabel": axes.get_xlabel(),
        "ylabel": axes.get_ylabel(),
        "xscale": axes.get_xscale(),
        "yscale": axes.get_yscale(),
        "legend": [text.get_text() for text in legend.get_texts()] if legend is not None else [],
        "lines": [np.array(line.get_data(orig=False), dtype=float) for line in axes.get_lines()],
        "points": [
            np.array(drawn.get_offsets(), dtype=float)
            for drawn in axes.collections
            if type(drawn).__name__ == "PathCollection"
        ],
        "bars": [np.array(bars.datavalues, dtype=float) for bars in axes.containers if hasattr(bars, "datavalues")],
        "images": [np.array(image.get_array()) for image in axes.get_images()],
    }
