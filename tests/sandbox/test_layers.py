"""Each layer holds what it promises, in a process that has it on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.sandbox.inside import inside

BOTH = pytest.mark.parametrize("namespaces", [False, True], ids=["landlock", "namespaces"])


@BOTH
def test_only_the_work_folder_can_be_read_and_written(tmp_path: Path, namespaces: bool) -> None:
    told = inside(
        tmp_path,
        """
        told = {
            "read": tried(lambda: open(secret).read()),
            "list": tried(lambda: os.listdir(os.path.dirname(secret))),
            "write": tried(lambda: open(os.path.dirname(secret) + "/left", "w")),
            "packages": tried(lambda: open(os.path.dirname(json.__file__) + "/left.py", "w")),
            "own": tried(lambda: open("own.txt", "w").write("x")),
            "import": tried(lambda: __import__("scipy.linalg").__name__),
        }
        """,
        namespaces=namespaces,
    )
    assert "42" not in told["read"]
    assert "golden" not in told["list"]
    assert told["write"].endswith("Error")
    assert told["packages"].endswith("Error")
    assert told["own"] == "1"
    assert told["import"] == "'scipy'"
    assert (tmp_path / "work" / "own.txt").read_text() == "x"
    assert not (tmp_path / "left").exists()


def test_nothing_outside_exists_in_namespaces(tmp_path: Path) -> None:
    told = inside(
        tmp_path,
        """
        told = {
            "stat": tried(lambda: os.stat(secret)),
            "home": tried(lambda: os.stat("/etc/shadow")),
            "processes": sorted(int(n) for n in os.listdir("/proc") if n.isdigit()),
            "tmp": tried(lambda: open("/tmp/left", "w").write("x")),
            "pool": tried(lambda: __import__("multiprocessing").get_context("fork").Pool(2).map(abs, [-1])),
        }
        """,
        namespaces=True,
    )
    assert told == {
        "stat": "FileNotFoundError",
        "home": "FileNotFoundError",
        "processes": [1, 2],
        "tmp": "1",
        "pool": "[1]",
    }
    assert not Path("/tmp/left").exists()


@BOTH
@pytest.mark.parametrize("most", [None, 3], ids=["new kernel", "kernel 6.2"])
def test_nothing_outside_can_be_signalled_traced_or_called(tmp_path: Path, namespaces: bool, most: int | None) -> None:
    told = inside(
        tmp_path,
        """
        import ctypes, signal, socket, resource
        libc = ctypes.CDLL(None, use_errno=True)
        told = {
            "layers": confined.layers,
            "kill": tried(lambda: os.kill(outside, 0)),
            "trace": libc.ptrace(0x4206, outside, 0, 0),
            "limit": tried(lambda: resource.prlimit(outside, resource.RLIMIT_CPU, (1, 1))),
            "memory": tried(lambda: open(f"/proc/{outside}/mem", "rb").read(1)),
            "environment": tried(lambda: open(f"/proc/{outside}/environ", "rb").read()),
            "sockets": [tried(lambda f=f: socket.socket(f)) for f in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)],
            "namespace": libc.unshare(0x10000000),
            "own limit": tried(lambda: resource.getrlimit(resource.RLIMIT_AS)[0] < 1 << 40),
        }
        """,
        namespaces=namespaces,
        most=most,
    )
    assert {"landlock", "seccomp"} <= set(told["layers"])
    assert told["kill"] == "PermissionError"
    assert told["trace"] == -1
    assert told["limit"] == "PermissionError"
    assert told["memory"].endswith("Error")
    assert told["environment"].endswith("Error")
    assert told["sockets"] == ["PermissionError"] * 3
    assert told["namespace"] == -1
    assert told["own limit"] == "True"


def test_a_file_of_the_own_user_keeps_its_mode_and_times(tmp_path: Path) -> None:
    (tmp_path / "golden.txt").write_text("42")
    told = inside(tmp_path, "told = [tried(lambda: os.chmod(secret, 0)), tried(lambda: os.utime(secret, (1, 1)))]")
    assert told == ["None", "None"]  # as if it had been done: `shutil.copy` must not fail
    assert (tmp_path / "golden.txt").stat().st_mode & 0o777
    assert (tmp_path / "golden.txt").stat().st_mtime > 1


@BOTH
def test_a_device_keeps_its_mode_and_times_and_can_be_written_to(tmp_path: Path, namespaces: bool) -> None:
    before = {path: os.stat(path) for path in ("/dev/null", "/dev/full")}
    told = inside(
        tmp_path,
        """
        told = {"write": tried(lambda: open("/dev/null", "w").write("x"))}
        for path in ("/dev/null", "/dev/full"):
            told[path] = [tried(lambda: os.utime(path)), tried(lambda: os.chmod(path, 0o4666))]
        """,
        namespaces=namespaces,
    )
    assert told["write"] == "1"
    for path, then in before.items():
        now = os.stat(path)
        assert (now.st_mode, now.st_mtime_ns, now.st_ctime_ns) == (then.st_mode, then.st_mtime_ns, then.st_ctime_ns)
        assert told[path] == (["OSError"] * 2 if namespaces else ["None"] * 2)


def test_a_fork_bomb_ends_at_a_limit(tmp_path: Path) -> None:
    told = inside(
        tmp_path,
        """
        told = 0
        try:
            while told < 2000:
                if os.fork() == 0:
                    time.sleep(60)
                told += 1
        except BlockingIOError:
            pass
        """,
        namespaces=True,
    )
    assert told < 300
