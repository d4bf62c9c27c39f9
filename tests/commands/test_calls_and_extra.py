"""Forbidden and required calls, and extra credit, graded as an author declares them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader import cli
from grader.assignment.release.markers import solved
from grader.assignment.release.new import make_new
from grader.assignment.release.percent import dumps, notebook_of
from grader.submission.source.calls import calls_in

OWN = '''
import numpy as np

@check(Part("1", "Output of the layer"), points=0, uses=["linear_forward"], forbid=["numpy.dot", "for"])
def without_dot(student, rng):
    """No `numpy.dot`"""
    return {"out": student.linear_forward(np.dot(np.ones((2, 2)), np.ones((2, 2))), np.ones((2, 2)), np.ones(2))}


@check(Part("1", "Output of the layer"), points=0, uses=["linear_forward"], require=["numpy.matmul"])
def with_matmul(student, rng):
    """By `numpy.matmul`"""
    return {"out": student.linear_forward(np.ones((2, 2)), np.ones((2, 2)), np.ones(2))}
'''


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("recorded")
    make_new(root, "toy")
    folder = root / "reference" / "toy"
    (folder / "wrong.py").unlink()
    (folder / "right.py").unlink()
    checks = folder / "checks.py"
    checks.write_text(checks.read_text() + OWN)
    solution = folder / "solution" / "toy.py"
    solution.write_text(solution.read_text().replace("return x @ w + b", "return np.matmul(x, w) + b"))
    for action in (["golden", "record"], ["release"]):
        assert cli.main([*action, "toy", "--course", str(root)]) == 0
    return root


@pytest.fixture
def graded(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, Any]]:
    root = shutil.copytree(recorded, tmp_path / "course")
    monkeypatch.delenv("GRADE_COURSE", raising=False)
    monkeypatch.chdir(root)

    def grade(old: str = "", new: str = "", head: str = "") -> dict[str, Any]:
        text = solved((root / "reference" / "toy" / "solution" / "toy.py").read_text()).replace(old, new)
        text = text.replace("import numpy as np", f"import numpy as np\n{head}")
        (root / "toy.ipynb").write_text(dumps(notebook_of(text, "toy.py")))
        capsys.readouterr()
        assert cli.main(["toy.ipynb", "--assignment", "toy", "--json"]) in (0, 1)
        report: dict[str, Any] = json.loads(capsys.readouterr().out)
        return report

    return grade


def said(report: dict[str, Any]) -> dict[str, str]:
    checks = [check for part in report["parts"] for check in part["checks"]]
    return {c["id"]: c["message"] for c in checks if c["status"] != "passed"}


FORBIDDEN = "Your code uses `numpy.dot`, which this task does not allow."
BOTH = {"without_dot": FORBIDDEN, "with_matmul": "This task asks for `numpy.matmul`, which your code does not use."}


@pytest.mark.parametrize(
    ("new", "head", "expected"),
    [
        ("np.matmul(x, w) + b", "", {}),
        ("np.dot(x, w) + b", "", BOTH),
        ("dot(x, w) + b", "from numpy import dot", BOTH),
        ("times(x, w) + b", "times = getattr(np, 'd' + 'ot')", BOTH),
        ("np.matmul(x, w) + b if len(x) < 90 else np.dot(x, w) + b", "", {"without_dot": FORBIDDEN}),
        ("helper(x, w) + b", "def helper(x, w): return np.matmul(x, w)", {}),
        ("helper(x, w) + b", "def helper(x, w): return np.dot(x, w)", BOTH),
        ("np.array([np.matmul(r, w) for r in x]) + b", "", {"without_dot": FORBIDDEN.replace("numpy.dot", "for")}),
        ("np.linalg.multi_dot([x, w]) + b", "", {"with_matmul": BOTH["with_matmul"]}),
    ],
)  # fmt: skip
def test_calls_are_seen_in_the_run_and_in_the_text(
    graded: Callable[..., dict[str, Any]], new: str, head: str, expected: dict[str, str]
) -> None:
    assert said(graded("np.matmul(x, w) + b", new, head)) == expected


def test_a_reference_that_breaks_its_own_rule_is_not_recorded(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = shutil.copytree(recorded, tmp_path / "course")
    solution = root / "reference" / "toy" / "solution" / "toy.py"
    solution.write_text(solution.read_text().replace("np.matmul(x, w) + b", "np.dot(x, w) + b"))
    assert cli.main(["golden", "record", "toy", "--course", str(root)]) == 4
    assert f"without_dot fails on the reference itself: {FORBIDDEN}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("cap", "old", "new", "score", "status"),
    [
        pytest.param("", "", "", 1, "passed", marks=pytest.mark.slow),
        ("cap = 3", "", "", 3, "passed"),
        pytest.param("cap = 9", "", "", 5, "passed", marks=pytest.mark.slow),
        ("", "np.matmul(x, w) + b", "0", 1, "passed"),
        ("cap = 2", "d_out.sum(axis=0)", "d_out", 2, "partial"),
    ],
)
def test_extra_credit_comes_on_top_as_far_as_the_cap(
    recorded: Path, graded: Callable[..., dict[str, Any]], cap: str, old: str, new: str, score: int, status: str
) -> None:
    toml = Path("reference", "toy", "assignment.toml")
    toml.write_text(toml.read_text().replace("points = 5 ", f'points = 1\nextra = ["2"]\n{cap} '))
    shutil.rmtree("assignments")
    assert cli.main(["release", "toy"]) == 0
    assert cli.main(["lint", "toy"]) == 0
    report = graded(old, new)
    assert (report["score"], report["max_score"]) == (score, 1)
    extra = report["parts"][1]
    assert (extra["title"].endswith(" (extra credit)"), extra["max_score"], extra["status"]) == (True, 0, status)
    assert sum(check["score"] for check in extra["checks"]) == pytest.approx(extra["score"])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('extra = ["9"]', "extra names part 9, which is not in order"),
        ('extra = ["2"]\ncap = 1', "cap 1 is below the 5 points of automatic parts"),
        ("cap = 9", "cap without extra"),
    ],
)
def test_extra_credit_that_cannot_be_is_one_line(
    recorded: Path, tmp_path: Path, lines: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = shutil.copytree(recorded, tmp_path / "course")
    toml = root / "reference" / "toy" / "assignment.toml"
    toml.write_text(toml.read_text().replace("points = 5 ", f"points = 5\n{lines}\n#"))
    assert cli.main(["lint", "toy", "--course", str(root)]) == 4
    said = capsys.readouterr().err
    assert message in said
    assert "assignment.toml:" in said
    assert said.count("\n") == 1


def test_only_what_the_asked_name_leads_to_is_read() -> None:
    texts = {
        "cell 1": "%matplotlib inline\nimport numpy.linalg as la\nfrom numpy import sort as s",
        "layers.py": "def f(x): return g(x) @ x\ndef g(x):\n    x.sort()\n    return la.inv(x)\ndef h(x): return s(x)",
        "broken.py": "def f(:",
    }  # fmt: skip
    assert {"numpy.linalg.inv", "@", ".sort"} <= calls_in(texts, ["f"])
    assert "numpy.sort" not in calls_in(texts, ["f"])
    assert "numpy.sort" in calls_in(texts, ["h"])
