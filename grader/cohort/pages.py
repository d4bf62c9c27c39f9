"""Each hand-in's page for its student, beside a batch's store: `FOLDER/<path of the hand-in>.html`.

The paths are those of the hand-ins, so that a platform's folder names stay and the pages can be uploaded as feedback.
What the page looks like is `grader.report.html`'s.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from grader.cohort.records import HandIn
from grader.model import Report

_UNFIT = re.compile(r"[\x00-\x1f\x7f]|^\.+$")
"""Of one name in a path: what no file is called, or what leads out of the folder."""


def page_of(folder: Path, hand_in: HandIn) -> Path:
    """Where the hand-in's page is."""
    names = [_UNFIT.sub("_", name) for name in hand_in.path.split("/") if name]
    return folder.joinpath(*names[:-1], f"{names[-1] if names else 'page'}.html")


def write_page(folder: Path, hand_in: HandIn, report: Report) -> None:
    """Make the page and write it whole; one that is there is replaced.

    Raises
    ------
    OSError
        It cannot be written.
    """
    from grader.report import html

    text = html.render(msgspec.structs.replace(report, path=hand_in.path))
    path = page_of(folder, hand_in)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
