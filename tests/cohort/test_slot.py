"""One slot: whatever a hand-in does, the next one gets what it would get alone."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from grader.assignment.loading.course import find_course
from grader.cohort import slot as warm
from grader.cohort.discover import fingerprint_of
from grader.cohort.records import BatchResult, CohortEntry, Job, Setup
from grader.cohort.slot import Slot, libraries
from grader.execution.session import Session
from tests.cohort.generate import HOSTILE

OWN_COURSE = find_course(Path(__file__))
WAYS = ("kills its parent", "leaves a process", "writes to its home", "exits")


def job(path: Path, number: int = 0) -> Job:
    return Job(
        number=number,
        submission=CohortEntry(path="hw", place=str(path), student="s", content=fingerprint_of({"hw": path})[0]),
        assignment="toy",
    )


def untimed(graded: BatchResult) -> dict[str, Any]:
    return {key: value for key, value in graded.report.items() if key != "timings"}


def hostile(course: Path, folder: Path, code: str) -> Path:
    """The right hand-in with a cell of its own before the solution."""
    notebook = json.loads((course / "right" / "toy.ipynb").read_text())
    cell = {"cell_type": "code", "id": "own", "metadata": {}, "source": code, "outputs": [], "execution_count": None}
    notebook["cells"].insert(1, cell)
    shutil.copytree(course / "right", folder)
    (folder / "toy.ipynb").write_text(json.dumps(notebook))
    return folder


def test_hostile_hand_ins_cost_those_after_them_nothing(course: Path, tmp_path: Path) -> None:
    with Slot(Setup(root=str(course))) as slot:
        first = slot.grade(job(course / "right"))
        for way in WAYS:
            graded = slot.grade(job(hostile(course, tmp_path / way.replace(" ", "_"), HOSTILE[way])))
            assert graded.status == "graded", (way, graded.reason)
        last = slot.grade(job(course / "right"))
    assert first.score == first.max_score == "5"
    assert untimed(first) == untimed(last)


@pytest.mark.parametrize("change", ["edited", "gone"])
def test_a_hand_in_that_changes_while_it_is_graded_has_no_score_and_is_tried_again(
    course: Path, tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report on the new files under the old content would be taken for that of the old files, should they return."""
    folder = Path(shutil.copytree(course / "right", tmp_path / "hw"))
    given = job(folder)

    def grade_with(*words: Any, **more: Any) -> Any:
        report = real(*words, **more)
        (folder / "toy.ipynb").unlink() if change == "gone" else (folder / "toy.ipynb").write_text("{}")
        return report

    real = warm.grade_with
    monkeypatch.setattr(warm, "grade_with", grade_with)
    with Slot(Setup(root=str(course))) as slot:
        graded = slot.grade(given)
    assert (graded.status, graded.max_score) == ("fault", "0")
    assert "the file changed during grading" in graded.reason


def test_a_worker_that_died_is_replaced(course: Path) -> None:
    with Slot(Setup(root=str(course))) as slot:
        first = slot.grade(job(course / "right"))
        assert slot._root is not None
        os.kill(slot._root.pid, signal.SIGKILL)
        again = slot.grade(job(course / "right"))
        assert again.reason == first.reason
        assert untimed(again) == untimed(first)


@pytest.mark.parametrize(("place", "status"), [("nowhere", "ungradable"), ("course/right", "fault")])
def test_what_goes_wrong_is_a_result(course: Path, tmp_path: Path, place: str, status: str) -> None:
    if status == "fault":
        (course / "reference" / "toy" / "checks.py").write_text("def (")
    with Slot(Setup(root=str(course))) as slot:
        graded = slot.grade(job(tmp_path / place))
    assert (graded.status, graded.score) == (status, "0")
    assert graded.reason
    assert graded.report["status"] == status


def test_a_full_disk_or_an_unreadable_course_is_no_fault_of_the_student(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = course / "right" / "toy.ipynb"
    content = fingerprint_of({"toy.ipynb": work}).content
    entry = CohortEntry(path="hw", place="", student="s", content=content, files={"toy.ipynb": str(work)})
    given = Job(number=0, submission=entry, assignment="toy")

    def failing(number: int, file: Path | str) -> Any:
        return lambda *_, **__: (_ for _ in ()).throw(OSError(number, os.strerror(number), str(file)))

    for error, file, status in (
        (errno.ENOSPC, work, "fault"),
        (errno.EACCES, work, "ungradable"),
        (errno.EACCES, tmp_path / "elsewhere", "fault"),
    ):
        monkeypatch.setattr(shutil, "copyfile", failing(error, file))
        with Slot(Setup(root=str(course))) as slot:
            graded = slot.grade(given)
        assert (graded.status, os.strerror(error) in graded.reason) == (status, True)
    monkeypatch.undo()
    monkeypatch.setattr(Slot, "loaded", failing(errno.EACCES, course / "reference" / "toy" / "data.npz"))
    with Slot(Setup(root=str(course))) as slot:
        assert slot.grade(given).status == "fault"


def test_a_hand_in_whose_processes_were_lost_is_graded_again(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the machine stands still: in the first try no fork comes in time."""
    tries = []

    def run_cells(session: Session, **how: Any) -> None:
        tries.append(session)
        if len(tries) == 1:
            monkeypatch.setattr(session, "_fork_snapshot", lambda process: None)
        real(session, **how)

    real = Session.run_cells
    monkeypatch.setattr(Session, "run_cells", run_cells)
    odd = hostile(course, tmp_path / "odd", "import os\nos.getpid()")  # no copy is parked before what can do no harm
    with Slot(Setup(root=str(course))) as slot:
        graded = slot.grade(job(odd))
    assert len(tries) == 2
    assert graded.score == graded.max_score


@pytest.mark.parametrize("id", OWN_COURSE.ids())
def test_libraries_are_installed_ones(id: str) -> None:
    found = libraries(OWN_COURSE.load(id))
    packages = {name.partition(".")[0] for name in found}

    assert {"numpy", "matplotlib"} <= packages
    assert packages.isdisjoint({"layers", "nndl", "utils", "nn_utils", "tensorflow", "keras", "neural_network"})
    assert "matplotlib.pyplot" in found
