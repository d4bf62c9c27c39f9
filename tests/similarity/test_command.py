"""`grade similar` on a real store."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cohort.conftest import course, grade, hand_ins, recorded_course  # noqa: F401

Run = Callable[..., subprocess.CompletedProcess[str]]
LINES = "\n".join(
    f"w{n} = [i * {n} for i in range({n})] + sorted([len(str(i)) for i in range({n})])" for n in range(12)
)


def with_cell(path: Path, code: str) -> None:
    notebook = json.loads(path.read_text())
    notebook["cells"].append(
        {"cell_type": "code", "source": code, "metadata": {}, "outputs": [], "execution_count": None}
    )
    path.write_text(json.dumps(notebook))


@pytest.mark.slow
def test_a_pair_of_a_batch_is_listed_and_shown(hand_ins: Path, grade: Run, tmp_path: Path) -> None:  # noqa: F811
    for n in range(8):
        with_cell(
            shutil_copy(hand_ins / "right", hand_ins / f"other{n}"),
            f"z{n} = dict(a={n})\nprint(z{n}, {'+'.join(['z'] * n)}1)",
        )
    for name in ("wrong_one", "wrong_two"):
        with_cell(hand_ins / name / "toy.ipynb", LINES)
    assert grade("batch", hand_ins).returncode == 0
    done = grade("similar", "grades.sqlite", "--html", "p.html", "--dolos", "d.zip", "--jplag", "j")
    assert done.returncode == 0, done.stderr
    assert "wrong_one and wrong_two" in done.stdout
    assert "other1" not in done.stdout
    assert grade("summary", "--html", "s.html", "--similar").returncode == 0
    assert "wrong_one and wrong_two" in (tmp_path / "s.html").read_text()
    assert grade("summary", "--similar").returncode == 2
    assert "sorted([len(str(i))" in (tmp_path / "p.html").read_text()
    assert (tmp_path / "d.zip").is_file()
    assert (tmp_path / "j" / "submissions" / "right" / "code.py").is_file()


@pytest.mark.slow
def test_few_hand_ins_say_so_and_a_moved_folder_too(hand_ins: Path, grade: Run, tmp_path: Path) -> None:  # noqa: F811
    grade("batch", hand_ins)
    assert "fewer than" in grade("similar").stderr
    hand_ins.rename(tmp_path / "moved")
    gone = grade("similar")
    assert gone.returncode == 2
    assert "--submissions" in gone.stderr
    assert len(gone.stderr.splitlines()) == 1
    assert grade("similar", "--submissions", tmp_path / "moved").returncode == 0
    nothing = grade("similar", "nowhere.sqlite")
    assert nothing.returncode == 2
    assert len(nothing.stderr.splitlines()) == 1
    unwritable = grade("similar", "--submissions", tmp_path / "moved", "--html", tmp_path / "no" / "p.html")
    assert unwritable.returncode == 2
    assert "cannot be written" in unwritable.stderr


def shutil_copy(source: Path, target: Path) -> Path:
    import shutil

    shutil.copytree(source, target)
    return target / "toy.ipynb"
