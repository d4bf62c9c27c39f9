"""Which libraries a slot's worker loads before its first hand-in: those that the assignment's own files import.

One hand-in alone loads what it needs itself; for a cohort each import would be made hundreds of times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from grader.errors import SubmissionError
from grader.model import Assignment
from grader.submission.source.notebook import read_notebook

_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([\w.]+))", re.MULTILINE)


def libraries(assignment: Assignment) -> tuple[str, ...]:
    """Modules to load ahead, without the hand-in's own and those that stand-ins take the place of."""
    folder = assignment.solution or assignment.handout
    foreign = {path.stem for place in (folder, *assignment.stand_ins) if place.is_dir() for path in place.iterdir()}
    found = [from_ or plain for text in _texts(folder) for from_, plain in _IMPORT.findall(text)]
    wanted = [name for name in found if not name.startswith(".") and name.partition(".")[0] not in foreign]
    return tuple(dict.fromkeys((*assignment.preload, *wanted)))


def _texts(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*.py")):
        yield path.read_text(encoding="utf-8", errors="replace")
    for path in sorted(folder.glob("*.ipynb")):
        try:
            yield from (cell.source for cell in read_notebook(path).code)
        except SubmissionError:
            continue  # a hand-out's own notebook: `grade` says what is wrong with it
