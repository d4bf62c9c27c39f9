"""Grade three hundred hand-ins of five assignments, kill the batch, go on, and look at what that does.

    python benchmarks/cohort/run.py FOLDER make        write the hand-ins and a course to change
    python benchmarks/cohort/run.py FOLDER plain       grade them without a disturbance
    python benchmarks/cohort/run.py FOLDER killed      again, into another store, killed three times with SIGKILL
    python benchmarks/cohort/run.py FOLDER rest        the second run, then a changed check, and `grade diff`
    python benchmarks/cohort/run.py FOLDER cluster     a few on two Dask workers, one killed in the middle
    python benchmarks/cohort/run.py FOLDER shards      a few in two shards, joined
    python benchmarks/cohort/run.py FOLDER compare     whether the stores hold the same

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
RELU = 'uses=["ReLU"]{more})\ndef relu_two'
CHANGED = ("ece176_a3", "hidden.py", RELU.format(more=""), RELU.format(more=", tolerance=10.0"))
"""A check that becomes easy: its part is graded again, and whoever failed it gains its point."""


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


def batch(
    folder: Path, store: str, *more: str, kill_after: float | None = None, hand_ins: Path | None = None
) -> dict[str, Any]:
    """One call of the command; what it took and what it said."""
    words = [sys.executable, "-m", "grader", "batch", str(hand_ins or folder / "hand-ins")]
    words += ["--course", str(folder / "course")]
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
    words = [sys.executable, "-m", "grader", "diff", "--store", str(folder / "plain.sqlite")]
    print(subprocess.run(words, capture_output=True, text=True).stdout)


def few(folder: Path) -> Path:
    """Some of the hand-ins, the quicker ones of every kind."""
    target = folder / "few"
    if not target.exists():
        target.mkdir()
        for path in sorted((folder / "hand-ins").glob("ece176_a3-*"))[::8]:
            (shutil.copytree if path.is_dir() else shutil.copy)(path, target / path.name)
    return target


def cluster(folder: Path) -> None:
    hand_ins = few(folder)
    log = (folder / "dask.txt").open("a")
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "18786"]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "tcp://127.0.0.1:18786"]
    worker += ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(folder / "dask")]
    started = [subprocess.Popen([*scheduler, "--no-dashboard"], stdout=log, stderr=log)]
    try:
        time.sleep(5)
        started += [subprocess.Popen(worker, stdout=log, stderr=log) for _ in range(2)]
        time.sleep(8)
        killer = threading.Timer(25, started[1].kill)
        killer.start()
        note(folder, "cluster", batch(folder, "dask.sqlite", "--cluster", "tcp://127.0.0.1:18786", hand_ins=hand_ins))
        killer.cancel()
        note(folder, "cluster", {"a worker was killed": started[1].poll() is not None})
    finally:
        for process in started:
            process.terminate()


def shards(folder: Path) -> None:
    hand_ins = few(folder)
    note(folder, "shards", batch(folder, "few.sqlite", hand_ins=hand_ins))
    for n in (1, 2):
        note(folder, "shards", batch(folder, f"shard{n}.sqlite", "--shard", f"{n}/2", hand_ins=hand_ins))
    words = [sys.executable, "-m", "grader", "merge", str(folder / "merged.sqlite")]
    subprocess.run([*words, *(str(folder / f"shard{n}.sqlite") for n in (1, 2))], check=True, stdout=subprocess.DEVNULL)


def compare(folder: Path) -> None:
    for one, two in (("plain", "killed"), ("few", "dask"), ("few", "merged")):
        paths = [folder / f"{name}.sqlite" for name in (one, two)]
        if not all(path.exists() for path in paths):
            continue
        left, right = map(reports, paths)
        assert left.keys() == right.keys(), left.keys() ^ right.keys()
        points = [p for p in left if scores(paths[0])[p] != scores(paths[1])[p]]
        differ = [p for p in left if left[p] != right[p]]
        entry = {"stores": f"{one}, {two}", "hand-ins": len(left), "other score": points, "other report": differ}
        note(folder, "compare", entry)


if __name__ == "__main__":
    # A step that is ended from outside is one more kill: its time still counts, and the next call goes on.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    where = Path(sys.argv[1]).resolve()
    where.mkdir(parents=True, exist_ok=True)
    steps = {"make": make, "plain": plain, "killed": killed, "rest": rest} | {
        "cluster": cluster,
        "shards": shards,
        "compare": compare,
    }
    steps[sys.argv[2]](where)
