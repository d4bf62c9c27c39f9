"""What no check watches: inputs that may be changed in place, outputs that may differ; and checks at the pool's seeds.

Each function of the hand-out that has a solution region is run with a decorator that changes one argument after the
call, or the last entry of one result. Where every check passes, and one that raises there does not, nothing watches it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import product
from textwrap import indent

from msgspec import Struct

from grader.assignment.lint.issue import Issue
from grader.assignment.notebooks import by_notebook, percent_files
from grader.assignment.release.markers import regions
from grader.assignment.release.percent import python_lines
from grader.diagnosis.mutation.sites import functions_of, read_solution
from grader.errors import AuthoringError
from grader.execution.process import RootProcess
from grader.grading.evaluate import GoldenTable
from grader.model import Assignment, Change, Edit
from grader.reference.expected import seed_pool
from grader.reference.pool import in_parallel, is_caught
from grader.reference.session import ReferenceSession, live, observed_check
from grader.worker.syntax import parse_tree

_WRAPPER = """\
def _wrapped(function):
    import copy, functools, inspect
    import numpy as np

    def moved(value):
        if isinstance(value, np.ndarray) and value.size and value.dtype.kind in "iufc":
            {touched}
            value = value.copy()
            value.flat[-1] += 1 + abs(value.flat[-1])
        elif isinstance(value, (int, float, complex, np.number)) and not isinstance(value, bool):
            {touched}
            value = value + 1 + abs(value)
        elif isinstance(value, dict) and value:
            value = {{**value, list(value)[-1]: moved(value[list(value)[-1]])}}
        return value

    @functools.wraps(function)
    def wrapped(*given, **named):
        result = function(*given, **named)
        {change}
        return result

    return wrapped
@_wrapped
"""
_INPUT = """\
value = inspect.signature(function).bind(*given, **named).arguments.get({name!r})
        if isinstance(value, np.ndarray) and value.size and value.dtype.kind in "iufc" and value.flags.writeable:
            result = copy.deepcopy(result)
            value[...] = moved(value)"""
_OUTPUT = "result = moved(result)"
_ENTRY = """\
if isinstance(result, (tuple, list)) and len(result) > {at}:
            result = [*result[:{at}], moved(result[{at}]), *result[{at} + 1 :]]
            result = tuple(result)"""


class _Place(Struct, frozen=True):
    """One input or output of a function, and the code that changes it."""

    file: str
    line: int
    what: str
    value: str
    """Of which argument or result."""
    change: str


def unwatched(assignment: Assignment, tell: Callable[[str], None] = lambda text: None) -> list[Issue]:
    """A warning for every input and output of the hand-out's functions that no check watches."""
    places = list(_places(assignment))
    tell(f"{assignment.id}: {len(places)} inputs and outputs that a check has to watch")
    golden = live(assignment, [assignment.seed])[assignment.seed]
    alone = in_parallel(places, lambda root, place: _is_unwatched(root, assignment, place, golden))
    values_of: dict[tuple[str, int, str], list[str]] = {}
    for place, is_found in zip(places, alone, strict=True):
        if is_found:
            values_of.setdefault((place.file, place.line, place.what), []).append(place.value)
    return [
        Issue("warning", f"solution/{file}:{line}", f"no check sees {what}: {', '.join(values)}")
        for (file, line, what), values in values_of.items()
    ]


def failing_seeds(assignment: Assignment) -> list[Issue]:
    """An error for every check that the reference itself does not return from at a seed of the pool."""
    seeds_of: dict[tuple[str, str], list[str]] = {}
    for one in by_notebook(assignment):
        with ReferenceSession(one) as reference:
            for seed, check in product(seed_pool(assignment), one.checks):
                try:
                    observed_check(reference, check, seed)
                except AuthoringError as error:
                    seeds_of.setdefault((check.file, f"check {check.id}: {error}"), []).append(str(seed))
    return [
        Issue("error", file, f"{what}, at the pool's seed {', '.join(seeds)}")
        for (file, what), seeds in seeds_of.items()
    ]


def _is_unwatched(root: RootProcess, assignment: Assignment, place: _Place, golden: GoldenTable) -> bool:
    def caught(touched: str) -> bool:
        return is_caught(root, assignment, _edit(assignment, place, touched), golden)

    return not caught("pass") and caught("raise RuntimeError")


def _edit(assignment: Assignment, place: _Place, touched: str) -> Edit:
    text = read_solution(assignment, place.file)
    lines = text.split("\n")
    line = lines[place.line - 1]
    wrapper = _WRAPPER.format(touched=touched, change=place.change)
    lines[place.line - 1] = indent(wrapper, line[: len(line) - len(line.lstrip())]) + line
    return Edit(name=f"{place.what} {place.value}", changes=(Change(place.file, text, "\n".join(lines)),))


def _places(assignment: Assignment) -> Iterator[_Place]:
    for file in (*assignment.student_files, *percent_files(assignment)):
        text = read_solution(assignment, file)
        within = [(r.begin, r.end) for r in regions(text, file)]
        tree = parse_tree("\n".join(python_lines(text)))
        owners = {"", *(node.name for node in tree.body if isinstance(node, ast.ClassDef))}
        for function, name in functions_of(tree):
            if not isinstance(function, ast.FunctionDef) or name.rpartition(".")[0] not in owners:
                continue
            if function.name == "__init__" or function.decorator_list or function.end_lineno is None:
                continue
            last = function.end_lineno
            if not any(function.lineno < begin and end <= last + 1 for begin, end in within):
                continue
            arguments = [a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
            for argument in arguments[1:] if "." in name else arguments:
                what, change = f"`{name}` change an argument in place", _INPUT.format(name=argument)
                yield _Place(file, function.lineno, what, f"`{argument}`", change)
            what = f"a wrong last entry in what `{name}` returns"
            count = max((len(n.value.elts) for n in _returns(function) if isinstance(n.value, ast.Tuple)), default=0)
            for at in range(count):
                yield _Place(file, function.lineno, what, f"value {at + 1} of {count}", _ENTRY.format(at=at))
            if any(n.value is not None and not isinstance(n.value, ast.Tuple) for n in _returns(function)):
                yield _Place(file, function.lineno, what, "the value" if not count else "a value alone", _OUTPUT)


def _returns(function: ast.FunctionDef) -> Iterator[ast.Return]:
    return (node for node in ast.walk(function) if isinstance(node, ast.Return))
