"""`python restrict.py SITUATION COMMAND...`: run a command as on another kind of machine than this one.

    root          as it is
    user          an ordinary user
    docker-root   root under what Docker's default profile takes away: most capabilities, namespaces, mounts
    docker-user   an ordinary user there
    apparmor-user an ordinary user where only bubblewrap may change mounts, as by a profile of AppArmor's
    no-userns-user an ordinary user where nobody may make a user namespace, and bubblewrap is setuid root

Needs root. An interpreter in root's home is made reachable for other users, in a mount namespace of this command's own.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import select
import shutil
import socket
import struct
import sys
from pathlib import Path

from grader.sandbox import kernel, privileges, seccomp

USER = 54_321
DOCKER_KEEPS = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}
DOCKER_FORBIDS = frozenset(
    ("mount", "umount2", "pivot_root", "unshare", "setns", "move_mount", "open_tree", "mount_setattr", "fsopen")
)
MOUNTS = ("mount", "umount2", "pivot_root", "mount_setattr", "move_mount", "open_tree", "fsopen")
SECCOMP, SET_FILTER, NEW_LISTENER, ASK = {"x86_64": 317, "aarch64": 277}, 1, 8, 0x7FC00000
RECEIVE, ANSWER = 0xC0502100, 0xC0182101
"""Calls of a listener (SECCOMP_IOCTL_NOTIF_RECV and _SEND); an answer's last word 1 lets the call be made."""
NEW_MOUNTS, NEW_USERS, BIND, RECURSIVE, PRIVATE = 0x20000, 1 << 28, 4096, 16384, 1 << 18


def open_home(home: Path, inside: list[Path]) -> None:
    """Show of `home` only the folders in `inside`, to everybody."""
    kernel.unshare(NEW_MOUNTS)
    kernel.mount(None, "/", None, RECURSIVE | PRIVATE)
    held = [(os.open(path, os.O_PATH), path) for path in inside]
    kernel.mount("tmpfs", str(home), "tmpfs", 0, "mode=0755")
    for descriptor, path in held:
        path.mkdir(parents=True)
        kernel.mount(f"/proc/self/fd/{descriptor}", str(path), None, BIND)
        os.close(descriptor)


def forbid_namespaces() -> None:
    for capability in range(41):
        if capability not in DOCKER_KEEPS and os.geteuid() == 0:
            kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
    arch = kernel.machine()
    numbers = [n for name, n in seccomp.FORBIDDEN[arch].items() if name in DOCKER_FORBIDS]
    lines = [struct.pack("HBBI", 0x20, 0, 0, 0)]
    for number in numbers:
        lines += [struct.pack("HBBI", 0x15, 0, 1, number), struct.pack("HBBI", 6, 0, 0, 0x50000 | errno.EPERM)]
    lines.append(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000))
    program = b"".join(lines)
    held = ctypes.create_string_buffer(program, len(program))
    kernel.prctl_pointer(kernel.PR_SET_SECCOMP, 2, struct.pack("HxxxxxxQ", len(lines), ctypes.addressof(held)))


def leave_mounts_to(program: str) -> None:
    """Run this process on in a child whose changes of mounts are refused but where `program` itself makes them.

    A filter can tell no program from another, so it hands such calls over to this process (seccomp's notifications,
    Linux 5.5), which looks at who calls. What `program` has started is another program, and is refused.
    """
    arch = kernel.machine()
    numbers = [seccomp.FORBIDDEN[arch][name] for name in MOUNTS]
    lines = [struct.pack("HBBI", 0x20, 0, 0, 0)]
    for number in numbers:
        lines += [struct.pack("HBBI", 0x15, 0, 1, number), struct.pack("HBBI", 6, 0, 0, ASK)]
    lines.append(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000))
    held = ctypes.create_string_buffer(b"".join(lines), 8 * len(lines))
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        filter_ = struct.pack("HxxxxxxQ", len(lines), ctypes.addressof(held))
        libc = ctypes.CDLL(None, use_errno=True)
        listener = libc.syscall(SECCOMP[arch], SET_FILTER, NEW_LISTENER, filter_)
        if listener < 0:
            raise OSError(ctypes.get_errno(), "no notifications of system calls")
        socket.send_fds(theirs, [b"."], [listener])
        os.close(listener)
        theirs.close()
        return
    theirs.close()
    _, (listener,), _, _ = socket.recv_fds(ours, 1, 1)
    allowed = os.stat(program)
    ready = select.poll()
    ready.register(listener, select.POLLIN)
    while True:
        events = ready.poll()
        if any(event & select.POLLHUP for _, event in events):  # nobody is left
            break
        asked = bytearray(80)
        try:
            fcntl.ioctl(listener, RECEIVE, asked)
            id, pid = struct.unpack_from("QI", asked)
            may = os.path.samestat(os.stat(f"/proc/{pid}/exe"), allowed)
            fcntl.ioctl(listener, ANSWER, struct.pack("QqiI", id, 0, 0 if may else -errno.EACCES, 1 if may else 0))
        except OSError:
            continue  # it has ended meanwhile
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)


def forbid_user_namespaces() -> None:
    """No more user namespaces from here on (user.max_user_namespaces = 0, in one of this command's own).

    With a copy of bubblewrap that is setuid root, in a file system that only this command sees.
    """
    kernel.unshare(NEW_MOUNTS)
    kernel.mount(None, "/", None, RECURSIVE | PRIVATE)
    kernel.mount("tmpfs", "/mnt", "tmpfs", 0, "mode=0755")
    copy = shutil.copy(shutil.which("bwrap") or "bwrap is not installed", "/mnt/bwrap")
    os.chmod(copy, 0o4755)
    os.environ["PATH"] = f"/mnt:{os.environ['PATH']}"
    entered, mapped = os.pipe(), os.pipe()
    helper = os.fork()
    if helper == 0:  # outside: only from here all users can be brought along
        os.read(entered[0], 1)
        for kind in ("uid_map", "gid_map"):
            Path(f"/proc/{os.getppid()}/{kind}").write_text("0 0 65536")
        os.write(mapped[1], b".")
        os._exit(0)
    kernel.unshare(NEW_USERS | NEW_MOUNTS)
    os.write(entered[1], b".")
    os.read(mapped[0], 1)
    os.waitpid(helper, 0)
    for descriptor in (*entered, *mapped):
        os.close(descriptor)
    Path("/proc/sys/user/max_user_namespaces").write_text("0")


def main(situation: str, *command: str) -> None:
    home = Path("/root")
    interpreter = Path(sys.base_prefix).resolve()
    if situation != "root" and interpreter.is_relative_to(home):
        open_home(home, [interpreter])
    if situation.startswith("docker"):
        forbid_namespaces()
    if situation == "no-userns-user":
        forbid_user_namespaces()
    if situation == "apparmor-user":
        leave_mounts_to(shutil.which("bwrap") or "bwrap is not installed")
    if situation.endswith("user"):
        os.setgroups([])
        os.setresgid(USER, USER, USER)
        os.setresuid(USER, USER, USER)
        privileges.die_with_parent()
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
