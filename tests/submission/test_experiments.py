"""A later cell that tries a name with other arguments does not replace the task's definition."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.assignment.release.fingerprints import FILE, fingerprints_of
from grader.submission.review.experiments import with_handout_arguments
from grader.submission.source.anchors import find_anchors
from tests.submission.building import make_assignment, make_check, make_notebook, make_submission, notebook_json, write

STUB = "def train(x, epochs, rate=0.1):\n    raise NotImplementedError('train: not implemented yet')\n"
DONE = "def train(x, epochs, rate=0.1):\n    return x * rate * epochs\n"


def graded_cell(folder: Path, *cells: str, stub: str = STUB, done: str = DONE, name: str = "train") -> tuple[int, int]:
    """The cell after which the check is asked, and the number of notes."""
    handout = write(folder / "handout", {"hw.ipynb": notebook_json(stub)})
    assignment = make_assignment(handout, names={name: ""}, checks=[make_check("c", name)])
    (handout / FILE).write_bytes(
        fingerprints_of(assignment, {"hw.ipynb": handout / "hw.ipynb"}, {"hw.ipynb": notebook_json(done)})
    )
    submission = with_handout_arguments(assignment, make_submission(folder / "work", make_notebook(*cells)))
    return find_anchors(assignment, submission)["c"].cell, len(submission.notes)


@pytest.mark.parametrize(
    "later",
    [
        "def train(x, epochs, rate, momentum):\n    return x\n",
        "def train(x):\n    return x\n",
        "def train(x, epochs, *, momentum):\n    return x\n",
    ],
)
def test_one_that_cannot_be_called_as_the_hand_outs_does_not_count(later: str, tmp_path: Path) -> None:
    assert graded_cell(tmp_path, DONE, "y = 1", later) == (0, 1)


@pytest.mark.parametrize(
    "later",
    [
        "def train(x, epochs, rate=0.2):\n    return x\n",
        "def train(x, epochs):\n    return x\n",
        "def train(data, n, rate=0.1, momentum=0.9):\n    return x\n",
        "def train(*args, **kwargs):\n    return x\n",
        "train = lambda x, epochs, rate=0.1: x\n",
    ],
)
def test_the_last_one_counts_where_it_can_be_called(later: str, tmp_path: Path) -> None:
    assert graded_cell(tmp_path, DONE, later) == (1, 0)


@pytest.mark.parametrize("earlier", [STUB, "def train(model):\n    return model\n"])
def test_the_last_one_counts_where_no_earlier_one_is_an_answer(earlier: str, tmp_path: Path) -> None:
    assert graded_cell(tmp_path, earlier, "def train(x, epochs, rate, momentum):\n    return x\n") == (1, 0)


def test_a_class_is_called_as_its_init_says(tmp_path: Path) -> None:
    stub = "class Net:\n    def __init__(self, n):\n        raise NotImplementedError('Net.__init__: no')\n"
    done = "class Net:\n    def __init__(self, n):\n        self.n = n\n"
    deeper = "class Net:\n    def __init__(self, n, hidden):\n        self.n = n\n"
    inherited = "class Net(Base):\n    pass\n"
    assert graded_cell(tmp_path, done, deeper, stub=stub, done=done, name="Net") == (0, 1)
    assert graded_cell(tmp_path / "2", done, inherited, stub=stub, done=done, name="Net") == (1, 0)
