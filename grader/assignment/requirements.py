"""Packages that an assignment needs beyond the grader's own: pinned in `assignment.toml`, installed here or not."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version

from grader.errors import AuthoringError
from grader.model import Assignment

PINNED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[[A-Za-z0-9,._-]+\])?==(?P<version>[A-Za-z0-9.!+_-]+)")
"""What one requirement looks like: `pandas==2.2.3`."""


def refuse_missing(assignment: Assignment) -> None:
    """Refuse to run or grade an assignment where a package is not installed that it needs.

    The AuthoringError has the packages and the command that installs them.
    """
    there = installed(assignment)
    missing = [wanted for wanted in assignment.requirements if not there[name_of(wanted)]]
    if missing:
        text = f"{assignment.id} needs {', '.join(missing)}, not installed here; run `pip install {' '.join(missing)}`"
        raise AuthoringError(f"{text} (the hand-out's requirements.txt has it)")


def other_versions(assignment: Assignment) -> list[str]:
    """A sentence for each package that is here in another version than the one that is declared."""
    there = installed(assignment)
    return [
        f"requirements: {wanted} is declared, {there[name_of(wanted)]} is installed here"
        for wanted in assignment.requirements
        if there[name_of(wanted)] not in ("", wanted.partition("==")[2])
    ]


def installed(assignment: Assignment) -> dict[str, str]:
    """The version here of each package that is required, by its name; empty where it is missing."""
    versions = {}
    for name in map(name_of, assignment.requirements):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = ""
    return versions


def name_of(requirement: str) -> str:
    """The package that a requirement names, pinned or not."""
    return re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0] or "NAME"
