"""Which cells cannot end or hang their process."""

from __future__ import annotations

import pytest

from grader.submission.source.cell_safety import definitions_of, is_harmless


@pytest.mark.parametrize(
    "source",
    [
        "",
        "# a comment",
        "def f(x, y=1):\n    exit()",
        'class A:\n    """A."""\n\n    def f(self):\n        exit()',
        "pass",
        "import numpy as np\nimport matplotlib.pyplot as plt\nfrom scipy.special import expit\n%matplotlib inline",
        "%load_ext autoreload\n%autoreload 2",
    ],
)
def test_a_cell_that_only_defines_is_harmless(source: str) -> None:
    assert is_harmless(source)


@pytest.mark.parametrize(
    "source",
    [
        "x = 1",
        "import layers",
        "import numpy, layers",
        "from . import layers",
        "from .numpy import layers",
        "%autoreload 2; exit()",
        "def f(x=exit()): pass",
        "def f(*, x=exit()): pass",
        "def f(x: exit()): pass",
        "def f(*x: exit()): pass",
        "def f() -> exit(): pass",
        "@exit\ndef f(): pass",
        "class A(exit()): pass",
        "class A:\n    x = exit()",
        "class A:\n    x: exit()",
        "class A(metaclass=exit): pass",
        "def f(:",
        "x = '\0'",
        "%time",
    ],
)
def test_a_cell_that_computes_anything_is_not(source: str) -> None:
    assert not is_harmless(source)


def test_an_import_that_may_lead_into_the_hand_in_is_not() -> None:
    assert is_harmless("import random", own={"layers"})
    assert not is_harmless("import random", own={"random"})


def test_definitions_of_a_cell_that_does_not_parse_are_none() -> None:
    assert [type(n).__name__ for n in definitions_of("x = 1\ndef f(): pass\nclass A: pass")] == [
        "FunctionDef",
        "ClassDef",
    ]
    assert definitions_of("def f(:") == definitions_of("'\0'") == []
