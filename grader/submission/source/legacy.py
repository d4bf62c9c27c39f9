"""Notebooks of formats 1 to 3, upgraded to 4 by nbformat.

The only user of nbformat here, which costs up to a second to import and is loaded for such a notebook alone. Reading
what comes out is `notebook`'s.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from typing import Any


class NotUpgraded(Exception):
    """The old notebook is damaged; the message is the converter's reason. Never leaves `grader.submission`."""


def upgrade(raw: dict[str, Any]) -> dict[str, Any]:
    """The format 4 form of a format 1, 2 or 3 notebook given as decoded JSON.

    Raises
    ------
    NotUpgraded
        The converter could not make sense of it.
    """
    import nbformat  # here, for its cost

    _bound_levels(raw)
    log = logging.getLogger("traitlets")  # nbformat logs what does not validate; the cells are checked by ourselves
    was, log.disabled = log.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            major = raw.get("nbformat", 1)
            node = nbformat.versions[major].to_notebook_json(nbformat.from_dict(raw))  # type: ignore[no-untyped-call]
            upgraded = nbformat.convert(node, 4)  # type: ignore[no-untyped-call]
    except Exception as problem:  # the converter indexes into whatever JSON it gets, so any type can come out of it
        raise NotUpgraded(f"{type(problem).__name__}: {problem}") from problem
    finally:
        log.disabled = was
    if not isinstance(upgraded, dict):
        raise NotUpgraded("the converter returned no notebook")
    return dict(upgraded)


def _bound_levels(raw: dict[str, Any]) -> None:
    """A format 3 heading cell has a level, which the converter multiplies `#` by without looking at it."""
    for cell in _cells(raw):
        if cell.get("cell_type") == "heading":
            level = cell.get("level")
            cell["level"] = level if type(level) is int and 1 <= level <= 6 else 1
            if isinstance(cell.get("source"), list):
                cell["source"] = " ".join(str(line).strip() for line in cell["source"])


def _cells(raw: dict[str, Any]) -> Iterator[dict[str, Any]]:
    sheets = raw.get("worksheets")
    for sheet in sheets if isinstance(sheets, list) else []:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        for cell in cells if isinstance(cells, list) else []:
            if isinstance(cell, dict):
                yield cell
