"""Tiers A to C: what a set of layers guarantees.

A  own view of files, processes and network (namespaces or bubblewrap), Landlock, seccomp
B  a user of its own, Landlock, seccomp
C  the grader's user, Landlock, seccomp
-  anything less
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from grader.errors import UsageError

NAMESPACES, BUBBLEWRAP, SPARE_USER = "namespaces", "bubblewrap", "spare user"
LANDLOCK, SECCOMP, LIMITS, WATCHDOG = "landlock", "seccomp", "limits", "watchdog"
NO_PRIVILEGES = "no privileges"
TIERS = ("A", "B", "C")
NONE = "none"
PROMISES = {
    "A": "student code sees no file, process or network but its own",
    "B": "student code runs as a spare user, cannot open other files or use the network; it sees that they exist",
    "C": "student code runs as you, but cannot open other files, use the network or signal other processes",
    NONE: "student code can read what you can read",
}


def tier(layers: Collection[str]) -> str:
    """`A`, `B`, `C` or `none`."""
    if not {LANDLOCK, SECCOMP} <= set(layers):
        return NONE
    if NAMESPACES in layers or BUBBLEWRAP in layers:
        return "A"
    return "B" if SPARE_USER in layers else "C"


def at_least(tier: str, wanted: str) -> bool:
    """Whether `tier` promises what `wanted` does."""
    return tier in TIERS and TIERS.index(tier) <= TIERS.index(wanted)


class Policy(NamedTuple):
    """What the caller insists on."""

    require: str | None = None
    """The tier below which nothing is graded."""
    unsafe: bool = False
    """Grade in whatever there is."""


ANY = Policy()
"""Nothing but what the assignment's secrets need."""


def require(layers: Collection[str], policy: Policy, problems: Collection[str], *, secrets: bool) -> str:
    """Raise where the layers that are on do not suffice; returns a warning for the report, or an empty text.

    `problems` say why a layer is not on, a sentence each. `secrets` is whether there is something to find beside the
    submission: a reference, hidden checks. The UsageError says what is missing, and how to go on.
    """
    active = tier(layers)
    why = "; ".join(problems) or "no layer said why"
    if policy.require is not None:
        if not at_least(active, policy.require):
            works = f"only tier {active} works" if active != NONE else "no sandbox works"
            raise UsageError(f"--require-sandbox {policy.require}: {works} here ({why}); see `grade doctor`")
        return ""
    if active != NONE:
        return ""
    if secrets and not policy.unsafe:
        raise UsageError(
            "student code would run without a sandbox beside a reference or hidden checks, so nothing was graded "
            f"({why}); `grade doctor` says what would help, --unsafe goes on anyway"
        )
    return f"no sandbox works here, so this code could read what you can read ({why}); see `grade doctor`"
