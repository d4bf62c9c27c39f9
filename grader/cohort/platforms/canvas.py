"""Canvas: *Download Submissions*, files `doejane_1234_56789_hw3.ipynb`; of late ones `doejane_LATE_1234_…`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path

from grader.cohort.platforms.platform import Owner, Platform, mostly

_FILE = re.compile(r"(?P<name>.+?)_(?P<late>(?i:late)_)?(?P<id>\d+)_(?P<submission>\d{4,})_(?P<file>.+)")
_ANONYMOUS = re.compile(r"anon_(?P<late>LATE_)?(?P<id>\w{5})_(?P<submission>\d{4,})_(?P<file>.+)")
"""Canvas numbers submissions across all courses; a student's own `hw_3_2_final.ipynb` has smaller numbers."""


def _owner(name: str) -> Owner | None:
    match = _FILE.fullmatch(name) or _ANONYMOUS.fullmatch(name)
    if match is None:
        return None
    parts = match.groupdict()
    return Owner(
        student=parts["id"],
        name=parts.get("name") or "",
        ids={"canvas_id": parts["id"], "canvas_submission": parts["submission"]},
        file=parts["file"],
        late=parts["late"] is not None,
    )


def _owners(folder: Path, names: Sequence[str], zone: tzinfo | None) -> dict[str, list[Owner]]:
    return {name: [owner] for name in names if (owner := _owner(name)) is not None}


PLATFORM = Platform(
    name="canvas",
    title="a Canvas download",
    fits=lambda folder, names: mostly(_owner, names),
    owners=_owners,
)
