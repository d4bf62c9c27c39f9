"""`grade import otter`: questions, prompts, points and hidden tests of an assignment for `otter assign` come over."""

from __future__ import annotations

import json
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from grader import cli
from grader.convert.otter import _yaml, draft_of, notebooks_of, solution
from grader.engine import grade
from grader.errors import AuthoringError, UsageError
from grader.model import Report

SOURCE = Path(__file__).parent / "sources" / "waves.ipynb"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("course")
    words = ["--course", str(folder)]
    assert cli.main(["import", "otter", *words, str(SOURCE)]) == 0
    assert cli.main(["golden", "record", *words, "waves"]) == 0
    assert cli.main(["release", *words, "waves"]) == 0
    return folder


def graded(course: Path, tmp_path: Path, *changes: tuple[str, str]) -> Report:
    target = tmp_path / "waves.ipynb"
    assert cli.main(["export", "notebook", "--course", str(course), "waves", "-o", str(target)]) == 0
    text = target.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    target.write_text(text)
    return grade(target, course=course)


def points(report: Report) -> dict[str, Fraction]:
    return {part.part.id: part.score for part in report.parts if part.outcomes}


def test_questions_points_and_files_come_over(course: Path) -> None:
    toml = tomllib.loads((course / "reference/waves/assignment.toml").read_text())

    assert (toml["points"], toml["order"], toml["provided_files"]) == (10, ["q1", "q2", "q3"], ["heights.csv"])
    (manual,) = toml["manual"]
    assert (manual["kind"], manual["points"]) == ("written", 3)
    assert manual["under"] == "Question 2. Why is the power never negative?"


def test_students_get_the_prompts_that_otter_gives(course: Path) -> None:
    notebook = json.loads((course / "assignments/waves/waves.ipynb").read_text())
    sources = ["".join(cell["source"]) for cell in notebook["cells"]]

    assert "def power(x):\n    ...\n\nloudest = ..." in sources
    assert "def normalised(x):\n    scale = ...\n    ..." in sources
    handed = "".join(p.read_text() for p in (course / "assignments/waves").glob("*.py")) + "".join(sources)
    assert "loudest == 2.5" not in handed
    assert "A square is not" not in handed


def test_hand_ins_have_the_points_that_otter_gives(course: Path, tmp_path: Path) -> None:
    """benchmarks/convert has the comparison with `otter run`."""
    assert points(graded(course, tmp_path)) == {"q1": 4, "q3": 3}
    assert points(grade(course / "assignments/waves", course=course)) == {"q1": 0, "q3": 0}
    lowest = graded(course, tmp_path, ("heights.max()", "heights.min()"))
    assert points(lowest) == {"q1": Fraction(10, 3), "q3": 3}


def test_a_test_on_a_value_becomes_one(course: Path) -> None:
    draft = draft_of(SOURCE, "waves")
    checks = {check.id: check for check in draft.checks}

    assert "got['power([1.0, 3.0])'] = power([1.0, 3.0])" in checks["q1_1"].body
    assert checks["q1_1"].tolerances == {
        "power([1.0, 3.0])": 'Tolerance(rule="allclose", limit=1e-5, limit32=1e-5, atol=1e-8)'
    }
    assert [id for id, check in checks.items() if check.hidden] == ["q1_3", "q1_4", "q3_2"]
    assert [str(check.points) for check in draft.checks] == ["2/3", "2/3", "2/3", "2", "3/2", "3/2"]


def notebook(path: Path, *cells: tuple[str, str]) -> Path:
    made: list[dict[str, Any]] = []
    for kind, source in cells:
        more = {"outputs": [], "execution_count": None} if kind == "code" else {}
        made.append({"cell_type": kind, "source": source, "metadata": {}, **more})
    path.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


WORTH = '""" # BEGIN TEST CONFIG\npoints: {}\n""" # END TEST CONFIG\nf(1)'


def question(*tests: str, **config: str) -> list[tuple[str, str]]:
    head = "\n".join(["# BEGIN QUESTION", "name: q1", *(f"{key}: {value}" for key, value in config.items())])
    return [
        ("raw", head),
        ("raw", "# BEGIN SOLUTION"),
        ("code", "def f(x):\n    return 2 * x # SOLUTION"),
        ("raw", "# END SOLUTION"),
        ("raw", "# BEGIN TESTS"),
        *(("code", test) for test in tests),
        ("raw", "# END TESTS"),
        ("raw", "# END QUESTION"),
    ]


def test_an_exception_based_test_is_its_functions_body(tmp_path: Path) -> None:
    by_name = "def test_values(f):\n    assert f(1) == 2\n    assert f(2) > f(1)\n\ntest_values(f)  # IGNORE"
    by_env = "def test_env(env):\n    assert env['f'](3) == 6"
    draft = draft_of(notebook(tmp_path / "n.ipynb", *question(by_name, by_env)), "n")

    assert draft.checks[0].body == (
        "f = student.f",
        "got = {}",
        "got['f(1)'] = f(1)",
        "assert f(2) > f(1)",
        "return got",
    )
    assert "got['f(3)'] = f(3)" in draft.checks[1].body


@pytest.mark.parametrize(
    ("config", "tests", "expected"),
    [
        ({}, ["f(1)", "f(2)"], ["1/2", "1/2"]),
        ({"points": "3"}, ["f(1)", "f(2)"], ["3/2", "3/2"]),
        ({"points": "[1, 4]"}, ["f(1)", "f(2)"], ["1", "4"]),
        ({"points": "5"}, [WORTH.format(2), "f(2)"], ["2", "3"]),
        ({}, [WORTH.format(2), "f(2)"], ["2", "0"]),
    ],
)
def test_points_are_shared_by_otters_rule(
    tmp_path: Path, config: dict[str, str], tests: list[str], expected: list[str]
) -> None:
    draft = draft_of(notebook(tmp_path / "n.ipynb", *question(*tests, **config)), "n")

    assert [str(check.points) for check in draft.checks] == expected


def test_solution_lines_become_regions_with_their_prompts() -> None:
    source = (
        "rng = np.random.default_rng(1) # SEED\n"
        "a = rng.normal() # SOLUTION\n"
        "print(a) # SOLUTION NO PROMPT\n"
        "secret = 1 # IGNORE\n"
        "# BEGIN SOLUTION NO PROMPT\n"
        "b = 2\n"
        "# END SOLUTION\n"
        '""" # BEGIN PROMPT\n'
        "b = 0  # your value\n"
        '""" # END PROMPT'
    )

    assert solution(source, "", "n").split("\n") == [
        *("### BEGIN SOLUTION", "### STUB:", "rng = np.random.default_rng(1)", "### END SOLUTION"),
        *("### BEGIN SOLUTION", "### STUB: a = ...", "a = rng.normal()", "### END SOLUTION"),
        *("### BEGIN SOLUTION", "### STUB:", "print(a)", "### END SOLUTION"),
        *("### BEGIN SOLUTION", "### STUB: b = 0  # your value", "b = 2", "### END SOLUTION"),
    ]


def test_otters_blocks_of_yaml_are_read() -> None:
    lines = ["name: q1", "points:", "    each: 0.5", "manual: true", "files:", "  - a.csv", "  - 'b c.csv'", "# no"]

    assert _yaml(lines) == {"name": "q1", "points": {"each": 0.5}, "manual": True, "files": ["a.csv", "b c.csv"]}


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (question("f(1)")[:-1], "question q1 has no END QUESTION"),
        ([("raw", "# BEGIN QUESTION\npoints: 2")], "cell 0: a question without a name"),
        ([*question("f(1)"), ("raw", "# END QUESTION")], "END QUESTION, and no question is open"),
        ([question("f(1)")[0], *question("f(1)")], "a question inside question q1"),
        (question("f(1)", points="[1, 2]"), "question q1: points for 2 tests, and it has 1"),
        (question("f(1)", points="two"), "question q1: 'two' is no number of points"),
        (question("f(1)", points='{"each": NaN}'), "question q1: nan is no number of points"),
        (question("f(1)", points="-1", manual="true"), "question q1: -1 is no number of points"),
        (question(WORTH.format("two")), "question q1: 'two' is no number of points"),
        (question(WORTH.format(2), points="1"), "question q1: its tests have 2 points, and the question 1"),
        (
            [*question("f(1)")[:2], ("code", "# END SOLUTION"), *question("f(1)")[3:]],
            "line 1: END SOLUTION without BEGIN SOLUTION above it",
        ),
    ],
)
def test_blocks_that_do_not_fit_together_are_one_line(
    tmp_path: Path, cells: list[tuple[str, str]], message: str
) -> None:
    with pytest.raises(AuthoringError) as error:
        draft_of(notebook(tmp_path / "n.ipynb", *cells), "n")
    assert message in str(error.value)


def test_a_notebook_without_otters_blocks_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no cell has '# BEGIN QUESTION'"):
        notebooks_of(notebook(tmp_path / "n.ipynb", ("code", "x = 1")))
