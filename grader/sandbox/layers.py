"""The layers of the sandbox, in the order in which they are applied."""

from __future__ import annotations

from grader.sandbox import bubblewrap, landlock, namespaces, privileges, rlimits, seccomp, watchdog
from grader.sandbox.layer import Layer

LAYERS: tuple[Layer, ...] = (
    namespaces.LAYER,
    bubblewrap.LAYER,
    privileges.SPARE_USER_LAYER,
    rlimits.LAYER,
    privileges.NO_PRIVILEGES_LAYER,
    landlock.LAYER,
    seccomp.LAYER,
    watchdog.LAYER,
)
