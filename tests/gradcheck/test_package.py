"""What `grader.gradcheck` hands out, and at what price."""

import doctest
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest

import grader
import grader.gradcheck


@pytest.mark.parametrize("name", grader.gradcheck.__all__)
def test_every_public_name_is_a_function_or_class_and_not_the_module_of_that_name(name):
    for module in ("check", "numerical", "scipy_rule"):
        import_module(f"grader.gradcheck.{module}")
    assert callable(getattr(grader.gradcheck, name))


def test_authors_get_the_same_functions_from_grader():
    for name in ("check_grad", "rel_error", "numerical_gradient", "numerical_gradient_array"):
        assert getattr(grader, name) is getattr(grader.gradcheck, name)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'gradcheck2'"):
        _ = grader.gradcheck.gradcheck2


@pytest.mark.parametrize("name", ["rel_error", "numerical_gradient", "check_grad"])
def test_a_notebook_pays_for_numpy_only(name):
    code = (
        f"import sys; from grader.gradcheck import {name}; print([m for m in ('scipy', 'msgspec') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_gradient_tools_need_nothing_else_of_the_project():
    code = (
        "import sys, grader.gradcheck as n; [getattr(n, name) for name in n.__all__];"
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
