"""`grade --watch`: what is shown after a save, and how soon."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.commands.watch import stamps

ROOT = Path(__file__).parents[2]
RELU = """class ReLU:
    def forward(self, inputs):
        self.inputs = inputs
        return np.maximum(inputs, 0)
    def backward(self, d_out):
        return d_out * (self.inputs > 0)
"""


class Running:
    """`grade . --watch` in a hand-out, its output as it comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder.parent / "log.txt"
        with self.log.open("w") as log:
            command = [sys.executable, "-u", "-m", "grader", ".", "--watch"]
            environment = {k: v for k, v in os.environ.items() if k != "GITHUB_ACTIONS"}
            self.process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment)

    def wait(self, text: str, after: int = 0, seconds: float = 40) -> str:
        """The output after `after`, once it holds `text`."""
        end = time.monotonic() + seconds
        while text not in (shown := self.log.read_text()[after:]):
            assert time.monotonic() < end, shown
            assert self.process.poll() is None, shown
            time.sleep(0.02)
        return shown

    def length(self) -> int:
        return len(self.log.read_text())

    def write_relu(self, source: str) -> None:
        """Put a class into the notebook's cell with the stub, as an editor saves."""
        path = self.folder / "exercise_09_notebook.ipynb"
        notebook = json.loads(path.read_text())
        cell = next(c for c in notebook["cells"] if "class ReLU" in "".join(c["source"]))
        cell["source"] = source
        new = path.with_suffix(".tmp")
        new.write_text(json.dumps(notebook))
        new.rename(path)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    shutil.copytree(ROOT / "assignments" / "tum_ex09", tmp_path / "ex09")
    one = Running(tmp_path / "ex09")
    yield one
    one.process.kill()
    one.process.wait()


def test_a_save_shows_what_changed_and_nothing_else(running: Running) -> None:
    first = running.wait("checked after you hand in")
    assert "not started" in first
    at = running.length()
    running.write_relu(RELU)
    second = running.wait("all: 2 of 12 points", at)
    assert "✓ passed (2 points): 2 ReLU layer" in second
    assert "Affine" not in second
    at = running.length()
    running.write_relu(RELU + "# a comment\n")
    assert "✓" not in running.wait("no change: 2 of 12 points", at)
    at = running.length()
    (running.folder / "exercise_09_notebook.ipynb").write_text("{")
    running.wait("exercise_09_notebook.ipynb", at)
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(20) == 130
    assert "Traceback" not in running.log.read_text()


def test_only_files_of_the_submission_are_watched(tmp_path: Path) -> None:
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "a.ipynb").write_text("")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "layers.py").write_text("")
    assert [Path(name).name for name in stamps(tmp_path)] == ["layers.py"]
    assert list(stamps(tmp_path / "layers.py")) == [str(tmp_path / "layers.py")]
