"""A small assignment on disk: one notebook with a function, one module with a class, a provided file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

_INDENTED: Mapping[str, str] = {
    "assignment.toml": """\
        id = "toy"
        title = "Toy"
        points = 7
        seed = 3
        notebook = "toy.ipynb"
        student_files = ["layers/linear.py"]
        provided_files = ["layers/__init__.py", "helpers.py"]
        order = ["1", "2", "3"]
        install = "numgrade @ git+https://example.org/grader@v1"
        [names]
        square = "notebook"
        Linear = ["layers.linear", "linear"]
        [limits]
        cell = 30
        memory_mb = 512
        [follow_through]
        worth = "1/2"
        [[manual]]
        id = "3"
        title = "Explain"
        points = 2
        kind = "written"
        under = "Explain"
        question = "Why?"
        [[inconsistent]]
        what = "part 2 is printed twice"
    """,
    "README.md": "# Toy\n\nFill in the regions.\n",
    "checks.py": '''\
        """Public checks."""
        import numpy as np
        from grader import Part, check

        SQUARE = Part("1", "Square")
        LINEAR = Part("2", "Linear")

        def draw(rng):
            return rng.normal(size=(5, 3))

        @check(SQUARE, points=2, uses=["square"])
        def square_values(student, rng):
            """Values of the square"""
            return {"out": student.square(draw(rng))}
    ''',
    "hidden.py": '''\
        """Hidden checks."""
        from __future__ import annotations

        from checks import (
            LINEAR,
            draw as sample,
        )
        from grader import check

        @check(LINEAR, points=3, uses=["Linear"], builds_on=["square"])
        def linear_forward_hidden(student, rng):
            """Forward of the linear layer"""
            return {"out": student.Linear().forward(sample(rng))}
    ''',
    "wrong.py": """\
        from grader.model import Change, Edit

        WRONG = [
            Edit(name="cube", changes=(Change("toy.py", "x * x", "x * x * x"),), fails=("square_values",)),
            Edit(name="sign", changes=(Change("layers/linear.py", "2", "-2"),), fails=("linear_forward_hidden",)),
        ]
    """,
    "right.py": """\
        from grader.model import Change, Edit

        RIGHT = [Edit(name="power", changes=(Change("toy.py", "x * x", "x**2"),))]
    """,
    "solution/toy.py": """\
        # %% [markdown]
        # # Toy
        #
        # Write `square`.

        # %%
        # %matplotlib inline
        import numpy as np

        # %%
        def square(x):
            ### BEGIN SOLUTION
            return x * x
            ### END SOLUTION

        # %% [markdown]
        # ## Explain
    """,
    "solution/layers/__init__.py": "",
    "solution/layers/linear.py": '''\
        """A layer."""


        class Linear:
            def forward(self, x):
                """Twice the input."""
                ### BEGIN SOLUTION
                ### STUB: out = None
                out = 2 * x
                ### END SOLUTION
                return out
    ''',
    "solution/helpers.py": "SCALE = 2.0\n",
}

FILES: Mapping[str, str] = {name: dedent(text) for name, text in _INDENTED.items()}

Write = Callable[..., Path]


def write(root: Path, files: Mapping[str, str | None]) -> Path:
    """Write files below `root`; None removes one."""
    for name, text in files.items():
        path = root / name
        if text is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def toy(tmp_path: Path) -> Write:
    """Write `reference/toy` with some files replaced (`None`: left out), and return its folder."""

    def make(changed: Mapping[str, str | None] = {}, /) -> Path:  # never altered
        files = {**FILES, **changed}
        return write(tmp_path / "reference" / "toy", {name: text for name, text in files.items() if text is not None})

    return make
