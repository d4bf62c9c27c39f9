"""Compares values that are no arrays: each in its kind, the numbers inside under the tolerance.

Owns the verdict and the sentence for one named value, and how what was taken apart (dictionaries, sequences, tables)
fits the names that are expected. With `hidden` no sentence holds anything of either value.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from grader.compare.arrays import compare
from grader.compare.messages import missing, shape_text, short_line
from grader.model import Comparison, NotArray, Plain, Tolerance
from grader.worker.messages import FLATTENED

MAX_LISTED = 20_000
"""Entries of an array that is compared as a list."""
NUMBERS = (int, float, complex)
_KINDS = {
    str: "text",
    bool: "a truth value",
    int: "a number",
    float: "a number",
    complex: "a number",
    list: "a list",
    tuple: "a tuple",
    frozenset: "a set",
    dict: "a dictionary",
    bytes: "bytes",
    Fraction: "a Fraction",
    Decimal: "a Decimal",
}


def compare_value(name: str, got: Any, expected: Any, tolerance: Tolerance, *, hidden: bool = False) -> Comparison:
    """Compare one named value, whatever was expected: an array, or a `Plain`.

    Raises as `grader.compare.arrays.compare`.
    """
    if not isinstance(expected, Plain):
        numbers = _as_numbers(got)
        return compare(name, got if numbers is None else numbers, expected, tolerance, hidden=hidden)
    if got is None:
        problem = missing(name)
    elif isinstance(got, NotArray) and not isinstance(got, Plain):
        what = short_line(got.detail if got.kind in (FLATTENED, "other") and got.detail else got.kind)
        problem = f"`{name}` is {_article(what)}, expected {_described(expected.value)}"
        if hidden:
            problem = f"`{name}` is of another kind than expected, {_kind(expected.value)}"
    else:
        value = _listed(got) if isinstance(got, np.ndarray) else got.value
        problem = _difference(f"`{name}`", value, expected.value, tolerance, hidden)
    message = f"`{name}` is not what is expected" if hidden and problem.startswith("`" + name + "[") else problem
    return Comparison(
        name=name,
        status="failed" if problem else "passed",
        shape=got.shape if isinstance(got, np.ndarray) else None,
        dtype=str(got.dtype) if isinstance(got, np.ndarray) else None,
        message=message,
        earned=Fraction(int(not problem)),
    )


def fitted(values: Mapping[str, Any], golden: Mapping[str, Any]) -> dict[str, Any]:
    """What was observed, with arrays split or stacked where the expected names are those of rows, or of the whole."""
    fitting = dict(values)
    for name, expected in golden.items():
        whole, bracket, place = name.rpartition("[")
        if name in values and _is_flattened(values[name]):
            rows = [values[row] for n in range(len(values)) if (row := f"{name}[{n}]") in values]
            shapes = {row.shape if isinstance(row, np.ndarray) else None for row in rows}
            if isinstance(expected, np.ndarray) and len(shapes) == 1 and None not in shapes:
                fitting[name] = np.stack(rows)
            elif isinstance(expected, Plain) and rows and all(isinstance(row, np.ndarray | Plain) for row in rows):
                fitting[name] = Plain("", "", [_listed(r) if isinstance(r, np.ndarray) else r.value for r in rows])
        elif bracket and name not in values and isinstance(values.get(whole), np.ndarray):
            array, at = values[whole], place.removesuffix("]")
            if array.ndim and at.isdecimal() and int(at) < len(array):
                fitting[name] = array[int(at)]
    return fitting


def surplus(values: Mapping[str, Any], golden: Mapping[str, Any], *, hidden: bool) -> list[Comparison]:
    """For each dictionary, sequence or table that has more than is expected of it, a failed comparison."""
    expected = set(golden)
    for name in golden:
        while "[" in name:
            name = name.rpartition("[")[0]
            expected.add(name)
    comparisons = []
    for name, value in values.items():
        if not _is_flattened(value) or name in golden or name not in expected:
            continue
        inside = [other for other in values if other.startswith(f"{name}[") and other not in expected]
        inside = [other for other in inside if not any(other.startswith(f"{outer}[") for outer in inside)]
        if inside:
            which = ", ".join(f"`{short_line(other)}`" for other in inside[:3])
            which += " and others" if len(inside) > 3 else ""
            message = f"`{name}` has more in it than is asked for" + ("" if hidden else f": {which}")
            comparisons.append(Comparison(name=name, status="failed", message=message))
    return comparisons


def _is_flattened(value: Any) -> bool:
    return isinstance(value, NotArray) and value.kind == FLATTENED


def _as_numbers(got: Any) -> Any:
    """Exact numbers, or a list of them, as an array; None for anything else."""
    if not isinstance(got, Plain):
        return None
    items = got.value if isinstance(got.value, list | tuple) else [got.value]
    if not items or not all(isinstance(item, (*NUMBERS, Fraction, Decimal)) for item in items):
        return None
    try:
        numbers = np.array([complex(item) if isinstance(item, complex) else float(item) for item in items])
    except (OverflowError, ValueError):
        return None
    return numbers if isinstance(got.value, list | tuple) else numbers[0]


def _listed(array: Any) -> Any:
    return array.tolist() if array.size <= MAX_LISTED else f"an array of shape {shape_text(array.shape)}"


def _difference(where: str, got: Any, expected: Any, tolerance: Tolerance, hidden: bool) -> str:
    """The first difference in a sentence; empty where there is none."""
    if not _same_kind(got, expected):
        return _is(where, got, expected, hidden)
    if isinstance(expected, NUMBERS) and not isinstance(expected, bool):
        return "" if _near(got, expected, tolerance) else _is(where, got, expected, hidden)
    if isinstance(expected, list | tuple):
        if len(got) != len(expected):
            if hidden:
                return f"{where} has another length than expected"
            return f"{where} has {len(got)} items, expected {len(expected)}"
        pairs = [(str(at), one, other) for at, (one, other) in enumerate(zip(got, expected, strict=True))]
    elif isinstance(expected, dict):
        if wrong := _members(where, got.keys(), expected.keys(), "the key ", hidden):
            return wrong
        pairs = [(repr(key), got[key], expected[key]) for key in expected]
    elif isinstance(expected, frozenset):
        return _of_sets(where, got, expected, tolerance, hidden)
    elif isinstance(expected, str) and got != expected:
        return _of_texts(where, got, expected, hidden)
    else:
        return "" if got == expected else _is(where, got, expected, hidden)
    for key, one, other in pairs:
        if wrong := _difference(f"{where[:-1]}[{short_line(key)}]`", one, other, tolerance, hidden):
            return wrong
    return ""


def _near(got: Any, expected: Any, tolerance: Tolerance) -> bool:
    if got == expected:
        return True
    if any(isinstance(number, int) and abs(number) >= 1 << 63 for number in (got, expected)):
        return False  # larger than NumPy's integers
    return compare("", np.asarray(got), np.asarray(expected), tolerance).earned == 1


def _same_kind(got: Any, expected: Any) -> bool:
    if isinstance(got, bool) or isinstance(expected, bool):
        return isinstance(got, bool) and isinstance(expected, bool)
    if isinstance(expected, NUMBERS):
        return isinstance(got, NUMBERS)
    if isinstance(expected, Fraction | Decimal):
        return isinstance(got, Fraction | Decimal | int)
    if isinstance(expected, list | tuple):  # a pair may be written as either
        return isinstance(got, list | tuple)
    return type(got) is type(expected)


def _of_sets(where: str, got: frozenset[Any], expected: frozenset[Any], tolerance: Tolerance, hidden: bool) -> str:
    numbers = [sorted(s) for s in (got, expected) if all(isinstance(i, int | float) for i in s)]
    as_arrays = [np.asarray(one) for one in numbers] if len(got) == len(expected) and expected else []
    if len(as_arrays) == 2 and compare("", as_arrays[0], as_arrays[1], tolerance).earned == 1:
        return ""
    return _members(where, got, expected, "", hidden)


def _members(where: str, got: Any, expected: Any, what: str, hidden: bool) -> str:
    lacking = sorted((item for item in expected if item not in got), key=str)
    over = sorted((item for item in got if item not in expected), key=str)
    if not lacking and not over:
        return ""
    if hidden:
        return f"{where} does not have exactly what is expected in it"
    faults = [f"lacks {what}{_shown(lacking[0])}"] if lacking else []
    faults += [f"has {what}{_shown(over[0])} too many"] if over else []
    return f"{where} {' and '.join(faults)}"


def _of_texts(where: str, got: str, expected: str, hidden: bool) -> str:
    if hidden:
        return f"{where} is another text than expected"
    if len(got) <= 60 and len(expected) <= 60:
        return f"{where} is {_shown(got)}, expected {_shown(expected)}"
    at = next((n for n, pair in enumerate(zip(got, expected, strict=False)) if pair[0] != pair[1]), None)
    at = min(len(got), len(expected)) if at is None else at
    near = slice(max(0, at - 15), at + 25)
    return f"{where} differs from character {at} on: got …{_shown(got[near])}, expected …{_shown(expected[near])}"


def _is(where: str, got: Any, expected: Any, hidden: bool) -> str:
    if hidden:
        same = _same_kind(got, expected)
        return f"{where} is not what is expected" if same else f"{where} is {_kind(got)}, expected {_kind(expected)}"
    lost = expected is None and isinstance(got, float) and got != got
    why = "; None is nan in an array of floats" if lost else ""
    return f"{where} is {_described(got)}, expected {_described(expected)}{why}"


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "None" if value is None else "another value")


def _described(value: Any) -> str:
    """A value in a sentence: of a sequence or set its kind and size."""
    if isinstance(value, list | tuple | frozenset | dict):
        return f"{_kind(value)} of {len(value)}" if len(value) else f"{_kind(value)} with nothing in it"
    return _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, Fraction):
        return short_line(f"Fraction({value.numerator}, {value.denominator})")
    return short_line(f"{value:.6g}") if isinstance(value, float) else short_line(repr(value))


def _article(what: str) -> str:
    if what == "None" or what.startswith(("a ", "an ", "text")):
        return what
    return ("an " if what[:1].lower() in "aeiou" else "a ") + what
