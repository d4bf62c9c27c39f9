"""`--cluster` where Dask is missing; with it, `benchmarks/cohort` shows the rest."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grader.cohort.cluster import on_cluster
from grader.cohort.slot import Setup
from grader.errors import UsageError


def test_without_dask_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"numgrade\[cluster\]"):
        next(on_cluster([], Setup(root=str(tmp_path), single=False, seed=None), "tcp://127.0.0.1:1"))
