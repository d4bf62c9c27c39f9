"""Numbers: comparison with the expected arrays, and the gradient tools that students and authors use.

Public names are imported when first asked for: `from grader.numeric import rel_error` costs NumPy and nothing more.
The modules `compare` and `describe` are the grader's own: `from grader.numeric.compare import compare`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.numeric.gradcheck import GradCheck, check_grad
    from grader.numeric.gradients import numerical_gradient, numerical_gradient_array
    from grader.numeric.relative import rel_error
    from grader.numeric.scipy_rule import scipy_check_grad

# No module here bears the name of a function that the package hands out: importing such a module would put
# itself in the function's place.
_HOME = {
    "GradCheck": "grader.numeric.gradcheck",
    "check_grad": "grader.numeric.gradcheck",
    "numerical_gradient": "grader.numeric.gradients",
    "numerical_gradient_array": "grader.numeric.gradients",
    "rel_error": "grader.numeric.relative",
    "scipy_check_grad": "grader.numeric.scipy_rule",
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
        raise AttributeError(f"module 'grader.numeric' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value
