"""Encodes what a probe returned as named arrays and plain values for the wire.

Dictionaries are flattened to `grads['W1']`, lists and tuples of arrays to `weights[0]`, tables to their columns; what
is flattened is kept as an `Other` too, which says of what kind it was. Any other value that is no numeric array becomes
an `Other` with its text where it is plain (`grader.worker.plain`), and without where it is not.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from grader.worker.messages import FLATTENED, MAX_NAMES, ArraySpec, Other
from grader.worker.plain import Unpackable, pack
from grader.worker.wire import DTYPES, MAX_BUFFERS, MAX_DIMENSIONS

MAX_DEPTH = 6
MAX_NAME = 1000
MAX_TEXTS = 1 << 19
"""Characters of all plain values together: half of what a reply's header may hold."""
NUMBERS = (bool, int, float, complex, np.generic)
# bound before the first cell: student code may replace the module's attributes later
_ndarray, _asarray, _ascontiguous = np.ndarray, np.asarray, np.ascontiguousarray
_stack = np.stack


class ResultEncoder:
    """Encodes named values into specs for the header and raw buffers."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.values: dict[str, ArraySpec | Other] = {}
        self.buffers: list[bytes] = []
        self._bytes = 0
        self._text = 0

    def add(self, name: str, value: Any, depth: int = 0) -> None:
        """Take `value` under `name`, whatever it is."""
        if len(self.values) >= MAX_NAMES or len(self.buffers) >= MAX_BUFFERS:
            return
        kind, value = _without_libraries(value, self.limit)
        if isinstance(value, Mapping) and depth < MAX_DEPTH:
            self._flattened(name, kind, len(value))
            for key in list(value)[:MAX_NAMES]:
                self.add(f"{name}[{str(key)[:100]!r}]" if isinstance(key, str) else f"{name}[{key!s:.20}]",
                         value[key], depth + 1)  # fmt: skip
            return
        if isinstance(value, list | tuple):
            holds_more = any(isinstance(item, _ndarray | Mapping | list | tuple) for item in value)
            if len(value) > MAX_NAMES and _is_rows(value):
                value = _stack(value)
            elif depth < MAX_DEPTH and holds_more and not _is_table(value) and not _is_plain(value):
                self._flattened(name, kind, len(value))
                for i, item in enumerate(value[:MAX_NAMES]):
                    self.add(f"{name}[{i}]", item, depth + 1)
                return
        spec = self._packed(value, self._spec(value))
        self.values[name[:MAX_NAME]] = spec

    def _flattened(self, name: str, kind: str, size: int) -> None:
        self.values[name[:MAX_NAME]] = Other(FLATTENED, f"{kind} of {size}")

    def _packed(self, value: Any, spec: ArraySpec | Other) -> ArraySpec | Other:
        """With the text of a plain value, as long as a reply has room for it."""
        if isinstance(spec, ArraySpec) or (isinstance(value, _ndarray) and value.dtype.kind not in "OUS"):
            return spec
        try:
            text = pack(value.tolist() if isinstance(value, _ndarray) else value)
        except (Unpackable, RecursionError):
            return spec
        if self._text + len(text) > MAX_TEXTS:
            return Other("too large", "")
        self._text += len(text)
        return Other(spec.kind, spec.detail, text)

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


def _without_libraries(value: Any, limit: int) -> tuple[str, Any]:
    """The kind of a value, and what it is without pandas and SciPy: a table's columns, a sparse matrix's entries."""
    kind = type(value).__name__[:60]
    pandas, sparse = sys.modules.get("pandas"), sys.modules.get("scipy.sparse")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        columns = {key: value[key] for key in value.columns} if value.columns.is_unique else {}
        return kind, columns if _is_counted(value.index) else {"index": value.index, **columns}
    if pandas is not None and isinstance(value, pandas.Series | pandas.Index):
        if isinstance(value, pandas.Series) and not _is_counted(value.index) and value.name is None:
            return kind, {"index": value.index, "values": value.array}
        value = value.array
    if pandas is not None and isinstance(value, pandas.api.extensions.ExtensionArray):
        if value.dtype.kind in "biufc" and not value.isna().any():
            return kind, value.to_numpy(dtype=getattr(value.dtype, "numpy_dtype", value.dtype))
        if value.dtype.kind == "f":
            return kind, value.to_numpy(dtype=float, na_value=math.nan)
        return kind, [None if lost else _isoformat(item) for item, lost in zip(value, value.isna(), strict=True)]
    if sparse is not None and sparse.issparse(value) and math.prod(value.shape) * value.dtype.itemsize <= limit:
        return kind, value.toarray()
    return kind, value


def _is_counted(index: Any) -> bool:
    """Whether a table's rows are only numbered."""
    return type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1


def _isoformat(item: Any) -> Any:
    return item.isoformat() if hasattr(item, "isoformat") else item


def _is_plain(value: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a sequence holds something else than numbers, and nothing that is an array or holds one."""
    kinds = [_kind(item, 0) for item in value[:MAX_NAMES]]
    return "array" not in kinds and ("other" in kinds or not kinds)


def _kind(item: Any, depth: int) -> str:
    if isinstance(item, list | tuple):
        kinds = [_kind(inner, depth + 1) for inner in item[:MAX_NAMES]] if depth < MAX_DEPTH else ["array"]
        return "array" if "array" in kinds else "other" if "other" in kinds or not kinds else "number"
    if isinstance(item, _ndarray | Mapping) or (hasattr(type(item), "__array__") and not isinstance(item, NUMBERS)):
        return "array"
    return "number" if isinstance(item, NUMBERS) and not isinstance(item, str | bytes) else "other"


def _is_rows(value: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a sequence holds arrays of one shape: more than there are names for are sent as one."""
    return all(type(item) is _ndarray for item in value) and len({(item.shape, item.dtype) for item in value}) == 1


def _is_table(value: Any) -> bool:
    """Whether nested lists hold plain numbers throughout: one array, and not several."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, bool | int | float | complex)
