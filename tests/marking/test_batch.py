"""A real batch: what is kept beside an answer, and a mark that outlives a changed check."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.cohort.store import Store
from grader.marking import totals
from grader.marking.answers import questions
from grader.marking.log import Log, Marked, log_path
from grader.marks import NOTHING, answer_digest
from tests.cohort.conftest import course, grade, recorded_course

__all__ = ["course", "grade", "recorded_course"]
DRAWN = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);\nprint('drawn')"
DIGEST = answer_digest("Because of $x$.")


def cell(kind: str, source: str) -> dict[str, object]:
    code = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source, **code}


def batch(course: Path, tmp_path: Path, grade: Callable[..., subprocess.CompletedProcess[str]]) -> Path:
    """Hand-ins of Ada, who drew and wrote something, and of Bob, graded; returns their folder."""
    folder = tmp_path / "hand-ins"
    for name in ("ada", "bob"):
        shutil.copytree(course / "right", folder / name)
    path = folder / "ada" / "toy.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"].insert(-1, cell("code", DRAWN))
    notebook["cells"].append(cell("markdown", "Because   of $x$."))
    path.write_text(json.dumps(notebook))
    assert grade("batch", folder, "--jobs", 1).returncode == 0
    return folder


def test_an_answer_is_kept_with_what_it_is_about(
    course: Path, tmp_path: Path, grade: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    batch(course, tmp_path, grade)
    with Store.open(tmp_path / "grades.sqlite") as opened:
        (question,) = questions(opened.results())
        evidence = {who: opened.evidence(id) for (_, who), id in opened.report_ids(1).items()}
    assert set(question.groups) == {DIGEST, NOTHING}
    assert evidence["bob"] == {}
    shown = evidence["ada"]["3"][-1]
    assert shown["code"] == DRAWN
    assert shown["text"] == "drawn\n"
    assert len(shown["pictures"]) == 1


@pytest.mark.slow
def test_a_mark_outlives_a_changed_check(
    course: Path, tmp_path: Path, grade: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    folder, store = batch(course, tmp_path, grade), tmp_path / "grades.sqlite"
    with Store.open(store) as opened:
        (question,) = questions(opened.results())
    with Log(log_path(store), create=True) as log:
        hands = question.groups[DIGEST].hands
        log.add("me", [Marked(assignment="toy", part="3", answer=DIGEST, points="2", hands=hands)])
    checks = course / "reference" / "toy" / "checks.py"
    checks.write_text(checks.read_text().replace("Values of the square", "The square's values"))
    assert grade("golden", "record", "toy").returncode == 0
    assert grade("release", "toy").returncode == 0
    again = grade("batch", folder, "--jobs", 1)
    assert again.returncode == 0, again.stderr
    assert "2 to grade" in again.stderr
    with Store.open(store) as opened:
        found = {r.student: (r.final, r.pending) for r in totals.results(opened)}
    assert found == {"ada": (7, 0), "bob": (5, 2)}
