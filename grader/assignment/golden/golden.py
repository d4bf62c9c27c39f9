"""The golden file: what the reference returned for each check, as text that reads well in a diff.

Owns the format: JSON in which every row of an array stands on a line of its own and every number is written so that
it reads back to the same bits. What was recorded from which sources is `provenance`; recording, and what changed
between two recordings, are for others.

    {"format": "golden/1", "provenance": {...}, "observations": {"<check>": {"<array>":
        {"dtype": "float64", "shape": [2, 3], "rows": [[1.0, 2.0, 3.0], [4.0, "nan", "-inf"]]}}}}

A row runs along the last axis; a number without axes is one row of one. A complex entry is a pair [real, imaginary].
A value that is no array is `{"plain": ...}`, in the forms of `grader.worker.plain`, each item of a sequence on a line.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from grader.assignment.loading.author_file import read_text
from grader.errors import AuthoringError
from grader.model import Plain, Visibility
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


class Golden(Struct, frozen=True):
    """A recording: where it comes from, and check id -> array name -> array."""

    provenance: Mapping[str, Any]
    observations: Mapping[str, Mapping[str, Any]]
    """Arrays, and a `Plain` for what is none."""


def golden_path(root: Path, visibility: Visibility) -> Path:
    """The golden file of the checks of one visibility, of an assignment in `root`."""
    return root / "golden" / f"{visibility}.json"


def write_golden(path: Path, golden: Golden) -> None:
    """Write a golden file, in the order of the checks and arrays given.

    Raises AuthoringError if an array has a dtype that the file cannot hold (objects, texts, extended precision).
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

    Raises AuthoringError for a missing or damaged file, with the line or the array.
    """
    text = read_text(path)

    def refuse(what: str, line: int = 1) -> NoReturn:
        raise AuthoringError(f"{path}:{line}: {what}; restore the file or run `grade golden record`")

    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        refuse(f"damaged golden file: {error.msg}", error.lineno)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        refuse(f"no golden file of format {FORMAT}")
    observations: dict[str, dict[str, Any]] = {}
    provenance, checks = data.get("provenance"), data.get("observations")
    if not isinstance(provenance, dict) or not isinstance(checks, dict):
        refuse("damaged golden file: it lacks provenance or observations")
    for check, arrays in checks.items():
        if not isinstance(arrays, dict):
            refuse(f"damaged golden file: {check} holds no arrays")
        observations[check] = {}
        for name, entry in arrays.items():
            try:
                observations[check][name] = _read(entry)
            except (KeyError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
                refuse(f"damaged golden file: {check}, {name}: {type(error).__name__}: {error}")
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
    """An array, or a `Plain`; whatever Python, NumPy or `value_of` raises says what does not fit."""
    if "plain" in entry:
        return Plain("", "", value_of(entry["plain"]))
    if entry["dtype"] not in _DTYPES:
        raise ValueError(f"unknown dtype {entry['dtype']!r}")
    dtype, rows = np.dtype(entry["dtype"]), entry["rows"]
    of_python = {"b": bool, "i": int, "u": int}.get(dtype.kind)
    if of_python and not all(type(entry) is of_python for entry in np.array(rows, dtype=object).flat):
        raise ValueError(f"not all entries are of {dtype.name}")  # NumPy would cut off what comes after the point
    wide = np.array(rows, np.float64 if dtype.kind in "fc" else dtype)
    with np.errstate(over="raise"):
        return (wide.view(np.complex128) if dtype.kind == "c" else wide).astype(dtype).reshape(entry["shape"])
