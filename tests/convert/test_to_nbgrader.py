"""`grade export nbgrader`: a source notebook whose test cells give the points of the checks."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from grader import cli
from grader.assignment.release.new import make_new
from grader.convert.to_nbgrader import SETUP, _needed, _test
from grader.errors import AuthoringError
from tests.support import make_check

OWN = """

@check(OUTPUT, points=1, uses=["linear_forward"], judge=lambda seen, given: [])
def judged(student, rng):
    \"""Left to the grader\"""
    return {"out": student.linear_forward(np.ones((2, 2)), np.ones((2, 2)), np.ones(2))}
"""
MANUAL = """
[[manual]]
id = "3"
title = "The plot"
points = 2
kind = "plot"
under = "Part 3: The plot"
question = "Draw it."
"""
CELL = """
# %% [markdown]
# ## Part 3: The plot

# %%
### BEGIN SOLUTION
### STUB: shown = None
shown = 1
### END SOLUTION
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], str]:
    """The cells of the notebook, and what was said."""
    root = tmp_path_factory.mktemp("course")
    make_new(root, "toy")
    folder = root / "reference" / "toy"
    (folder / "wrong.py").unlink()
    toml = folder / "assignment.toml"
    head = (
        toml.read_text().replace("points = 5 ", "points = 7 ").replace('order = ["1", "2"]', 'order = ["1", "2", "3"]')
    )
    toml.write_text(head + MANUAL)
    solution = folder / "solution" / "toy.py"
    solution.write_text(solution.read_text() + CELL)
    words = ["toy", "--course", str(root)]
    assert cli.main(["golden", "record", *words]) == 0
    assert cli.main(["release", *words]) == 0
    target = root / "nb"
    assert cli.main(["export", "nbgrader", *words, "-o", str(target)]) == 0
    assert "course_id" in (target / "nbgrader_config.py").read_text()
    return json.loads((target / "source" / "toy" / "toy.ipynb").read_text())["cells"], str(root)


def run(cells: list[dict[str, Any]], old: str = "", new: str = "") -> dict[str, float]:
    """The points of each test cell, as nbgrader finds them: the value of its last line."""
    space: dict[str, Any] = {}
    points = {}
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        exec("".join(cell["source"]).replace(old, new) if old else "".join(cell["source"]), space)
        about = cell["metadata"].get("nbgrader", {})
        if about.get("grade") and about.get("locked"):
            points[about["grade_id"]] = space["_points"]
    return points


def test_one_name_in_two_check_files_is_refused() -> None:
    body = "from checks_one import draw\nreturn {'x': draw() + student.f()}"
    helpers = {"checks_one.py": "def draw(): return 1\n", "checks_two.py": "def draw(): return 2\n"}
    check = structs.replace(make_check(body), helpers=helpers)
    with pytest.raises(AuthoringError, match=r"draw is defined in checks_one.py and checks_two.py, .* rename one"):
        _needed(check)


def test_a_third_of_a_point_is_earned() -> None:
    check = structs.replace(make_check("return {'x': np.ones(2)}"), points=Fraction(1, 3), all_or_nothing=True)
    cell = _test(check, {"x": np.ones(2)})
    space: dict[str, Any] = {}
    exec(SETUP.format(places={}, seed=1) + "".join(cell["source"]), space)
    assert space["_points"] == cell["metadata"]["nbgrader"]["points"] > 0


def test_test_cells_give_the_points_of_the_checks(exported: tuple[list[dict[str, Any]], str]) -> None:
    cells, _ = exported
    declared = {
        about["grade_id"]: about["points"]
        for cell in cells
        if (about := cell["metadata"].get("nbgrader", {})).get("grade") and about["locked"]
    }
    assert sum(declared.values()) == 5
    assert run(cells) == declared
    wrong = run(cells, "d_out.sum(axis=0)\n", "d_out.mean(axis=0)\n")
    assert wrong["forward_values"] == declared["forward_values"]
    assert wrong["gradient_values"] == pytest.approx(declared["gradient_values"] * 2 / 3)


def test_structure_is_that_of_nbgraders_schema(exported: tuple[list[dict[str, Any]], str]) -> None:
    cells, _ = exported
    marked = [cell["metadata"]["nbgrader"] for cell in cells if "nbgrader" in cell["metadata"]]
    ids = [about["grade_id"] for about in marked]
    assert len(ids) == len(set(ids))
    keys = {"schema_version", "grade", "solution", "locked", "task", "grade_id"}
    assert all(about.keys() == keys | ({"points"} if about["grade"] else set()) for about in marked)
    by_hand = [about for about in marked if about["grade"] and about["solution"]]
    assert [about["points"] for about in by_hand] == [2]
    hidden = ["".join(c["source"]) for c in cells if "HIDDEN TESTS" in "".join(c["source"])]
    assert hidden
    assert all(text.index("BEGIN HIDDEN") < text.index("def ") and text.endswith("END HIDDEN TESTS") for text in hidden)
    assert "STUB" not in "".join("".join(cell["source"]) for cell in cells)


def test_what_cannot_be_asked_is_listed(
    exported: tuple[list[dict[str, Any]], str], capsys: pytest.CaptureFixture[str]
) -> None:
    root = Path(exported[1])
    checks = root / "reference" / "toy" / "checks.py"
    checks.write_text(checks.read_text() + OWN.replace("OUTPUT", 'Part("1", "Output of the layer")'))
    checks.write_text(checks.read_text().replace("from grader", "import numpy as np\nfrom grader", 1))
    assert cli.main(["export", "nbgrader", "toy", "--course", str(root), "-o", str(root / "again")]) == 0
    said = capsys.readouterr().out
    assert "toy: left: judged (1 points of part 1): its judge runs in this grader only" in said
    assert "its stub text, in the place of which nbgrader puts its own" in said
