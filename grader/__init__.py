"""An autograder for numerical Python and neural networks: what a check author imports, and `grade`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.api import grade
    from grader.authoring import ForPerson, check
    from grader.model import Given, Part, Tolerance, Uses, Verdict
    from grader.numeric import check_grad, numerical_gradient, numerical_gradient_array, rel_error

_HOME = {
    "grade": "grader.api",
    "check": "grader.authoring",
    "ForPerson": "grader.authoring",
    "Part": "grader.model",
    "Tolerance": "grader.model",
    "Uses": "grader.model",
    "Verdict": "grader.model",
    "Given": "grader.model",
    "check_grad": "grader.numeric",
    "numerical_gradient": "grader.numeric",
    "numerical_gradient_array": "grader.numeric",
    "rel_error": "grader.numeric",
}

__all__ = [
    "ForPerson",
    "Given",
    "Part",
    "Tolerance",
    "Uses",
    "Verdict",
    "check",
    "check_grad",
    "grade",
    "numerical_gradient",
    "numerical_gradient_array",
    "rel_error",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that a worker loads only what it uses."""
    if name not in _HOME:
        raise AttributeError(f"module 'grader' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value
