"""Moodle: *Download all submissions*, `Jane Doe_1234_assignsubmission_file_` as a folder or before each file's name.

Where groups hand in, the group's name and a hyphen come first. What was typed into the page is nothing to run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path

from grader.cohort.platforms.platform import Owner, Platform

_ENTRY = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<file>.*)")


def _owners(folder: Path, names: Sequence[str], zone: tzinfo | None) -> dict[str, list[Owner]]:
    owners = {}
    for name in names:
        entry = _ENTRY.fullmatch(name)
        if entry is not None and entry["kind"] == "file":
            ids = {"moodle_id": entry["id"]}
            owners[name] = [Owner(student=entry["id"], name=entry["name"], ids=ids, file=entry["file"])]
    return owners


PLATFORM = Platform(
    name="moodle",
    title="a Moodle download",
    fits=lambda folder, names: any(_ENTRY.fullmatch(name) for name in names),
    owners=_owners,
)
