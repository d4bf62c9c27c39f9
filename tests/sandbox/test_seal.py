"""What a sealed process can no longer do: leave anything where another process could find it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from grader.sandbox import kernel, seal
from tests.sandbox.test_seccomp import ALLOWED, ARCH, BOTH, READ, verdict

_SCRIPT = """
import json, mmap, os, socket, sys
from grader.sandbox.seal import seal
folder = {folder!r}
os.chdir(folder)
open("there", "w").write("before")
shared = mmap.mmap(-1, 4096)
shared[:5] = b"clean"
lent = os.open("there", os.O_RDWR)
ours, theirs = socket.socketpair()
if os.fork() == 0:
    seal(theirs.fileno())
    told = {{}}
    def tried(action):
        try:
            return repr(action())
        except Exception as error:
            return type(error).__name__
{body}
    theirs.sendall(json.dumps(told).encode())
    os._exit(0)
theirs.close()
told = json.loads(ours.recv(1 << 20))
told["shared"] = shared[:5].decode()
told["file"] = open("there").read()
told["names"] = sorted(os.listdir("."))
print(json.dumps(told))
"""


def sealed(folder: Path, body: str) -> Any:
    """What `body` has put into `told` in a sealed process, and what it has left."""
    script = _SCRIPT.format(folder=str(folder), body=textwrap.indent(textwrap.dedent(body), "    "))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


pytestmark = pytest.mark.skipif(not kernel.machine(), reason="no seccomp on this machine")


def test_nothing_is_left_in_memory_files_or_descriptors(tmp_path: Path) -> None:
    told = sealed(
        tmp_path,
        """
        shared[:5] = b"PWNED"
        told["own copy"] = shared[:5].decode()
        told["lent"] = tried(lambda: os.write(lent, b"PWNED"))
        told["standard"] = tried(lambda: os.write(1, b"PWNED"))
        told["open"] = [tried(lambda mode=mode: open("new", mode).write("PWNED")) for mode in ("w", "a", "x")]
        told["low"] = tried(lambda: os.open("new", os.O_WRONLY | os.O_CREAT))
        told["over"] = tried(lambda: open("there", "r+"))
        told["descriptors"] = sorted(int(n) for n in os.listdir("/proc/self/fd"))
        """,
    )
    assert (told["shared"], told["own copy"]) == ("clean", "PWNED")
    assert told["lent"] == "OSError"
    assert told["standard"] == "5"  # which goes nowhere
    assert told["open"] == ["5"] * 3  # which goes nowhere as well
    assert (told["low"], told["over"]) == ("PermissionError", "PermissionError")
    assert (told["file"], told["names"]) == ("before", ["there"])
    assert len(told["descriptors"]) == 5  # the standard ones, the channel, and the folder that is being read


def test_names_locks_signals_and_sockets_are_refused(tmp_path: Path) -> None:
    told = sealed(
        tmp_path,
        """
        import fcntl, signal
        held = os.open("there", os.O_RDONLY)
        told["refused"] = [
            tried(action)
            for action in (
                lambda: os.mkfifo("x"), lambda: os.symlink("there", "x"),
                lambda: os.link("there", "x"), lambda: os.rename("there", "x"), lambda: os.unlink("there"),
                lambda: os.truncate("there", 0), lambda: os.chmod("there", 0), lambda: os.utime("there"),
                lambda: fcntl.flock(held, fcntl.LOCK_SH), lambda: fcntl.lockf(held, fcntl.LOCK_SH),
                lambda: os.kill(os.getppid(), 0), lambda: os.kill(os.getppid(), signal.SIGUSR1),
                lambda: os.pidfd_open(os.getppid()), lambda: socket.socketpair(),
                lambda: open("/proc/%d/mem" % os.getppid(), "r+b"),
            )
        ]
        """,
    )
    assert set(told["refused"]) == {"PermissionError"}
    assert (told["file"], told["names"]) == ("before", ["there"])


def test_code_that_keeps_a_log_a_plot_or_an_array_goes_on(tmp_path: Path) -> None:
    told = sealed(
        tmp_path,
        """
        import logging, pathlib, pickle
        import matplotlib.pyplot as plt
        import numpy as np
        from IPython.core.interactiveshell import _modified_open
        plt.plot([1, 2])
        told["failed"] = [
            failed
            for action in (
                lambda: os.makedirs("out/plots", exist_ok=True), lambda: plt.savefig("out/plots/loss.png"),
                lambda: np.save("w.npy", np.ones(3)), lambda: np.savez("w.npz", w=np.ones(3)),
                lambda: pathlib.Path("log").write_text("loss 1"),
                lambda: pickle.dump([1], open("model", "wb")), lambda: print("loss 1", file=_modified_open("log", "a")),
                lambda: logging.FileHandler("run.log").emit(logging.makeLogRecord({"msg": "loss 1"})),
            )
            if (failed := tried(action)).endswith("Error")
        ]
        """,
    )
    assert (told["failed"], told["names"]) == ([], ["there"])


def test_numpy_threads_and_children_go_on(tmp_path: Path) -> None:
    told = sealed(
        tmp_path,
        """
        import subprocess, threading
        import numpy as np
        told["product"] = float((np.ones((300, 300)) @ np.ones((300, 300))).sum())
        done = []
        worker = threading.Thread(target=done.append, args=(1,))
        worker.start()
        worker.join()
        told["threads"] = len(done)
        told["read"] = open("there").read()
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.write(write, b"x")
            os._exit(0)
        told["child"] = os.read(read, 1).decode()
        os.waitpid(pid, 0)
        """,
    )
    assert (told["product"], told["threads"], told["read"], told["child"]) == (27e6, 1, "before", "x")


@BOTH
def test_the_filter_holds_on_both_processors(arch: str) -> None:
    lines = seal.program(arch, 77)
    for number in seal.WRITING[arch].values():
        assert verdict(lines, ARCH[arch], number) == 0x50000 | 13
    assert verdict(lines, ARCH[arch], READ[arch]) == ALLOWED
    openat = {"x86_64": 257, "aarch64": 56}[arch]
    assert verdict(lines, ARCH[arch], openat, 0, 0, os.O_RDONLY | os.O_CLOEXEC) == ALLOWED
    for flag in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_TMPFILE):
        assert verdict(lines, ARCH[arch], openat, 0, 0, flag) == 0x50000 | 13
    itself = {"x86_64": 234, "aarch64": 131}[arch]
    assert verdict(lines, ARCH[arch], itself, 77) == ALLOWED
    assert verdict(lines, ARCH[arch], itself, 78) == 0x50000 | 1
