"""The stand-in for the `label_binarize` of old scikit-learn, in processes of its own."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

from grader.model import Assignment

OLD_CALL = """
    from sklearn.preprocessing import label_binarize
    Y = label_binarize([3, 1, 2, 1], [1, 2, 3])
    assert Y.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0]], Y
"""


def run(assignment: Assignment, before: str = "", after: str = "") -> subprocess.CompletedProcess[str]:
    """Run `before`, the shim and `after` in a fresh interpreter that shows every warning."""
    shim = assignment.compat
    assert shim is not None
    program = "\n".join([dedent(before), f"exec(compile({shim!r}, 'compat.py', 'exec'), {{'__name__': 'compat'}})"])
    return subprocess.run(
        [sys.executable, "-W", "always", "-c", program + "\n" + dedent(after)], capture_output=True, text=True
    )


def test_without_the_shim_the_old_call_fails(assignment: Assignment) -> None:
    done = subprocess.run([sys.executable, "-c", dedent(OLD_CALL)], capture_output=True, text=True)

    assert "\nTypeError: " in done.stderr


@pytest.mark.parametrize("before", ["", "import sklearn.preprocessing"], ids=["imported later", "imported before"])
def test_the_old_call_works_and_is_mentioned(assignment: Assignment, before: str) -> None:
    done = run(assignment, before, OLD_CALL)

    assert done.returncode == 0, done.stderr
    assert "label_binarize takes its classes by keyword today" in done.stderr


def test_the_call_of_today_is_untouched(assignment: Assignment) -> None:
    done = run(assignment, after=OLD_CALL.replace(", [1, 2, 3]", ", classes=[1, 2, 3], neg_label=0"))

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_nothing_is_imported_by_the_shim_itself(assignment: Assignment) -> None:
    done = run(
        assignment, after="import sys; assert not [m for m in sys.modules if m.startswith(('sklearn', 'numpy'))]"
    )

    assert done.returncode == 0, done.stderr


def test_a_missing_library_is_still_reported_as_missing(assignment: Assignment) -> None:
    hide = "import sys; sys.modules['sklearn'] = None"
    done = run(assignment, hide, "import sklearn.preprocessing")

    assert "ModuleNotFoundError: No module named 'sklearn" in done.stderr
