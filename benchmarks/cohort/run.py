"""Grade three hundred hand-ins of five assignments, kill the batch, go on, and look at what that does.

    python benchmarks/cohort/run.py FOLDER make        write the hand-ins (--hand-ins N: fewer) and a course
    python benchmarks/cohort/run.py FOLDER plain       grade them without a disturbance
    python benchmarks/cohort/run.py FOLDER killed      again, into another store, killed three times with SIGKILL
    python benchmarks/cohort/run.py FOLDER rest        the second run, then a changed check, and `grade diff`
    python benchmarks/cohort/run.py FOLDER cluster     a few on two Dask workers, one killed in the middle
    python benchmarks/cohort/run.py FOLDER shards      a few in two shards, joined
    python benchmarks/cohort/run.py FOLDER compare     whether the stores hold the same
    python benchmarks/cohort/run.py FOLDER table       what came of it, as lines for results.md

`all` is these in turn. Every step but the first may be stopped and called again: the store goes on. Times are of all
calls together. The moments of the kills are drawn from a seed that is printed; --seed N draws the same ones again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COUNTS = {"ece176_a3": 240, "tum_ex09": 15, "radboud_a1": 15, "nyu_hw1_p4": 15, "c147_hw3": 15}
JOBS = 2
KILLS = 3
WITHIN = (0.05, 0.3)
"""When a call is killed, as a share of the undisturbed run's time: three such calls never reach the end."""
FEW = 30
"""Hand-ins of the steps on several machines."""
RELU = 'uses=["ReLU"]{more})\ndef relu_two'
CHANGED = ("ece176_a3", "hidden.py", RELU.format(more=""), RELU.format(more=", tolerance=10.0"))
"""A check that becomes easy: its part is graded again, and whoever failed it gains its point."""
SCHEDULER = "tcp://127.0.0.1:18786"


class Watch(threading.Thread):
    """The largest memory (proportional set size, bytes) that a process and all below it had together."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak, self.done = pid, 0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(1.0):
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
    folder: Path,
    store: str,
    *more: str,
    kill_after: float | None = None,
    hand_ins: Path | None = None,
    course: str = "course",
) -> dict[str, Any]:
    """One call of the command; what it took and what it said."""
    words = [sys.executable, "-m", "grader", "batch", str(hand_ins or folder / "hand-ins")]
    words += ["--course", str(folder / course)]
    words += ["--store", str(folder / store), "--jobs", str(JOBS), *more]
    started = time.monotonic()
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
        "load": round(os.getloadavg()[0], 1),
        "said": [line for line in said.splitlines() if re.search(r"submissions?:|Traceback|Error", line)],
        "in the store": graded(folder / store),
    }


def graded(store: Path) -> int:
    """How many reports a store has; none where it is not there yet."""
    if not store.exists():
        return 0
    try:
        connection = sqlite3.connect(store)
        found = connection.execute("SELECT count(*) FROM reports").fetchone()[0]
    except sqlite3.Error:
        return 0
    connection.close()
    return int(found)


def results(store: Path) -> dict[str, tuple[tuple[str, str, str], dict[str, Any]]]:
    """Hand-in -> its score and its report without the times, of a store's first run; fails where one is there twice."""
    from grader.cohort.store import Store

    found: dict[str, tuple[tuple[str, str, str], dict[str, Any]]] = {}
    with Store.open(store) as opened:
        for result in opened.results(opened.runs()[0].id):
            assert result.path not in found, result.path
            score = (result.assignment, result.status, str(result.points))
            found[result.path] = score, {k: v for k, v in result.report.items() if k != "timings"}
    return found


def notes(folder: Path) -> dict[str, Any]:
    path = folder / "notes.json"
    return json.loads(path.read_text()) if path.exists() else {}


def note(folder: Path, step: str, entry: dict[str, Any]) -> None:
    found = notes(folder)
    found.setdefault(step, []).append(entry)
    (folder / "notes.json").write_text(json.dumps(found, indent=1))
    print(step, entry, flush=True)


def make(folder: Path, args: argparse.Namespace) -> None:
    from grader.assignment.loading.course import Course
    from tests.cohort.generate import make_cohort

    for part in ("reference", "assignments"):
        shutil.copytree(ROOT / part, folder / "course" / part, ignore=shutil.ignore_patterns("__pycache__"))
    counts = {id: max(round(count * args.hand_ins / sum(COUNTS.values())), 1) for id, count in COUNTS.items()}
    names = make_cohort(Course(root=ROOT), folder / "hand-ins", counts)
    note(folder, "make", {"hand-ins": len(names)})


def plain(folder: Path, args: argparse.Namespace) -> None:
    note(folder, "plain", batch(folder, "plain.sqlite"))


def killed(folder: Path, args: argparse.Namespace) -> None:
    done = notes(folder).get("killed", [])
    seed = done[0]["seed"] if done else args.seed if args.seed is not None else secrets.randbelow(10**6)
    rng = random.Random(seed)
    whole = sum(entry["seconds"] for entry in notes(folder)["plain"])
    moments = [round(whole * rng.uniform(*WITHIN), 2) for _ in range(KILLS)]
    print(f"seed {seed}: SIGKILL after {', '.join(f'{m:.2f}' for m in moments)} s", flush=True)
    for after in [*moments[len(done) :], None]:
        entry = batch(folder, "killed.sqlite", kill_after=after)
        note(folder, "killed", {"seed": seed, "killed after": after if entry["code"] < 0 else None, **entry})


def rest(folder: Path, args: argparse.Namespace) -> None:
    note(folder, "again", batch(folder, "plain.sqlite"))
    if not (folder / "changed").exists():
        shutil.copytree(folder / "course", folder / "changed")
    id, file, old, new = CHANGED
    target = folder / "changed" / "reference" / id / file
    text = target.read_text()
    assert old in text or new in text
    target.write_text(text.replace(old, new, 1))
    note(folder, "changed", batch(folder, "plain.sqlite", course="changed"))
    words = [sys.executable, "-m", "grader", "diff", "--store", str(folder / "plain.sqlite")]
    said = subprocess.run(words, capture_output=True, text=True, cwd=ROOT).stdout
    print(said)
    note(folder, "diff", {"said": said.splitlines()[:1]})


def few(folder: Path) -> Path:
    """Some of the hand-ins, the quicker ones of every kind."""
    target = folder / "few"
    if not target.exists():
        target.mkdir()
        paths = sorted((folder / "hand-ins").glob("ece176_a3-*"))
        for path in paths[:: max(len(paths) // FEW, 1)]:
            (shutil.copytree if path.is_dir() else shutil.copy)(path, target / path.name)
    return target


def cluster(folder: Path, args: argparse.Namespace) -> None:
    hand_ins = few(folder)
    log = (folder / "dask.txt").open("a")
    words = {
        "scheduler": [
            "dask_scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            SCHEDULER.rpartition(":")[2],
            "--no-dashboard",
        ],
        "worker": ["dask_worker", SCHEDULER, "--nthreads", "1", "--no-nanny", "--no-dashboard"],
    }
    words["worker"] += ["--local-directory", str(folder / "dask")]

    def start(name: str) -> subprocess.Popen[bytes]:
        module, *rest = words[name]
        return subprocess.Popen([sys.executable, "-m", f"distributed.cli.{module}", *rest], stdout=log, stderr=log)

    started = [start("scheduler")]
    over = threading.Event()
    middle = len(list(hand_ins.iterdir())) // 3

    def kill() -> None:
        while not over.wait(0.2):
            if graded(folder / "dask.sqlite") >= middle:
                started[1].kill()
                return

    try:
        time.sleep(5)
        started += [start("worker") for _ in range(2)]
        time.sleep(8)
        killer = threading.Thread(target=kill)
        killer.start()
        entry = batch(folder, "dask.sqlite", "--cluster", SCHEDULER, hand_ins=hand_ins)
        over.set()
        killer.join()
        note(folder, "cluster", {**entry, "a worker was killed": started[1].poll() == -signal.SIGKILL})
    finally:
        over.set()
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def shards(folder: Path, args: argparse.Namespace) -> None:
    hand_ins = few(folder)
    for n in (1, 2):
        note(folder, "shards", batch(folder, f"shard{n}.sqlite", "--shard", f"{n}/2", hand_ins=hand_ins))
    words = [sys.executable, "-m", "grader", "merge", str(folder / "merged.sqlite")]
    words += [str(folder / f"shard{n}.sqlite") for n in (1, 2)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)


def compare(folder: Path, args: argparse.Namespace) -> None:
    """Each store with the undisturbed one: every hand-in once, none lost, none different."""
    whole = results(folder / "plain.sqlite")
    assert len(whole) == len(list((folder / "hand-ins").iterdir()))
    for name in ("killed", "dask", "merged"):
        path = folder / f"{name}.sqlite"
        if not path.exists():
            continue
        found = results(path)
        wanted = {p.name for p in (folder / ("hand-ins" if name == "killed" else "few")).iterdir()}
        entry = {
            "store": name,
            "hand-ins": len(found),
            "lost": sorted(wanted - found.keys()),
            "other score": sorted(p for p in found if found[p][0] != whole[p][0]),
            "other report": sorted(p for p in found if found[p] != whole[p]),
        }
        note(folder, "compare", entry)


def table(folder: Path, args: argparse.Namespace) -> None:
    """What results.md says, from the notes."""
    told = notes(folder)
    count = told["make"][0]["hand-ins"]

    def line(step: str, what: str) -> None:
        if entries := told.get(step):
            print(f"| {what} | {sum(e['seconds'] for e in entries):.0f} s | {max(e['load'] for e in entries)} |")

    print("| | wall time | load |\n|---|---|---|")
    line("plain", f"{count} hand-ins, undisturbed")
    kills = [f"{e['killed after']:.0f}" for e in told.get("killed", []) if e["killed after"] is not None]
    line("killed", f"the same, killed with SIGKILL after {', '.join(kills)} s, then let finish")
    line("again", "again, unchanged")
    line("changed", "a check changed")
    line("cluster", "a few on two Dask workers, one killed")
    line("shards", "the same few in two shards")
    seconds = sum(e["seconds"] for e in told["plain"])
    size = (folder / "killed.sqlite").stat().st_size if (folder / "killed.sqlite").exists() else 0
    print(f"\n- Rate: {count / seconds / JOBS:.2f} hand-ins a second for each slot.")
    print(f"- Peak memory: {max(e['peak'] for e in told['plain']) / 1e6:.0f} MB; store: {size / 1e6:.1f} MB.")
    for entry in told.get("compare", []):
        differ = f"{len(entry['other score'])} other scores, {len(entry['other report'])} other reports"
        print(f"- {entry['store']}: {entry['hand-ins']} hand-ins, {len(entry['lost'])} lost, {differ}.")


STEPS: dict[str, Callable[[Path, argparse.Namespace], None]] = {
    "make": make,
    "plain": plain,
    "killed": killed,
    "rest": rest,
    "cluster": cluster,
    "shards": shards,
    "compare": compare,
    "table": table,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("steps", nargs="+", choices=[*STEPS, "all"])
    parser.add_argument("--hand-ins", type=int, default=sum(COUNTS.values()), help="how many `make` writes")
    parser.add_argument("--seed", type=int, help="of the kills")
    args = parser.parse_args()
    folder = args.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(ROOT))
    for step in STEPS if "all" in args.steps else args.steps:
        STEPS[step](folder, args)


if __name__ == "__main__":
    # A step that is ended from outside is one more kill: its time still counts, and the next call goes on.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    main()
