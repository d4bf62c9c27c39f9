"""`grade new --from`: a solution becomes a reference that records, releases and lints, and comes back as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grader import cli
from grader.convert.from_solution import draft_of
from grader.convert.source import read_cells
from grader.engine import grade
from grader.errors import AuthoringError, UsageError

SOLUTION = '''\
# ---
# jupyter:
#   kernelspec:
#     name: python3
# ---

# %% [markdown]
# # Rotations

# %% tags=["setup"]
import numpy as np
# %matplotlib inline

# %% [markdown]
"""
## The matrix
"""

# %%
def rotation(angle):
    # BEGIN SOLUTION
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])
    # END SOLUTION

# %%
turned = rotation(0.3) @ np.ones(2)
print("turned", turned)
assert turned.shape == (2,)

# %% [markdown]
# ## A running mean

# %%
class Mean:
    def __init__(self):
        ### BEGIN SOLUTION
        self.total, self.count = 0.0, 0
        ### END SOLUTION

    def add(self, x):
        ### BEGIN SOLUTION
        self.total, self.count = self.total + x, self.count + 1
        return self.total / self.count
        ### END SOLUTION

# %%
mean = Mean()
mean.add(2.0)
print(mean.add(5.0))

# %%
### BEGIN SOLUTION
angle_sum = np.arange(5).sum()
### END SOLUTION

# %%
def unshown(a, b):
    ### BEGIN SOLUTION
    return a + b
    ### END SOLUTION
'''


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRADE_COURSE", raising=False)
    (tmp_path / "solved.py").write_text(SOLUTION)
    return tmp_path


def notebook(path: Path, *sources: str, **more: Any) -> Path:
    cells = [
        {"cell_type": "code", "source": s, "metadata": {}, "outputs": [], "execution_count": None} for s in sources
    ]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | more))
    return path


def test_a_solution_records_releases_lints_and_grades(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["new", "turns", "--from", "solved.py"]) == 0
    assert "look at check unshown_values: no cell shows what `unshown` computes" in capsys.readouterr().out
    assert cli.main(["golden", "record", "turns"]) == 0
    assert cli.main(["release", "turns"]) == 0
    assert cli.main(["lint", "turns"]) in (0, 1)
    assert "0 errors" in capsys.readouterr().out
    assert cli.main(["export", "notebook", "turns", "-o", "turns.ipynb"]) == 0

    stub = grade(course / "assignments" / "turns", course=course)
    solved = grade(course / "turns.ipynb", course=course)

    assert (stub.score, solved.score, solved.max_score) == (0, 4, 4)
    assert [part.part.title for part in solved.parts] == ["The matrix", "A running mean", "angle_sum", "unshown"]


def test_what_comes_back_is_what_went_in(course: Path) -> None:
    assert cli.main(["new", "turns", "--from", "solved.py"]) == 0
    assert cli.main(["export", "notebook", "turns", "-o", "turns.ipynb"]) == 0
    assert cli.main(["new", "again", "--from", "turns.ipynb"]) == 0

    first = (course / "reference/turns/solution/turns.py").read_text()
    assert (course / "reference/again/solution/again.py").read_text() == first
    assert "# %matplotlib inline" in first
    checks = [(course / "reference" / id / "checks.py").read_text() for id in ("turns", "again")]
    assert checks[0] == checks[1]


def test_a_module_is_a_solution_too(course: Path) -> None:
    (course / "layers.py").write_text(
        '"""Layers."""\n\n\ndef double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n'
    )
    assert cli.main(["new", "mods", "--from", "layers.py"]) == 0
    assert cli.main(["golden", "record", "mods"]) == 0
    assert cli.main(["release", "mods"]) == 0
    assert "raise NotImplementedError" in (course / "assignments/mods/layers.py").read_text()


def test_jupytext_cells_are_read_as_they_are_meant(course: Path) -> None:
    cells = read_cells(course / "solved.py")

    assert [cell.kind for cell in cells[:3]] == ["markdown", "code", "markdown"]
    assert cells[1].metadata == {"tags": ["setup"]}
    assert cells[1].source.endswith("%matplotlib inline")
    assert cells[2].source == "## The matrix"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("### BEGIN SOLUTION\nx = 1", "cell 0, line 1: '### BEGIN SOLUTION' without '### END SOLUTION' below it"),
        ("x = 1\n### END SOLUTION", "cell 0, line 2: '### END SOLUTION' without '### BEGIN SOLUTION' above it"),
        (
            "### BEGIN SOLUTION\nx = 1\n### END SOLUTIONS",
            "line 3: '### END SOLUTIONS' is no marker; write '### END",
        ),
        ("### BEGIN SOLUTON\nx = 1\n### END SOLUTION", "line 1: '### BEGIN SOLUTON' is no marker; write '### BEGIN SO"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\nx = 1", "line 2: a solution region inside that of line 1"),
        ("### BEGIN SOLUTION\n# nothing\n### END SOLUTION", "line 1: the region holds no statement"),
    ],
)
def test_a_marker_that_is_none_is_told_in_one_line(course: Path, source: str, message: str) -> None:
    with pytest.raises(AuthoringError) as error:
        draft_of(notebook(course / "bad.ipynb", source), "bad")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert not (course / "reference").exists()


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("none.ipynb", None, "no such file"),
        ("half.ipynb", '{"cells": [', "not a Jupyter notebook"),
        ("old.ipynb", '{"nbformat": 3, "worksheets": []}', "notebook format 3, not 4"),
        ("r.ipynb", '{"nbformat": 4, "cells": [], "metadata": {"kernelspec": {"language": "R"}}}', "a notebook in R"),
        ("light.py", "# + tags=[]\nx = 1\n# -\n# %%\n", "run `jupytext --to py:percent light.py`"),
        ("plain.py", "x = 1\n", "has neither cells nor a solution region"),
        ("text.md", "x", "neither a notebook (.ipynb), its percent text nor a module"),
    ],
)
def test_a_file_that_is_no_solution_is_named(course: Path, file: str, text: str | None, message: str) -> None:
    if text is not None:
        (course / file).write_text(text)
    with pytest.raises(UsageError) as error:
        draft_of(course / file, "bad")
    assert message in str(error.value)


def test_an_assignment_that_is_there_is_not_overwritten(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["new", "turns", "--from", "solved.py"]) == 0
    assert cli.main(["new", "turns", "--from", "solved.py"]) == 2
    assert "exists; choose another id" in capsys.readouterr().err
