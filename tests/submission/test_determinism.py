"""Whose stored numbers can be held against the student: cells that give the same at every run."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.submission.review.determinism import unrepeatable_cells
from tests.submission.building import make_assignment, make_notebook, make_submission, write

IMPORTS = "import numpy as np\nfrom layers import *\nfrom given import load, check"
LAYERS = """import numpy as np
class Net:
    def __init__(self):
        self.w = np.random.randn(3)
def double(x):
    return 2 * x
"""
GIVEN = {"given.py": "def load():\n    return 3\ndef check(x):\n    return x\n", "standins/keras/__init__.py": ""}


def cells(folder: Path, *sources: str, failed: tuple[int, ...] = (), data: bool = False) -> frozenset[int]:
    """The cells that do not repeat themselves, with an assignment that has data of its own or not."""
    handout = write(folder / "handout", GIVEN)
    assignment = make_assignment(
        handout, provided_files=["given.py"], data=handout if data else None, stand_ins=[handout / "standins"]
    )
    submission = make_submission(
        folder / "work", make_notebook(IMPORTS, *sources), {"layers.py": LAYERS, "given.py": GIVEN["given.py"]}
    )
    return unrepeatable_cells(assignment, submission, failed)


@pytest.mark.parametrize(
    "sources",
    [
        ("x = np.random.randn(3)\nprint(x)", "y = 2 * x\nprint(y)"),
        ("x = Net()", "print(x.w)"),
        ("import time\nx = time.time()", "print(x)"),
        ("for _ in range(3):\n    x = np.random.rand()", "print(x + 1)"),
    ],
)
def test_what_rests_on_unseeded_numbers_differs_at_every_run(tmp_path: Path, sources: tuple[str, ...]) -> None:
    assert cells(tmp_path, *sources, "print(double(2))") == {1, 2}


@pytest.mark.parametrize(
    "sources",
    [
        ("np.random.seed(0)", "x = np.random.randn(3)", "print(x)"),
        ("def start():\n    np.random.seed(1)\n    return Net()", "net = start()", "print(net.w)"),
        ("rng = np.random.default_rng(5)", "print(rng.normal())", "net = Net()"),
        ("x = np.linspace(0, 1, 3)", "print(double(x))", "print(load())"),
    ],
)
def test_what_is_seeded_or_draws_nothing_repeats_itself(tmp_path: Path, sources: tuple[str, ...]) -> None:
    assert cells(tmp_path, *sources) == frozenset()


def test_a_name_that_is_made_anew_is_what_it_is_made_of(tmp_path: Path) -> None:
    assert cells(tmp_path, "x = np.random.randn(3)", "x = np.ones(3)", "print(x)") == {1}


def test_what_rests_on_a_cell_that_failed_now_is_not_compared(tmp_path: Path) -> None:
    assert cells(tmp_path, "x = 1 / 2", "y = x", "print(3)", failed=(1,)) == {1, 2}


def test_data_that_a_small_set_stands_in_for_gives_other_numbers(tmp_path: Path) -> None:
    sources = ("data = load()", "print(data)", "from keras.datasets import mnist\nm = mnist.load_data()", "print(m, 1)")
    assert cells(tmp_path, *sources, "print(double(1))", data=True) == {1, 2, 3, 4}
