"""A slot loads what the assignment's files import, and nothing that is the hand-in's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.assignment.loading.course import find_course
from grader.cohort.preload_list import libraries

COURSE = find_course(Path(__file__))


@pytest.mark.parametrize("id", COURSE.ids())
def test_libraries_are_installed_ones(id: str) -> None:
    found = libraries(COURSE.load(id))
    packages = {name.partition(".")[0] for name in found}

    assert {"numpy", "matplotlib"} <= packages
    assert packages.isdisjoint({"layers", "nndl", "utils", "nn_utils", "tensorflow", "keras", "neural_network"})
    assert "matplotlib.pyplot" in found
