"""`--cluster`: the same store as without, also where a worker is lost; and what it says where Dask is missing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.cohort import cluster
from grader.cohort.cluster import on_cluster
from grader.cohort.records import Setup
from grader.errors import UsageError
from tests.cohort.test_batch import EXPECTED, descendants, points, untimed, wait_for


def test_without_dask_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"numgrade\[cluster\]"):
        next(on_cluster([], Setup(root=str(tmp_path)), "tcp://127.0.0.1:1"))


class Dask:
    """A scheduler and its workers, each a process."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self._log = (folder / "dask.log").open("w")
        self._folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self._start("dask_scheduler", "--host", "127.0.0.1", "--port", self.address.rpartition(":")[2])

    def _start(self, module: str, *more: str) -> None:
        words = [sys.executable, "-m", f"distributed.cli.{module}", *more, "--no-dashboard"]
        self.processes.append(subprocess.Popen(words, cwd=self._folder, stdout=self._log, stderr=self._log))

    def worker(self) -> None:
        self._start("dask_worker", self.address, "--nthreads", "1", "--no-nanny", "--local-directory", "dask")

    def close(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        self._log.close()


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    pytest.importorskip("distributed")
    started = Dask(tmp_path)
    yield started
    started.close()


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_gives_the_same_store(
    dask: Dask, grade: Callable[..., subprocess.CompletedProcess[str]], hand_ins: Path, course: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        dask.worker()
    command = [sys.executable, "-m", "grader", "batch", str(hand_ins), "--store", "dask.sqlite"]
    command += ["--cluster", dask.address]
    environment = {**os.environ, "GRADE_COURSE": str(course)}
    batch = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: bool(descendants(dask.processes[1].pid)), 180)  # it has a slot's worker: it is grading
    dask.processes[1].send_signal(signal.SIGKILL)
    _, said = batch.communicate(timeout=120)
    assert batch.returncode == 0, said
    assert points(tmp_path / "dask.sqlite") == EXPECTED
    assert grade("batch", hand_ins, "--store", "plain.sqlite").returncode == 0
    assert untimed(tmp_path / "dask.sqlite") == untimed(tmp_path / "plain.sqlite")


@pytest.mark.slow
def test_a_scheduler_without_workers_is_said(dask: Dask, course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "WORKERS_SECONDS", 1)
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 60)
    with pytest.raises(UsageError, match="no workers after 1 s"):
        next(on_cluster([], Setup(root=str(course)), dask.address))
