"""Gradient checks for students and authors: `check_grad`, numerical gradients, `rel_error`.

Public names are imported when first asked for: `from grader.gradcheck import rel_error` costs NumPy and nothing more.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.compare.relative import rel_error
    from grader.gradcheck.check import GradCheck, check_grad
    from grader.gradcheck.numerical import numerical_gradient, numerical_gradient_array
    from grader.gradcheck.scipy_rule import scipy_check_grad

# No module here bears the name of a function that the package hands out: importing such a module would put
# itself in the function's place.
_HOME = {
    "GradCheck": "grader.gradcheck.check",
    "check_grad": "grader.gradcheck.check",
    "numerical_gradient": "grader.gradcheck.numerical",
    "numerical_gradient_array": "grader.gradcheck.numerical",
    "rel_error": "grader.compare.relative",
    "scipy_check_grad": "grader.gradcheck.scipy_rule",
}

__all__ = [
    "GradCheck",
    "check_grad",
    "numerical_gradient",
    "numerical_gradient_array",
    "rel_error",
    "scipy_check_grad",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'grader.gradcheck' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value
