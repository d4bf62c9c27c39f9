"""System calls that Python has no function for, by ctypes: no package has to be installed for the layers to work.

Linux on x86-64 and aarch64; on anything else every call raises `OSError` and the layer above it counts as missing.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys
from functools import cache

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 4, 22, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
ANY_ARCH = {"landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446,
            "mount_setattr": 442}  # fmt: skip
"""Numbers of system calls since 5.0 are the same everywhere."""
BY_ARCH = {
    "x86_64": {"capset": 126, "pivot_root": 155},
    "aarch64": {"capset": 91, "pivot_root": 41},
}


def machine() -> str:
    """`x86_64` or `aarch64`; empty where the layers cannot work."""
    name = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine())
    return name if sys.platform == "linux" and name in BY_ARCH and sys.maxsize > 2**32 else ""


@cache
def _libc() -> ctypes.CDLL:
    if not machine():
        raise OSError(errno.ENOSYS, f"not Linux on x86-64 or aarch64 but {sys.platform} on {platform.machine()}")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(name: str, *arguments: ctypes.c_long | int | bytes | None) -> int:
    """Call the kernel by the name of a system call in `ANY_ARCH` or `BY_ARCH`; integers go as machine words."""
    number = ANY_ARCH.get(name) or BY_ARCH[machine() or "x86_64"][name]
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(_libc().syscall(ctypes.c_long(number), *words), name)


def prctl(option: int, *arguments: int) -> int:
    """`prctl(2)`; missing arguments are zero."""
    words = [ctypes.c_ulong(a) for a in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(_libc().prctl(option, *words), f"prctl {option}")


def prctl_pointer(option: int, second: int, pointer: bytes) -> None:
    """`prctl(2)` whose third argument is a structure."""
    _checked(_libc().prctl(option, ctypes.c_ulong(second), ctypes.c_char_p(pointer), 0, 0), f"prctl {option}")


def unshare(flags: int) -> None:
    """`unshare(2)`."""
    _checked(_libc().unshare(flags), "unshare")


def mount(source: str | None, target: str, kind: str | None, flags: int = 0, options: str | None = None) -> None:
    """`mount(2)`."""
    words = [None if text is None else os.fsencode(text) for text in (source, target, kind, options)]
    _checked(_libc().mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]), f"mount on {target}")


def unmount(target: str, flags: int) -> None:
    """`umount2(2)`."""
    _checked(_libc().umount2(os.fsencode(target), flags), f"unmount {target}")
