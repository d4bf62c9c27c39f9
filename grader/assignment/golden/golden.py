"""The golden file: what the reference returned for each check, as text that reads well in a diff.

Owns the format: JSON in which every row of an array stands on a line of its own and every number is written so that
it reads back to the same bits. What was recorded from which sources is `provenance`, what changed between two
recordings is `difference`; recording itself is for others.

    {"format": "golden/1", "provenance": {...}, "observations": {"<check>": {"<array>":
        {"dtype": "float64", "shape": [2, 3], "rows": [[1.0, 2.0, 3.0], [4.0, "nan", "-inf"]]}}}}

A row runs along the last axis; a number without axes is one row of one. A complex entry is a pair [real, imaginary].
A value that is no array is `{"plain": ...}`, in the forms of `grader.worker.plain`, each item of a sequence on a line.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from grader.assignment.loading.author_file import read_text
from grader.errors import AuthoringError
from grader.model import Plain
from grader.worker.plain import form_of, value_of

FORMAT = "golden/1"
Array = npt.NDArray[Any]
_DTYPES = frozenset(
    [
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    ]
)
LINE = 100
"""Characters of a plain value above which each of its items has a line of its own."""
_SPECIAL = ("nan", "inf", "-inf")


class Golden(Struct, frozen=True):
    """A recording: where it comes from, and check id -> array name -> array."""

    provenance: Mapping[str, Any]
    observations: Mapping[str, Mapping[str, Any]]
    """Arrays, and a `Plain` for what is none."""


class _Damage(Exception):
    """What does not fit in the file; the reader adds the line, of `key` where one is given."""

    def __init__(self, what: str, key: str = "") -> None:
        super().__init__(what)
        self.key = key


def write_golden(path: Path, golden: Golden) -> None:
    """Write a golden file, in the order of the checks and arrays given.

    Raises
    ------
    AuthoringError
        If an array has a dtype that the file cannot hold (objects, texts, extended precision).
    """
    checks = []
    for check, arrays in golden.observations.items():
        entries = [f"   {json.dumps(name)}: {_written(array, check, name)}" for name, array in arrays.items()]
        checks.append(f"  {json.dumps(check)}: {_block('{', entries, '  }')}")
    provenance = json.dumps(dict(golden.provenance), indent=1, sort_keys=True).replace("\n", "\n ")
    text = (
        f'{{\n "format": {json.dumps(FORMAT)},\n "provenance": {provenance},\n'
        f' "observations": {_block("{", checks, " }")}\n}}\n'
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def read_golden(path: Path) -> Golden:
    """Read a golden file; arrays have the dtype, shape and bits (but for a nan's payload) that were written.

    Raises
    ------
    AuthoringError
        For a missing or damaged file, with the line.
    """
    text = read_text(path)
    line = 1

    def refuse(what: str) -> NoReturn:
        raise AuthoringError(f"{path}:{line}: {what}; restore the file or run `grade golden record`")

    try:
        data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        line = error.lineno
        refuse(f"damaged golden file: {error.msg}")
    except _Damage as error:
        line = text.count("\n", 0, max(text.rfind(error.key), 0)) + 1
        refuse(f"damaged golden file: {error}")
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        refuse(f"no golden file of format {FORMAT}")
    observations: dict[str, dict[str, Any]] = {}
    provenance, checks = data.get("provenance"), data.get("observations")
    if not isinstance(provenance, dict) or not isinstance(checks, dict):
        refuse("damaged golden file: it lacks provenance or observations")
    for check, arrays in checks.items():
        if not isinstance(arrays, dict):
            line = _line(text, ["observations", check])
            refuse(f"damaged golden file: {check} holds no arrays")
        observations[check] = {}
        for name, entry in arrays.items():
            try:
                observations[check][name] = _read(entry)
            except _Damage as error:
                line = _line(text, ["observations", check, name])
                refuse(f"damaged golden file: {check}, {name}: {error}")
    return Golden(provenance, observations)


def read_provenance(path: Path) -> Mapping[str, Any]:
    """What a golden file says of its origin, without its arrays; empty where that cannot be read."""
    _, _, rest = read_text(path).partition('"provenance":')
    try:
        provenance = json.JSONDecoder().raw_decode(rest.lstrip())[0]
    except json.JSONDecodeError:
        return {}  # whoever reads the values says what is wrong
    return provenance if isinstance(provenance, dict) else {}


def _block(opening: str, lines: list[str], closing: str) -> str:
    return f"{opening}\n" + ",\n".join(lines) + f"\n{closing}" if lines else opening + closing.strip()


def _written(array: Any, check: str, name: str) -> str:
    if isinstance(array, Plain):
        return f'{{"plain": {_plain_text(form_of(array.value))}}}'
    array = np.asarray(array)
    if array.dtype.name not in _DTYPES:
        raise AuthoringError(f"check {check} returns {name} of dtype {array.dtype}, which no golden file can hold")
    width = array.shape[-1] if array.ndim else 1
    rows = array.reshape(-1, width) if array.size else array.reshape(0, 1)
    lines = [f"    [{', '.join(map(_number, row))}]" for row in rows]
    shape = json.dumps(list(array.shape))
    return f'{{"dtype": "{array.dtype.name}", "shape": {shape}, "rows": {_block("[", lines, "   ]")}}}'


def _plain_text(form: Any) -> str:
    if isinstance(form, list) and len(json.dumps(form)) > LINE:
        return _block("[", [f"    {json.dumps(item)}" for item in form], "   ]")
    if isinstance(form, dict):
        ((kind, given),) = form.items()
        return f"{{{json.dumps(kind)}: {_plain_text(given)}}}"
    return json.dumps(form)


def _number(value: Any) -> str:
    """One entry as JSON with the fewest digits that read back to the same bits."""
    if isinstance(value, np.complexfloating):
        return f"[{_number(value.real)}, {_number(value.imag)}]"
    if isinstance(value, np.floating):
        if not math.isfinite(value):
            return json.dumps("nan" if np.isnan(value) else "inf" if value > 0 else "-inf")
        short = str(value)
        # the digits of a float32 are read as float64 first, and that may round twice
        return short if type(value)(float(short)) == value else repr(float(value))
    return json.dumps(value.item())


def _read(entry: Any) -> Any:
    if isinstance(entry, dict) and entry.keys() == {"plain"}:
        try:
            return Plain("", "", value_of(entry["plain"]))
        except (ValueError, TypeError, KeyError, RecursionError):
            raise _Damage("a plain value of no known form") from None
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "rows"}:
        raise _Damage("an array has dtype, shape and rows")
    name, shape, rows = entry["dtype"], entry["shape"], entry["rows"]
    if name not in _DTYPES:
        raise _Damage(f"unknown dtype {name!r}")
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise _Damage("the shape is no list of sizes")
    width, size = shape[-1] if shape else 1, math.prod(shape)
    if not isinstance(rows, list) or len(rows) != (size // width if size else 0):
        raise _Damage(f"the number of rows does not fit the shape {tuple(shape)}")
    if not all(isinstance(row, list) and len(row) == width for row in rows):
        raise _Damage(f"a row has not {width} entries, as the shape {tuple(shape)} has")
    flat = [value for row in rows for value in row]
    dtype = np.dtype(name)
    try:
        with np.errstate(over="raise"):
            return np.array(list(_entries(flat, dtype)), _wide(dtype)).astype(dtype).reshape(shape)
    except (FloatingPointError, OverflowError):
        raise _Damage(f"a number is too large for {name}") from None


def _wide(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type that Python's own numbers are collected in before they become `dtype`."""
    return np.dtype({"f": np.float64, "c": np.complex128}.get(dtype.kind, dtype))


def _entries(values: Iterable[Any], dtype: np.dtype[Any]) -> Iterable[Any]:
    for value in values:
        if dtype.kind == "c":
            if not isinstance(value, list) or len(value) != 2:
                raise _Damage(f"{value!r} is no pair of real and imaginary part")
            yield complex(_real(value[0]), _real(value[1]))
        elif dtype.kind == "f":
            yield _real(value)
        elif type(value) is not (bool if dtype.kind == "b" else int):
            raise _Damage(f"{value!r} is no entry of an array of {dtype.name}")
        elif dtype.kind != "b" and not np.iinfo(dtype).min <= value <= np.iinfo(dtype).max:
            raise _Damage(f"{value} is outside the range of {dtype.name}")
        else:
            yield value


def _real(value: Any) -> float:
    if type(value) in (int, float) or value in _SPECIAL:
        return float(value)
    raise _Damage(f"{value!r} is no number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Damage(f"{twice!r} stands in it twice", json.dumps(twice))
    return table


def _no_constant(name: str) -> NoReturn:
    raise _Damage(f"{name} is written as a text", name)


def _line(text: str, keys: list[str]) -> int:
    """Line of the first place where the keys follow one another."""
    at = 0
    for key in keys:
        at = max(text.find(f"{json.dumps(key)}:", at), at)
    return text.count("\n", 0, at) + 1
