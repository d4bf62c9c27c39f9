"""Expected values that exist only as printed text, as rule `printed` takes them.

Owns the reading of one number or of nested brackets, as NumPy prints them or as a Python list, and how far the last
digit of each reaches.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from grader.errors import AuthoringError

_NUMBER = re.compile(
    r"[-+]?(?:(?P<mantissa>\d+\.?(?P<decimals>\d*)|\.(?P<bare>\d+))(?:[eE](?P<exponent>[-+]?\d+))?|nan|inf)"
)


class PrintedNumbers(NamedTuple):
    """What a printed golden says."""

    values: npt.NDArray[np.float64]
    """Shape as the brackets nest, () for a bare number."""
    half: npt.NDArray[np.float64]
    """Half a unit of the last printed decimal of each entry; same shape."""


def parse_printed(text: str) -> PrintedNumbers:
    """Read `text` as NumPy prints an array: `0.0076`, `[1. 2.5]`, `[[-0.5 0.25], [1e-3, 4]]`.

    NumPy trims trailing zeros, so `2.5` beside `-0.8129` was printed to four decimals: the largest number of decimals
    in the whole array counts for every entry. In scientific notation that holds for the mantissas. Raises
    AuthoringError if there is anything but numbers and brackets (`...` for left out entries too), or rows of unequal
    length.
    """
    words = re.findall(r"[\[\]]|[^\s,\[\]]+", text)
    numbers = []
    for word in words:
        if word not in "[]":
            number = _NUMBER.fullmatch(word)
            if number is None:
                raise _bad(text, f"cannot read {word[:20]!r}")
            numbers.append(number)
    quoted = "".join(word if word in "[]" else f'"{word}"' for word in words)
    try:
        nested = json.loads("[" + re.sub(r'(?<=[\]"])(?=[\["])', ",", quoted) + "]")
    except ValueError:
        raise _bad(text, "its brackets do not match") from None
    if len(nested) != 1:
        raise _bad(text, f"it holds {len(nested)} numbers or arrays, not one")
    decimals = max((len(m["decimals"] or m["bare"] or "") for m in numbers), default=0)
    exponents = [int(m["exponent"] or 0) for m in numbers]
    try:
        values = np.array(nested[0], dtype=np.float64)
    except ValueError as error:
        raise _bad(text, "its rows are of unequal length") from error
    # Read as text, since 10.0 ** 400 is an OverflowError where the literal is inf; nan and inf have no last digit.
    units = [f"5e{e - decimals - 1}" if m["mantissa"] else "0" for m, e in zip(numbers, exponents, strict=True)]
    half = np.array([float(u) for u in units])
    return PrintedNumbers(values, half.reshape(values.shape))


def _bad(text: str, why: str) -> AuthoringError:
    shown = " ".join(text.split())[:60]
    return AuthoringError(
        f"tolerance: printed golden {shown!r}: {why}; give one number or one whole array as NumPy prints it"
    )
