"""`grade import nbgrader`: structure, points and verdicts of a source notebook come over."""

from __future__ import annotations

import json
import math
import tomllib
from pathlib import Path
from typing import Any

import pytest

from grader import cli
from grader.convert.nbgrader import draft_of, notebooks_of
from grader.convert.probes import probe_of
from grader.convert.scope import scope_of
from grader.engine import grade
from grader.errors import AuthoringError, UsageError
from grader.model import Report

SOURCE = Path(__file__).parent / "sources" / "signals.py"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("course")
    words = ["--course", str(folder)]
    assert cli.main(["import", "nbgrader", *words, str(SOURCE)]) == 0
    assert cli.main(["golden", "record", *words, "signals"]) == 0
    assert cli.main(["release", *words, "signals"]) == 0
    return folder


def hand_in(course: Path, tmp_path: Path, *changes: tuple[str, str]) -> Report:
    """The solution with some of its text replaced, graded."""
    target = tmp_path / "signals.ipynb"
    assert cli.main(["export", "notebook", "--course", str(course), "signals", "-o", str(target)]) == 0
    text = target.read_text()
    for old, new in changes:
        assert json.dumps(old)[1:-1] in text
        text = text.replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1])
    target.write_text(text)
    return grade(target, course=course)


def lost(report: Report) -> set[str]:
    return {part.part.id for part in report.parts if part.outcomes and part.score < part.max_score}


def test_parts_points_and_questions_come_over(course: Path) -> None:
    toml = tomllib.loads((course / "reference/signals/assignment.toml").read_text())

    assert toml["points"] == "31/2"
    assert toml["order"] == [
        "average-values", "average_errors", "energy_values", "energy_random", "peak_value", "figure", "why", "own",
    ]  # fmt: skip
    assert [(m["kind"], m["under"], m["points"]) for m in toml["manual"]] == [
        ("plot", "A figure", 2),
        ("written", "Why", 2),
        ("written", "Your own signal", 4),
    ]
    assert toml["manual"][1]["question"] == "Why does an average lose energy?"


def test_hidden_tests_and_answers_stay_out_of_the_hand_out(course: Path) -> None:
    handed = "".join(
        p.read_text() for p in (course / "assignments/signals").rglob("*") if p.suffix in (".py", ".ipynb")
    )

    assert "average(ramp(5), 2)" in handed
    for secret in ("average(times, 11)", "np.convolve", "Because the mean", "2 points for the signal"):
        assert secret not in handed


def test_the_solution_has_full_marks_and_the_stub_none(course: Path, tmp_path: Path) -> None:
    assert hand_in(course, tmp_path).score == 7.5
    assert grade(course / "assignments/signals", course=course).score == 0
    assert cli.main(["lint", "--course", str(course), "signals"]) in (0, 1)


def test_a_value_is_compared_with_the_tolerance_that_it_had(course: Path) -> None:
    checks = (course / "reference/signals/checks.py").read_text()

    assert "got['average(ramp(5), 2)'] = average(ramp(5), 2)" in checks
    assert """'average(ramp(5), 2)': Tolerance(rule="allclose", limit=1e-5, limit32=1e-5, atol=1e-8)""" in checks
    assert """'average(np.ones(6), 3)': Tolerance(rule="allclose", limit=1e-06""" in checks
    assert "[0.5, 1.5, 2.5, 3.5]" not in checks
    assert "assert energy(2 * x) > energy(x)" in checks
    assert "assert np.isclose(energy(x), x @ x)" in checks  # x is drawn without a seed: another run draws others


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ([("raise ValueError", "raise TypeError")], {"average_errors"}),
        ([('mode="valid"', 'mode="same"')], {"average-values"}),
        ([("np.sum(np.square(x))", "np.mean(np.square(x))")], {"energy_values", "energy_random"}),
        ([("return float(np.sum", "return 1e-7 + float(np.sum")], {"energy_values"}),
        ([("np.argmax(", "np.argmin(")], {"peak_value"}),
    ],
)
def test_a_hand_in_loses_the_parts_that_nbgrader_takes(
    course: Path, tmp_path: Path, changes: list[tuple[str, str]], parts: set[str]
) -> None:
    """All or nothing for each test cell, as `nbgrader autograde` has it: benchmarks/convert has the comparison."""
    report = hand_in(course, tmp_path, *changes)

    assert lost(report) == parts
    assert all(part.score in (0, part.max_score) for part in report.parts if part.outcomes)


def cell(source: str, kind: str = "code", **meta: Any) -> dict[str, Any]:
    metadata = {"nbgrader": {"schema_version": 3, "grade_id": "a", "locked": False, "task": False} | meta}
    more = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "source": source, "metadata": metadata, **more}


def notebook(path: Path, *cells: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


SOLUTION = cell("def f(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION", grade=False, solution=True)


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (cell("f(1)", grade=True, solution=False, points=1), "grade_id 'a' occurs twice"),
        (cell("f(1)", grade=True, solution=False, points=1, grade_id="a b"), "grade_id 'a b' is none"),
        (cell("f(1)", grade=True, solution=False, points=-1, grade_id="b"), "-1 is no number of points"),
        (cell("f(1)", grade=True, solution=False, points=math.nan, grade_id="b"), "nan is no number of points"),
        (cell("f(1)", grade=True, solution=False, schema_version=4), "schema 4; 1 to 3 can be read"),
        (
            cell("### BEGIN HIDDEN TESTS\nf(1)", grade=True, solution=False, points=1, grade_id="b"),
            "line 1: BEGIN HIDDEN TESTS without END HIDDEN TESTS below it",
        ),
        (
            cell("### BEGIN SOLUTION\nx = 1", grade=False, solution=True, grade_id="b"),
            "line 1: '### BEGIN SOLUTION' without '### END SOLUTION' below it",
        ),
    ],
)
def test_what_nbgrader_would_refuse_is_one_line(tmp_path: Path, test: dict[str, Any], message: str) -> None:
    with pytest.raises(AuthoringError) as error:
        draft_of(notebook(tmp_path / "n.ipynb", SOLUTION, test), "n")
    assert message in str(error.value)
    assert "n.ipynb, cell 1" in str(error.value)


def test_a_test_that_replaces_a_name_does_so_in_the_notebook(tmp_path: Path) -> None:
    test = "old = f\ndel f\ntry:\n    g(1)\nexcept NameError:\n    pass\nelse:\n    assert False\nfinally:\n    f = old"
    second = cell(
        "def g(x):\n    ### BEGIN SOLUTION\n    return f(x) + 1\n    ### END SOLUTION", solution=True, grade_id="g"
    )
    last = cell(test, grade=True, solution=False, points=1, grade_id="uses")
    draft = draft_of(notebook(tmp_path / "n.ipynb", SOLUTION, second, last), "n")

    assert "del namespace['f']" in draft.checks[0].body[3]
    assert draft.checks[0].body[0] == "namespace = student.f.__globals__"


def test_autotests_are_values_that_the_solution_gives(tmp_path: Path) -> None:
    test = cell("### HASHED AUTOTEST f(3)\n### AUTOTEST f(4);", grade=True, solution=False, points=1, grade_id="t")
    draft = draft_of(notebook(tmp_path / "n.ipynb", SOLUTION, test), "n")

    assert [check.hidden for check in draft.checks] == [True]
    assert "got['f(3)'] = f(3)" in draft.checks[0].body


@pytest.mark.slow
def test_values_of_any_plain_kind_are_compared_as_a_whole(tmp_path: Path) -> None:
    solution = "def f(x):\n    ### BEGIN SOLUTION\n    return {'even': {2, 4}, 'name': 'x' * x}\n    ### END SOLUTION"
    test = (
        "assert f(2) == {'even': {2, 4}, 'name': 'xx'}\nassert f(0)['name'] == ''\nassert f(1)['even'] == set([4, 2])"
    )
    source = notebook(
        tmp_path / "n.ipynb",
        cell(solution, grade=False, solution=True),
        cell(test, grade=True, solution=False, points=2, grade_id="t"),
    )
    words = ["--course", str(tmp_path)]
    assert cli.main(["import", "nbgrader", *words, str(source)]) == 0
    assert "assert" not in (tmp_path / "reference/n/checks.py").read_text()
    assert cli.main(["golden", "record", *words, "n"]) == 0
    assert cli.main(["release", *words, "n"]) == 0
    for old, new, score in (
        ("x", "x", 2),
        ("{2, 4}", "{2, 4, 6}", 0),
        ("{2, 4}", "[2, 4]", 0),
        ("* x}", "* x, 1: 1}", 0),
    ):
        text = solution.replace(old, new) if old != new else solution
        assert text != solution or old == new
        assert grade(notebook(tmp_path / "h.ipynb", cell(text)), assignment="n", course=tmp_path).score == score


def test_a_cell_that_cannot_become_a_check_is_listed(tmp_path: Path) -> None:
    test = cell("from math import *\nassert f(1) == 2", grade=True, solution=False, points=1, grade_id="t")
    draft = draft_of(notebook(tmp_path / "n.ipynb", SOLUTION, test), "n")

    assert [(left.where, left.what) for left in draft.left] == [
        ("n.ipynb, cell 1 (t)", "cannot become a check (import * only allowed at module level); write it by hand")
    ]


HIDDEN = "### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"


@pytest.mark.parametrize(
    ("test", "hidden"),
    [
        ("assert f(1) == 2\n" + HIDDEN.format("got = f(3)\nassert got == 6"), False),
        ("for x in (1, 2):\n" + HIDDEN.format("    assert f(x) == 2 * x"), True),
    ],
)
def test_half_of_a_cell_becomes_a_check_where_the_other_cannot(tmp_path: Path, test: str, hidden: bool) -> None:
    source = notebook(tmp_path / "n.ipynb", SOLUTION, cell(test, grade=True, solution=False, points=1, grade_id="t"))
    assert cli.main(["import", "nbgrader", "--course", str(tmp_path), str(source)]) == 0
    draft = draft_of(source, "n")
    assert [check.hidden for check in draft.checks] == [hidden]
    assert "n.ipynb, cell 1 (t)" in [left.where for left in draft.left]


@pytest.mark.parametrize(
    ("test", "lines"),
    [
        ("assert f(1) == 2; assert f(2) == 4", ["got['f(1)'] = f(1)", "got['f(2)'] = f(2)"]),
        ("x = f(2); assert x == 4", ["x = f(2)", "got['x'] = x"]),
        ("tol = 1e-2\nassert np.allclose(f(2), 4, atol=tol)", ["tol = 1e-2", "assert np.allclose(f(2), 4, atol=tol)"]),
        ("assert f(2) == pytest.approx(4, rel=f(1))", ["assert f(2) == pytest.approx(4, rel=f(1))"]),
        ("assert abs(f(2) - 4) < 10 ** 400", ["assert abs(f(2) - 4) < 10 ** 400"]),
        ("options = {}\nassert np.isclose(f(2), 4, **options)", ["assert np.isclose(f(2), 4, **options)"]),
        ("np.testing.assert_allclose(*f(2), 1e-3)", ["np.testing.assert_allclose(*f(2), 1e-3)"]),
    ],
)
def test_a_statement_stays_what_it_asks(test: str, lines: list[str]) -> None:
    probe = probe_of(test, scope_of([("def f(x): ...", True), ("import numpy as np, pytest", False)]), (), "n.ipynb")
    compile("def probe():\n" + "\n".join(f"    {line}" for line in probe.body), "probe", "exec")
    assert [line for line in lines if line not in probe.body] == []


def test_every_check_has_a_name_of_its_own(tmp_path: Path) -> None:
    solution = cell(
        "import numpy as np\n\ndef f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION", solution=True
    )
    ids = ("t-a", "t_a", "lambda", "np", "1a")
    tests = [cell("assert f(1) == np.int64(1)", grade=True, solution=False, points=1, grade_id=id) for id in ids]
    source = notebook(tmp_path / "n.ipynb", solution, *tests)
    words = ["--course", str(tmp_path)]
    assert cli.main(["import", "nbgrader", *words, str(source)]) == 0
    assert cli.main(["golden", "record", *words, "n"]) == 0
    assert [c.id for c in draft_of(source, "n").checks] == ["t_a", "t_a_", "test_lambda", "test_np", "test_1a"]


def test_the_tolerance_of_approx_is_pytests() -> None:
    test = "assert f(1) == pytest.approx(2, abs=0.5)\nassert f(2) == pytest.approx(4)"
    probe = probe_of(test, scope_of([("def f(x): ...", True)]), (), "n.ipynb")
    wide, narrow = probe.tolerances.values()
    assert "limit=1e-15, limit32=1e-15, atol=0.5" in wide
    assert "limit=1e-6, limit32=1e-6, atol=1e-12" in narrow


def test_a_name_of_any_script_is_written_as_toml_reads_it(tmp_path: Path) -> None:
    solution = cell("def σ(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION", solution=True)
    test = cell("assert σ(1) == 2", grade=True, solution=False, points=1, grade_id="t")
    source = notebook(tmp_path / "n.ipynb", solution, test)
    assert cli.main(["import", "nbgrader", "--course", str(tmp_path), str(source)]) == 0
    assert tomllib.loads((tmp_path / "reference/n/assignment.toml").read_text())["names"] == {"σ": "notebook"}


def test_a_notebook_without_nbgraders_metadata_is_named(tmp_path: Path) -> None:
    plain = {"cell_type": "code", "source": "x = 1", "metadata": {}, "outputs": [], "execution_count": None}
    assert cli.main(["import", "nbgrader", str(notebook(tmp_path / "n.ipynb", plain))]) == 2
    with pytest.raises(UsageError, match="no notebook below it"):
        notebooks_of(tmp_path)
