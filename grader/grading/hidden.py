"""What is shown of a hidden check's arrays: nothing that the student's process could have chosen to say something with.

A hidden check's arrays come from a process that knows what it asks. Shown is the comparison's own verdict: whether the
shape is the expected one, the dtype or its kind, and the size of an error to one digit, within bounds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import structs

from grader.compare.arrays import LARGEST_HIDDEN_ERROR
from grader.compare.messages import blurred
from grader.model import Check, Comparison, Diagnosis

KINDS = {"b": "bool", "i": "int", "u": "int", "f": "float", "c": "complex"}
OTHER = "another array"
_NUMBER = re.compile(r"(?<![\w.\[])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w\]])")
_SHAPE = re.compile(r"(?<=shape )\((?:\d+,? ?)*\)")


def shown_array(
    array: Comparison, check: Check, golden: Mapping[str, npt.NDArray[Any]], observed: Mapping[str, object]
) -> Comparison:
    """The comparison, or a judge's verdict, as it may be shown."""
    got, expected = observed.get(array.name), golden.get(array.name)
    shape = dtype = None
    if isinstance(got, np.ndarray) and isinstance(expected, np.ndarray):
        shape = expected.shape if got.shape == expected.shape else None
        dtype = str(got.dtype) if got.dtype == expected.dtype else KINDS.get(got.dtype.kind)
    strangers = sorted((n for n in observed if n not in golden and n not in check.source), key=len, reverse=True)
    message, name = array.message, array.name
    if check.judge is not None:
        for stranger in strangers:
            message, name = message.replace(stranger, OTHER), name.replace(stranger, OTHER)
        message = _NUMBER.sub(lambda match: _own_or_rounded(match[0], check.source), message)
    return structs.replace(
        array, name=name, message=message, shape=shape, dtype=dtype, error=_bounded(array.error, array.earned == 1)
    )


def shown_diagnosis(diagnosis: Diagnosis, golden: Mapping[str, npt.NDArray[Any]]) -> Diagnosis:
    """The named mistake without its evidence, and without a shape that is none of the expected ones."""
    known = {str(array.shape) for array in golden.values() if isinstance(array, np.ndarray)}
    text = _SHAPE.sub(lambda match: match[0] if match[0] in known else "(another one)", diagnosis.text)
    return structs.replace(diagnosis, text=text, evidence={})


def _own_or_rounded(number: str, source: str) -> str:
    """A number of the author's own as it is, any other to one digit: it may come from what was observed."""
    if re.search(rf"(?<![\w.]){re.escape(number)}(?![\w.])", source):
        return number
    value = float(number)
    if not isfinite(value) or abs(value) >= 1e6 or abs(value) < 1e-6:
        return "…"
    return f"about {blurred(value, up=False):g}" if value > 0 else "…"


def _bounded(error: float | None, passed: bool) -> float | None:
    if error is None or not isfinite(error):
        return None
    return min(blurred(abs(error), up=not passed), LARGEST_HIDDEN_ERROR)
