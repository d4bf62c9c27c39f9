"""Where the attacks take place: a course with secrets, a victim process, open sockets, and a look at it afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from grader.cohort.store import Store
from grader.reference.expected import FOLDER
from grader.sandbox.view import DEVICES
from grader.sandbox.watchdog import remove
from tests.hostile import restrict
from tests.hostile.attacks import TOOLS, Attack

COURSE = Path(__file__).parent / "course"
GRADE = (sys.executable, "-P", "-m", "grader")
ROOT = Path(__file__).parents[2]
HONEST = "return d_out @ w.T, x.T @ d_out, d_out.sum(axis=0)"
WRONG = "return np.zeros_like(x), np.zeros_like(w), np.zeros(w.shape[1])"
BUBBLEWRAP = ("apparmor-user", "no-userns-user")
"""Where only that can make a view of one's own."""
TIERS = {"root": "A", "user": "A", "docker-root": "B", "docker-user": "C"} | dict.fromkeys(BUBBLEWRAP, "A")
"""Kind of machine -> the tier that it must come to. `root` is "as it is"."""


def _open_to_all(path: Path) -> bool:
    """Whether any user comes through to a path; root's home is opened by `restrict`."""
    return all(above == Path("/root") or above.stat().st_mode & stat.S_IXOTH for above in path.resolve().parents)


def _can_be_shown(situation: str) -> bool:
    """Whether this machine can; only root can take another user's place."""
    others = os.geteuid() == 0 and _open_to_all(Path(sys.prefix) / "bin") and _open_to_all(ROOT / "grader")
    return situation == "root" or (others and (situation not in BUBBLEWRAP or shutil.which("bwrap") is not None))


SITUATIONS = {situation: tier for situation, tier in TIERS.items() if _can_be_shown(situation)}


class Arena:
    """One situation: everything that an attack may aim at belongs to whoever grades in it."""

    def __init__(self, situation: str, *, cell_seconds: int | None = None) -> None:
        self.situation = situation
        self.tier = SITUATIONS[situation]
        self.mark = "left-" + secrets.token_hex(6)
        self.folder = Path(tempfile.mkdtemp(prefix="arena-", dir="/var/tmp")).resolve()
        self.folder.chmod(0o755)
        for name in ("home", "tmp", "handed in"):
            (self.folder / name).mkdir()
        shutil.copytree(COURSE, self.folder / "course")
        if cell_seconds is not None:
            manifest = self.folder / "course" / "reference" / "target" / "assignment.toml"
            manifest.write_text(manifest.read_text().replace("cell = 2\n", f"cell = {cell_seconds}\n"))
        (self.folder / "home" / ".ssh_key").write_text("PWNED: a key")
        (self.folder / "neighbour.ipynb").write_text("PWNED: somebody else's")
        (self.folder / "store.sqlite").write_text("PWNED: scores")
        self.user = restrict.USER if situation.endswith("user") else os.geteuid()
        if self.user != os.geteuid():
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, self.user, self.user)
        self.sockets, self.port, self.heard = [], 0, 0
        self._listen()
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "OPENBLAS_NUM_THREADS", "LANG") if name in os.environ},
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "GRADE_SECRET": self.mark,
            "PYTHONPATH": str(ROOT),
        }
        # outside what is imitated: it shall be the process itself, not one that watches over its calls
        outside = "user" if situation in BUBBLEWRAP else situation
        words = [sys.executable, str(Path(restrict.__file__)), outside, "sleep", "3600"]
        self.victim = subprocess.Popen(words, env=self.environment, cwd="/")
        self.before = self.secrets()
        self.devices = self.modes()

    def as_there(self, *command: str) -> list[str]:
        return [sys.executable, str(Path(restrict.__file__)), self.situation, *command]

    def grade(self, *words: str, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        """Run the real command there."""
        return subprocess.run(
            self.as_there(*GRADE, *words),
            env=self.environment,
            cwd=self.folder / "course",
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=seconds,
            stdin=subprocess.DEVNULL,
        )

    def batch(self, attacks: Sequence[Attack]) -> dict[str, dict[str, Any]]:
        """Grade all of them one after another in one slot; their `grade/1` objects by name."""
        for number, attack in enumerate(attacks):
            self.hand_in(attack, self.folder / "handed in" / f"a{number:03}")
        store = self.folder / "home" / "grades.sqlite"
        words = ("batch", str(self.folder / "handed in"), "--store", str(store), "-j", "1", "--course", ".")
        done = self.grade(
            *words, "--assignment", "target", "--require-sandbox", self.tier, seconds=300 + 5 * len(attacks)
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        assert "PWNED" not in done.stdout + done.stderr
        reports = {}
        with Store.open(store) as kept:
            for id, hand_in, _, _ in kept.rows(kept.run().id):
                (number,) = [n for n in range(len(attacks)) if f"a{n:03}" in hand_in.path]
                reports[attacks[number].name] = kept.report(id)
        return reports

    def single(self, attack: Attack) -> tuple[dict[str, Any], str]:
        """Grade one; its `grade/1` object, and the page that a terminal would show."""
        place = self.folder / "handed in" / "one"
        self.hand_in(attack, place)
        report = self.folder / "tmp" / "report.json"
        words = (str(place), "--course", ".", "--assignment", "target", "--json", str(report), "--exit-zero", "-v")
        done = self.grade(*words, "--require-sandbox", self.tier)
        assert done.returncode == 0, done.stderr[-2000:]
        found = json.loads(report.read_text())
        report.unlink()
        remove(place)
        return found, done.stdout + done.stderr

    def hand_in(self, attack: Attack, place: Path) -> None:
        place.mkdir()
        for name, text in attack.files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(text)
        (place / "hand_in.ipynb").write_text(notebook(attack, self.words()))
        for path in (place, *place.rglob("*")):
            os.chown(path, self.user, self.user)

    def words(self) -> dict[str, object]:
        """What an attack is told of its aims."""
        sources = self.folder / "course" / "reference" / "target"
        return {
            "COURSE": str(self.folder / "course"),
            "GOLDEN": str(sources / "golden" / "public.json"),
            "SOLUTION": str(sources / "solution" / "target.py"),
            "HIDDEN": str(sources / "hidden.py"),
            "NEIGHBOUR": str(self.folder / "neighbour.ipynb"),
            "STORE": str(self.folder / "store.sqlite"),
            "HOME": str(self.folder / "home"),
            "UNIX": str(self.folder / "socket"),
            "PORT": self.port,
            "MARK": self.mark,
            "TARGET_PID": self.victim.pid,
        }

    def _listen(self) -> None:
        inet, datagram = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
        inet.bind(("127.0.0.1", 0))
        self.port = inet.getsockname()[1]
        datagram.bind(("127.0.0.1", self.port))
        path, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        path.bind(str(self.folder / "socket"))
        (self.folder / "socket").chmod(0o777)
        abstract.bind("\0" + self.mark)
        for listener in (inet, path, abstract):
            listener.listen()
        self.sockets = [inet, datagram, path, abstract]

    def secrets(self) -> dict[str, tuple[int, float, str]]:
        """Mode, time and content of everything that must not change."""
        found = {}
        for path in sorted((self.folder / "course").rglob("*")):
            if path.is_file() and not {"__pycache__", FOLDER} & set(path.parts):  # the grader's caches
                told = path.stat()
                found[str(path)] = (told.st_mode, told.st_mtime, hashlib.sha256(path.read_bytes()).hexdigest())
        return found

    @staticmethod
    def modes() -> dict[str, int]:
        """Mode of each device that a worker can open."""
        return {path: os.stat(path).st_mode for path in DEVICES}

    def problems(self) -> list[str]:
        """What is not as it was before."""
        found = []
        if self.victim.poll() is not None:
            found.append("the victim was ended")
        if self.secrets() != self.before:
            found.append("the course was changed")
        if self.modes() != self.devices:
            found.append(f"devices were changed: {self.modes()}")
        for listener in self.sockets:
            listener.settimeout(0)
            with contextlib.suppress(OSError):
                listener.recv(1) if listener.type == socket.SOCK_DGRAM else listener.accept()
                found.append(f"somebody came to {listener}")
        end = time.monotonic() + 5  # the kernel is still putting away what was killed
        while (alive := list(self.left_processes())) and time.monotonic() < end:
            time.sleep(0.1)
        found += [f"a process was left: {line}" for line in alive]
        found += [f"a file was left: {p}" for p in (self.folder / "tmp").iterdir()]
        places = (Path("/tmp"), Path("/dev/shm"), Path("/run"), Path("/var/tmp"), self.folder, self.folder / "home")
        found += [f"a file was left: {place / self.mark}" for place in places if (place / self.mark).exists()]
        return found

    def left_processes(self) -> Iterator[str]:
        """Processes of the run: a worker has its folder in its environment or its command."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != self.victim.pid:
                with contextlib.suppress(OSError):
                    told = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
                    if str(self.folder).encode() in told and b"State:\tZ" not in (entry / "status").read_bytes():
                        yield f"{entry.name} {(entry / 'cmdline').read_bytes()!r}"

    def close(self) -> None:
        for listener in self.sockets:
            listener.close()
        self.victim.send_signal(signal.SIGKILL)
        self.victim.wait()
        remove(self.folder)


def notebook(attack: Attack, words: dict[str, object]) -> str:
    """The hand-in as a notebook."""
    given = "".join(f"{name} = {value!r}\n" for name, value in words.items()) + attack.setup + "\n"
    body = attack.code if attack.where == "gradients" else WRONG
    gradients = "def linear_gradients(d_out, x, w):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    honest = ["import numpy as np", "def linear_forward(x, w, b):\n    return x @ w + b", gradients]
    cells = {
        "cell": [given + TOOLS, *honest, attack.code],
        "first": [given + TOOLS, attack.code, *honest],
        "gradients": [given + TOOLS, *honest],
    }[attack.where]
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"c{n}",
                    "metadata": {},
                    "execution_count": None,
                    "outputs": [],
                    "source": s,
                }
                for n, s in enumerate([*cells, "print('still here')"])
            ],
        }
    )
