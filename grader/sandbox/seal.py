"""The last layer, for a process that knows what no student may read: it can pass nothing on to another.

A hidden check's process, or one with a piece of the reference, keeps one descriptor, its reply. It may not write or
lock files, signal others, or be looked into; what memory it shared with others becomes its own. A file that it opens to
write to leads nowhere, so that code which keeps a log or a plot is not wrong for it. What it starts is ended by the
supervisor, before the next one lives. What stays open is what the kernel counts: process numbers, times.
"""

from __future__ import annotations

import builtins
import ctypes
import errno
import io
import os
import struct
import sys
from typing import Any

from grader.sandbox import kernel
from grader.sandbox.seccomp import ALLOW, ERRNO, FILTER_MODE, NUMBER, PRETENDED, Program, table

WRITING = table("""
    creat:85:- mkdir:83:- mkdirat:258:34 mknod:133:- mknodat:259:33 link:86:- linkat:265:37 symlink:88:-
    symlinkat:266:36 rename:82:- renameat:264:38 renameat2:316:276 unlink:87:- unlinkat:263:35 rmdir:84:-
    truncate:76:45 ftruncate:77:46 fallocate:285:47 flock:73:32
    socketpair:53:199 kill:62:129 tkill:200:130 rt_sigqueueinfo:129:138 rt_tgsigqueueinfo:297:240
    pidfd_send_signal:424:424 pidfd_open:434:434 openat2:437:437
""")
"""Names, contents, locks, sockets and signals: whatever another process could see afterwards."""
_CALLS = {
    "x86_64": {"open": 2, "openat": 257, "fcntl": 72, "tgkill": 234},
    "aarch64": {"openat": 56, "fcntl": 25, "tgkill": 131},
}
_TO_WRITE = 0o3 | 0o100 | 0o1000 | 0o20000000
"""O_WRONLY, O_RDWR, O_CREAT, O_TRUNC and O_TMPFILE."""
_LOCKS = (6, 7, 37, 38, 1024, 1026)
"""F_SETLK, F_SETLKW, the same for open files, F_SETLEASE and F_NOTIFY."""
LARGEST_COPY = 256 << 20
"""Bytes of shared memory that are copied; what is more is taken away."""
_PROT_READ, _PROT_WRITE, _PRIVATE, _FIXED, _ANONYMOUS = 1, 2, 2, 0x10, 0x20

# bound before the first cell: student code may replace the modules' attributes later
_open, _close, _dup, _listdir, _getpid, _pack = os.open, os.close, os.dup2, os.listdir, os.getpid, struct.pack
_duplicate, _mkdir, _modules = os.dup, os.mkdir, sys.modules
_builtin_open, _set_dumpable, _put_on, _machine = open, kernel.prctl, kernel.prctl_pointer, kernel.machine
_libc = ctypes.CDLL(None, use_errno=True)
_mmap, _munmap = _libc.mmap, _libc.munmap
_mmap.restype = ctypes.c_void_p
_string_at, _memmove, _pointer, _size = ctypes.string_at, ctypes.memmove, ctypes.c_void_p, ctypes.c_size_t
_buffer, _address = ctypes.create_string_buffer, ctypes.addressof


def seal(channel: int) -> None:
    """Leave this process nothing but `channel` to say something by; layers that do not work here are left out."""
    _own_memory()
    _only(channel)
    builtins.open = io.open = opened
    os.mkdir = made
    if (shell := _modules.get("IPython.core.interactiveshell")) is not None:
        vars(shell)["io_open"] = opened
    try:
        _set_dumpable(kernel.PR_SET_DUMPABLE, 0)
        arch = _machine()
        if arch:
            lines = program(arch, _getpid())
            held = _buffer(lines, len(lines))
            _put_on(kernel.PR_SET_SECCOMP, FILTER_MODE, _pack("HxxxxxxQ", len(lines) // 8, _address(held)))
    except OSError:
        return  # as without seccomp at all, which the report's layers say


def opened(file: Any, mode: Any = "r", *args: Any, **more: Any) -> Any:
    """`open` of a sealed process; a file to be overwritten or appended to is one that keeps nothing."""
    try:
        return _builtin_open(file, mode, *args, **more)
    except PermissionError:
        if not isinstance(mode, str) or "r" in mode:
            raise
    return _builtin_open(_duplicate(1), mode, *args, **more)


def made(*args: Any, **more: Any) -> None:
    """`os.mkdir` of a sealed process: said to be done."""
    try:
        _mkdir(*args, **more)
    except PermissionError:
        return


def program(arch: str, own: int) -> bytes:
    """The filter for `arch`, in a process with the number `own`."""
    calls = _CALLS[arch]
    built = Program()
    built.load(NUMBER)
    for numbers in (WRITING[arch], PRETENDED[arch]):
        for number in numbers.values():
            built.answer(number, ERRNO | errno.EACCES)
    for name, argument in (("open", 1), ("openat", 2)):
        if name in calls:
            built.where_any_bit(calls[name], argument, _TO_WRITE, ERRNO | errno.EACCES)
    for command in _LOCKS:
        built.where_equal(calls["fcntl"], 1, command, ERRNO | errno.EACCES)
    built.where_other(calls["tgkill"], 0, own, ERRNO | errno.EPERM)
    built.give(ALLOW)
    return b"".join(built.lines)


def _only(channel: int) -> None:
    """Close every descriptor but the channel; the standard ones lead nowhere."""
    try:
        numbers = [int(name) for name in _listdir("/proc/self/fd")]
    except OSError:
        numbers = list(range(256))
    for number in numbers:
        if number not in (0, 1, 2, channel):
            _shut(number)
    try:
        nothing = _open("/dev/null", os.O_RDWR)
    except OSError:
        nothing = -1
    for stream in (0, 1, 2):
        if nothing >= 0:
            _dup(nothing, stream)
        elif stream != channel:
            _shut(stream)
    if nothing > 2:
        _shut(nothing)


def _shut(number: int) -> None:
    try:
        _close(number)
    except OSError:
        return  # the one that the folder was read by


def _own_memory() -> None:
    """Put a copy in the place of all memory that is shared with other processes."""
    try:
        with _builtin_open("/proc/self/maps") as file:
            lines = file.read().splitlines()
    except OSError:
        return
    for line in lines:
        span, rights = line.split(None, 2)[:2]
        if not rights.endswith("s"):
            continue
        start, end = (int(word, 16) for word in span.split("-"))
        size = end - start
        kept = _string_at(start, size) if "r" in rights and size <= LARGEST_COPY else b""
        _munmap(_pointer(start), _size(size))
        if kept:
            how = _PRIVATE | _FIXED | _ANONYMOUS
            _mmap(_pointer(start), _size(size), _PROT_READ | _PROT_WRITE, how, -1, _size(0))
            _memmove(start, kept, size)
