"""What a check passes to the student's code, watched while that code runs: whether it changes an array in place.

A check's text is compiled with each of its calls led through `Inputs.call`, which copies the arrays that go into a
function of the student's and compares them when it returns. What the check itself writes is its own business.
"""

from __future__ import annotations

import ast
import functools
import os
from collections.abc import Callable, Iterator, Set
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from grader.worker import wire
from grader.worker.syntax import parse_tree

CALL = "__call_of_check__"
"""The name under which a check's calls find `Inputs.call`."""
MAX_COPIED = 256 << 20
"""Bytes copied for comparison in one check; one that passes more is not watched beyond that."""
MAX_NESTED = 8
"""Arrays looked at in one tuple or list that is passed: a cache, the parameters of a step."""
_FRAME_BOUND = frozenset(("super", "locals", "vars", "dir", "eval", "exec", "globals", "breakpoint"))
"""What asks for the frame that it is called from."""
_LIBRARIES = tuple(
    os.path.dirname(file) + os.sep for file in (os.__file__, os.path.dirname(np.__file__), wire.__file__)
)
"""Folders of what is no student's: Python's own, the packages beside NumPy, the worker."""
Names = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]
"""How a call's arguments are written: those by position, those by keyword; empty where it is no plain name."""
# bound before the first cell: student code may replace the modules' attributes later
_ndarray, _equal, _copy, _type = np.ndarray, np.array_equal, np.array, type


def generator(seed: int, key: int) -> np.random.Generator:
    """The generator of one check: independent of every other check's, the same on every run."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, key])))


def watched(source: str, file: str) -> CodeType:
    """A check file's code, with its calls led through `CALL`."""
    tree = parse_tree(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in _FRAME_BOUND):
            _lead_through(node)
    return compile(tree, file, "exec", dont_inherit=True)


def _lead_through(node: ast.Call) -> None:
    """Make `f(x, y=z)` into `CALL(f, (("x",), (("y", "z"),)), x, y=z)`."""
    starred = next((at for at, arg in enumerate(node.args) if isinstance(arg, ast.Starred)), len(node.args))
    names: Names = (
        tuple(arg.id if isinstance(arg, ast.Name) else "" for arg in node.args[:starred]),
        tuple((k.arg, k.value.id) for k in node.keywords if k.arg and isinstance(k.value, ast.Name)),
    )
    written = ast.copy_location(ast.Constant(names), node)  # type: ignore[arg-type]  # a constant may be a tuple as well
    node.args = [node.func, written, *node.args]
    node.func = ast.copy_location(ast.Name(CALL, ast.Load()), node)


def is_students(file: str, checks: Set[str]) -> bool:
    """Whether code of `file` is the student's: not that of a check file, of a library or of the reference."""
    return file not in checks and not file.startswith(("<frozen", "<reference>")) and not file.startswith(_LIBRARIES)


class Inputs:
    """The arrays that one run of a check passes to the student's code."""

    def __init__(self, files: Set[str]) -> None:
        self._files = files
        self._bytes = 0
        self._changed: dict[str, None] = {}

    @property
    def changed(self) -> tuple[str, ...]:
        """Names of arrays that the student's code has changed: the check's, or else its own parameters'."""
        return tuple(self._changed)

    def call(self, function: Callable[..., Any], names: Names, /, *args: Any, **kwargs: Any) -> Any:
        """Call `function` as the check does."""
        code = _code_of(function)
        if code is None or not is_students(code.co_filename, self._files):
            return function(*args, **kwargs)
        kept = list(self._copies(code, _is_bound(function), names, args, kwargs))
        result = function(*args, **kwargs)
        for name, array, before in kept:
            if not _equal(array, before, equal_nan=before.dtype.kind in "fc"):
                self._changed[name] = None
        return result

    def _copies(
        self, code: CodeType, bound: bool, names: Names, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Iterator[tuple[str, Any, Any]]:
        """Name, array and copy of every array among the arguments."""
        parameters = code.co_varnames[: code.co_argcount][int(bound) :]
        written, keywords = names[0], dict(names[1])
        for at, value in enumerate(args):
            own = parameters[at] if at < len(parameters) else ""
            yield from self._copied((written[at] if at < len(written) else "") or own, value)
        for key, value in kwargs.items():
            yield from self._copied(keywords.get(key) or key, value)

    def _copied(self, name: str, value: Any) -> Iterator[tuple[str, Any, Any]]:
        if _type(value) in (tuple, list):
            for item in value[:MAX_NESTED]:
                if _type(item) is _ndarray:
                    yield from self._copied(name, item)
        elif isinstance(value, _ndarray) and value.dtype.kind in "biufc" and self._bytes + value.nbytes <= MAX_COPIED:
            self._bytes += value.nbytes
            yield name or f"an input of shape {value.shape}", value, _copy(value)


def _code_of(function: Any) -> CodeType | None:
    """The code that a call runs first, where that is Python: of a class its `__init__`, of an object its `__call__`."""
    for _ in range(5):  # wrappers within wrappers
        if isinstance(function, MethodType):
            function = function.__func__
        elif isinstance(function, FunctionType):
            wrapped = function.__dict__.get("__wrapped__")
            if not isinstance(wrapped, FunctionType):
                return function.__code__
            function = wrapped
        elif isinstance(function, functools.partial):
            function = function.func
        elif isinstance(function, type):
            function = function.__dict__.get("__init__")
        else:
            function = _type(function).__dict__.get("__call__")
    return None


def _is_bound(function: Any) -> bool:
    """Whether the first parameter of the code is filled in by Python: `self`."""
    return not isinstance(function, FunctionType)
