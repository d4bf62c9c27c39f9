"""Gradescope: *Export Submissions*, a folder `submission_123` for each, and `submission_metadata.yml` beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path

from grader.cohort.platforms.platform import Owner, Platform

METADATA = "submission_metadata.yml"


def _fits(folder: Path, names: Sequence[str]) -> bool:
    return METADATA in names


def _owners(folder: Path, names: Sequence[str], zone: tzinfo | None) -> dict[str, list[Owner]]:
    known = metadata((folder / METADATA).read_text(encoding="utf-8", errors="replace"))
    return {name: known.get(name, [Owner(student=name)]) for name in names if name != METADATA}


def metadata(text: str) -> dict[str, list[Owner]]:
    """Submission folder -> its submitters, from the few lines of the YAML that say so.

    The file is written by a program, always in the same shape: a submission at the margin, its keys two blanks in,
    submitters as list items with `:name:`, `:sid:` and `:email:`. Earlier submissions, deeper in, are passed over.
    """
    owners: dict[str, list[Owner]] = {}
    submission = key = created = ""
    people: list[dict[str, str]] = []

    def close() -> None:
        if submission:
            made = [_owner(person, submission, created) for person in people]
            owners[submission] = made or [Owner(student=submission, submitted=created)]

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
    return owners


def _owner(person: Mapping[str, str], submission: str, created: str) -> Owner:
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
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?", text)
    if match is None:
        return ""
    offset = match[3] or "Z"
    return f"{match[1]}T{match[2]}{'+00:00' if offset == 'Z' else offset}"


PLATFORM = Platform(
    name="gradescope",
    title="a Gradescope export",
    fits=_fits,
    owners=_owners,
    own_files=frozenset((METADATA,)),
)
