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

from grader.cli import main
from grader.commands.watch import MAX_ENTRIES, stamps

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


@pytest.mark.parametrize(
    "option",
    [
        *("--check=relu", "--seed=1", "--fresh", "--data=.", "--fail-under=50", "--exit-zero"),
        *("--output=html=f", "--json=f", "--show-arrays=f.npz", "--hidden-results=hidden"),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hw.ipynb").write_text("{}")
    assert main(["hw.ipynb", "--watch", option]) == 2
    name = option.partition("=")[0]
    assert f"leave out {name}\n" in capsys.readouterr().err


def test_a_wrong_call_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "grader.commands.watch.stamps", lambda path: pytest.fail("waits") if capsys.readouterr().err else {}
    )
    shutil.copytree(ROOT / "assignments" / "tum_ex09", tmp_path / "ex09")
    assert main([str(tmp_path / "ex09"), "--watch", "--assignment", "tum_ex10"]) == 2
    assert "tum_ex10" in capsys.readouterr().err


def test_only_files_of_the_submission_are_watched(tmp_path: Path) -> None:
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "a.ipynb").write_text("")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "layers.py").write_text("")
    assert [Path(name).name for name in stamps(tmp_path)] == ["layers.py"]
    assert list(stamps(tmp_path / "layers.py")) == [str(tmp_path / "layers.py")]


def test_an_environment_in_the_folder_hides_nothing(tmp_path: Path) -> None:
    """`GRADING.md` has it made there, and it sorts before the student's files."""
    for name in (".venv", "my_env"):
        (tmp_path / name / "lib").mkdir(parents=True)
        (tmp_path / name / "pyvenv.cfg").write_text("")
    for number in range(MAX_ENTRIES + 1):
        (tmp_path / ".venv" / "lib" / f"m{number}.py").touch()
    (tmp_path / "my_env" / "lib" / "m.py").write_text("")
    (tmp_path / "hw.ipynb").write_text("")
    assert list(stamps(tmp_path)) == [str(tmp_path / "hw.ipynb")]


def test_modules_beside_a_notebook_are_watched_with_it(tmp_path: Path) -> None:
    (tmp_path / "nndl").mkdir()
    for name in ("hw.ipynb", "other.ipynb", "helper.py", "nndl/layers.py"):
        (tmp_path / name).write_text("")
    watched = stamps(tmp_path / "hw.ipynb")
    assert {Path(name).name for name in watched} == {"hw.ipynb", "helper.py", "layers.py"}
