"""What a probe returned, taken apart into named arrays that can cross the line.

Dictionaries are flattened to `grads['W1']`, lists and tuples of arrays to `weights[0]`; a value that is no numeric
array becomes `Other`, which costs that name alone.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from grader.worker.messages import MAX_NAMES, MAX_NOTES, ArraySpec, Other
from grader.worker.wire import DTYPES, MAX_BUFFERS, MAX_DIMENSIONS

MAX_DEPTH = 6
MAX_NAME = 1000
NUMBERS = (bool, int, float, complex, np.generic)
# bound before the first cell: student code may replace the module's attributes later
_ndarray, _asarray, _ascontiguous, _empty = np.ndarray, np.asarray, np.ascontiguousarray, np.empty


class Parcel:
    """Named values on their way out: specs for the header, and their bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.values: dict[str, ArraySpec | Other] = {}
        self.buffers: list[bytes] = []
        self.notes: list[str] = []
        self._bytes = 0

    def note(self, text: str) -> None:
        """Keep a note, as many as a reply may have."""
        if len(self.notes) < MAX_NOTES:
            self.notes.append(text)

    def add(self, name: str, value: Any, depth: int = 0) -> None:
        """Take `value` under `name`, whatever it is."""
        if len(self.values) >= MAX_NAMES or len(self.buffers) >= MAX_BUFFERS:
            return
        if isinstance(value, Mapping) and depth < MAX_DEPTH:
            for key in list(value)[:MAX_NAMES]:
                self.add(f"{name}[{str(key)[:100]!r}]" if isinstance(key, str) else f"{name}[{key!s:.20}]",
                         value[key], depth + 1)  # fmt: skip
            return
        if isinstance(value, list | tuple):
            holds_more = any(isinstance(item, _ndarray | Mapping | list | tuple) for item in value)
            if depth < MAX_DEPTH and holds_more and not _is_table(value):
                for i, item in enumerate(value[:MAX_NAMES]):
                    self.add(f"{name}[{i}]", item, depth + 1)
                return
            self.note(f"`{name[:200]}` is a {type(value).__name__[:60]}, not a NumPy array; its numbers were compared")
        self.values[name[:MAX_NAME]] = self._spec(value)

    def _spec(self, value: Any) -> ArraySpec | Other:
        kind = type(value).__name__[:60]
        if value is None:
            return Other("None", "")
        if isinstance(value, str | bytes):
            return Other("text", repr(value[:60]))
        if isinstance(value, list | tuple):
            if not value:
                return Other("empty " + kind, "")
            try:
                value = _asarray(value)
            except (ValueError, OverflowError, TypeError):
                return Other("uneven list", "its rows have different lengths")
        if not isinstance(value, _ndarray):
            if not isinstance(value, NUMBERS):
                return Other("other", kind)
            value = _asarray(value)
        return self._array(value)

    def _array(self, value: np.ndarray[Any, Any]) -> ArraySpec | Other:
        masked = sys.modules.get("numpy.ma")  # where nobody has loaded it, for 9 ms, nothing is masked
        if masked is not None and isinstance(value, masked.MaskedArray):
            return Other("other", "a masked array")
        kind = value.dtype.kind
        if kind == "O":
            return Other("object array", f"of shape {value.shape}"[:200])
        if kind not in "biufc":
            return Other("text array" if kind in "US" else "other", f"of dtype {value.dtype!s:.40}")
        code = value.dtype.newbyteorder("<").str.replace("=", "<")
        if code not in DTYPES:  # long double, half of a complex: the nearest that can cross
            code = "<c16" if kind == "c" else "<f8"
        if value.ndim > MAX_DIMENSIONS:
            return Other("too large", f"{value.ndim} dimensions")
        size = math.prod(n or 1 for n in value.shape) * DTYPES[code].itemsize
        if size + self._bytes > self.limit:
            return Other("too large", f"shape {value.shape}, {size / 1e6:.0f} MB"[:200])
        self._bytes += size
        plain = _ascontiguous(value.astype(code, copy=False)).tobytes()
        self.buffers.append(plain)
        return ArraySpec(len(self.buffers) - 1, code, tuple(int(n) for n in value.shape))


def _is_table(value: Any) -> bool:
    """Whether nested lists hold plain numbers throughout: one array, and not several."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, bool | int | float | complex)
