"""What lint finds in an assignment's sources."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grader.assignment.golden.golden import Golden, write_golden
from grader.assignment.golden.provenance import provenance_of
from grader.assignment.lint.issue import Issue
from grader.assignment.lint.lint import lint
from grader.assignment.lint.names import bound_names
from grader.assignment.loading.load import load_assignment
from grader.assignment.release.release import build_handout
from grader.errors import AuthoringError
from grader.model import Assignment

from .conftest import FILES, Write, write

TOML, CHECKS, HIDDEN = FILES["assignment.toml"], FILES["checks.py"], FILES["hidden.py"]
OUT = np.array([[1.0, -2.0], [0.5, 4.0]])
WIDE = OUT * [[1e6, 1e6], [1e6, 1e-2]]
SINGLE = OUT.astype(np.float32)


def load(folder: Path) -> Assignment:
    return load_assignment(folder, folder.parent.parent / "assignments" / folder.name)


def complete(folder: Path, out=OUT) -> Assignment:
    """Golden files for the checks that are there, and the hand-out."""
    assignment = load(folder)
    for visibility in ("public", "hidden"):
        observations = {check.id: {"out": out} for check in assignment.checks if check.visibility == visibility}
        golden = Golden(provenance_of(assignment, visibility), observations)
        if observations:
            write_golden(folder / "golden" / f"{visibility}.json", golden)
    build_handout(assignment, assignment.handout)
    return assignment


def found(assignment: Assignment) -> list[str]:
    return [f"{f.level} {f.where} {f.text}" for f in lint(assignment) if f.level != "inconsistent"]


def test_a_complete_assignment_has_no_findings_but_what_its_author_declared(toy: Write):
    assert lint(complete(toy())) == [Issue("inconsistent", "assignment.toml:26", "part 2 is printed twice")]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "assignment.toml",
            "points = 7",
            "points = 8",
            "error assignment.toml:3 5 automatic and 2 manual points are 7, declared are 8",
        ),
        ("assignment.toml", '"2", "3"]', '"3"]', "error assignment.toml:8 part 2 (Linear) is missing from order"),
        ("assignment.toml", '"3"]', '"3", "4"]', "error assignment.toml:8 order names part 4, which has neither"),
        ("assignment.toml", 'id = "3"', 'id = "1"', "error assignment.toml:19 part 1 is marked by a person and has"),
        ("assignment.toml", "layers/linear.py", "layers/lin.py", "error assignment.toml:6 student_files: there is no"),
        ("assignment.toml", "toy.ipynb", "joy.ipynb", "error assignment.toml:5 notebook: there is no solution/joy.py"),
        ("assignment.toml", ', "helpers.py"', "", "warning assignment.toml solution/helpers.py is in neither"),
        ("assignment.toml", "square =", "spare =", "error checks.py check square_values: uses names square, which"),
        ("assignment.toml", "square =", "spare =", "error assignment.toml:11 spare is defined in none of its places"),
        ("assignment.toml", "square =", "sqare =", "error hidden.py check linear_forward_hidden: builds_on names"),
        ("checks.py", "points=2", "points=-2", "error checks.py check square_values has -2 points"),
        ("checks.py", '"out": ', '"x": student.Linear, "out": ', "warning checks.py:14 check square_values takes"),
        (
            "checks.py",
            '"out": ',
            '"x": student.cube, "out": ',
            "error checks.py:14 check square_values takes student.cu",
        ),
        ("hidden.py", '"out": ', '"x": student.cube, "out": ', "error hidden.py:13 check linear_forward_hidden takes"),
        (
            "solution/layers/linear.py",
            "class Linear",
            "class Lines",
            "error assignment.toml:12 Linear is defined in",
        ),
        ("solution/helpers.py", "SCALE", "### BEGIN SOLUTION\nSCALE", "error assignment.toml:7 solution/helpers.py is"),
        ("wrong.py", '"x * x"', '"x"', "error wrong.py edit 'cube': solution/toy.py: the text to replace occurs"),
        ("wrong.py", '"x * x * x"', '"x * x"', "error wrong.py edit 'cube' leaves solution/toy.py as it is"),
        ("wrong.py", '("square_values",)', "()", "error wrong.py edit 'cube' names no check that must fail"),
        ("wrong.py", '("square_values",)', "()", "warning wrong.py no edit fails check square_values"),
        ("wrong.py", '("square_values",)', '("sqare",)', "error wrong.py edit 'cube' fails sqare, which is no check"),
        (
            "wrong.py",
            'fails=("square_values",)',
            'fails=("square_values",), may_fail=("square_values",)',
            "error wrong.py edit 'cube' must fail square_values and may pass it; name it once",
        ),
        ("wrong.py", "WRONG = [", "WRONG = [][:0] and [", "warning wrong.py holds no edits"),
        (
            "right.py",
            'name="power"',
            'name="power", fails=("square_values",)',
            "error right.py edit 'power' is a",
        ),
        ("right.py", '"toy.py"', '"boy.py"', "error right.py edit 'power': no file solution/boy.py"),
        ("README.md", "# Toy", "# linear_forward_hidden", "error README.md:1 names the hidden check"),
    ],
)
def test_each_thing_that_does_not_fit_is_found(toy: Write, file: str, old: str, new: str, said: str):
    folder = toy()
    complete(folder)
    assert old in FILES[file]
    write(folder, {file: FILES[file].replace(old, new, 1)})
    assert [line for line in found(load(folder)) if line.startswith(said)]


def test_a_student_file_without_region_is_found(toy: Write):
    text = "class Linear:\n    def forward(self, x):\n        return 2 * x\n"
    folder = toy({"solution/layers/linear.py": text})
    assert "error assignment.toml:6 solution/layers/linear.py has no solution region to fill in" in found(load(folder))


def test_a_handout_that_is_not_current_is_found(toy: Write):
    assignment = complete(toy())
    write(assignment.handout, {"README.md": "old"})
    assert found(assignment) == ["error assignments/toy README.md differs from its source; run `grade release`"]


def test_golden_files_that_are_missing_or_stale_or_do_not_fit_are_found(toy: Write):
    folder = toy()
    assignment = complete(folder)
    public, hidden = folder / "golden/public.json", folder / "golden/hidden.json"
    text = public.read_text()
    public.write_text(text.replace('"square_values"', '"cube_values"'))
    build_handout(assignment, assignment.handout)
    assert found(assignment) == [
        "error golden/public.json holds cube_values, which is no public check; run `grade golden record`",
        "error golden/public.json holds nothing for check square_values; run `grade golden record`",
    ]
    public.write_text(text.replace("[1.0, -2.0]", "[1.0]"))
    build_handout(assignment, assignment.handout)
    assert [line for line in found(assignment) if line.startswith("error golden/public.json:")]
    public.write_text(text)
    build_handout(assignment, assignment.handout)
    hidden.unlink()
    assert found(assignment) == ["error golden/hidden.json is missing for 1 hidden checks; run `grade golden record`"]
    write(folder, {"hidden.py": HIDDEN + "# more\n"})
    complete(folder)
    write(folder, {"hidden.py": HIDDEN})
    (line,) = found(load(folder))
    assert line.startswith("error golden/hidden.json hidden.py has changed since it was recorded")


def test_a_judged_check_needs_no_golden_array(toy: Write):
    folder = toy({"checks.py": CHECKS.replace("points=2", "points=2, judge=lambda seen, given: []")})
    complete(folder)
    assignment = load(folder)
    write_golden(folder / "golden/public.json", Golden(provenance_of(assignment, "public"), {}))
    build_handout(assignment, assignment.handout)
    assert found(assignment) == []


def test_an_expected_nan_is_found(toy: Write):
    assert found(complete(toy(), out=np.array([1.0, np.nan])))[0].startswith(
        "warning golden/public.json check square_values: out expects nan or inf"
    )


@pytest.mark.parametrize(
    ("tolerance", "out", "said"),
    [
        ("0.0", OUT, "error checks.py:12 check square_values: limit is 0.0; it must be a number above 0"),
        ("float('inf')", OUT, "error checks.py:12 check square_values: limit is inf"),
        ("Tolerance(limit32=-1.0)", OUT, "error checks.py:12 check square_values: limit32 is -1.0"),
        ("Tolerance(rule='allclose', atol=-1.0)", OUT, "error checks.py:12 check square_values: atol is -1.0"),
        ("1e-13", OUT, "warning checks.py:12 check square_values: a limit of 1e-13 is in reach of rounding"),
        ("Tolerance(rule='ulps')", OUT, "error checks.py:12 check square_values: rule 'ulps' does not exist; choose"),
        ("Tolerance(rule='printed')", OUT, "error checks.py:12 check square_values: rule printed needs a text"),
        ("Tolerance(rule='printed', text='[1. 2. a]')", OUT, "error checks.py:12 check square_values: rule printed"),
        ("Tolerance(rule='printed', text='[1. 2.]')", OUT, "error checks.py:12 check square_values, out: the printed"),
        ("Tolerance(rule='sum_abs', limit=5e-15)", OUT, "warning checks.py:12 check square_values, out: rounding of"),
        ("Tolerance(rule='rel_error', limit=1e-9)", WIDE, "warning checks.py:12 check square_values, out: rounding"),
        ("Tolerance(rule='rel_error', limit=1e-9)", SINGLE, "warning checks.py:12 check square_values, out: rounding"),
        ("Tolerance(rule='allclose', limit=1e-15)", OUT, "warning checks.py:12 check square_values, out: rounding"),
    ],
)
def test_a_tolerance_that_correct_code_may_miss_is_found(toy: Write, tolerance: str, out, said: str):
    text = CHECKS.replace("import Part, check", "import Part, Tolerance, check")
    text = text.replace("points=2", f"points=2, tolerance={tolerance}")
    assert [line for line in found(complete(toy({"checks.py": text}), out)) if line.startswith(said)]


@pytest.mark.parametrize(
    ("tolerance", "out"),
    [
        ("1e-12", OUT),
        ("Tolerance(rule='sum_abs', limit=1e-7)", OUT),
        ("Tolerance(rule='rel_error', limit=1e-6)", np.array([[0.0, 1.0], [1e-8, 3.0]])),
        ("Tolerance(rule='allclose', limit=1e-5, atol=1e-8)", OUT),
        ("Tolerance(rule='printed', text='[[1. -2.], [5e-1 4]]')", OUT),
        ("Tolerance(rule='sum_abs', limit=1e-20)", np.array([1, 2])),
    ],
)
def test_a_tolerance_with_room_for_rounding_is_left_alone(toy: Write, tolerance: str, out):
    text = CHECKS.replace("import Part, check", "import Part, Tolerance, check")
    text = text.replace("points=2", f"points=2, tolerance={tolerance}")
    assert found(complete(toy({"checks.py": text}), out)) == []


def test_a_tolerance_for_an_array_that_does_not_exist_is_found(toy: Write):
    text = CHECKS.replace("points=2", 'points=2, tolerances={"uot": 1e-6}')
    (line,) = found(complete(toy({"checks.py": text})))
    assert line.startswith("error checks.py:12 check square_values, uot: tolerances names an array")


def test_the_handout_alone_is_linted_without_what_only_the_sources_tell(toy: Write):
    assignment = complete(toy())
    alone = load_assignment(assignment.handout, assignment.handout)
    found_there = found(alone)
    assert len(found_there) == 2
    assert all("assignment.toml" in line for line in found_there)  # the points and the part of the hidden check


def test_names_are_found_wherever_running_the_file_binds_them():
    text = (
        "import a.b\nfrom c import d as e\ntry:\n    import f\nexcept ImportError:\n    f = None\n"
        "if 1:\n    def g(x): y = 1\nelse:\n    class h: z = 1\nfor i, (j, *k) in []: pass\n"
        "with open('') as l: m = [n for n in ()]\no: int = 1\n(p := 2)\nq.r = 3\n"
    )
    assert bound_names(Path("m.py"), text) == set("aefghijklmop")
    assert bound_names(Path("m.py"), "from x import *") == {"*"}
    with pytest.raises(AuthoringError, match=r"m.py:1: .*; correct the file"):
        bound_names(Path("m.py"), "x = = 1")
