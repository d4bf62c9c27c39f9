"""Blackboard: *Assignment File Download*, files `Homework 3_jdoe_attempt_2026-03-01-12-00-00_hw3.ipynb`.

Beside them lies a text for each attempt, the same name up to the time, that begins `Name: Jane Doe (jdoe)`; it alone
is the submission where nothing was attached. Each time is an attempt of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path

from grader.cohort.platforms.platform import Owner, Platform, iso_time, mostly

_FILE = re.compile(
    r"(?P<attempt>.+?_(?P<login>[^_]+)_attempt_(?P<time>\d{4}(?:-\d\d){5}))(?:_(?P<file>.+)|(?P<text>\.txt))"
)
_NAME = re.compile(r"Name:\s*(?P<name>.*?)\s*\((?P<login>[^()]*)\)\s*$", re.MULTILINE)


def _owners(folder: Path, names: Sequence[str], zone: tzinfo | None) -> dict[str, list[Owner]]:
    entries = {name: entry for name in names if (entry := _FILE.fullmatch(name)) is not None}
    people = {}
    """Attempt -> name and login, which may have an underscore of its own."""
    for name, entry in entries.items():
        if entry["text"] and (match := _NAME.search((folder / name).read_text(encoding="utf-8", errors="replace"))):
            people[entry["attempt"]] = match["name"], match["login"]
    attached = {entry["attempt"] for entry in entries.values() if entry["file"]}
    owners = {}
    for name, entry in entries.items():
        if entry["text"] and entry["attempt"] in attached:
            continue
        person, login = people.get(entry["attempt"], ("", entry["login"]))
        owners[name] = [
            Owner(
                student=login,
                name=person,
                ids={"Username": login},
                file=entry["file"] or name,
                submitted=iso_time("{}-{}-{}T{}:{}:{}".format(*entry["time"].split("-")), zone),
            )
        ]
    return owners


PLATFORM = Platform(
    name="blackboard",
    title="a Blackboard download",
    fits=lambda folder, names: mostly(_FILE.fullmatch, names),
    owners=_owners,
    local_times=True,
)
