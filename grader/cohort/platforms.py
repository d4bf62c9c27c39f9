"""How learning platforms name what they hand out: which file is whose.

Owns one rule for each platform, from what its downloads look like:

- Canvas: one folder of files `doejane_1234_56789_hw3.ipynb`, with `LATE_` or `late_` before the numbers of a late one
- Moodle: `Jane Doe_1234_assignsubmission_file_` as a folder for each student, or as the beginning of each file's name
- Gradescope: a folder `submission_123` for each, and `submission_metadata.yml` beside them
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

Platform = Literal["canvas", "moodle", "gradescope", "plain"]
METADATA = "submission_metadata.yml"

_CANVAS = re.compile(r"(?P<name>.+?)_(?P<late>(?i:late)_)?(?P<id>\d+)_(?P<submission>\d{4,})_(?P<file>.+)")
_CANVAS_ANONYMOUS = re.compile(r"anon_(?P<late>LATE_)?(?P<id>\w{5})_(?P<submission>\d{4,})_(?P<file>.+)")
"""Canvas numbers submissions across all courses; a student's own `hw_3_2_final.ipynb` has smaller numbers."""
_MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<file>.*)")
_CANVAS_SHARE = 0.8
"""Of the files in a folder that must look like Canvas's: an instructor's own file may lie there too."""


class Owner(Struct, frozen=True, kw_only=True):
    """Whose a file or folder is, by its name."""

    student: str
    name: str = ""
    ids: Mapping[str, str] = {}
    file: str = ""
    """The file's own name; empty for a folder that is a hand-in as a whole."""
    late: bool = False
    submitted: str = ""


def platform_of(names: Sequence[str]) -> Platform:
    """Which platform made a folder with these entries."""
    if METADATA in names:
        return "gradescope"
    if any(_MOODLE.fullmatch(name) for name in names):
        return "moodle"
    canvas = sum(_canvas(name) is not None for name in names)
    return "canvas" if names and canvas >= _CANVAS_SHARE * len(names) else "plain"


def owners(platform: Platform, folder: Path, names: Sequence[str]) -> dict[str, list[Owner]]:
    """For each entry of a platform's download that is a hand-in's: whose it is, several for a group."""
    if platform == "gradescope":
        text = (folder / METADATA).read_text(encoding="utf-8", errors="replace")
        known = gradescope_metadata(text)
        return {name: known.get(name, [Owner(student=name)]) for name in names if name != METADATA}
    read = _canvas if platform == "canvas" else _moodle
    return {name: [owner] for name in names if (owner := read(name)) is not None}


def _canvas(name: str) -> Owner | None:
    found = _CANVAS.fullmatch(name) or _CANVAS_ANONYMOUS.fullmatch(name)
    if found is None:
        return None
    told = found.groupdict()
    ids = {"canvas_id": told["id"], "canvas_submission": told["submission"]}
    return Owner(
        student=told["id"], name=told.get("name") or "", ids=ids, file=told["file"], late=told["late"] is not None
    )


def _moodle(name: str) -> Owner | None:
    found = _MOODLE.fullmatch(name)
    if found is None or found["kind"] != "file":  # what was typed into the page is nothing to run
        return None
    return Owner(student=found["id"], name=found["name"], ids={"moodle_id": found["id"]}, file=found["file"])


def gradescope_metadata(text: str) -> dict[str, list[Owner]]:
    """Submission folder -> its submitters, from the few lines of the YAML that say so.

    The file is written by a program, always in the same shape: a submission at the margin, its keys two blanks in,
    submitters as list items with `:name:`, `:sid:` and `:email:`. Earlier submissions, deeper in, are passed over.
    """
    found: dict[str, list[Owner]] = {}
    submission = key = created = ""
    people: list[dict[str, str]] = []

    def close() -> None:
        if submission:
            made = [_gradescope(person, submission, created) for person in people]
            found[submission] = made or [Owner(student=submission, submitted=created)]

    for line in text.splitlines():
        if top := re.fullmatch(r"(\S.*?):\s*", line):
            close()
            submission, key, created, people = _scalar(top[1]), "", "", []
        elif entry := re.fullmatch(r"  :?(\w+):\s*(.*)", line):
            key = entry[1]
            if key == "created_at":
                created = _time(_scalar(entry[2]))
        elif key == "submitters" and (item := re.fullmatch(r"  (?:  )?(- |  ):?(\w+):\s*(.*)", line)):
            if item[1] == "- ":
                people.append({})
            if people:
                people[-1][item[2]] = _scalar(item[3])
    close()
    return found


def _gradescope(person: Mapping[str, str], submission: str, created: str) -> Owner:
    ids = {key: person[key] for key in ("sid", "email") if person.get(key)}
    student = person.get("sid") or person.get("email") or person.get("name") or submission
    return Owner(
        student=student,
        name=person.get("name", ""),
        ids={**ids, "gradescope_submission": submission},
        submitted=created,
    )


def _scalar(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1].replace("''", "'")
    return "" if text in ("", "null", "~") else text


def _time(text: str) -> str:
    """ISO 8601 from Ruby's `2024-03-01 12:00:00.123456789 Z`, or from ISO 8601 itself."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?", text)
    if found is None:
        return ""
    offset = found[3] or "Z"
    return f"{found[1]}T{found[2]}{'+00:00' if offset == 'Z' else offset}"
