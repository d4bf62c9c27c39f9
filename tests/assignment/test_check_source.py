"""Checks that are split into several files: what imports what, what a worker runs, and what is never released."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.assignment.golden.provenance import provenance_of
from grader.assignment.lint.lint import lint
from grader.assignment.loading.load import load_assignment
from grader.assignment.release.release import build_handout
from grader.diagnosis.bank import digest_of
from grader.errors import AuthoringError
from grader.model import Assignment, Check
from grader.worker.check_files import run_files

from .conftest import FILES, Write, write

POINTS = '''\
"""Points."""
from __future__ import annotations

import numpy as np

SHAPE = (5, 3)


def draw(rng):
    return rng.normal(size=SHAPE)


def unused():
    return 1
'''
SECRETS = '''\
"""Points that nobody may know."""
from checks_points import (
    draw as drawn,
)


def far(rng):
    x = 1000 * drawn(rng)
    return np.abs(x)


import numpy as np
'''
CHECKS = FILES["checks.py"].replace(
    "def draw(rng):\n    return rng.normal(size=(5, 3))\n", "from checks_points import draw\n"
)
HIDDEN = FILES["hidden.py"].replace(
    "from grader import check\n", "from grader import check\nfrom hidden_far import far\n"
)
SPLIT = {
    "checks.py": CHECKS,
    "checks_points.py": POINTS,
    "hidden.py": HIDDEN.replace("forward(sample(rng))", "forward(far(rng) + 0 * sample(rng))"),
    "hidden_far.py": SECRETS,
}


def load(folder: Path) -> Assignment:
    return load_assignment(folder, folder.parent.parent / "assignments" / folder.name)


def refused(folder: Path) -> str:
    with pytest.raises(AuthoringError) as caught:
        load(folder)
    return str(caught.value).replace(f"{folder}/", "")


def probe_of(check: Check) -> Any:
    return run_files({file: compile(text, file, "exec") for file, text in check.files.items()})[check.id]


STUDENT = SimpleNamespace(square=np.square, Linear=lambda: SimpleNamespace(forward=np.square))


def test_the_files_of_a_check_run_alone_and_a_public_one_has_nothing_hidden(toy: Write):
    public, hidden = load(toy(SPLIT)).checks
    for check in (public, hidden):
        assert probe_of(check)(STUDENT, np.random.default_rng(0))["out"].shape == (5, 3)
    assert public.files == {"checks_points.py": POINTS, "checks.py": CHECKS}
    assert list(hidden.files) == ["checks_points.py", "checks.py", "hidden_far.py", "hidden.py"]


def test_two_files_may_define_one_name(toy: Write):
    own = {
        **SPLIT,
        "hidden_far.py": SECRETS + "\n\ndef draw(rng):\n    return np.zeros((2, 2))\n\n\nSHAPE = (1, 1)\n",
    }
    for check in load(toy(own)).checks:
        assert probe_of(check)(STUDENT, np.random.default_rng(0))["out"].shape == (5, 3)


def test_a_check_file_cannot_be_imported_by_anybody_else(toy: Write):
    public = load(toy(SPLIT)).checks[0]

    def square(x: np.ndarray) -> np.ndarray:
        with pytest.raises(ModuleNotFoundError):
            import_module("checks_points")
        assert not {"checks", "checks_points"} & set(sys.modules)
        return x

    student = SimpleNamespace(square=square)
    assert probe_of(public)(student, np.random.default_rng(0))["out"].shape == (5, 3)


def test_only_the_public_files_are_released(toy: Write, tmp_path: Path):
    assignment = load(toy(SPLIT))
    build_handout(assignment, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").glob("*.py")) == [
        "checks.py",
        "checks_points.py",
        "helpers.py",
    ]
    alone = load_assignment(tmp_path / "out", tmp_path / "out")
    assert [(c.id, c.files) for c in alone.checks] == [(assignment.checks[0].id, assignment.checks[0].files)]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"README.md": FILES["README.md"] + SECRETS[SECRETS.index("def far") :]},
            "holds what stands in .*hidden_far.py",
        ),
        ({"solution/hidden_far.py": "a = 1\n"}, "is called like the hidden .*hidden_far.py"),
    ],
)
def test_nothing_of_a_hidden_helper_is_released(toy: Write, tmp_path: Path, files: dict[str, str], said: str):
    with pytest.raises(AuthoringError, match=said):
        build_handout(load(toy({**SPLIT, **files})), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_changed_helper_moves_the_digest_that_mistakes_are_kept_under(toy: Write):
    folder = toy(SPLIT)
    digest = digest_of(load(folder))
    write(folder, {"checks_points.py": POINTS.replace("return 1", "return 2")})
    assert digest_of(load(folder)) != digest


def test_a_golden_file_says_which_helpers_it_was_recorded_with(toy: Write):
    assignment = load(toy(SPLIT))
    public, hidden = (provenance_of(assignment, which)["digests"] for which in ("public", "hidden"))
    assert {"checks.py", "checks_points.py"} < set(public)
    assert not {"hidden.py", "hidden_far.py"} & set(public)
    assert set(SPLIT) < set(hidden)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"checks_points.py": None}, "checks.py:8: there is no checks_points.py beside it"),
        ({"checks.py": CHECKS + "import checks_points\n"}, "checks.py:14: import checks_points; write `from checks_p"),
        (
            {"checks.py": CHECKS + "from hidden_far import far\n"},
            "checks.py:14: hidden_far.py is hidden, and this file",
        ),
        ({"checks_points.py": POINTS + "from checks import np\n"}, "checks_points.py:15: checks.py imports this file"),
        ({"checks_points.py": POINTS + "1 / 0\n"}, "checks_points.py:15: ZeroDivisionError: division by zero"),
        ({"checks_points.py": POINTS + "def (\n"}, "checks_points.py:15: invalid syntax"),
        (
            {
                "checks_points.py": "from grader import Part, check\n"
                + POINTS.replace("from __future__ import annotations\n", "")
                + '\n@check(Part("1", "Square"), points=1)\ndef early(student, rng):\n    """Early"""\n'
            },
            "check early stands in a helper file; checks belong in checks.py and hidden.py",
        ),
    ],
)
def test_files_that_do_not_fit_together_are_refused(toy: Write, files: dict[str, str | None], said: str):
    assert said in refused(toy({**SPLIT, **files}))


def test_a_helper_that_nobody_imports_is_mentioned(toy: Write):
    found = lint(load(toy({**SPLIT, "checks_old.py": "", "hidden_old.py": ""})))
    assert [f.where for f in found if "imported by no" in f.text] == ["checks_old.py", "hidden_old.py"]
