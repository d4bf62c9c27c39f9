"""`--data`: one run reads another data folder than the one that the assignment ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.assignment.loading.course import find_course
from grader.assignment.release.release import build_handout
from grader.engine import grade
from grader.reference.golden import record

FILES = {
    "assignment.toml": """\
id = "sums"
title = "Sums"
points = 1
seed = 5
student_files = ["sums.py"]
order = ["1"]
data = "data"
[names]
total = "sums"
""",
    "README.md": "# Sums\n",
    "checks.py": '''\
from grader import Part, check


@check(Part("1", "Total"), points=1, uses=["total"])
def totals(student, rng):
    """The total"""
    return {"total": student.total()}
''',
    "solution/sums.py": """\
from pathlib import Path


def total():
    ### BEGIN SOLUTION
    return sum(map(float, Path("data/numbers.txt").read_text().split()))
    ### END SOLUTION
""",
    "wrong.py": "WRONG = []\n",
    "data/numbers.txt": "1 2 3\n",
}
RIGHT = FILES["solution/sums.py"].replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", "")
BY_HEART = "def total():\n    return 6.0\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    for name, text in FILES.items():
        path = root / "reference" / "sums" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    record(find_course(root).load("sums"))
    build_handout(find_course(root).load("sums"), root / "assignments" / "sums")
    (root / "full").mkdir()
    (root / "full" / "numbers.txt").write_text("1 2 3 4 5 6\n")
    return root


@pytest.mark.parametrize(("text", "shipped", "full"), [(RIGHT, 1, 1), (BY_HEART, 1, 0)], ids=["right", "by heart"])
def test_student_and_reference_read_the_folder_that_is_given(
    course: Path, tmp_path: Path, text: str, shipped: int, full: int
) -> None:
    (tmp_path / "sums.py").write_text(text)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "numbers.txt").write_text("9\n")  # a student's own copy counts in neither
    assert grade(tmp_path, course=course).score == shipped
    assert grade(tmp_path, course=course, data=course / "full").score == full
