"""An autograder for numerical Python and neural networks: what a check author imports, and `grade`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.checks import ForPerson as ForPerson
    from grader.checks import NeedsManualGrading, check, fail, gradient_check
    from grader.compare.relative import rel_error
    from grader.engine import grade
    from grader.gradcheck.check import check_grad
    from grader.gradcheck.numerical import numerical_gradient, numerical_gradient_array
    from grader.model import Change, Edit, Equivalent, Given, Part, Tolerance, Uses, Verdict
    from grader.worker.figures import figure_data

_HOME = {
    "grade": "grader.engine",
    "check": "grader.checks",
    "fail": "grader.checks",
    "gradient_check": "grader.checks",
    "NeedsManualGrading": "grader.checks",
    "ForPerson": "grader.checks",  # its former name
    "Part": "grader.model",
    "Tolerance": "grader.model",
    "Uses": "grader.model",
    "Verdict": "grader.model",
    "Given": "grader.model",
    "Edit": "grader.model",
    "Change": "grader.model",
    "Equivalent": "grader.model",
    "figure_data": "grader.worker.figures",
    "check_grad": "grader.gradcheck.check",
    "numerical_gradient": "grader.gradcheck.numerical",
    "numerical_gradient_array": "grader.gradcheck.numerical",
    "rel_error": "grader.compare.relative",
}

__all__ = [
    "Change",
    "Edit",
    "Equivalent",
    "Given",
    "NeedsManualGrading",
    "Part",
    "Tolerance",
    "Uses",
    "Verdict",
    "check",
    "check_grad",
    "fail",
    "figure_data",
    "grade",
    "gradient_check",
    "numerical_gradient",
    "numerical_gradient_array",
    "rel_error",
]
__version__ = "0.1.0"


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext grader`: define the magic `%grade` in a notebook."""
    import_module("grader.notebook.magic").register(shell)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that a worker loads only what it uses."""
    if name not in _HOME:
        raise AttributeError(f"module 'grader' has no attribute {name!r}")
    if name == "grade":
        from grader.errors import require_fork

        require_fork()  # before what it loads fails
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value
