"""One thing that `lint` found."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Level = Literal["error", "warning", "inconsistent"]


class Issue(Struct, frozen=True):
    """What does not fit, and where; how it is shown is for the command."""

    level: Level
    where: str
    """A file of the assignment, with the line where there is one (`assignment.toml:3`)."""
    text: str
