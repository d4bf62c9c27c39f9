"""Bubblewrap, where it is installed and the kernel lets it do what it does not let us do (Ubuntu 24.04's AppArmor).

A whole slot is started in it; the submissions of a slot follow one another, each ended with all its processes before
the next, and Landlock keeps each to its own folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

SECONDS = 10.0
"""For a trial that takes 10 ms on an idle machine."""


def command(words: Sequence[str], *, readable: Sequence[str], folder: str) -> list[str] | None:
    """`words` wrapped so that they see `readable` and `folder` only; None where there is no bubblewrap."""
    program = shutil.which("bwrap")
    if program is None:
        return None
    wrapped = [program, "--unshare-all", "--die-with-parent", "--new-session", "--proc", "/proc", "--dev", "/dev"]
    wrapped += ["--tmpfs", "/tmp"]
    for path in readable:
        if os.path.islink(path):
            wrapped += ["--symlink", os.readlink(path), path]
        else:
            wrapped += ["--ro-bind", path, path]
    return [*wrapped, "--bind", folder, folder, "--chdir", folder, *words]


def problem(readable: Sequence[str], folder: str) -> str:
    """Why bubblewrap cannot be used here; empty if it can."""
    words = command(["true"], readable=readable, folder=folder)
    if words is None:
        return "it is not installed"
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    told = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return "" if done.returncode == 0 else (told[-1] if told else f"it ended with exit code {done.returncode}")
