"""Count from outside what no limit of the kernel counts over several processes: memory, processes, cores, disk.

A thread of the grader looks at a submission's processes in /proc, the more often the nearer they are to a limit, and at
its folders. What is over a limit is ended there and then; the report says so.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from grader.sandbox import tiers
from grader.sandbox.layer import Layer, Plan
from grader.sandbox.processes import children, stat_words

SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.25
"""Seconds between two looks. With the shortest, four processes allocating flat out went 5 to 24 MB over the limit."""
FASTEST = 8 << 30
"""Bytes that a machine can fill in a second: no look before the limit can be reached."""
DISK_BYTES, DISK_FILES = 2 << 30, 20_000
MOST_PROCESSES = 320
"""The limit for a submission's processes, and those of the grader's own among them."""
MOST_BUSY = max(8, os.cpu_count() or 1)
"""Threads of a submission that may want a core at a time for `BUSY_SECONDS` on end; more of them are ended sooner."""
BUSY_SECONDS = 2.0
IN_MEMORY = ("/dev/zero ", "/memfd:", "/SYSV")
"""How the names of mappings begin that are no file on the disk."""
SPARING = 10.0
"""Exact memory is asked for at most this fraction of the time: the kernel walks every page for it."""


class Watchdog:
    """Watch all descendants of process `root` until `stop`; `notes` tells what was ended.

    The root itself is never ended, nor the `spared` generations below it, which are the grader's own. `memory` is in
    bytes, for all of them together; pages that forks share count once. They may write in `folders`.
    """

    def __init__(self, root: int, *, memory: int, folders: Sequence[Path], spared: int = 1) -> None:
        self.root = root
        self.memory = memory
        self.folders = folders
        self.spared = spared
        self.notes: list[str] = []
        self._before = {folder: _names(folder) for folder in folders}
        self._stopped = threading.Event()
        self._exact_after = 0.0
        self._shared_before = _shared_memory()
        self._mapped = 0
        """Bytes of shared mappings, now and then: others on this machine may give back what this submission takes."""
        self._calm = time.monotonic()
        """When not too many threads were busy, last."""
        self._thread: threading.Thread | None = None
        self.works = os.path.exists(f"/proc/self/task/{os.getpid()}/children")
        if self.works:
            self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Look no further."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        disk_after, pause = time.monotonic() + LONGEST_PAUSE, SHORTEST_PAUSE
        while not self._stopped.wait(pause):
            pids = descendants(self.root, self.spared)
            room = self.memory - self._look_at_memory(pids)
            pause = min(LONGEST_PAUSE, max(SHORTEST_PAUSE, room / FASTEST))
            if len(pids) > MOST_PROCESSES:
                self._end(pids, f"{len(pids)} processes at a time; all of them were ended")
            if time.monotonic() > disk_after:
                self._look_at_cores(pids)
                started = time.monotonic()
                self._look_at_disk(pids)
                mapped = [_shared_mappings(pid) for pid in pids]
                self._mapped = sum({name: size for each in mapped for name, size in each.items()}.values())
                disk_after = time.monotonic() + max(LONGEST_PAUSE, 5 * (time.monotonic() - started))

    def _look_at_memory(self, pids: Sequence[int]) -> int:
        """End the largest process if all together are over the limit; returns the most bytes that it can be."""
        most = sum(map(_touched, pids))  # shared pages are counted once for each process
        there = _shared_memory()
        most += max(0, there - self._shared_before, min(there, self._mapped))  # and those that no process has touched
        if most <= self.memory or time.monotonic() < self._exact_after:
            return most
        started = time.monotonic()
        own = {pid: _proportional(pid, "Pss_Anon:") for pid in pids}
        shared = {pid: _proportional(pid, "Pss_Shmem:") for pid in pids}
        kept = {pid: _shared_mappings(pid) for pid in pids}
        mapped = sum({name: size for mappings in kept.values() for name, size in mappings.items()}.values())
        unmapped = min(mapped, there) + max(map(_in_memory_files, pids), default=0)
        self._exact_after = time.monotonic() + min(1.0, SPARING * (time.monotonic() - started))
        if own and sum(own.values()) + max(unmapped, sum(shared.values())) > self.memory:
            largest = max(own, key=lambda pid: own[pid] + max(shared[pid], sum(kept[pid].values())))
            self._end(
                [largest],
                f"more than {self.memory / 2**20:.0f} MB of memory in all processes together; the largest was ended",
            )
            self._exact_after = 0.0
        return most

    def _look_at_cores(self, pids: Sequence[int]) -> None:
        """End what is busy, if that has been too much for some time."""
        busy = {pid: _busy_threads(pid) for pid in pids}
        count = sum(busy.values())
        if count <= MOST_BUSY:
            self._calm = time.monotonic()
        elif (time.monotonic() - self._calm) * count > BUSY_SECONDS * MOST_BUSY:
            self._end(
                [pid for pid in pids if busy[pid]],
                f"{count} threads computing at a time (at most {MOST_BUSY} may); their processes were ended",
            )

    def _look_at_disk(self, pids: Sequence[int]) -> None:
        removed = {pid: _removed(pid) for pid in pids}
        size = sum({file: size for files in removed.values() for file, size in files.items()}.values())
        if size > DISK_BYTES:
            held = [pid for pid in pids if removed[pid]]
            self._end(held, f"{size / 2**20:.0f} MB in files that are removed and still open; ended")
        for folder in self.folders:
            size, files = used(folder)
            if size > DISK_BYTES or files > DISK_FILES:
                busiest = max(pids, key=_cpu, default=None)
                self._end([busiest] if busiest else [], f"{files} files, {size / 2**20:.0f} MB written; ended")
                for name in _names(folder) - self._before[folder]:
                    remove(folder / name)

    def _end(self, pids: Sequence[int], note: str) -> None:
        for number in (signal.SIGSTOP, signal.SIGKILL):  # what still runs would take the place of what is killed
            for pid in pids:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
        if len(self.notes) < 5:
            self.notes.append(f"the run was stopped at {note}")


def descendants(root: int, spared: int = 0) -> list[int]:
    """Processes below `root`, but for the first `spared` generations."""
    generation, pids, depth = [root], [], 0
    while generation and depth < 200:
        below = [child for pid in generation for child in children(pid)]
        if depth >= spared:
            pids += below
        generation = below
        depth += 1
    return pids


def _touched(pid: int) -> int:
    """Bytes of memory without a file behind it, shared pages in full."""
    return 1024 * _fields(f"/proc/{pid}/status", ("RssAnon:", "RssShmem:"))


def _proportional(pid: int, name: str) -> int:
    """Bytes of one kind, shared pages divided among those who share them."""
    return 1024 * _fields(f"/proc/{pid}/smaps_rollup", (name,))


def _shared_memory() -> int:
    """Bytes of shared memory on the whole machine: cheap to ask for, and nobody's pages are missing."""
    return 1024 * _fields("/proc/meminfo", ("Shmem:",))


def _shared_mappings(pid: int) -> dict[str, int]:
    """Bytes of each piece of memory that it shares by a mapping, whoever has touched its pages."""
    sizes: dict[str, int] = {}
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/maps") as file:
        for line in file:
            words = line.split(maxsplit=5)
            if len(words) == 6 and words[5].startswith("/dev/zero (deleted)"):
                first, _, last = words[0].partition("-")
                name = f"{words[3]} {words[4]}"
                sizes[name] = sizes.get(name, 0) + int(last, 16) - int(first, 16)
    return sizes


def _in_memory_files(pid: int) -> int:
    """Bytes of the files in memory of its own view, removed ones that are still open among them."""
    size = 0
    for folder in ("/tmp", "/dev/shm"):
        with contextlib.suppress(OSError):
            there = f"/proc/{pid}/root{folder}"
            if os.stat(there).st_dev != os.stat(folder).st_dev:
                space = os.statvfs(there)
                size += (space.f_blocks - space.f_bfree) * space.f_frsize
    return size


def _busy_threads(pid: int) -> int:
    """Threads of it that run or want to."""
    count = 0
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError, IndexError):
                count += stat_words(f"{pid}/task/{task}")[0] == "R"
    return count


def _fields(path: str, names: tuple[str, ...]) -> int:
    try:
        with open(path) as file:
            return sum(int(line.split()[1]) for line in file if line.startswith(names))
    except (OSError, ValueError, IndexError):
        return 0  # it has just ended


def _cpu(pid: int) -> int:
    try:
        words = stat_words(f"{pid}")
        return int(words[11]) + int(words[12])
    except (OSError, ValueError, IndexError):
        return 0


def used(folder: Path) -> tuple[int, int]:
    """Bytes and files below `folder`; counting stops where there are too many."""
    size = files = 0
    waiting = [str(folder)]
    while waiting and files <= DISK_FILES:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    files += 1
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if files > DISK_FILES:
                        break
        except OSError:
            continue  # removed while we look, or a path that has grown too long
    return size, files


def _removed(pid: int) -> dict[int, int]:
    """Bytes on the disk, by number, of files without a name that this process holds open or has mapped.

    Of a file that is mapped and closed the mapping's size stands for the file's, which only root could ask for.
    """
    sizes: dict[int, int] = {}
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/maps") as file:
        for line in file:
            words = line.split(maxsplit=5)
            if line.endswith("(deleted)\n") and not words[5].startswith(IN_MEMORY):
                first, _, last = words[0].partition("-")
                sizes[int(words[4])] = sizes.get(int(words[4]), 0) + int(last, 16) - int(first, 16)
    with contextlib.suppress(OSError):
        for entry in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                status = os.stat(f"/proc/{pid}/fd/{entry}")
                if status.st_nlink == 0 and stat.S_ISREG(status.st_mode):
                    sizes[status.st_ino] = status.st_blocks * 512
    return sizes


def _names(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:
        return set()


def remove(path: Path) -> None:
    """Remove a file or folder that hostile code made: folders nested deeper than Python can follow, say."""
    if not os.path.lexists(path):
        return
    with contextlib.suppress(OSError, RecursionError):
        shutil.rmtree(path)  # a process less, 8 ms
        return
    words = ["rm", "-rf", "--", str(path)]
    with contextlib.suppress(subprocess.TimeoutExpired):  # a machine that cannot do it in a minute keeps it
        subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False)


def _self_test(plan: Plan) -> str:
    child = os.fork()
    if child == 0:
        os.read(os.pipe()[0], 1)
    seen = descendants(os.getpid())
    os.kill(child, 9)
    os.waitpid(child, 0)
    if child not in seen:
        raise OSError("this system does not say what a process has started (/proc/PID/task/TID/children)")
    return "memory, processes and disk, for a submission as a whole"


LAYER = Layer(name=tiers.WATCHDOG, where="outside", self_test=_self_test)
