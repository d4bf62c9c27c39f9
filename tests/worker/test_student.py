"""What a probe finds under `student`."""

from __future__ import annotations

import pytest

from grader.worker.state import State
from grader.worker.student import Missing, Student


class Notebook(State):
    """A worker whose notebook has run."""

    @property
    def globals(self) -> dict[str, object]:
        return {"x": 3}


def test_a_global_that_is_not_there_is_missing() -> None:
    with pytest.raises(Missing, match=r"^`y` is not defined$"):
        Student(Notebook()).notebook["y"]


def test_the_globals_can_be_asked_for_what_may_be_there() -> None:
    notebook = Student(Notebook()).notebook
    assert notebook.get("x") == 3
    assert notebook.get("y", 4) == 4
    assert "y" not in notebook
