"""What one cell has drawn: a sentence for each figure, and its picture where one is wanted.

A figure counts that is open when the cell ends, or was saved to a file and then closed or cleared. Student code can
have changed anything of Matplotlib; a figure is evidence for a person, never a verdict.
"""

from __future__ import annotations

import io
import sys
import warnings
from contextlib import suppress
from functools import wraps
from typing import Any

from grader.worker.messages import MAX_FIGURES

PICTURE_DPI = 72
"""Dots per inch: a figure of ordinary size is some 450 pixels wide, which a page on a phone shows in full."""


class Drawn:
    """The figures of a cell that is about to run; `finish` when it has run.

    `room` is in bytes, for all pictures as PNG; 0 draws none, which saves some 50 ms each.
    """

    def __init__(self, room: int) -> None:
        self.figures: list[str] = []
        self.pictures: list[bytes] = []
        self._room = room
        self._saved: list[tuple[Any, str, bytes]] = []
        figure = getattr(sys.modules.get("matplotlib.figure"), "Figure", None)
        self._restore = (figure, figure.savefig) if figure is not None else None
        if figure is not None:
            figure.savefig = self._noting(figure.savefig)

    def _noting(self, savefig: Any) -> Any:
        @wraps(savefig)
        def noted(figure: Any, *arguments: Any, **named: Any) -> Any:
            saved = savefig(figure, *arguments, **named)
            if len(self._saved) < MAX_FIGURES:
                with suppress(Exception), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self._saved.append((figure, _describe(figure), self._picture(figure, savefig)))
            return saved

        return noted

    def finish(self) -> None:
        """Describe what was saved, then the open figures, and close them, as a notebook does at the end of a cell."""
        if self._restore is not None:
            self._restore[0].savefig = self._restore[1]
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            figures = [pyplot.figure(number) for number in pyplot.get_fignums()[:MAX_FIGURES]]
            shown = [(figure, _describe(figure)) for figure in figures]
            known = {(id(figure), sentence) for figure, sentence in shown}
            for figure, sentence, picture in self._saved:
                if (id(figure), sentence) not in known:  # nor was it saved before, as another kind of file
                    known.add((id(figure), sentence))
                    self._add(sentence, picture)
            for figure, sentence in shown:
                if sentence:
                    self._add(sentence, self._picture(figure, type(figure).savefig))
            pyplot.close("all")

    def _add(self, sentence: str, picture: bytes) -> None:
        if sentence and len(self.figures) < MAX_FIGURES:
            self.figures.append(sentence)
            self._room -= len(picture)
            if picture and self._room >= 0 and len(self.pictures) == len(self.figures) - 1:
                self.pictures.append(picture)

    def _picture(self, figure: Any, savefig: Any) -> bytes:
        if self._room <= 0:
            return b""
        file = io.BytesIO()
        try:
            savefig(figure, file, format="png", dpi=PICTURE_DPI, bbox_inches="tight")
        except Exception:  # it is described all the same
            return b""
        return file.getvalue()


def _describe(figure: Any) -> str:
    """One sentence on a figure: what is drawn, over how many points, under which labels; empty if nothing is."""
    axes_texts = []
    for axes in figure.axes:
        lines = [n for n in (len(line.get_xdata()) for line in axes.get_lines()) if n]
        drawn = [f"a line of {n} points" for n in lines[:10]]
        if len(lines) > 10:
            drawn.append(f"{len(lines) - 10} more lines")
        for items, one, many in (
            (axes.images, "image", "images"),
            (axes.collections, "collection", "collections"),
            (axes.patches, "patch", "patches"),
        ):
            drawn += [f"{len(items)} {one if len(items) == 1 else many}"] if items else []
        labels = [("title", axes.get_title()), ("x", axes.get_xlabel()), ("y", axes.get_ylabel())]
        named = [f"{what} '{str(text)[:80]}'" for what, text in labels if text]
        if drawn:
            axes_texts.append(", ".join([" and ".join(drawn), *named]))
    return "; ".join(axes_texts)
