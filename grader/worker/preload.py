"""Loads libraries in a worker ahead of student code where that saves time, without what nobody reads here.

Owns what is done to a library after importing it. Student code finds each as it would find it after its own import.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

STAND_INS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "compat", "stand_ins")
"""Modules for what a notebook may ask of another machine (Colab); real ones win, since these come last."""
_ARTISTS, _PLOTS = "matplotlib.artist", "matplotlib.pyplot"


def load(modules: Sequence[str], *, draw: bool = True) -> None:
    """Import `modules`, and with `draw` have Matplotlib do at once what it does at its first figure.

    What is missing here is reported when the student's own import fails.
    """
    there = len(sys.modules)
    collecting = gc.isenabled()
    gc.disable()  # nothing of it is garbage, and looking costs a tenth of the time
    sys.path.append(STAND_INS)  # some look at their import for what is optional: `tqdm.notebook` for ipywidgets
    for name in modules:
        try:
            import_module(name)
        except Exception:  # whatever a library that is broken here raises
            continue
    sys.path.remove(STAND_INS)
    if draw and _PLOTS in modules and _PLOTS in sys.modules:
        _draw_once()
    sys.stdout.flush()
    if len(sys.modules) > there:
        gc.collect()
    if collecting:
        gc.enable()


def _draw_once() -> None:
    """Load the backend, the fonts and the rest that pyplot puts off until the first figure: 40 ms each time."""
    pyplot = import_module(_PLOTS)
    figure, axes = pyplot.subplots()
    axes.plot([0, 1])
    figure.canvas.draw()
    pyplot.close(figure)


class QuickArtists(PathFinder):
    """Finds `matplotlib.artist` and has it write no tables of properties into its docstrings.

    Matplotlib spends over a quarter of its import, 0.1 s, on the text that `help(plt.plot)` shows.
    """

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _ARTISTS:
            return None
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not cls]
        spec = super().find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Quick(spec.loader.name, spec.loader.path)
        return spec


class _Quick(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        vars(module)["kwdoc"] = _no_table


def _no_table(artist: Any) -> str:
    return ""


def hurry() -> None:
    """From now on imports of this process and its children leave out what nobody reads."""
    if QuickArtists not in sys.meta_path:
        sys.meta_path.insert(0, QuickArtists)
