"""An assignment of two notebooks: each is run by itself, and one report has the parts of both."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from grader.assignment.lint.lint import lint
from grader.assignment.loading.course import find_course
from grader.assignment.release.release import build_handout, build_solution, check_handout
from grader.cohort.evidence import evidence
from grader.diagnosis.bank import read_bank
from grader.engine import grade
from grader.errors import AuthoringError, UsageError
from grader.model import Report
from grader.notebook.sources import of_this_notebook
from grader.reference.golden import record, verify
from grader.reference.mutation_testing import prepare
from grader.reference.self_test import run_trials
from grader.report.html.html import render as html
from grader.report.json_report import schema_path, to_json
from grader.report.terminal.terminal import render as terminal

TOML = """\
id = "pair"
title = "Pair"
points = 13
seed = 5
student_files = ["tools.py"]
order = ["1", "2", "3", "4"]
[notebooks]
"first.ipynb" = ["1", "2"]
"second.ipynb" = ["3", "4"]
[names]
scale = "tools"
shift = "notebook"
apply = "notebook"
[[manual]]
id = "4"
title = "Why"
points = 2
kind = "written"
under = "Why"
question = "Why?"
start = "zero"
"""
CHECKS = '''\
from grader import Part, check

TOOLS, SHIFT, APPLY = Part("1", "Scale"), Part("2", "Shift"), Part("3", "Apply")


@check(TOOLS, points=2, uses=["scale"])
def scaled(student, rng):
    """Scaled"""
    return {"out": student.scale(rng.normal(size=4))}


@check(SHIFT, points=3, uses=["shift"])
def shifted(student, rng):
    """Shifted"""
    return {"out": student.shift(rng.normal(size=4))}


@check(APPLY, points=2, uses=["apply", "scale"], builds_on=["scale"])
def applied(student, rng):
    """Applied"""
    return {"out": student.apply(rng.normal(size=4))}
'''
HIDDEN = '''\
from checks import APPLY
from grader import check


@check(APPLY, points=2, uses=["shift"])
def shifted_back(student, rng):
    """Another shift, of the second notebook"""
    return {"out": student.shift(rng.normal(size=3))}


@check(APPLY, points=2, uses=["apply"])
def state(student, rng):
    """The module is the second notebook's own"""
    return {"count": student.notebook["count"]}
'''
TOOLS = '''\
calls = []


def scale(x):
    """Three times x."""
    ### BEGIN SOLUTION
    return 3 * x
    ### END SOLUTION
'''
FIRST = '''\
# %% [markdown]
# # First notebook
# Scale and shift.

# %%
import tools

tools.calls.append("first")


# %%
def shift(x):
    """One more."""
    ### BEGIN SOLUTION
    return x + 1
    ### END SOLUTION
'''
SECOND = '''\
# %% [markdown]
# # Second notebook
# Apply both.

# %%
import tools

tools.calls.append("second")
count = len(tools.calls)


# %%
def shift(x):
    """One less."""
    ### BEGIN SOLUTION
    return x - 1
    ### END SOLUTION


# %%
def apply(x):
    """Scaled and shifted."""
    ### BEGIN SOLUTION
    return shift(tools.scale(x))
    ### END SOLUTION

# %% [markdown]
# ## Why
#
# Why?

# %% [markdown]
# Your answer.
'''
EDITS = """\
from grader import Change, Edit

WRONG = [
    Edit(name="two too many", changes=(Change("first.py", "x + 1", "x + 2"),), fails=("shifted",)),
    Edit(name="two too few", changes=(Change("second.py", "x - 1", "x - 2"),), fails=("applied", "shifted_back")),
    Edit(name="scaled by four", changes=(Change("tools.py", "3 * x", "4 * x"),), fails=("scaled", "applied")),
]
"""
FILES = {
    "assignment.toml": TOML,
    "README.md": "# Pair\n",
    "checks.py": CHECKS,
    "hidden.py": HIDDEN,
    "wrong.py": EDITS,
    "right.py": "RIGHT = []\n",
    "solution/tools.py": TOOLS,
    "solution/first.py": FIRST,
    "solution/second.py": SECOND,
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    for name, text in FILES.items():
        path = root / "reference" / "pair" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assignment = find_course(root).load("pair")
    record(assignment)
    build_handout(assignment, assignment.handout)
    return root


@pytest.fixture
def solved(course: Path, tmp_path: Path) -> Path:
    """What a perfect student hands in."""
    folder = tmp_path / "anna"
    build_solution(find_course(course).load("pair"), tmp_path / "solution")
    folder.mkdir()
    for name in ("first.ipynb", "second.ipynb", "tools.py"):
        shutil.copy(tmp_path / "solution" / name, folder)
    edit(folder / "second.ipynb", "Your answer.", "Because.")
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def graded(path: Path, course: Path, **more: object) -> Report:
    report = grade(path, "pair", "recorded", course=course, **more)  # type: ignore[arg-type]
    jsonschema.validate(to_json(report), json.loads(schema_path().read_text()))
    return report


def statuses(report: Report) -> dict[str, str]:
    return {o.check.id: o.status for p in report.parts for o in p.outcomes}


def test_each_notebook_is_run_by_itself_and_one_report_has_all_parts(solved: Path, course: Path):
    report = graded(solved, course)
    assert report.score == report.max_score == 11
    assert [part.part.id for part in report.parts] == ["1", "2", "3", "4"]
    assert [part.answer.text for part in report.parts if part.answer is not None] == ["Because."]
    cells = to_json(report)["cells"]
    assert {cell["notebook"] for cell in cells} == {"first.ipynb", "second.ipynb"}
    assert not [note for note in report.notes if "handed in" in note or "was graded, not" in note]


def test_what_is_wrong_in_one_notebook_costs_the_other_nothing(solved: Path, course: Path):
    edit(solved / "first.ipynb", "x + 1", "x + ")
    report = graded(solved, course, keep=True)
    assert statuses(report) == {
        "scaled": "passed", "shifted": "error", "applied": "passed", "shifted_back": "passed", "state": "passed"
    }  # fmt: skip
    assert "first.ipynb, cell 2" in terminal(report, colour=False, width=100)
    page = html(report)
    assert "first.ipynb, cell 2" in page
    assert "<h3>second.ipynb</h3>" in page
    assert page.count('id="cell-0-1"') == page.count('id="cell-1-1"') == 1


def test_a_notebook_that_is_not_handed_in_costs_its_own_parts_alone(solved: Path, course: Path):
    (solved / "second.ipynb").unlink()
    report = graded(solved, course)
    assert report.status == "graded"
    assert statuses(report) == {
        "scaled": "passed", "shifted": "passed", "applied": "missing", "shifted_back": "missing", "state": "missing"
    }  # fmt: skip
    assert [note for note in report.notes if "handed in" in note] == ["second.ipynb: the notebook was not handed in"]
    assert "second.ipynb was not handed in, and this asks what it runs." in json.dumps(to_json(report))


def test_one_notebook_that_holds_both_is_run_as_both(solved: Path, course: Path):
    first, second = (json.loads((solved / name).read_text()) for name in ("first.ipynb", "second.ipynb"))
    for cell in second["cells"]:
        cell["source"] = "".join(cell["source"]).replace("shift(", "lower(")
    first["cells"] += second["cells"]
    (solved / "first.ipynb").write_text(json.dumps(first))
    (solved / "second.ipynb").unlink()
    report = graded(solved, course)
    assert statuses(report)["shifted"] == statuses(report)["applied"] == "passed"
    assert [part.answer.text for part in report.parts if part.answer is not None] == ["Because."]
    assert "second.ipynb: first.ipynb holds what second.ipynb asks as well: it was run as both" in report.notes


def test_one_file_of_the_two_is_graded_alone(solved: Path, course: Path):
    report = graded(solved / "second.ipynb", course)
    assert statuses(report)["applied"] == statuses(report)["state"] == "passed"
    assert statuses(report)["shifted"] == "missing"
    assert "first.ipynb: the notebook was not handed in" in report.notes


def test_notebooks_that_changed_names_are_known_by_what_was_given_in_them(solved: Path, course: Path):
    (solved / "first.ipynb").rename(solved / "x.ipynb")
    (solved / "second.ipynb").rename(solved / "first.ipynb")
    (solved / "x.ipynb").rename(solved / "second.ipynb")
    assert graded(solved, course).score == 11
    (solved / "second.ipynb").rename(solved / "my work (1).ipynb")
    assert graded(solved, course).score == 11


def test_a_mistake_in_a_module_is_paid_for_once_in_all_notebooks(solved: Path, course: Path):
    edit(solved / "tools.py", "3 * x", "4 * x")
    report = graded(solved, course)
    assert {part.part.id: float(part.score) for part in report.parts if part.is_scored} == {"1": 0, "2": 3, "3": 6}
    assert report.parts[2].credited_with == ("scale",)


def test_who_marks_an_answer_sees_it_beside_its_own_notebook(solved: Path, course: Path):
    report = graded(solved, course, keep=True)
    shown = [cell["code"] for cells in evidence(report).values() for cell in cells]
    assert [code for code in shown if "def apply" in code]
    assert not [code for code in shown if "One more" in code]
    assert [one.work.notebook.name for one in report.by_notebook if one.work and one.work.notebook] == [
        "first.ipynb",
        "second.ipynb",
    ]


def test_grade_in_a_notebook_asks_the_parts_of_that_one(course: Path):
    assignment = find_course(course).load("pair")
    second = str(course / "assignments" / "pair" / "second.ipynb")
    own = of_this_notebook(assignment, {"__vsc_ipynb_file__": second})
    assert [part.id for part in own.parts] == ["3", "4"]
    assert of_this_notebook(assignment, {}) is assignment


def test_a_check_asked_for_by_its_id_runs_its_own_notebook_alone(solved: Path, course: Path):
    report = graded(solved, course, checks=["applied"])
    assert statuses(report) == {"applied": "passed"}
    assert len(report.cells) == 3


def test_a_notebook_that_cannot_be_read_is_said(solved: Path, course: Path):
    (solved / "second.ipynb").write_text("{")
    report = graded(solved, course)
    assert report.status == "ungradable"
    assert "second.ipynb" in report.reason


def test_the_hand_out_holds_both_and_lint_trials_and_golden_values_agree(course: Path):
    assignment = find_course(course).load("pair")
    assert check_handout(assignment) == []
    assert {"first.ipynb", "second.ipynb"} <= {path.name for path in assignment.handout.iterdir()}
    assert verify(assignment) == []
    assert [finding for finding in lint(assignment) if finding.level == "error"] == []
    trials = run_trials(assignment)
    assert [trial.text for trial in trials if trial.text] == []
    assert len(trials) == 3


@pytest.mark.slow
def test_mutants_of_both_notebooks_are_tried(course: Path, tmp_path: Path):
    shutil.copytree(course, tmp_path / "copy")
    assignment = find_course(tmp_path / "copy").load("pair")
    prepared = prepare(assignment)
    tried = {(trial.mutant.file, trial.caught) for trial in prepared.trials}
    assert {("first.py", True), ("second.py", True), ("tools.py", True)} <= tried
    bank = read_bank(assignment)
    assert bank is not None
    assert all(bank.results(check) is not None for check in ("scaled", "shifted", "applied", "shifted_back"))


def test_alone_in_the_folder_that_was_handed_out(
    course: Path, solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    own = tmp_path / "own"
    shutil.copytree(course / "assignments" / "pair", own)
    monkeypatch.chdir(own)
    assert statuses(grade(".")) == {"scaled": "missing", "shifted": "missing", "applied": "missing"}
    for path in solved.iterdir():
        shutil.copy(path, own)
    assert set(statuses(grade(".")).values()) == {"passed"}
    report = grade("first.ipynb")
    assert statuses(report) == {"scaled": "passed", "shifted": "passed", "applied": "missing"}
    assert "second.ipynb: the notebook was not handed in" in report.notes


@pytest.mark.slow
def test_a_batch_grades_and_compares_both(course: Path, solved: Path, tmp_path: Path):
    hand_ins = tmp_path / "hand-ins"
    for name in ("anna", "ben"):
        shutil.copytree(solved, hand_ins / name)
    edit(hand_ins / "ben" / "second.ipynb", "x - 1", "x - 2")
    command = [sys.executable, "-m", "grader"]
    store = str(tmp_path / "store.db")
    more = ["--course", str(course), "--assignment", "pair"]
    run = subprocess.run(
        [*command, "batch", str(hand_ins), "--store", store, *more], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    summary = subprocess.run([*command, "summary", "--store", store], capture_output=True, text=True, check=False)
    assert summary.returncode == 0, summary.stderr
    assert "anna" in run.stdout + summary.stdout
    alike = subprocess.run(
        [*command, "similar", store, "--course", str(course)], capture_output=True, text=True, check=False
    )
    assert alike.returncode == 0, alike.stderr


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"second.ipynb" = ["3", "4"]', '"second.ipynb" = ["3"]', "part 4 is in none of them"),
        ('"second.ipynb" = ["3", "4"]', '"second.ipynb" = ["2", "3", "4"]', "part 2 is in first.ipynb and in second"),
        ('"second.ipynb" = ["3", "4"]', '"second.ipynb" = ["3", "4", "5"]', "has part 5, which is not in order"),
        ('"second.ipynb"', '"sub/first.ipynb"', "another one is called first.ipynb too"),
        ('"second.ipynb"', '"second.py"', "does not end in .ipynb"),
        ("seed = 5", 'seed = 5\nnotebook = "first.ipynb"', "use one"),
        ('["3", "4"]', '"3"', "notebooks: Expected `array`"),
    ],
)
def test_a_wrong_table_of_notebooks_is_named_with_its_line(course: Path, tmp_path: Path, old: str, new: str, what: str):
    shutil.copytree(course, tmp_path / "copy")
    edit(tmp_path / "copy" / "reference" / "pair" / "assignment.toml", old, new)
    with pytest.raises(AuthoringError, match=r"assignment\.toml:\d+: ") as refused:
        find_course(tmp_path / "copy").load("pair")
    assert what in str(refused.value)


def test_an_export_to_one_notebook_is_refused(course: Path):
    from grader.convert.to_notebook import solution_notebook

    with pytest.raises(UsageError, match="several notebooks"):
        solution_notebook(find_course(course).load("pair"))
