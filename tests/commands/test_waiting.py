"""A stage that takes long is told once, at a terminal."""

from __future__ import annotations

import logging
import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from grader.commands.waiting import Waiting

LOG = logging.getLogger("grader.stage")
ROOT = Path(__file__).parents[2]


def test_only_a_stage_that_takes_long_is_told() -> None:
    told: list[str] = []
    heard = threading.Event()

    def tell(text: str) -> None:
        told.append(text)
        heard.set()

    with Waiting(tell, patience=0.2):
        LOG.info("cell %d", 1)
        LOG.info("cell %d", 2)
        LOG.debug("cell 2: ok")
        assert heard.wait(10)
        LOG.info("cell %d", 3)
    LOG.info("cell %d", 4)

    assert told == ["still running: cell 2"]
    assert LOG.getEffectiveLevel() == logging.WARNING


@pytest.mark.slow
def test_a_loop_that_does_not_end_is_told_at_a_terminal(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "tum_ex09" / "correct.ipynb").read_text()
    book = tmp_path / "exercise_09_notebook.ipynb"
    book.write_text(
        text.replace('"import numpy as np', '"import time; time.sleep(15)\\n",\n    "import numpy as np', 1)
    )
    assert "time.sleep(15)" in book.read_text()
    terminal, end = pty.openpty()
    command = [sys.executable, "-P", "-m", "grader", str(book), "--course", str(ROOT), "--no-hidden"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=end, check=False)
    os.close(end)
    shown = os.read(terminal, 65536).decode()
    os.close(terminal)

    assert done.returncode == 0
    assert "grade: still running: cell" in shown
