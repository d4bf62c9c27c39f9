"""What a platform's download tells: which entry of a folder is whose, and when it was handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path

from msgspec import Struct

SHARE = 0.8
"""Of the entries that must look like a platform's: an instructor's own file may lie there too."""

YEARS = range(1970, 2200)
"""In which something can be handed in or due."""


class Owner(Struct, frozen=True, kw_only=True):
    """Whose a file or folder is."""

    student: str
    """The key as long as no roster gives another: the platform's number or login."""
    name: str = ""
    ids: Mapping[str, str] = {}
    file: str = ""
    """The file's own name; empty for a folder that is a submission as a whole."""
    late: bool = False
    submitted: str = ""
    """ISO 8601 with the offset."""


class Platform(Struct, frozen=True, kw_only=True):
    """A platform's download."""

    name: str
    title: str
    """`a Canvas download`."""
    fits: Callable[[Path, Sequence[str]], bool]
    """Whether a folder with these entries is one."""
    owners: Callable[[Path, Sequence[str], tzinfo | None], dict[str, list[Owner]]]
    """For each entry that is a submission's, or part of one: whose it is, several for a group."""
    own_files: frozenset[str] = frozenset()
    """What the platform adds."""
    local_times: bool = False
    """Its times have no zone: they are of the platform's clock."""
    remark: str = ""
    """What a person should know of how it is read."""


def mostly(fits: Callable[[str], object], names: Sequence[str]) -> bool:
    """Whether nearly all of the names fit."""
    return bool(names) and sum(bool(fits(name)) for name in names) >= SHARE * len(names)


def iso_time(text: str, zone: tzinfo | None) -> str:
    """ISO 8601 with an offset, from ISO 8601 with or without; empty for what is no time.

    A commit's clock may say anything, and the years of `YEARS` leave room to count days in.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    if moment.year not in YEARS:
        return ""
    return local_time(moment, zone) if moment.tzinfo is None else moment.isoformat(timespec="seconds")


def local_time(moment: datetime, zone: tzinfo | None) -> str:
    """A platform's clock time as ISO 8601 with the offset of `zone`; None: of this machine."""
    placed = moment.replace(tzinfo=zone) if zone is not None else moment.astimezone()
    return placed.isoformat(timespec="seconds")
