"""`grade new` starts with an assignment that works."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from grader.assignment.golden.golden import Golden, write_golden
from grader.assignment.golden.provenance import provenance_of
from grader.assignment.lint.lint import lint
from grader.assignment.loading.course import find_course
from grader.assignment.release.edits import right_edits, wrong_edits
from grader.assignment.release.new import make_new
from grader.assignment.release.release import build_handout, build_solution
from grader.errors import UsageError
from grader.model import Assignment, Edit
from grader.worker.check_files import run_files

FILES = ["README.md", "assignment.toml", "checks.py", "hidden.py", "right.py", "solution/hw-1.py", "wrong.py"]


@pytest.fixture
def fresh(tmp_path: Path) -> Assignment:
    make_new(tmp_path, "hw-1")
    return find_course(tmp_path).load("hw-1")


def observe(assignment: Assignment, folder: Path, edit: Edit | None = None) -> dict[str, dict[str, np.ndarray]]:
    """What each probe returns for the solution, in this process."""
    build_solution(assignment, folder, edit)
    student: dict[str, object] = {}
    for cell in json.loads((folder / "hw-1.ipynb").read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), student)
    seen = {}
    for check in assignment.checks:
        probe = run_files({file: compile(text, file, "exec") for file, text in check.files.items()})
        seen[check.id] = probe[check.id](SimpleNamespace(**student), np.random.default_rng(7))
    return seen


def test_the_files_are_written_with_the_id_in_place(tmp_path: Path):
    written = make_new(tmp_path, "hw-1")
    assert [path.relative_to(tmp_path / "reference" / "hw-1").as_posix() for path in written] == FILES
    assert not [path for path in written if "{{" in path.read_text()]


def test_it_lints_clean_once_recorded_and_released(fresh: Assignment, tmp_path: Path):
    seen = observe(fresh, tmp_path / "perfect")
    for visibility in ("public", "hidden"):
        arrays = {check.id: seen[check.id] for check in fresh.checks if check.visibility == visibility}
        write_golden(fresh.root / f"golden/{visibility}.json", Golden(provenance_of(fresh, visibility), arrays))
    build_handout(fresh, fresh.handout)
    assert lint(fresh) == []


def test_each_wrong_edit_fails_exactly_its_checks_and_the_right_one_none(fresh: Assignment, tmp_path: Path):
    golden = observe(fresh, tmp_path / "perfect")
    edits = wrong_edits(fresh) + right_edits(fresh)
    assert len(edits) == 4
    for index, edit in enumerate(edits):
        seen = observe(fresh, tmp_path / str(index), edit)
        failed = {
            id
            for id, arrays in golden.items()
            if any(not np.allclose(arrays[name], seen[id][name], rtol=1e-9) for name in arrays)
        }
        assert failed == set(edit.fails), edit.name


@pytest.mark.parametrize("id", ["", "1a", "a b", "a/b", "../a", "ä", "-a", "a-"])
def test_an_invalid_id_is_refused(tmp_path: Path, id: str):
    with pytest.raises(UsageError, match="is no id for an assignment"):
        make_new(tmp_path, id)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("there", ["reference", "assignments"])
def test_an_existing_folder_is_refused(tmp_path: Path, there: str):
    (tmp_path / there / "hw").mkdir(parents=True)
    with pytest.raises(UsageError, match=f"{there}/hw exists"):
        make_new(tmp_path, "hw")
