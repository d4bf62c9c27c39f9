"""Values of a student's forward pass around a point, and the gradient that the student gives there.

What a gradient check needs, as raw numbers: whether they fit together is decided outside (`grader.gradcheck.tables`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

NODES = np.concatenate([np.arange(1.0, 6.0), -np.arange(1.0, 6.0)]) / 5
"""Of one line, in steps: those of `grader.gradcheck.stencils.rich`."""
STEPS = (5 / 32, 5 / 256, 5 / 4096)
"""Of a point with entries of size 1: wide for single precision, narrow beside a kink. Nodes are multiples of a power of
two, which float32 has."""
ALL_ENTRIES = 64
"""Of an array, up to which each is looked at."""
MIXTURES, ENTRIES = 6, 40
"""Of a larger array: random mixtures of all its entries, and single ones."""
MAX_OUTPUTS = 2000
"""Entries of what the forward pass returns: 60 MB for the largest array of inputs."""
FORWARD = "forward"
# bound before the first cell: student code may replace the modules' attributes later
_asarray, _zeros, _stack, _rng, _errstate = np.asarray, np.zeros, np.stack, np.random.default_rng, np.errstate


def directions(size: int) -> Floats:
    """Lines along which an array of this size is moved, shape (lines, size); mixtures of all entries come first."""
    if size <= ALL_ENTRIES:
        return np.eye(size)
    rng = _rng(size)
    lines = _zeros((MIXTURES + ENTRIES, size))
    lines[:MIXTURES] = rng.choice([-1.0, 1.0], size=(MIXTURES, size))
    lines[MIXTURES + np.arange(ENTRIES), rng.choice(size, size=ENTRIES, replace=False)] = 1.0
    return lines


def upstream(shape: tuple[int, ...]) -> Floats:
    """The gradient that comes from above for an output of this shape; 1 for a number."""
    return np.asarray(_rng(len(shape) + 7).uniform(0.5, 1.5, size=shape)) if shape else np.ones(())


def unit(point: Any) -> float:
    """A power of two of about the size of a point's entries: what `STEPS` are multiplied with."""
    size = float(np.sqrt(np.mean(np.square(_asarray(point, dtype=np.float64))))) if _asarray(point).size else 0.0
    return float(2.0 ** np.round(np.log2(size))) if np.isfinite(size) and size > 0 else 1.0


def tabulated(returned: Any) -> dict[str, Any]:
    """What crosses the line for a probe that returned `forward, backward, {name: array}`.

    `forward` is the output at the point; each name has `d_NAME`, the student's gradient, `NAME: point`, and `NAME:
    table` of shape (lines, steps, nodes, *output). Raises TypeError if the probe returned something else, or its
    forward pass an output that is too large.
    """
    try:
        forward, backward, arrays = returned
        at = {str(name): _asarray(array, dtype=np.float64) for name, array in dict(arrays).items()}
    except (TypeError, ValueError):
        raise TypeError('a gradient check returns `forward, backward, {"x": x}`') from None
    if len(at) == 1:  # it may be a function of the student's, who may call the parameter as they like
        forward = _of_one_argument(forward)
    output = forward(**{name: array.copy() for name, array in at.items()})
    if output is None:
        return {FORWARD: None}
    value = _asarray(output)
    if value.size > MAX_OUTPUTS or value.dtype.kind not in "biuf":
        raise TypeError(f"the forward pass of a gradient check returns at most {MAX_OUTPUTS} real numbers")
    given = backward(upstream(value.shape).astype(value.dtype if value.dtype.kind == "f" else float))
    values: dict[str, Any] = {FORWARD: value, **_gradients(given, list(at))}
    single = value.dtype.kind == "f" and value.dtype.itemsize < 8
    for name, array in at.items():
        values[f"{name}: point"] = array
        values[f"{name}: table"] = _table(forward, at, name, single, value)
    return values


def _of_one_argument(forward: Any) -> Any:
    def called(**named: Any) -> Any:
        (value,) = named.values()
        return forward(value)

    return called


def _gradients(given: Any, names: list[str]) -> dict[str, Any]:
    """By name; a sequence holds them in the order of the arrays."""
    if isinstance(given, Mapping):
        return {f"d_{name}": given.get(name, given.get(f"d_{name}")) for name in names}
    parts = list(given) if isinstance(given, tuple | list) and len(names) > 1 else [given]
    return {f"d_{name}": part for name, part in zip(names, parts, strict=False)}


def _table(forward: Any, at: Mapping[str, Floats], name: str, single: bool, value: Any) -> Any:
    point = at[name]
    lines = directions(point.size)
    rows = []
    with _errstate(all="ignore"):
        for line in lines:
            for step in STEPS:
                for node in NODES:
                    moved = point + (node * step * unit(point) * line).reshape(point.shape)
                    if single:
                        moved = moved.astype(np.float32).astype(np.float64)
                    others = {other: array.copy() for other, array in at.items() if other != name}
                    rows.append(_asarray(forward(**others, **{name: moved})).reshape(value.shape).copy())
    if not rows:
        return _zeros((0, len(STEPS), NODES.size, *value.shape))
    return _stack(rows).reshape(len(lines), len(STEPS), NODES.size, *value.shape)
