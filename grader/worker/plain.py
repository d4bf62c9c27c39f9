"""Plain values as text for the wire: text, None, numbers, sequences, sets, dictionaries.

`pack` writes what a probe returned in the worker, `unpack` reads it outside: JSON of a few forms, within bounds, from
which nothing but values of Python's own types can come. What JSON lacks is an object of one key, which names its kind.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Set
from decimal import Decimal
from fractions import Fraction
from typing import Any

from grader.errors import WorkerError

MAX_TEXT = 1 << 17
"""Characters of one value's JSON: pages of text, and an eighth of what a reply's header may hold."""
MAX_DEPTH = 20
MAX_DIGITS = 2000
"""Of an integer; Python itself refuses to read more than 4300."""
_INTEGER = re.compile(rf"-?\d{{1,{MAX_DIGITS}}}")
_FRACTION = re.compile(rf"(-?\d{{1,{MAX_DIGITS}}})/(\d{{1,{MAX_DIGITS}}})")
_DECIMAL = re.compile(rf"-?(\d{{0,{MAX_DIGITS}}}(\.\d{{0,{MAX_DIGITS}}})?(E[+-]?\d{{1,6}})?|Infinity|NaN)")
_SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class Unpackable(Exception):
    """The value is none of the plain kinds, or too large."""


def pack(value: Any) -> str:
    """JSON of a plain value; raises Unpackable if something in it is of another kind, or it is too large."""
    text = json.dumps(form_of(value), ensure_ascii=True)
    if len(text) > MAX_TEXT:
        raise Unpackable("too large")
    return text


def unpack(text: str) -> Any:
    """The value that `pack` wrote; raises WorkerError if the text is nothing that `pack` writes."""
    if len(text) > MAX_TEXT:
        raise WorkerError("the worker sent a value that is too large")
    try:
        return value_of(json.loads(text, parse_int=_integer))
    except (ValueError, TypeError, KeyError, RecursionError, ArithmeticError):
        raise WorkerError("the worker sent a value that is none") from None


def value_of(form: Any, depth: int = 0) -> Any:
    """The value of a JSON structure; a `ValueError`, `TypeError` or `KeyError` where it is none."""
    if depth > MAX_DEPTH:
        raise ValueError("nested too deep")
    if isinstance(form, list):
        return [value_of(item, depth + 1) for item in form]
    if not isinstance(form, dict):
        return form
    ((kind, given),) = form.items()
    return _READ[kind](given, depth + 1)


def form_of(value: Any, depth: int = 0) -> Any:
    """The JSON structure of a plain value; raises Unpackable where it is none."""
    if depth > MAX_DEPTH:
        raise Unpackable("nested too deep")
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, list | tuple):
        items = [form_of(item, depth + 1) for item in value]
        return items if isinstance(value, list) else {"tuple": items}
    if isinstance(value, Set):
        return {"set": sorted((form_of(item, depth + 1) for item in value), key=lambda f: (type(f).__name__, str(f)))}
    if isinstance(value, Mapping):
        return {"dict": [[form_of(key, depth + 1), form_of(value[key], depth + 1)] for key in value]}
    return _number(value)


def _number(value: Any) -> Any:
    if isinstance(value, Fraction):
        text = f"{value.numerator}/{value.denominator}"
        if _FRACTION.fullmatch(text):
            return {"Fraction": text}
    elif isinstance(value, Decimal):
        if _DECIMAL.fullmatch(str(value)):
            return {"Decimal": str(value)}
    elif isinstance(value, bytes):
        return {"bytes": value.hex()}
    elif isinstance(value, int):
        if abs(value) < 10**MAX_DIGITS:
            return int(value)
        raise Unpackable("too large")
    elif isinstance(value, float):
        return float(value) if math.isfinite(value) else {"float": str(float(value))}
    elif isinstance(value, complex):
        return {"complex": [_number(value.real), _number(value.imag)]}
    elif hasattr(value, "dtype") and getattr(value, "shape", None) == ():  # a number of NumPy's
        item = value.item()
        return _refuse(value) if isinstance(item, type(value)) else form_of(item)
    return _refuse(value)


def _refuse(value: Any) -> Any:
    raise Unpackable(type(value).__name__[:60])


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError("too many digits")
    return int(text)


def _of_set(given: Any, depth: int) -> frozenset[Any]:
    return frozenset(_hashable(value_of(item, depth)) for item in _list(given))


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, tuple) else value


def _of_dict(given: Any, depth: int) -> dict[Any, Any]:
    return {value_of(key, depth): value_of(value, depth) for key, value in map(_pair, _list(given))}


def _pair(given: Any) -> Any:
    if not isinstance(given, list) or len(given) != 2:
        raise ValueError("no pair")
    return given


def _list(given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise TypeError("no list")
    return given


def _of_fraction(given: Any, depth: int) -> Fraction:
    match = _FRACTION.fullmatch(given)
    if match is None:
        raise ValueError("no fraction")
    return Fraction(int(match[1]), int(match[2]))


def _of_decimal(given: Any, depth: int) -> Decimal:
    if not _DECIMAL.fullmatch(given):
        raise ValueError("no decimal number")
    return Decimal(given)


def _of_complex(given: Any, depth: int) -> complex:
    real, imaginary = (value_of(part, depth) for part in _pair(given))
    return complex(float(real), float(imaginary))


_READ: dict[str, Callable[[Any, int], Any]] = {
    "tuple": lambda given, depth: tuple(value_of(item, depth) for item in _list(given)),
    "set": _of_set,
    "dict": _of_dict,
    "Fraction": _of_fraction,
    "Decimal": _of_decimal,
    "bytes": lambda given, depth: bytes.fromhex(given),
    "float": lambda given, depth: _SPECIAL[given],
    "complex": _of_complex,
}
"""By the key of an object: how its value is read."""
