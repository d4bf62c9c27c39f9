"""Several assignments have a package `utils` or `layers`: each test module starts without the others'."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import pytest

from grader.assignment.loading.course import find_course
from grader.model import Assignment
from tests.courses.reports import ROOT, Reports

COURSE_PACKAGES = ("utils", "layers", "nndl", "cs231n", "ece285", "nn_utils", "tensorflow")


@pytest.fixture(scope="module", autouse=True)
def _no_course_modules() -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] in COURSE_PACKAGES:
            del sys.modules[name]


@pytest.fixture(scope="session")
def make() -> ModuleType:
    """`examples/make.py`, which is a script and no package."""
    spec = spec_from_file_location("make", ROOT / "examples" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def graded(make: ModuleType) -> Callable[[str], Reports]:
    """The reports of an assignment's examples, each graded once."""
    return functools.cache(lambda id: Reports(id, make))


@pytest.fixture(scope="module")
def reports(request: pytest.FixtureRequest, graded: Callable[[str], Reports]) -> Reports:
    """Those of the module's assignment, its `ID`."""
    return graded(request.module.ID)


@pytest.fixture(scope="module")
def assignment(request: pytest.FixtureRequest) -> Assignment:
    return find_course(ROOT, ROOT).load(request.module.ID)
