"""The smallest course that grades: two functions in a module, and hand-ins of every kind with the points they earn."""

from __future__ import annotations

import re
from pathlib import Path

from grader import cli

SOURCE = """\
import numpy as np


def affine(x, w, b):
    ### BEGIN SOLUTION
    return x @ w + b
    ### END SOLUTION


def relu(x):
    ### BEGIN SOLUTION
    return np.maximum(x, 0)
    ### END SOLUTION
"""
FILES = {
    "assignment.toml": """\
id = "tiny"
title = "Two functions"
points = 4
seed = 3
student_files = ["layers.py"]
order = ["1", "2"]
[names]
affine = "layers"
relu = "layers"
""",
    "README.md": "# Two functions\n\nFill in the regions.\n",
    "solution/layers.py": SOURCE,
    "checks.py": """\
from grader import Part, check

AFFINE, RELU = Part("1", "Affine"), Part("2", "ReLU")


@check(AFFINE, points=2, uses=["affine"])
def affine_values(student, rng):
    \"\"\"Values of the affine function\"\"\"
    return {"out": student.affine(rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=4))}


@check(RELU, points=2, uses=["relu"])
def relu_values(student, rng):
    \"\"\"Values of the ReLU\"\"\"
    return {"out": student.relu(rng.normal(size=(5, 3)))}
""",
    "wrong.py": """\
from grader.model import Change, Edit

WRONG = [
    Edit(name="no bias", changes=(Change("layers.py", "x @ w + b", "x @ w"),), fails=("affine_values",)),
    Edit(name="minimum", changes=(Change("layers.py", "np.maximum", "np.minimum"),), fails=("relu_values",)),
]
""",
}
RIGHT = re.sub(r" *### (BEGIN|END) SOLUTION\n", "", SOURCE)
KINDS = {
    "right": (RIGHT, 4),
    "no bias": (RIGHT.replace(" + b", ""), 2),
    "half": (RIGHT.replace("    return np.maximum(x, 0)", "    raise NotImplementedError"), 2),
    "both wrong": (RIGHT.replace(" + b", "").replace("maximum", "minimum"), 0),
    "minimum": (RIGHT.replace("maximum", "minimum"), 2),
    "raises": (RIGHT.replace("return x @ w", "return x * w"), 2),
    "broken": (RIGHT.replace("(x, w, b):", "(x, w, b:"), 0),
    "exits": ("import os\nos._exit(0)\n" + RIGHT, 0),
    "prints": ("print('x' * 1_000_000)\n" + RIGHT, 4),
}
"""Name -> the module and the points that it earns."""


def make_course(root: Path) -> Path:
    """The course, recorded and released."""
    for name, text in FILES.items():
        path = root / "reference/tiny" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for words in (("golden", "record"), ("release",)):
        assert cli.main([*words, "--course", str(root)]) == 0
    return root
