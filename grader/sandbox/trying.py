"""Try each layer in a child process of its own, for `grade doctor`: what works here is found by doing it."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable

from msgspec import Struct

from grader.sandbox import bubblewrap, entering, identity, kernel, landlock, limits, namespaces, seccomp, tiers, view
from grader.sandbox.watchdog import descendants

MEMORY, FILE_SIZE = 4 << 30, 1 << 28
_LONGEST_ANSWER = 300


class Trial(Struct, frozen=True):
    """One layer: whether it works here, and the detail or the reason."""

    layer: str
    works: bool
    detail: str


class Findings(Struct, frozen=True):
    trials: tuple[Trial, ...]
    tier: str
    """Of what works, together."""
    advice: tuple[str, ...]
    """What would help, the command included."""


def try_everything() -> Findings:
    """Try every layer."""
    folder = os.path.realpath(tempfile.mkdtemp(prefix="grade-doctor-"))
    try:
        os.chmod(folder, 0o711)
        work, staging = os.path.join(folder, "work"), os.path.join(folder, "view")
        os.mkdir(work)
        os.mkdir(staging)
        user = identity.spare_user(os.getpid())
        plan = entering.Plan(readable=view.readable(), writable=(work,), staging=staging, user=user, memory=MEMORY,
                             file_size=FILE_SIZE)  # fmt: skip
        trials = (
            _in_child(tiers.NAMESPACES, lambda: _namespaces(plan)),
            _bubblewrap(plan, work),
            _in_child(tiers.SPARE_USER, lambda: _spare_user(plan)),
            _in_child(tiers.LANDLOCK, _landlock),
            _in_child(tiers.SECCOMP, _seccomp),
            _in_child(tiers.LIMITS, lambda: _limits()),
            _in_child(tiers.WATCHDOG, _watchdog),
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    working = {t.layer for t in trials if t.works} - {tiers.BUBBLEWRAP}
    return Findings(trials, tiers.tier(working), advice(working))


def _namespaces(plan: entering.Plan) -> str:
    # Ubuntu 24.04 lets the first call succeed and denies the mounts, so nothing less than a whole view shows it
    namespaces.enter(readable=plan.readable, writable=plan.writable, staging=plan.staging)
    if os.getpid() != 1 or os.path.exists("/etc/passwd"):
        raise OSError("the new view still shows the machine's files or processes")
    return "own files, processes, network and shared memory"


def _bubblewrap(plan: entering.Plan, work: str) -> Trial:
    why = bubblewrap.problem(plan.readable, work)
    return Trial(tiers.BUBBLEWRAP, not why, why or "there, but no worker is started in it yet")


def _spare_user(plan: entering.Plan) -> str:
    if os.geteuid() != 0:
        raise OSError("only root can change users")
    entering.hand_over(plan)
    return f"user {os.getuid()}"


def _landlock() -> str:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    version = landlock.restrict(readable=view.readable(), writable=())
    try:
        os.listdir("/")
    except PermissionError:
        lacks = [] if version >= landlock.TCP_FROM else ["TCP (seccomp does that)"]
        lacks += [] if version >= landlock.SIGNALS_FROM else ["signals (seccomp forbids them)"]
        return f"version {version}" + (f"; without {' and '.join(lacks)}" if lacks else "")
    raise OSError("it was accepted, but does not hold")


def _seccomp() -> str:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    seccomp.restrict(own_user=False, signals=True)
    try:
        socket.socket().close()
    except PermissionError:
        return f"on {kernel.machine()}; no sockets"
    raise OSError("it was accepted, but does not hold")


def _limits() -> str:
    limits.limit(memory=MEMORY, file_size=FILE_SIZE, processes=limits.PROCESSES)
    return "memory, file size, open files, processes of one process each"


def _watchdog() -> str:
    child = os.fork()
    if child == 0:
        os.read(os.pipe()[0], 1)
    seen = descendants(os.getpid())
    os.kill(child, 9)
    os.waitpid(child, 0)
    if child not in seen:
        raise OSError("this system does not say what a process has started (/proc/PID/task/TID/children)")
    return "memory, processes and disk of a submission as a whole"


def _in_child(layer: str, attempt: Callable[[], str]) -> Trial:
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        try:
            answer = "+" + attempt()
        except BaseException as error:  # whatever is wrong with the layer is the answer
            answer = f"-{error}"
        os.write(writing, answer.encode()[:_LONGEST_ANSWER])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode("utf-8", "replace")
    os.waitpid(child, 0)
    return Trial(layer, told.startswith("+"), told[1:] or "the trial ended without an answer")


def advice(working: set[str]) -> tuple[str, ...]:
    """What to do for a better tier, on the system that this looks like."""
    if sys.platform == "darwin":
        return ("macOS: no layer is built for it; grade other people's work in a Linux container or virtual machine",)
    if not kernel.machine():
        return ("grade other people's work on Linux (x86-64 or aarch64), in a container or virtual machine",)
    told = []
    confined = {tiers.LANDLOCK, tiers.SECCOMP} <= working
    if not confined:
        told.append("Landlock needs Linux 5.13 with `lsm=landlock` among the boot parameters, and Docker 20.10.19")
    if tiers.NAMESPACES not in working:
        told += _for_namespaces()
    return tuple(told)


def _for_namespaces() -> list[str]:
    if os.path.isdir("/autograder"):
        return ["Gradescope: its container allows no namespaces; tier B, as root, is the best there"]
    if os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv"):
        best = "tier B, as root, is the best with Docker's defaults"
        return [f"container: {best}; for A: docker run --cap-add SYS_ADMIN --security-opt seccomp=unconfined "
                "--security-opt apparmor=unconfined --security-opt systempaths=unconfined"]  # fmt: skip
    if _read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        if os.environ.get("GITHUB_ACTIONS"):
            return ["GitHub Actions: add a step `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`"]
        return ["Ubuntu's AppArmor: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"]
    if _read("/proc/sys/kernel/unprivileged_userns_clone") == "0":
        return ["Debian: sudo sysctl -w kernel.unprivileged_userns_clone=1"]
    if _read("/proc/sys/user/max_user_namespaces") == "0":
        return ["sudo sysctl -w user.max_user_namespaces=10000"]
    return ["namespaces are forbidden by something around this process: a container or a service manager"]


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""
