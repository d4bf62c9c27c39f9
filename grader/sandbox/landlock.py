"""Landlock: which files a process and all its children may open, without any privilege (Linux 5.13 and newer).

A process in a domain also cannot trace or read the memory of one outside it; from 6.7 on (ABI 4) it cannot use TCP, and
from 6.12 on (ABI 6) it can neither signal a process outside nor reach its abstract sockets. What Landlock does not
govern: `stat`, and changing the mode or the times of a file, for which `seccomp` has to do.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import struct
from collections.abc import Iterable

from grader.sandbox import advice, kernel, tiers, view
from grader.sandbox.layer import Layer, Plan, Situation

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
MAKE_CHAR, MAKE_BLOCK, TRUNCATE, IOCTL_DEV = 1 << 6, 1 << 11, 1 << 14, 1 << 15
RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""ABI -> the file rights that it knows; all that are known get restricted, so what a newer kernel adds stays open."""
TCP_FROM, SIGNALS_FROM = 4, 6
BOTH_TCP_RIGHTS = BOTH_SCOPES = 3
VERSION_FLAG = 1
RULE_PATH_BENEATH = 1


def abi() -> int:
    """Version of Landlock that this kernel has and lets us use; 0 for none."""
    try:
        return kernel.syscall("landlock_create_ruleset", None, 0, VERSION_FLAG)
    except OSError:
        return 0


def restrict(*, readable: Iterable[str], writable: Iterable[str], devices: Iterable[str] = ()) -> int:
    """Allow this process and its children these folders and files and nothing else; returns the ABI used.

    Missing paths are left out. `devices` may be read and written, but not replaced. Needs `no_new_privs` or
    CAP_SYS_ADMIN. Raises OSError if the kernel has no Landlock, or a container's filter forbids it.
    """
    version = abi()
    if not version:
        raise OSError(errno.ENOSYS, "the kernel has no Landlock, or does not let us use it")
    rights = RIGHTS[min(version, max(RIGHTS))]
    tcp = BOTH_TCP_RIGHTS if version >= TCP_FROM else 0
    scopes = BOTH_SCOPES if version >= SIGNALS_FROM else 0
    words = struct.pack("QQQ", rights, tcp, scopes)[: 24 if scopes else 16 if tcp else 8]
    rules = kernel.syscall("landlock_create_ruleset", words, len(words), 0)
    try:
        # making device files takes a privilege anyway; nobody needs it here
        all_but_devices = rights & ~(MAKE_CHAR | MAKE_BLOCK)
        for path in readable:
            _allow(rules, path, EXECUTE | READ_FILE | READ_DIR, rights)
        for path in writable:
            _allow(rules, path, all_but_devices, rights)
        for path in devices:
            _allow(rules, path, READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV, rights)
        kernel.syscall("landlock_restrict_self", rules, 0)
    finally:
        os.close(rules)
    return version


def _allow(rules: int, path: str, wanted: int, known: int) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            on_files = EXECUTE | READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV
            granted = wanted & known if stat.S_ISDIR(os.fstat(place).st_mode) else wanted & known & on_files
            kernel.syscall("landlock_add_rule", rules, RULE_PATH_BENEATH, struct.pack("=Qi", granted, place), 0)
        finally:
            os.close(place)


def _apply(situation: Situation) -> None:
    plan, inside = situation.plan, situation.in_namespaces
    writable = (*plan.writable, "/tmp", "/dev/shm") if inside else plan.writable
    # a view of one's own has only one's own processes in it
    readable = (*plan.readable, *(("/proc",) if inside else view.PROC))
    restrict(readable=readable, writable=writable, devices=view.DEVICES)


def _self_test(plan: Plan) -> str:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    version = restrict(readable=view.readable(), writable=())
    try:
        os.listdir("/")
    except PermissionError:
        lacks = [] if version >= TCP_FROM else ["TCP (seccomp does that)"]
        lacks += [] if version >= SIGNALS_FROM else ["signals (seccomp forbids them)"]
        return f"no files but its own; version {version}" + (f", without {' and '.join(lacks)}" if lacks else "")
    raise OSError("it was accepted, but does not hold")


LAYER = Layer(name=tiers.LANDLOCK, where="process", apply=_apply, self_test=_self_test, advice=advice.for_landlock)
