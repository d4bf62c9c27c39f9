"""An honest hand-in beside a hog has the points that it has on a quiet machine, each time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from grader.cohort.store import Store
from tests.hostile.arena import SITUATIONS, Arena
from tests.hostile.attacks import Attack

WORK = """
import time
def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
"""
HONEST = Attack(
    "honest",
    "work(0.3)\nreturn d_out @ w.T, x.T @ d_out, d_out.sum(axis=0)",
    where="gradients",
    files={},
)
SPIN = "end = time.monotonic() + 12\nwhile time.monotonic() < end: pass"


def spinning(count: int, before: str = "pass", body: str = SPIN) -> str:
    lines = "".join(f"        {line}\n" for line in f"{before}\n{body}\nos._exit(0)".splitlines())
    return (
        f"import mmap, os, subprocess, sys, threading, time\nfor _ in range({count}):\n    if os.fork() == 0:\n{lines}"
    )


WAIT = "\ntime.sleep(4)"
HOGS = {
    "processes": spinning(30) + WAIT,
    "sessions": spinning(30, "os.setsid()") + WAIT,
    "groups": spinning(30, "os.setpgid(0, 0)") + WAIT,
    "sessions by subprocess": "import subprocess, sys, time\nfor _ in range(30):\n"
    "    subprocess.Popen([sys.executable, '-c', 'while True: pass'], start_new_session=True)" + WAIT,
    "sessions of sessions": spinning(10, "os.setsid(); os.fork(); os.setsid()") + WAIT,
    "orphans": spinning(20, "os.fork() and os._exit(0)") + WAIT,
    "seven, below the limit": spinning(7) + WAIT,
    "short-lived": "import os, time\nend = time.monotonic() + 6\nwhile time.monotonic() < end:\n"
    "    if os.fork() == 0: os._exit(0)\n    os.wait()",
    "forks that come back": "import os, time\nend = time.monotonic() + 6\nwhile time.monotonic() < end:\n"
    "    pids = []\n    for _ in range(20):\n        pid = os.fork()\n        if pid == 0:\n"
    "            stop = time.monotonic() + 0.4\n            while time.monotonic() < stop: pass\n"
    "            os._exit(0)\n"
    "        pids.append(pid)\n    for pid in pids: os.waitpid(pid, 0)",
    "threads": "import hashlib, threading, time\ndef spin():\n    end = time.monotonic() + 8\n"
    "    while time.monotonic() < end: hashlib.sha256(bytes(1 << 22)).digest()\n"
    "for _ in range(30): threading.Thread(target=spin, daemon=True).start()" + WAIT,
    "priority": "import os, time\ntry:\n    os.nice(-20)\nexcept OSError: pass\n" + spinning(20) + WAIT,
    "real-time": "import os\ntry:\n    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))\n"
    "except OSError: pass\n" + spinning(20) + WAIT,
    "shared memory": spinning(
        4,
        "held = mmap.mmap(-1, 900 << 20)",
        "if os.fork() == 0:\n    for at in range(0, len(held), 1 << 20): held[at:at + (1 << 20)] = b'x' * (1 << 20)\n"
        "    os._exit(0)\nos.wait()\ntime.sleep(8)",
    )
    + WAIT,
    "private memory": spinning(6, "held = bytearray(b'x') * (700 << 20)", "time.sleep(8)") + WAIT,
    "files in memory": "import time\ntry:\n    with open('/dev/shm/big', 'wb') as file:\n"
    "        for _ in range(2000): file.write(b'x' * (1 << 20))\nexcept OSError: pass" + WAIT,
    "removed files in memory": "import os, time\nkept = []\ntry:\n    for n in range(200):\n"
    "        kept.append(open(f'/tmp/{n}', 'wb'))\n        os.unlink(f'/tmp/{n}')\n"
    "        kept[-1].write(b'x' * (4 << 20))\nexcept OSError: pass" + WAIT,
    "disk": "import os, time\nend = time.monotonic() + 6\nn = 0\nwhile time.monotonic() < end:\n    n += 1\n    try:\n"
    "        with open(f'big{n % 9}', 'wb') as file: file.write(b'x' * (100 << 20))\n    except OSError: pass",
    "disk, synced": "import os, time\nend = time.monotonic() + 6\nwhile time.monotonic() < end:\n"
    "    with open('big', 'wb') as file:\n        file.write(b'x' * (20 << 20)); file.flush(); os.fsync(file.fileno())",
    "small files": "import time\nend = time.monotonic() + 6\nn = 0\nwhile time.monotonic() < end:\n    n += 1\n"
    "    try: open(f'f{n}', 'w').close()\n    except OSError: pass",
    "output": "import time\nend = time.monotonic() + 6\nwhile time.monotonic() < end: print('x' * 100000)",
    "error output": "import os, time\nend = time.monotonic() + 6\n"
    "while time.monotonic() < end: os.write(2, b'x' * 60000)",
    "a slow probe": "import os, time\ndef linear_forward(x, w, b):\n"
    + "".join(f"    {line}\n" for line in spinning(30).splitlines())
    + "    return x @ w + b",
}


CHOICE = ("sessions", "seven, below the limit", "shared memory", "disk", "output")
"""In the situations but the first."""
REPEATS = int(os.environ.get("GRADE_HOSTILE_REPEATS", "1"))
"""How often each hog has its turn; with more than one all of them have it in every situation."""


@pytest.fixture
def arena(request: pytest.FixtureRequest) -> Iterator[Arena]:
    made = Arena(request.param, cell_seconds=3)
    yield made
    made.close()


def takers(arena: Arena, hogs: Sequence[str]) -> dict[str, set[float]]:
    """Hogs beside which, at two a time, an honest hand-in had other points than alone."""
    place = arena.folder / "handed in"
    for turn, hog in enumerate(hogs):
        arena.hand_in(Attack("hog", f"# {turn}\n{HOGS[hog]}", where="cell"), place / f"t{turn:03}-a-hog")
        for number in range(3):
            honest = replace(HONEST, files={f"{turn}-{number}.txt": "", "work.py": WORK})
            arena.hand_in(
                replace(honest, code="from work import work\n" + honest.code), place / f"t{turn:03}-b-honest{number}"
            )
    store = arena.folder / "home" / "grades.sqlite"
    words = ("batch", str(place), "--store", str(store), "-j", "2", "--course", ".", "--assignment", "target")
    done = arena.grade(*words, "--require-sandbox", arena.tier, seconds=60 * len(hogs) + 60)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found: dict[str, set[float]] = {}
    with Store.open(store) as kept:
        paths = [(Path(hand_in.path).parts[0], id) for id, hand_in, _, _ in kept.rows(kept.run().id)]
        assert len(paths) == 4 * len(hogs)
        for path, id in paths:
            score = kept.report(id)["score"]
            if "honest" in path and score != 5:
                found.setdefault(hogs[int(path[1:4])], set()).add(score)
    return found


@pytest.mark.parametrize("arena", list(SITUATIONS)[:1], indirect=True)
@pytest.mark.slow
@pytest.mark.hostile
def test_a_neighbour_of_thirty_sessions_keeps_its_points(arena: Arena) -> None:
    assert takers(arena, ["sessions"]) == {}
    assert list(arena.left_processes()) == []


@pytest.mark.slow
@pytest.mark.hostile
@pytest.mark.parametrize("arena", list(SITUATIONS), indirect=True)
def test_neighbours_keep_their_points(arena: Arena) -> None:
    everywhere = REPEATS > 1 or arena.situation == next(iter(SITUATIONS))
    assert takers(arena, [*(HOGS if everywhere else CHOICE)] * REPEATS) == {}
    assert list(arena.left_processes()) == []


def test_there_are_twenty_hogs() -> None:
    assert len(HOGS) >= 20
