"""A `grade` that is told to end, as by a queue's time limit, leaves no folder and no process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.hostile.arena import COURSE, GRADE

ENDLESS = "open('begun', 'w').close()\nwhile True: pass"
CHECKED = "open('begun', 'w').close()\ndef linear_gradients(d_out, x, w):\n    while True: pass"


@pytest.mark.parametrize("source", [ENDLESS, CHECKED], ids=["a cell", "a check"])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left(tmp_path: Path, how: signal.Signals, source: str) -> None:
    begun, temporary = tmp_path / "hand in" / "target.ipynb", tmp_path / "tmp"
    begun.parent.mkdir()
    temporary.mkdir()
    course = shutil.copytree(COURSE, tmp_path / "course")
    manifest = course / "reference" / "target" / "assignment.toml"
    manifest.write_text(manifest.read_text().replace("check = 1\n", "check = 100\n"))
    cell = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "id": "c0"}
    begun.write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell | {"source": source}]})
    )
    words = [*GRADE, str(begun.parent), "--course", str(course), "--assignment", "target"]
    environment = os.environ | {"TMPDIR": str(temporary)}
    with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as grading:
        end = time.monotonic() + 60
        while not list(temporary.rglob("begun")) and time.monotonic() < end:
            time.sleep(0.05)
        assert list(temporary.rglob("begun"))
        time.sleep(1)  # by then the check is asked
        grading.send_signal(how)
        assert grading.wait(timeout=30) == 128 + how
        assert grading.stderr is not None
        assert b"Traceback" not in grading.stderr.read()
    assert list(temporary.iterdir()) == []
    left = [p for p in Path("/proc").glob("[0-9]*/environ") if str(temporary) in read(p)]
    assert left == []


def read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
