"""`grade batch`: its temporary folder; what it grades is `tests/cohort/test_batch`'s."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from grader.commands.batch import scratch


def test_what_a_killed_batch_left_is_removed_and_a_running_ones_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f"grade-batch-{ended.pid}-abc"
    (left / "all").mkdir(parents=True)
    with scratch() as running:
        assert not left.exists()
        with scratch():
            assert running.is_dir()
    assert list(tmp_path.iterdir()) == []
