"""Start a worker's first process, in the environment that student code will see.

Imports nothing heavy, so that the worker loads its libraries while the caller still loads its own.
"""

from __future__ import annotations

import os
import shutil
import site
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from grader.errors import WorkerError

THREADS = ("OPENBLAS", "OMP", "MKL", "NUMEXPR", "VECLIB_MAXIMUM")
PASSED_ON = (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    "LD_LIBRARY_PATH",
    "GRADE_WORKER_STDERR",
    "COVERAGE_PROCESS_CONFIG",
    "PYTHONDONTWRITEBYTECODE",
)
"""What a worker needs of the caller's environment: how to compute and load, never a secret."""
HOME, FONTS = "home", "matplotlib"
"""Folders in a worker's own: its home, and Matplotlib's list of fonts."""


class Launched(NamedTuple):
    """A started worker, its socket and its folder."""

    popen: subprocess.Popen[bytes]
    channel: socket.socket
    folder: Path

    def abandon(self) -> None:
        """End it before anything was asked of it."""
        self.channel.close()
        self.popen.kill()
        self.popen.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def launch() -> Launched:
    """Start a worker in a session and a temporary folder of its own.

    Raises WorkerError if the interpreter cannot be started.
    """
    folder = Path(tempfile.mkdtemp(prefix="grade-"))
    folder.chmod(0o711)  # a spare user has to come through to its own folder in it
    try:
        for name in (HOME, FONTS):
            (folder / name).mkdir()
        launched = launch_in(folder)
        _lend_font_list(folder / FONTS)  # meanwhile: it is looked for by what draws, in a submission
    except BaseException:  # an interrupt too
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return launched


def launch_in(folder: Path, wrap: Callable[[Sequence[str]], Sequence[str]] = lambda words: words) -> Launched:
    """Start `python -m grader.worker` in a folder that `launch` has made; `wrap` may start it by another program.

    Raises WorkerError as `launch` does.
    """
    ours, theirs = socket.socketpair()
    own = user_packages()
    words = [sys.executable, "-P", *([] if own else ["-s"]), "-m", "grader.worker", str(theirs.fileno())]
    try:
        popen = subprocess.Popen(
            wrap(words),
            pass_fds=[theirs.fileno()],
            env=_environment(folder, own),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        ours.close()
        raise WorkerError(f"could not start a worker with {sys.executable}: {error.strerror}") from None
    finally:
        theirs.close()
    return Launched(popen, ours, folder)


def user_packages() -> str:
    """The base of what `pip install --user` has installed, where this process itself uses it; else nothing."""
    if not site.ENABLE_USER_SITE:  # in a virtual environment
        return ""
    packages = site.getusersitepackages()
    return site.getuserbase() if packages in sys.path and os.path.isdir(packages) else ""


def _environment(folder: Path, user_base: str) -> Mapping[str, str]:
    """What student code finds in `os.environ`; nothing of the caller's but what computing needs."""
    home = folder / HOME
    return {
        **({"PYTHONUSERBASE": user_base} if user_base else {}),
        **{f"{library}_NUM_THREADS": "1" for library in THREADS},
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(folder / FONTS),
        "IPYTHONDIR": str(home / ".ipython"),
    }


def _lend_font_list(folder: Path) -> None:
    """Copy Matplotlib's list of fonts, which it otherwise searches the disk for (a second each time), from a cache.

    Where there is none yet, one is made beside this run, by a process that no student code has touched.
    """
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    own = caches / "numgrade" / "matplotlib"
    configured = os.environ.get("MPLCONFIGDIR")
    for source in [own, caches / "matplotlib", *([Path(configured)] if configured else [])]:
        lists = list(source.glob("fontlist-*.json"))
        for file in lists:
            shutil.copy(file, folder / file.name)
        if lists:
            return
    try:
        own.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, "-P", "-c", "import matplotlib.font_manager"]
        os.spawnve(os.P_NOWAIT, sys.executable, words, {**os.environ, "MPLCONFIGDIR": str(own)})
    except OSError:
        return  # a home that cannot be written to: the list is searched for each time
