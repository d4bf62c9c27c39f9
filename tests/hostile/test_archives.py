"""An archive is graded or refused in one line, whatever is in it, and never touches anything but its own folder."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.cohort.store import Store
from tests.hostile.archives import ARCHIVES, GRADED, Archive
from tests.hostile.arena import Arena, notebook
from tests.hostile.test_attacks import honest

SITUATION = "root"
PEAK_MB = 400
"""Of the grader while it unpacks; what it has loaded is a hundred."""


@pytest.fixture
def arena() -> Iterator[Arena]:
    made = Arena(SITUATION)
    yield made
    made.close()


def written(archive: Archive, folder: Path) -> Path:
    path = folder / archive.name
    archive.make(path, notebook(honest(1), {}).encode())
    return path


def complaints(archive: Archive, report: dict[str, Any]) -> list[str]:
    """What is wrong with what became of an archive."""
    reason = report.get("reason") or ""
    if report["status"] == "graded":
        told = [] if archive.outcome in ("", GRADED) else ["it was graded"]
        return told + ([] if report["score"] in (0, 5) else [f"it earned {report['score']}"])
    told = [] if report["status"] == "ungradable" else [f"it is a {report['status']}: {reason}"]
    told += [f"it was refused: {reason}"] if archive.outcome == GRADED else []
    told += [f"the reason is another: {reason}"] if archive.outcome not in reason else []
    return told + (["the reason is no line for people"] if not 20 < len(reason) < 500 or "\n" in reason else [])


def evil_files(arena: Arena) -> list[str]:
    places = [Path("/tmp"), Path("/var/tmp"), arena.folder, *arena.folder.iterdir()]
    return [str(p / name) for p in places if p.is_dir() for name in os.listdir(p) if name.startswith("evil-file")]


@pytest.mark.slow
@pytest.mark.hostile
def test_a_batch_of_them_comes_to_its_outcomes(arena: Arena) -> None:
    many, store = arena.folder / "handed in", arena.folder / "home" / "grades.sqlite"
    for archive in ARCHIVES:
        written(archive, many)
    words = ("batch", str(many), "--store", str(store), "-j", "1", "--course", ".", "--assignment", "target")
    done = arena.grade(*words)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, list[str]] = {}
    with Store.open(store) as kept:
        for id, hand_in, _, _ in kept.rows(kept.run().id):
            (archive,) = [a for a in ARCHIVES if a.name == hand_in.path]
            found[archive.name] = complaints(archive, kept.report(id))
    assert set(found) == {archive.name for archive in ARCHIVES}
    assert {name: told for name, told in found.items() if told} == {}
    assert evil_files(arena) == []
    assert arena.problems() == []


@pytest.mark.slow
@pytest.mark.hostile
@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: archive.name)
def test_each_by_itself_comes_to_its_outcome(arena: Arena, archive: Archive) -> None:
    path, report = written(archive, arena.folder / "handed in"), arena.folder / "home" / "r.json"
    words = (str(path), "--course", ".", "--assignment", "target", "--json", str(report), "--exit-zero")
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = arena.grade(*words)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    found = json.loads(report.read_text())
    assert complaints(archive, found) == []
    assert done.returncode == (0 if found["status"] == "graded" else 3)
    assert done.stderr.count("\n") <= 1
    assert peak == before or peak < PEAK_MB << 10
    assert evil_files(arena) == []
    assert arena.problems() == []
