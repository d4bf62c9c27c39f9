"""Brightspace (D2L): *Download* of an assignment, folders `3978-6406 - Jane Doe - Oct 10, 2025 1022 AM`.

Earlier versions have files, ` - hw3.ipynb` at the end, and some sites an OrgDefinedId before the name. Each time is an
attempt of its own. Months in other languages than English are not read: then nothing says when.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path

from grader.cohort.platforms.platform import Owner, Platform, local_time, mostly

_INDEX = "index.html"
_ENTRY = re.compile(
    r"(?P<id>\d+-\d+) ?- (?:(?P<org>\w*\d\w*) ?- )?(?P<name>.+?) ?- "
    r"(?P<time>[^-]*\b\d{4},? (?:at )?\d{1,2}[:.h]?\d\d[^-]*?)(?: ?- (?P<file>.+))?"
)
_TIME = re.compile(r"([A-Z][a-z]{2})\w* (\d{1,2}), (\d{4}),? (\d{1,2})[:.]?(\d\d) ?([AP]M)?")


def _time(text: str, zone: tzinfo | None) -> str:
    match = _TIME.search(text)
    if match is None:
        return ""
    month, day, year, hour, minute, half = match.groups()
    shown = f"{month} {day} {year} {hour}:{minute} {half or ''}".strip()
    try:
        moment = datetime.strptime(shown, "%b %d %Y %I:%M %p" if half else "%b %d %Y %H:%M")
    except ValueError:
        return ""
    return local_time(moment, zone)


def _owners(folder: Path, names: Sequence[str], zone: tzinfo | None) -> dict[str, list[Owner]]:
    owners = {}
    for name in names:
        entry = _ENTRY.fullmatch(name)
        if entry is not None:
            ids = {"brightspace_id": entry["id"]} | ({"OrgDefinedId": entry["org"]} if entry["org"] else {})
            owners[name] = [
                Owner(
                    student=entry["org"] or entry["id"],
                    name=entry["name"],
                    ids=ids,
                    file=entry["file"] or "",
                    submitted=_time(entry["time"], zone),
                )
            ]
    return owners


PLATFORM = Platform(
    name="brightspace",
    title="a Brightspace download",
    fits=lambda folder, names: mostly(_ENTRY.fullmatch, [name for name in names if name != _INDEX]),
    owners=_owners,
    own_files=frozenset((_INDEX,)),
    local_times=True,
)
