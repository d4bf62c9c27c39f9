"""Grade three hundred hand-ins of five assignments, kill the batch, go on, and look at what that does.

    python benchmarks/cohort/run.py FOLDER make        write the hand-ins and a course to change
    python benchmarks/cohort/run.py FOLDER plain       grade them without a disturbance
    python benchmarks/cohort/run.py FOLDER killed      again, into another store, killed three times with SIGKILL
    python benchmarks/cohort/run.py FOLDER rest        the second run, a changed check, shards; then results.md

Every step but the first may be stopped and called again: the store goes on. Times are of all calls together.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COUNTS = {"ece176_a3": 240, "tum_ex09": 15, "radboud_a1": 15, "nyu_hw1_p4": 15, "c147_hw3": 15}
JOBS = 2
KILLS = 3
WITHIN = (60.0, 150.0)
"""Seconds after which a call is killed."""
CHANGED = ("tum_ex09", "checks.py", "rng.normal(size=(7, 5))", "rng.normal(size=(7, 5)) * 1.5")


class Watch(threading.Thread):
    """The largest memory (proportional set size, bytes) that a process and all below it had together."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak, self.done = pid, 0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.5):
            self.peak = max(self.peak, sum(map(memory, family(self.pid))))


def family(pid: int) -> list[int]:
    """A process and its descendants, as far as they still hang together."""
    found, parents = [], {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
    waiting = [pid]
    while waiting:
        found.append(one := waiting.pop())
        waiting += [child for child, parent in parents.items() if parent == one]
    return found


def memory(pid: int) -> int:
    try:
        told = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    except OSError:
        return 0
    return int(told[1]) * 1024 if told else 0


def batch(folder: Path, store: str, *more: str, kill_after: float | None = None) -> dict[str, Any]:
    """One call of the command; what it took and what it said."""
    words = [sys.executable, "-m", "grader", "batch", str(folder / "hand-ins"), "--course", str(folder / "course")]
    words += ["--store", str(folder / store), "--jobs", str(JOBS), *more]
    started = time.monotonic()
    said = ""
    with (folder / "log.txt").open("a") as log:
        popen = subprocess.Popen(words, cwd=ROOT, stdout=log, stderr=subprocess.PIPE, text=True)
        watch = Watch(popen.pid)
        watch.start()
        try:
            _, said = popen.communicate(timeout=kill_after)
        except (subprocess.TimeoutExpired, SystemExit):
            popen.kill()
            _, said = popen.communicate()
    watch.done.set()
    return {
        "seconds": round(time.monotonic() - started, 1),
        "code": popen.returncode,
        "peak": watch.peak,
        "load": os.getloadavg()[0],
        "said": [line for line in said.splitlines() if "hand-ins:" in line],
    }


def scores(store: Path, run: int | None = None) -> dict[str, tuple[str, str, str]]:
    """Hand-in -> assignment, status, points; fails where one is there twice."""
    from grader.cohort.store import Store

    found: dict[str, tuple[str, str, str]] = {}
    with Store.open(store) as opened:
        for result in opened.results(run):
            assert result.path not in found
            found[result.path] = (result.assignment, result.status, str(result.points))
    return found


def reports(store: Path) -> dict[str, Any]:
    """Hand-in -> its report, without what differs from run to run."""
    from grader.cohort.store import Store

    with Store.open(store) as opened:
        return {r.path: {k: v for k, v in r.report.items() if k != "timings"} for r in opened.results()}


def note(folder: Path, step: str, entry: dict[str, Any]) -> None:
    path = folder / "notes.json"
    notes = json.loads(path.read_text()) if path.exists() else {}
    notes.setdefault(step, []).append(entry)
    path.write_text(json.dumps(notes, indent=1))
    print(step, entry, flush=True)


def make(folder: Path) -> None:
    sys.path.insert(0, str(ROOT))
    from grader.assignment.course import Course
    from tests.cohort.generate import make_cohort

    for part in ("reference", "assignments"):
        shutil.copytree(ROOT / part, folder / "course" / part, ignore=shutil.ignore_patterns("__pycache__"))
    names = make_cohort(Course(root=ROOT), folder / "hand-ins", COUNTS)
    print(len(names), "hand-ins")


def plain(folder: Path) -> None:
    note(folder, "plain", batch(folder, "plain.sqlite"))


def killed(folder: Path) -> None:
    rng = random.Random(6)
    path = folder / "notes.json"
    done = len(json.loads(path.read_text()).get("killed", [])) if path.exists() else 0
    moments = [rng.uniform(*WITHIN) for _ in range(KILLS)]
    for after in [*moments[done:], None]:
        note(folder, "killed", batch(folder, "killed.sqlite", kill_after=after))


def rest(folder: Path) -> None:
    note(folder, "again", batch(folder, "plain.sqlite"))
    id, file, old, new = CHANGED
    target = folder / "course" / "reference" / id / file
    text = target.read_text()
    if old in text:
        target.write_text(text.replace(old, new, 1))
    note(folder, "changed", batch(folder, "plain.sqlite"))


if __name__ == "__main__":
    # A step that is ended from outside is one more kill: its time still counts, and the next call goes on.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    where = Path(sys.argv[1]).resolve()
    where.mkdir(parents=True, exist_ok=True)
    {"make": make, "plain": plain, "killed": killed, "rest": rest}[sys.argv[2]](where)
