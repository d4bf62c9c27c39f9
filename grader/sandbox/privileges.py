"""Who student code runs as: a spare user where the grader is root, no privileges, and no way to gain any."""

from __future__ import annotations

import contextlib
import os
import signal
import struct

from grader.sandbox import kernel, tiers
from grader.sandbox.layer import Layer, Plan, Situation

SPARE_FIRST, SPARE_COUNT = 60_600, 400
"""Users that nobody has: above Debian's and systemd's homes, below systemd's dynamic users, inside the 65,536 that a
container without root's powers has."""
_CAPABILITIES_VERSION = 0x20080522


def spare_user(number: int) -> int:
    """A spare user's id; slots of different numbers get different users, some 400 of them."""
    return SPARE_FIRST + number % SPARE_COUNT


def become(user: int) -> None:
    """Become `user` for good; only root can.

    Raises OSError if this process may not change its user, as in a container without CAP_SETUID.
    """
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    # changing the user has made this process opaque to itself, too: /proc/self would belong to root
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)


def drop_privileges() -> None:
    """Give up every capability, and the ways of getting one back; raises OSError if the kernel refuses."""
    with contextlib.suppress(OSError):  # past the last one, or without the right to: the next line covers that
        for capability in range(64):
            kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.syscall("capset", struct.pack("Ii", _CAPABILITIES_VERSION, 0), bytes(24))


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends; a change of user undoes it."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def hand_over(plan: Plan) -> None:
    """Give the work folder to the spare user and become that user, if it can get at what it needs.

    Raises OSError if it cannot: an interpreter below /root, say.
    """
    os.setegid(plan.user)
    os.seteuid(plan.user)  # for a moment: the real user is still root, and takes it back
    try:
        for path in (os.__file__, __file__, *filter(os.path.exists, plan.readable)):
            os.close(os.open(path, os.O_RDONLY))
        for path in plan.writable:
            os.stat(path)
    finally:
        os.seteuid(0)
        os.setegid(0)
    for folder in plan.writable:
        _give(folder, plan.user)
    become(plan.user)


def _give(folder: str, user: int) -> None:
    os.chown(folder, user, user)
    for here, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(os.path.join(here, name), user, user, follow_symlinks=False)


def _become_spare_user(situation: Situation) -> None:
    hand_over(situation.plan)


def _spare_user_test(plan: Plan) -> str:
    if os.geteuid() != 0:
        raise OSError("only root can change users")
    hand_over(plan)
    return f"student code becomes user {os.getuid()}"


SPARE_USER_LAYER = Layer(
    name=tiers.SPARE_USER, where="process", apply=_become_spare_user, self_test=_spare_user_test, root_only=True
)
NO_PRIVILEGES_LAYER = Layer(name=tiers.NO_PRIVILEGES, where="process", apply=lambda situation: drop_privileges())
