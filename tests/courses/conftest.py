"""Several assignments have a package `utils` or `layers`: each test module starts without the others'."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

COURSE_PACKAGES = ("utils", "layers", "nndl", "cs231n", "ece285", "nn_utils", "tensorflow")


@pytest.fixture(scope="module", autouse=True)
def _no_course_modules() -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] in COURSE_PACKAGES:
            del sys.modules[name]


@pytest.fixture(scope="session")
def make() -> ModuleType:
    """`examples/make.py`, which is a script and no package."""
    spec = spec_from_file_location("make", Path(__file__).parents[2] / "examples" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
