"""Namespaces: an own view of files, processes, network and shared memory, by the kernel alone (no bubblewrap needed).

The process that enters becomes a relay that only waits; its child is process 1 of the new view, runs no student code,
and ends everything in it by ending. Nothing outside can be seen, signalled or reached from inside.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import struct
from collections.abc import Sequence

from grader.sandbox import advice, kernel, privileges, tiers
from grader.sandbox.layer import Layer, Plan, Situation
from grader.sandbox.view import DEVICES

_NEW_MOUNTS, _NEW_UTS, _NEW_IPC, _NEW_USER, _NEW_PIDS, _NEW_NET = 0x20000, 1 << 26, 1 << 27, 1 << 28, 1 << 29, 1 << 30
_NOSUID, _NODEV, _NOEXEC, _BIND, _RECURSIVE, _PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
_DETACH = 2
_FROM_HERE, _RECURSIVELY = -100, 0x8000
_READ_ONLY, _NO_SETUID, _NO_DEVICES = 1, 2, 4
SHARED_MEMORY = 256 << 20
"""Bytes of /dev/shm and of /tmp each, which live in memory."""
FILES_IN_MEMORY = 20_000


def enter(*, readable: Sequence[str], writable: Sequence[str], staging: str) -> None:
    """Leave the machine's view; returns in process 1 of the new one, with only these paths in it.

    Files and folders are kept at their own paths. `staging` is an empty folder to build the view in; nothing is left
    there. Raises OSError if the kernel, a container or AppArmor does not let us; the process is then of no more use.
    """
    user, group = os.geteuid(), os.getegid()
    flags = _NEW_MOUNTS | _NEW_PIDS | _NEW_NET | _NEW_IPC | _NEW_UTS
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # else uid_map belongs to root
    if user == 0:
        kernel.unshare(flags)
    else:
        kernel.unshare(flags | _NEW_USER)
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    kernel.mount(None, "/", None, _RECURSIVE | _PRIVATE)
    os.umask(0o022)
    _build(staging, readable, writable)
    first = os.fork()
    if first:
        _relay(first)
    privileges.die_with_parent()
    os.setsid()  # a signal to one's process group would reach the members of it that are outside
    kernel.mount("proc", f"{staging}/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    _become_root(staging)


def _build(root: str, readable: Sequence[str], writable: Sequence[str]) -> None:
    kernel.mount("tmpfs", root, "tmpfs", _NOSUID | _NODEV, "mode=0755,size=1m")
    in_memory = (f"{root}/tmp", f"{root}/dev/shm")
    for folder in in_memory:  # before what lies in them: the work folder often is in /tmp
        os.makedirs(folder)
        room = f"size={SHARED_MEMORY},nr_inodes={FILES_IN_MEMORY},mode=1777"
        kernel.mount("tmpfs", folder, "tmpfs", _NOSUID | _NODEV, room)
    os.mkdir(f"{root}/proc")
    for path in (*readable, *writable):
        _bind(root, path)
    for device in DEVICES:
        os.close(os.open(root + device, os.O_CREAT | os.O_WRONLY, 0o666))
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        os.symlink(f"/proc/self/fd{target}", f"{root}/dev/{name}")
    _attributes(root, on=_READ_ONLY | _NO_SETUID | _NO_DEVICES, recursive=True)
    for path in in_memory:
        _attributes(path, off=_READ_ONLY)
    for path in writable:
        _attributes(root + path, off=_READ_ONLY)
    for device in DEVICES:
        kernel.mount(device, root + device, None, _BIND)
        _attributes(root + device, on=_READ_ONLY | _NO_SETUID)  # its mode and times, that is


def _attributes(path: str, *, on: int = 0, off: int = 0, recursive: bool = False) -> None:
    words = struct.pack("QQQQ", on, off, 0, 0)
    flags = _RECURSIVELY if recursive else 0
    kernel.syscall("mount_setattr", _FROM_HERE, os.fsencode(path), flags, words, len(words))


def _bind(root: str, path: str) -> None:
    """Make `path` appear in the view: a symbolic link as a link, anything else by binding it."""
    target = root + path
    with contextlib.suppress(FileExistsError):
        os.makedirs(os.path.dirname(target), mode=0o755)
    if os.path.islink(path):
        with contextlib.suppress(FileExistsError):
            os.symlink(os.readlink(path), target)
        return
    if stat.S_ISDIR(os.stat(path).st_mode):
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    kernel.mount(path, target, None, _BIND | _RECURSIVE)


def _become_root(staging: str) -> None:
    os.chdir(staging)
    kernel.syscall("pivot_root", b".", b".")
    kernel.unmount(".", _DETACH)
    os.chdir("/")


def _relay(first: int) -> None:
    """Outside: hold no file, wait for process 1, end as it ended."""
    privileges.die_with_parent()
    os.closerange(3, 1 << 16)
    _, status = os.waitpid(first, 0)
    if os.WIFSIGNALED(status):
        signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _apply(situation: Situation) -> None:
    plan = situation.plan
    enter(readable=plan.readable, writable=plan.writable, staging=plan.staging)


def _self_test(plan: Plan) -> str:
    # Ubuntu 24.04 lets the first call succeed and denies the mounts, so nothing less than a whole view shows it
    enter(readable=plan.readable, writable=plan.writable, staging=plan.staging)
    if os.getpid() != 1 or os.path.exists("/etc/passwd"):
        raise OSError("the new view still shows the machine's files or processes")
    return "own files, processes, network and shared memory"


LAYER = Layer(
    name=tiers.NAMESPACES, where="supervisor", apply=_apply, self_test=_self_test, advice=advice.for_namespaces
)
