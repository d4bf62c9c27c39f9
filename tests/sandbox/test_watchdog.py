"""What goes over a limit that no single process exceeds is ended, and nothing else."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox import watchdog
from grader.sandbox.watchdog import Watchdog, descendants, remove, used

MB = 1 << 20


def started(code: str) -> subprocess.Popen[bytes]:
    """A process that stands for the worker's root: what counts are its children."""
    words = [sys.executable, "-S", "-c", "import os, mmap, time\n" + code]
    return subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True)


def watched(code: str, folder: Path, **more: int) -> list[str]:
    """Notes of a watchdog on `code`, which has to end within a minute: by itself or because it was ended."""
    with started(code) as process:
        dog = Watchdog(process.pid, memory=more.get("memory", 100 * MB), folders=[folder], spared=0)
        process.wait(timeout=60)
        dog.stop()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return dog.notes


@pytest.mark.parametrize("memory", ["bytearray(n)", "mmap.mmap(-1, n)"], ids=["private", "shared"])
def test_memory_of_several_processes_counts_together(tmp_path: Path, memory: str) -> None:
    code = f"""
def child(n):
    if os.fork() == 0:
        held = {memory}
        for at in range(0, n, 4096):
            held[at] = 1
        time.sleep(600)
        os._exit(0)
for _ in range(4):
    child(40 << 20)
os.wait()
"""
    notes = watched(code, tmp_path)
    assert "100 MB of memory" in notes[0]


def test_pages_that_forks_share_count_once(tmp_path: Path) -> None:
    code = """
held = bytearray(60 << 20)
if os.fork() == 0:
    pids = [os.fork() for _ in range(1)]
    time.sleep(0.5)
    os._exit(0)
time.sleep(0.6)
"""
    assert watched(code, tmp_path) == []


def test_files_are_counted_and_the_writer_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "DISK_FILES", 500)
    (tmp_path / "handed_in.py").write_text("x = 1\n")
    code = f"""
if os.fork() == 0:
    n = 0
    while True:
        open(f"{tmp_path}/{{n}}", "w").close()
        n += 1
        time.sleep(0.0005)
os.wait()
"""
    notes = watched(code, tmp_path)
    assert "files" in notes[0]
    assert [p.name for p in tmp_path.iterdir()] == ["handed_in.py"]


def test_descendants_are_found_however_deep(tmp_path: Path) -> None:
    code = "os.fork() or os.fork() or print('up', flush=True) or time.sleep(20)\ntime.sleep(20)"
    with started(code) as process:
        assert process.stdout is not None
        process.stdout.readline()
        below = descendants(process.pid)
        deeper = descendants(process.pid, spared=1)
        for pid in [*below, process.pid]:
            os.kill(pid, 9)
    assert len(below) == 2
    assert len(deeper) == 1


def test_a_folder_too_deep_for_python_is_counted_and_removed(tmp_path: Path) -> None:
    code = f"""
os.chdir("{tmp_path}")
os.mkdir("deep")
os.chdir("deep")
for _ in range(2000):
    os.mkdir("d" * 50)
    os.chdir("d" * 50)
"""
    subprocess.run([sys.executable, "-c", "import os\n" + code], check=True)
    assert used(tmp_path)[1] > 50
    remove(tmp_path / "deep")
    assert list(tmp_path.iterdir()) == []


def test_shared_memory_that_no_process_has_touched_counts(tmp_path: Path) -> None:
    code = """
for _ in range(3):
    if os.fork() == 0:
        held = mmap.mmap(-1, 60 << 20)
        if os.fork() == 0:
            for at in range(0, len(held), 1 << 20):
                held[at:at + (1 << 20)] = b"x" * (1 << 20)
            os._exit(0)
        os.wait()
        time.sleep(600)
        os._exit(0)
os.wait()
"""
    notes = watched(code, tmp_path)
    assert "100 MB of memory" in notes[0]


def test_more_busy_threads_than_may_be_are_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "MOST_BUSY", 3)
    monkeypatch.setattr(watchdog, "BUSY_SECONDS", 0.5)
    code = """
def spin():
    end = time.monotonic() + 600
    while time.monotonic() < end:
        pass
    os._exit(0)
for _ in range({}):
    os.fork() or spin()
for _ in range({}):
    os.wait()
"""
    notes = watched(code.format(6, 6), tmp_path)
    assert "threads computing at a time (at most" in notes[0]
    assert watched(code.replace("600", "2").format(2, 2), tmp_path) == []


@pytest.mark.parametrize(
    "then", ["pass", "held = mmap.mmap(file.fileno(), 0); os.closerange(3, 99)"], ids=["", "mapped"]
)
def test_files_that_are_removed_and_still_open_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    monkeypatch.setattr(watchdog, "DISK_BYTES", 8 * MB)
    code = f"""
if os.fork() == 0:
    file = open({str(tmp_path / "gone")!r}, "w+b", 0)
    os.remove(file.name)
    file.write(os.urandom(12 << 20))
    {then}
    time.sleep(600)
os.wait()
"""
    (note,) = watched(code, tmp_path)
    assert "MB in files that are removed and still open" in note


def test_fewer_removed_files_are_left_alone(tmp_path: Path) -> None:
    code = f"""
if os.fork() == 0:
    file = open({str(tmp_path / "gone")!r}, "wb", 0)
    os.remove(file.name)
    file.write(os.urandom(12 << 20))
    time.sleep(1)
    os._exit(0)
os.wait()
"""
    assert watched(code, tmp_path) == []


def test_what_others_give_back_hides_no_shared_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = watchdog._shared_memory() + 900 * MB
    monkeypatch.setattr(watchdog, "_shared_memory", lambda: taken)  # before it starts, and as much afterwards
    code = """
if os.fork() == 0:
    held = mmap.mmap(-1, 150 << 20)
    if os.fork() == 0:
        held[:] = b"x" * len(held)
        os._exit(0)
    os.wait()
    time.sleep(600)
os.wait()
"""
    assert "100 MB of memory" in watched(code, tmp_path)[0]
