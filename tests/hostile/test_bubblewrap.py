"""Where only bubblewrap can make a view of its own, a worker is started in it and sees what it needs, no more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.hostile import restrict
from tests.hostile.arena import BUBBLEWRAP, GRADE, SITUATIONS, Arena
from tests.hostile.attacks import KINDS, plain
from tests.hostile.test_attacks import complaints, honest

NEEDED = "root, bubblewrap, and a checkout that other users come through to"
pytestmark = pytest.mark.skipif("apparmor-user" not in SITUATIONS, reason=f"needs {NEEDED}")
ATTACKS = [
    a for attacks in KINDS.values() for a in attacks if a.name in ("stat golden", "find what others left", "tcp")
]

ENCLOSED = """
import json, os, tempfile
from pathlib import Path
from grader.execution.supervisor import Supervisor
from grader.execution.process import RootProcess


first, second = (Path(tempfile.mkdtemp()) for _ in range(2))
told = {}
with RootProcess() as root:
    root.warm(("json",))
    outside = root.pid
    supervisor = Supervisor(root, root.new_folder(), (first,), memory=1 << 30)
    told["problems"], told["layers"] = supervisor.problems, supervisor.layers
    supervisor.close()
    inside = root.pid
    supervisor = Supervisor(root, root.new_folder(), (first,), memory=1 << 30)
    told["the same worker again"] = root.pid == inside != outside
    supervisor.close()
    supervisor = Supervisor(root, root.new_folder(), (second,), memory=1 << 30)
    told["another for other data"] = root.pid != inside
    supervisor.close()
    folder = root.folder
told["left"] = folder.exists() or os.path.exists(f"/proc/{root.pid}")
print(json.dumps(told))
"""


EACH = pytest.mark.parametrize("situation", BUBBLEWRAP)


@pytest.fixture
def arena(situation: str) -> Iterator[Arena]:
    made = Arena(situation)
    yield made
    made.close()


@EACH
def test_a_submission_is_graded_in_bubblewrap_and_kept_in(arena: Arena) -> None:
    attacks = [*ATTACKS, honest(1)]
    reports = arena.batch(attacks)
    for attack in attacks:
        report = reports[attack.name]
        assert complaints(attack, report, "A") == []
        assert "bubblewrap" in report["environment"]["sandbox"]
        assert "namespaces" not in report["environment"]["sandbox"]
    assert arena.problems() == []


@EACH
def test_a_worker_is_replaced_only_where_it_has_to_see_more(situation: str) -> None:
    words = [sys.executable, restrict.__file__, situation, sys.executable, "-P", "-c", ENCLOSED]
    done = subprocess.run(words, cwd="/", capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["layers"] == ["bubblewrap"]
    assert [problem.partition(":")[0] for problem in told["problems"]] == ["namespaces"]
    assert told["the same worker again"]
    assert told["another for other data"]
    assert not told["left"]


@EACH
def test_what_works_is_told_by_trying(situation: str) -> None:
    words = [sys.executable, restrict.__file__, situation, sys.executable, "-P", "-m", "grader", "doctor"]
    done = subprocess.run([*words, "--json"], cwd="/", capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    works = {layer["layer"]: layer["works"] for layer in told["layers"]}
    assert (works["namespaces"], works["bubblewrap"], told["tier"], told["advice"]) == (False, True, "A", [])


@pytest.mark.slow
@pytest.mark.hostile
@EACH
def test_a_killed_batch_leaves_no_process(arena: Arena) -> None:
    handed_in = arena.folder / "handed in"
    for number in range(12):  # a second and a half each
        code = f"import time\nn = {number}\nfor _ in range(100):\n    time.sleep(0.015)"
        arena.hand_in(plain("slow", code), handed_in / f"a{number:02}")
    words = (*GRADE, "batch", str(handed_in), "--store", str(arena.folder / "home" / "grades.sqlite"), "-j", "1")
    command = arena.as_there(*words, "--course", ".", "--assignment", "target")
    with subprocess.Popen(command, env=arena.environment, cwd=arena.folder / "course", stderr=subprocess.DEVNULL):
        end = time.monotonic() + 60
        while not (workers := [line for line in arena.left_processes() if "grader.worker" in line]):
            assert time.monotonic() < end
            time.sleep(0.1)
        time.sleep(2)
        batches = [line for line in arena.left_processes() if "\\x00batch\\x00" in line and "restrict" not in line]
        assert workers
        for line in batches:
            os.kill(int(line.split()[0]), signal.SIGKILL)
        assert batches
    end = time.monotonic() + 30
    while (left := list(arena.left_processes())) and time.monotonic() < end:
        time.sleep(0.2)
    assert left == []
