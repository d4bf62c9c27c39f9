"""A student alone, in the folder that was handed out: the same verdicts as in the course, hidden checks apart."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from grader.assignment.loading.course import find_course
from grader.assignment.release.release import build_handout
from grader.engine import grade
from grader.model import Outcome, Report
from grader.reference.golden import record

FILES = {
    "assignment.toml": """\
id = "scale"
title = "Scale"
points = 5
seed = 3
notebook = "scale.ipynb"
provided_files = ["helpers.py", "more/helpers.py"]
order = ["1"]
[names]
Scale = "notebook"
shift = "notebook"
offset = "notebook"
""",
    "README.md": "# Scale\n",
    "checks.py": '''\
from grader import Part, check

PART = Part("1", "Scale")


@check(PART, points=1, uses=["Scale", "offset"])
def forward(student, rng):
    """Forward"""
    return {"out": student.Scale().forward(rng.normal(size=(4, 3)))}


@check(PART, points=2, uses=["Scale"])
def backward(student, rng):
    """Backward"""
    layer = student.Scale()
    layer.forward(rng.normal(size=(4, 3)))
    return {"dx": layer.backward(rng.normal(size=(4, 3)))}


@check(PART, points=1, uses=["shift"])
def shifted(student, rng):
    """Shift"""
    return {"out": student.shift(rng.normal(size=5))}
''',
    "hidden.py": '''\
from checks import PART
from grader import check


@check(PART, points=1, uses=["Scale"])
def forward_again(student, rng):
    """Forward of more rows"""
    return {"out": student.Scale().forward(rng.normal(size=(9, 2)))}
''',
    "solution/helpers.py": "STEP = 2.0\n",
    "solution/more/helpers.py": "WIDTH = 3\n\n\ndef double(x):\n    return 2 * x\n",
    "solution/scale.py": """\
# %%
import numpy as np
from helpers import STEP

# %%
width, height, depth = 3, 4, 5
offset = 1.5

# %%
class Scale:
    def forward(self, x):
        ### BEGIN SOLUTION
        self.x = x
        return STEP * x
        ### END SOLUTION

    def backward(self, d):
        ### BEGIN SOLUTION
        return STEP * d
        ### END SOLUTION

# %%
def shift(x):
    ### BEGIN SOLUTION
    ### STUB: x = x  # TODO: add the offset
    x = x + offset
    ### END SOLUTION
    return x
""",
}
FORWARD = 'raise NotImplementedError("Scale.forward: not implemented yet")'
BACKWARD = 'raise NotImplementedError("Scale.backward: not implemented yet")'


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    for name, text in FILES.items():
        path = root / "reference" / "scale" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assignment = find_course(root, None).load("scale")
    record(assignment)
    build_handout(assignment, assignment.handout)
    return root


class Desk:
    """A copy of the hand-out that a student works in."""

    def __init__(self, course: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.course, self.folder = course, folder
        shutil.copytree(course / "assignments" / "scale", folder)
        monkeypatch.delenv("GRADE_COURSE", raising=False)
        monkeypatch.chdir(folder)

    def edit(self, changes: Mapping[str, str], file: str = "scale.ipynb") -> None:
        path = self.folder / file
        text = path.read_text()
        for old, new in changes.items():
            old, new = (json.dumps(t)[1:-1] if file.endswith("ipynb") else t for t in (old, new))
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)

    def reports(self) -> tuple[Report, Report]:
        """Graded in the folder itself, and by the course."""
        return grade("."), grade(self.folder, course=self.course)


@pytest.fixture
def desk(course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(course, tmp_path / "my-homework", monkeypatch)


def outcomes(report: Report) -> dict[str, Outcome]:
    return {o.check.id: o for part in report.parts for o in part.outcomes}


def test_a_method_counts_by_itself(desk: Desk) -> None:
    desk.edit({FORWARD: "return STEP * x"})
    for report in desk.reports():
        found = outcomes(report)
        assert (found["forward"].status, found["backward"].status) == ("passed", "missing")
        assert report.score == sum(o.check.points for o in found.values() if "forward" in o.check.id)


def test_an_untouched_hand_out_is_not_begun(desk: Desk) -> None:
    for report in desk.reports():
        assert {o.status for o in outcomes(report).values()} == {"missing"}


def test_right_code_with_a_leftover_comment_earns_its_points(desk: Desk) -> None:
    desk.edit({"x = x  # TODO: add the offset": "x = x + offset  # TODO: add the offset"})
    for report in desk.reports():
        assert outcomes(report)["shifted"].status == "passed"


def test_edited_given_cells_and_provided_files_are_noticed(desk: Desk) -> None:
    desk.edit({"offset = 1.5": "offset = 2.5"})
    desk.edit({"2.0": "20.0"}, "helpers.py")
    for report in desk.reports():
        assert any(n.startswith("provided file helpers.py was edited") for n in report.notes)
        assert any("`offset = 2.5` where the hand-out has `offset = 1.5`" in n for n in report.notes)


def test_a_cell_that_cannot_be_read_is_told_with_its_line(desk: Desk) -> None:
    desk.edit({FORWARD: "return (STEP * x"})
    desk.edit({BACKWARD: "  x = 1\n   return d"})
    for report in desk.reports():
        found = outcomes(report)["forward"]
        assert found.status == "error"
        assert "Your code raised" in found.message
        assert "(cell 2, line " in found.message
        assert "is not defined" not in found.message


def test_behaviour_that_no_check_here_asks_for_is_said_and_costs_nothing(desk: Desk) -> None:
    desk.edit({FORWARD: "self.calls = 0\n        return STEP * x * np.exp(x) / np.exp(x)"})
    desk.edit({BACKWARD: "self.calls += 1\n        return STEP * d * self.calls"})
    own, course = desk.reports()
    assert own.score == course.score - 1 == 3  # and the hidden check of the course
    second, large = sorted(own.notes)
    assert second.startswith("part 1: Asked a second time with the same numbers, `Scale.backward` answers something")
    assert large.startswith("part 1: `Scale.forward` returns nan or inf for inputs of size 1000.")
    assert course.notes == ()


def test_right_work_has_no_notes(desk: Desk) -> None:
    desk.edit({FORWARD: "self.x = x\n        return STEP * x", BACKWARD: "return STEP * d"})
    assert [report.notes for report in desk.reports()] == [(), ()]


def test_your_code_is_what_you_wrote(desk: Desk) -> None:
    desk.edit({FORWARD: "return STEP * STEP * x"})
    desk.edit({"x = x  # TODO: add the offset": "x = x - offset"})
    for report in (grade(".", keep=True), grade(desk.folder, course=desk.course, keep=True)):
        assert report.work is not None
        assert [one.name for one in report.work.code["shifted"]] == ["shift"]
        assert [one.name for one in report.work.code["forward"]] == ["Scale"]  # not `offset`, which was given


@pytest.mark.slow
def test_an_older_copy_that_was_run_is_not_taken_for_the_notebook(desk: Desk) -> None:
    given = (desk.folder / "scale.ipynb").read_text()
    desk.edit({FORWARD: "return x"})
    backup = json.loads((desk.folder / "scale.ipynb").read_text())
    for cell in backup["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"execution_count": 1, "outputs": [{"output_type": "stream", "name": "stdout", "text": "ran\n"}]}
    (desk.folder / "scale-Copy1.ipynb").write_text(json.dumps(backup))
    desk.edit({"return x": "return STEP * x"})
    for report in desk.reports():
        assert outcomes(report)["forward"].status == "passed"
    (desk.folder / "scale.ipynb").write_text(given)  # the work was done in the copy
    for report in desk.reports():
        assert outcomes(report)["forward"].status == "failed"


@pytest.mark.slow
def test_a_changed_input_is_told_by_the_part(desk: Desk) -> None:
    desk.edit({FORWARD: "x *= STEP\n        return x"})
    for report in desk.reports():
        changed = [note for note in report.notes if "in place" in note]
        assert changed == [
            "part 1: your code changes its input `x` in place"
        ]  # once, though a hidden check sees it too


def test_a_finished_copy_that_was_run_is_taken_for_a_notebook_half_done(desk: Desk) -> None:
    desk.edit({FORWARD: "return x"})
    half = (desk.folder / "scale.ipynb").read_text()
    desk.edit({"return x": "return STEP * x", "x = x  # TODO: add the offset": "x = x + offset"})
    done = json.loads((desk.folder / "scale.ipynb").read_text())
    for cell in done["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"execution_count": 1}
    (desk.folder / "scale (1).ipynb").write_text(json.dumps(done))
    (desk.folder / "scale.ipynb").write_text(half)
    for report in desk.reports():
        assert outcomes(report)["forward"].status == "passed"
        assert any("scale (1).ipynb was graded" in note for note in report.notes)
