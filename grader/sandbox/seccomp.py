"""Seccomp: a list of system calls that student code has no use for, answered with an error, on x86-64 and aarch64.

What is left out here stays allowed, so that NumPy on any machine runs; files are for Landlock and the mount view.
"""

from __future__ import annotations

import ctypes
import errno
import socket
import struct

from grader.sandbox import advice, kernel, landlock, tiers
from grader.sandbox.layer import Layer, Plan, Situation

_Table = dict[str, dict[str, int]]


def table(text: str) -> _Table:
    """`name:number on x86-64:number on aarch64`, from the kernel's own headers; `-` where there is no such call."""
    numbers: _Table = {"x86_64": {}, "aarch64": {}}
    for entry in text.split():
        name, intel, arm = entry.split(":")
        for arch, number in (("x86_64", intel), ("aarch64", arm)):
            if number != "-":
                numbers[arch][name] = int(number)
    return numbers


FORBIDDEN = table("""
    ptrace:101:117 process_vm_readv:310:270 process_vm_writev:311:271 process_madvise:440:440
    process_mrelease:448:448 pidfd_getfd:438:438 kcmp:312:272 perf_event_open:298:241 bpf:321:280 keyctl:250:219
    add_key:248:217 request_key:249:218 mount:165:40 umount2:166:39 pivot_root:155:41 chroot:161:51
    move_mount:429:429 open_tree:428:428 open_tree_attr:467:467 fsopen:430:430 fsconfig:431:431 fsmount:432:432
    fspick:433:433 mount_setattr:442:442 unshare:272:97 setns:308:268 open_by_handle_at:304:265
    name_to_handle_at:303:264 fanotify_init:300:262 kexec_load:246:104 kexec_file_load:320:294 init_module:175:105
    finit_module:313:273 delete_module:176:106 reboot:169:142 swapon:167:224 swapoff:168:225 acct:163:89
    settimeofday:164:170 clock_settime:227:112 clock_adjtime:305:266 adjtimex:159:171 sethostname:170:161
    setdomainname:171:162 quotactl:179:60 quotactl_fd:443:443 syslog:103:116 vhangup:153:58 personality:135:92
    mbind:237:235 set_mempolicy:238:237 set_mempolicy_home_node:450:450 migrate_pages:256:238 move_pages:279:239
    lookup_dcookie:212:18 modify_ldt:154:- iopl:172:- ioperm:173:- uselib:134:- nfsservctl:180:42 ioprio_set:251:30
    shmget:29:194 shmat:30:196 shmctl:31:195 shmdt:67:197 semget:64:190 semop:65:193 semctl:66:191
    semtimedop:220:192 msgget:68:186 msgsnd:69:189 msgrcv:70:188 msgctl:71:187 mq_open:240:180 mq_unlink:241:181
""")
"""Other processes' memory, mounts, namespaces, clocks, keys, and what outlives a process (System V, message queues)."""
ABSENT = table("""
    clone3:435:435 userfaultfd:323:282 io_uring_setup:425:425 io_uring_enter:426:426 io_uring_register:427:427
    memfd_create:319:279 memfd_secret:447:447 inotify_init:253:- inotify_init1:294:26
""")
"""Answered as by a kernel that does not know them: libraries then take another way. What memory files hold is counted
for no process, and a watch on a folder outside tells the names of what is opened there."""
PRETENDED = table("""
    chmod:90:- fchmod:91:52 fchmodat:268:53 fchmodat2:452:452 chown:92:- fchown:93:55 lchown:94:- fchownat:260:54
    utime:132:- utimes:235:- futimesat:261:- utimensat:280:88 setxattr:188:5 lsetxattr:189:6 fsetxattr:190:7
    setxattrat:463:463 removexattr:197:14 lremovexattr:198:15 fremovexattr:199:16 removexattrat:466:466
""")
"""Landlock governs neither modes nor times, which whoever may write a file (/dev/null) sets to now: said to be done."""
GROUPS = table("""
    setsid:112:157 setpgid:109:154
""")
"""Said to have been done: the kernel shares cores out by sessions, and what has one of its own takes a neighbour's."""
SIGNALS = table("""
    kill:62:129 tkill:200:130 tgkill:234:131 rt_sigqueueinfo:129:138 rt_tgsigqueueinfo:297:240
    pidfd_send_signal:424:424
""")
"""Where nothing else keeps signals from the user's other processes."""
ON_ONESELF = table("""
    prlimit64:302:261 sched_setaffinity:203:122 sched_setscheduler:144:119 sched_setparam:142:118
    sched_setattr:314:274
""")
"""Allowed with 0 for oneself, else forbidden: they work on any process of the same user."""
_CALLS = {
    "x86_64": {"clone": 56, "socket": 41, "socketpair": 53, "ioctl": 16, "setpriority": 141},
    "aarch64": {"clone": 220, "socket": 198, "socketpair": 199, "ioctl": 29, "setpriority": 140},
}
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000
"""Bit of the system calls of x86-64's other numbering, which would pass by every number here."""
_DATAGRAM = 2
"""The bit of a socket's type that streams do not have."""
_NEW_NAMESPACES = 0x7E020000
_TYPE_FOR_OTHERS = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX put words into a terminal's input."""
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
FILTER_MODE = 2
NUMBER, _ARCH, _ARGUMENT = 0, 4, (16, 24, 32, 40)
"""Offsets in the kernel's `struct seccomp_data`; of the arguments the low words."""


class Program:
    """Instructions of a filter; each rule is complete in itself and leaves the call's number loaded."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def _add(self, code: int, yes: int, no: int, value: int) -> None:
        self.lines.append(struct.pack("HBBI", code, yes, no, value))

    def load(self, offset: int) -> None:
        self._add(0x20, 0, 0, offset)

    def give(self, verdict: int) -> None:
        self._add(0x06, 0, 0, verdict)

    def unless_equal(self, value: int, skip: int) -> None:
        self._add(0x15, 0, skip, value)

    def if_equal(self, value: int, skip: int) -> None:
        self._add(0x15, skip, 0, value)

    def unless_at_least(self, value: int, skip: int) -> None:
        self._add(0x35, 0, skip, value)

    def answer(self, number: int, verdict: int) -> None:
        self.unless_equal(number, 1)
        self.give(verdict)

    def where_any_bit(self, number: int, argument: int, bits: int, verdict: int) -> None:
        """Give the verdict for the call where its argument has any of these bits."""
        self._where(number, argument, (0x45, 0, 1, bits), verdict)

    def where_equal(self, number: int, argument: int, value: int, verdict: int) -> None:
        """Give the verdict for the call where its argument is this value."""
        self._where(number, argument, (0x15, 0, 1, value), verdict)

    def where_other(self, number: int, argument: int, value: int, verdict: int) -> None:
        """Give the verdict for the call where its argument is any other value."""
        self._where(number, argument, (0x15, 1, 0, value), verdict)

    def _where(self, number: int, argument: int, test: tuple[int, int, int, int], verdict: int) -> None:
        self.unless_equal(number, 4)
        self.load(_ARGUMENT[argument])
        self._add(*test)
        self.give(verdict)
        self.load(NUMBER)


def program(arch: str, *, modes: bool, signals: bool) -> bytes:
    """The filter for `arch`.

    Without `modes`, where files of others are in reach, changing modes and times does nothing. Without `signals`, they
    are forbidden altogether.
    """
    calls = _CALLS[arch]
    built = Program()
    built.load(_ARCH)
    built.if_equal(_AUDIT_ARCH[arch], 1)
    built.give(KILL)
    built.load(NUMBER)
    if arch == "x86_64":
        built.unless_at_least(_X32, 1)
        built.give(ERRNO | errno.ENOSYS)
    for table, verdict, used in (
        (FORBIDDEN, ERRNO | errno.EPERM, True),
        (ABSENT, ERRNO | errno.ENOSYS, True),
        (PRETENDED, ERRNO, not modes),
        (GROUPS, ERRNO, True),
        (SIGNALS, ERRNO | errno.EPERM, not signals),
    ):
        for number in table[arch].values() if used else ():
            built.answer(number, verdict)
    built.answer(calls["socket"], ERRNO | errno.EACCES)
    # one of a pair of datagram sockets can still send to any socket file
    built.where_any_bit(calls["socketpair"], 1, _DATAGRAM, ERRNO | errno.EACCES)
    for number in ON_ONESELF[arch].values():
        built.where_other(number, 0, 0, ERRNO | errno.EPERM)
    built.where_other(calls["setpriority"], 1, 0, ERRNO | errno.EPERM)
    built.where_any_bit(calls["clone"], 0, _NEW_NAMESPACES, ERRNO | errno.EPERM)
    for request in _TYPE_FOR_OTHERS:
        built.where_equal(calls["ioctl"], 1, request, ERRNO | errno.EPERM)
    built.give(ALLOW)
    return b"".join(built.lines)


def restrict(*, modes: bool, signals: bool) -> None:
    """Put the filter on this process and all its children; needs `no_new_privs`.

    Raises OSError if the kernel or a container's own filter refuses.
    """
    arch = kernel.machine()
    if not arch:
        raise OSError(errno.ENOSYS, "seccomp: not Linux on x86-64 or aarch64")
    lines = program(arch, modes=modes, signals=signals)
    held = ctypes.create_string_buffer(lines, len(lines))
    pointer = struct.pack("HxxxxxxQ", len(lines) // 8, ctypes.addressof(held))
    kernel.prctl_pointer(kernel.PR_SET_SECCOMP, FILTER_MODE, pointer)


def _apply(situation: Situation) -> None:
    spare = tiers.SPARE_USER in situation.applied
    scoped = tiers.LANDLOCK in situation.applied and landlock.abi() >= landlock.SIGNALS_FROM
    inside = situation.in_namespaces
    restrict(modes=inside, signals=spare or inside or scoped)


def _self_test(plan: Plan) -> str:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    restrict(modes=True, signals=True)
    try:
        socket.socket().close()
    except PermissionError:
        return f"no sockets, no tracing, no mounts; on {kernel.machine()}"
    raise OSError("it was accepted, but does not hold")


LAYER = Layer(name=tiers.SECCOMP, where="process", apply=_apply, self_test=_self_test, advice=advice.for_landlock)
