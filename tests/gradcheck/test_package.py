"""What the gradient tools cost, and that their examples are right."""

import doctest
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest

NAMES = ("check_grad", "numerical_gradient", "numerical_gradient_array", "rel_error")


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_pays_for_numpy_only(name):
    code = f"import sys; from grader import {name}; print([m for m in ('scipy', 'msgspec') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_gradient_tools_need_nothing_else_of_the_project():
    code = (
        f"import sys, grader; [getattr(grader, name) for name in {NAMES}];"
        "print(sorted(m for m in sys.modules if m.startswith('grader.') and not m.startswith('grader.gradcheck')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['grader.compare', 'grader.compare.arguments', 'grader.compare.relative']"


@pytest.mark.parametrize("module", ["gradcheck.check", "gradcheck.numerical", "compare.relative"])
def test_the_examples_in_the_documentation_are_right(module):
    found = import_module(f"grader.{module}")
    result = doctest.testmod(found, extraglobs={"np": np})
    assert result.attempted
    assert not result.failed
