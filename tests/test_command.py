"""The command as a process: what it has printed is out when it ends, with the code that it was to end with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLE = "examples/tum_ex09/correct.ipynb"


def started(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "grader", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_report_is_out_before_the_process_ends() -> None:
    done = started(EXAMPLE, "--json", "--no-hidden")
    assert json.loads(done.stdout)["status"] == "graded"
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_a_missing_file_and_a_closed_pipe_end_as_they_should() -> None:
    done = started("nowhere.ipynb")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("grade: nowhere.ipynb")
    words = f"{sys.executable} -P -m grader {EXAMPLE} --no-hidden | head -n 1; exit ${{PIPESTATUS[0]}}"
    piped = subprocess.run(["bash", "-c", words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout.count("\n") == 1
