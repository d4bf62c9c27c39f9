"""Bubblewrap, for an ordinary user whom the kernel lets use it and not namespaces of one's own (Ubuntu's AppArmor).

A whole worker is started in it, with nothing in view but what its submissions may read and the worker's own folder.
The submissions of a worker follow one another, each ended with all its processes before the next; Landlock keeps each
to its own folder, and neither /tmp nor /dev/shm is open to them, so that none finds what another has left.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from grader.sandbox import tiers
from grader.sandbox.layer import Layer, Plan

TRIAL_TIMEOUT_S = 20.0
"""For a trial that takes 30 ms on an idle machine."""


def wrapped(words: Sequence[str], *, readable: Sequence[str], writable: Sequence[str]) -> list[str] | None:
    """`words` started where they see `readable` and `writable` only; None where there is no bubblewrap."""
    program = shutil.which("bwrap")
    if program is None:
        return None
    command = [program, "--unshare-all", "--die-with-parent", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    for path in readable:
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        else:
            command += ["--ro-bind", path, path]
    for path in writable:
        command += ["--bind", path, path]
    return [*command, "--", *words]


def problem(*, readable: Sequence[str], writable: Sequence[str]) -> str:
    """Why bubblewrap cannot be used here; empty if it can."""
    if os.geteuid() == 0:
        return "not for root, who has namespaces or is in a container that allows neither"
    words = wrapped([sys.executable, "-I", "-S", "-c", ""], readable=readable, writable=writable)
    if words is None:
        return "it is not installed"
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=TRIAL_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    errors = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return "" if done.returncode == 0 else (errors[-1] if errors else f"it ended with exit code {done.returncode}")


def _self_test(plan: Plan) -> str:
    if why := problem(readable=plan.readable, writable=plan.writable):
        raise OSError(why)
    return "takes the place of namespaces"


LAYER = Layer(name=tiers.BUBBLEWRAP, where="outside", self_test=_self_test)
