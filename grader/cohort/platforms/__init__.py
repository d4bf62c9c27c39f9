"""Every platform whose downloads are known; a new one is a module with a `PLATFORM` and a line here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from grader.cohort.platforms import blackboard, brightspace, canvas, github, gradescope, moodle
from grader.cohort.platforms.platform import Platform

PLATFORMS: tuple[Platform, ...] = (
    gradescope.PLATFORM,
    moodle.PLATFORM,
    brightspace.PLATFORM,
    blackboard.PLATFORM,
    canvas.PLATFORM,
    github.PLATFORM,
)
"""In the order in which they are tried: those first that cannot be taken for another."""


def platform_of(folder: Path, names: Sequence[str]) -> Platform | None:
    """Which platform made a folder with these entries; None: a plain folder."""
    return next((platform for platform in PLATFORMS if platform.fits(folder, names)), None)
