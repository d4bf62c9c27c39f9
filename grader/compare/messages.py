"""Sentences about one array for a student who is stuck: what is there, what was expected, where to look.

Owns the words; the verdict is `grader.compare.arrays`'s, and naming the mistake is the diagnosis's. With
`hidden` a sentence holds the expected shape and the size of the error, never a number that student code has chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10, prod
from typing import Any, Literal, SupportsIndex

import numpy as np
import numpy.typing as npt

from grader.compare.rules import Rule
from grader.model import NotArray

Rearrangement = Literal["reshaped", "transposed"] | None
"""How an array of the wrong shape would be right."""
Shape = tuple[int, ...]

_MOST = 80
"""Characters kept of a text that comes from the student's side: it can be anything."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that a sentence about two arrays of the same shape may draw on."""

    name: str
    rule: Rule
    got: npt.NDArray[Any]
    """As the student returned it."""
    computed: npt.NDArray[Any]
    """`got`, flat, float64 or complex128."""
    wanted: npt.NDArray[Any]
    """The expected values, flat, of the same dtype."""
    strange: npt.NDArray[np.bool_]
    """Flat: nan or inf on one side and not the same on the other."""
    wrong: npt.NDArray[np.bool_]
    """Flat: entries over their budget, among the finite ones."""
    worst: int
    error: float
    tolerance: float
    limits: tuple[float, float]
    """The rule's `limit` and `limit32`."""
    single: bool
    """Computed in float32 or float16 where float64 was expected."""
    hidden: bool


def enumerated(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def missing(name: str) -> str:
    return f"`{name}` is missing from what your code returned"


def complex_for_real(name: str) -> str:
    return f"`{name}` holds complex numbers, expected real ones; look for the root or logarithm of a negative number"


def not_array(name: str, got: NotArray, expected: Shape) -> str:
    """One line for a value that is no numeric array; `expected` is the shape that it should have."""
    what = f"an array of shape {shape_text(expected)}" if expected else "a number"
    kind, detail = short_line(got.kind), short_line(got.detail)
    if kind in ("other", "flattened") and detail:  # then the detail is the name of its type
        kind, detail = detail, ""
    kind = kind or "value of another kind"
    sentence, advice = _KINDS.get(kind, ("", ""))
    if not sentence:
        article = "" if kind.startswith(("a ", "an ", "of ")) else "an " if kind[0].lower() in "aeiou" else "a "
        sentence = f"is {article}{kind}"
    shown = f" ({detail})" if detail else ""
    return f"`{name}` {sentence}{shown}, expected {what}" + (f"; {advice}" if advice else "")


_CALL = "is it to be called, with `()`?"
_COLLECT = "collect its values first: `np.array(list(...))`"
_KINDS = {
    "flattened": ("is a collection of several values", ""),
    "None": ("is None", "is a `return` or an assignment missing?"),
    "text": ("is text", ""),
    "text array": ("holds text", ""),
    "uneven list": ("is a list of rows of unequal length", ""),
    "object array": ("is an array of Python objects", "it may mix None, lists or arrays of unequal shape"),
    "too large": ("is too large to be compared", ""),
    "generator": ("is a generator", _COLLECT),
    "map": ("is a map", _COLLECT),
    "zip": ("is a zip", _COLLECT),
    "function": ("is a function", _CALL),
    "method": ("is a method", _CALL),
    "builtin_function_or_method": ("is a method", _CALL),
    "ellipsis": ("is still `...`", ""),
    "NotImplementedType": ("is NotImplemented", ""),
}
"""By what the worker calls the value, or by the name of its type: what it is, and advice."""


def shape(name: str, got: Shape, expected: Shape, fit: Rearrangement = None, *, hidden: bool = False) -> str:
    """`name` has the wrong shape; `fit` says that its values are right in another arrangement."""
    hint = _shape_hint(got, expected)
    if fit is not None:
        hint = f"its values are right once {fit}" + (f" ({hint})" if hint else "")
    if hidden:
        return f"`{name}` has another shape than the expected {shape_text(expected)}" + (f"; {hint}" if hint else "")
    return f"`{name}` has shape {shape_text(got)}, expected {shape_text(expected)}" + (f"; {hint}" if hint else "")


def _shape_hint(got: Shape, expected: Shape) -> str:
    size, wanted = prod(got), prod(expected)
    if not got and wanted == 1:
        return "a number is there, an array with one entry is expected"
    if not got:
        return "one number for the whole array: is a sum or mean taken that does not belong there, or without `axis=`?"
    if not expected:
        return (
            "take the number out with `.item()`" if size == 1 else "one number is expected: is a sum or mean missing?"
        )
    if len(got) > 1 and got == expected[::-1]:
        return "check the order of the factors, or which of them needs `.T`"
    if tuple(n for n in got if n != 1) == tuple(n for n in expected if n != 1):
        if len(got) > len(expected):
            return "drop the axis of length 1: `keepdims=True` or a slice such as `[:, :1]` keeps it"
        return (
            "keep the axis of length 1: `keepdims=True`"
            if len(got) < len(expected)
            else "the axes are in another order"
        )
    if sorted(got) == sorted(expected):
        return "the axes are in another order"
    if len(got) == len(expected) + 1:
        if len(expected) == 1 and got == expected * 2:
            return "(N, 1) with (N,) broadcasts to (N, N): give both one shape"
        for axis in range(len(got)):
            if got[:axis] + got[axis + 1 :] == expected:
                return f"is a sum over axis {axis} missing?"
    if len(expected) == len(got) + 1:
        for axis in range(len(expected)):
            if expected[:axis] + expected[axis + 1 :] == got:
                return f"is there a sum, mean or maximum over axis {axis} too many?"
    return ""


def passed(facts: Facts) -> str:
    """The remark on an array that passed: empty unless it was computed in single precision."""
    if not facts.single:
        return ""
    return (
        f"`{facts.name}` was computed in {facts.got.dtype}: compared with tolerance {facts.limits[1]:.3g}"
        f" instead of {facts.limits[0]:.3g}"
    )


def failed(facts: Facts) -> str:
    """Why an array of the right shape failed."""
    if facts.hidden:
        return f"`{facts.name}`: {_withheld(facts)}" + (f"; {hint}" if (hint := _value_hint(facts)) else "")
    text = _strange(facts) if facts.strange.any() else _different(facts)
    hint = _value_hint(facts)
    return f"`{facts.name}`: {text}" + (f"; {hint}" if hint else "")


def _withheld(facts: Facts) -> str:
    """That it is wrong, and by about how much: no count and no place, which could be made to spell something."""
    if facts.strange.any():
        if (~np.isfinite(facts.computed) & facts.strange).any():
            held = "holds nan or inf" if facts.got.shape else "is nan or infinite"
            return f"{held} where a number belongs; look for an overflow, log(0) or 0/0"
        return "holds numbers where others are expected"
    return f"{'not all entries are right' if facts.got.size > 1 else 'differs'} ({_sizes(facts)})"


def _strange(facts: Facts) -> str:
    """nan and inf where they do not belong, or a number where one of them was expected."""
    bad = ~np.isfinite(facts.computed) & facts.strange
    if not bad.any():
        first = int(np.argmax(facts.strange))
        text = _differ(int(facts.strange.sum()), facts.got.size)
        return f"{text}; the first is{_at(facts, first)}: {_pair(facts, first)}"
    nans = int((np.isnan(facts.computed) & bad).sum())
    infs = int(bad.sum()) - nans
    counts = " and ".join(f"{n} {word}" for n, word in ((nans, "nan"), (infs, "inf")) if n)
    if not facts.got.shape:
        return f"is {'nan' if nans else 'infinite'}; look for an overflow, log(0) or 0/0"
    first = int(np.argmax(bad))
    return f"{counts} among {facts.got.size} entries, the first{_at(facts, first)}; look for an overflow, log(0) or 0/0"


def _different(facts: Facts) -> str:
    """Finite numbers that are off."""
    sizes = _sizes(facts)
    if not facts.got.shape:
        return f"{_pair(facts, 0)} ({sizes})"
    if facts.got.size == 1:
        return f"its one entry differs: {_pair(facts, 0)} ({sizes})"
    count = max(int(facts.wrong.sum()), 1)
    where = f"the largest difference is{_at(facts, facts.worst)}"
    return f"{_differ(count, facts.got.size)}; {where}: {_pair(facts, facts.worst)} ({sizes})"


def _sizes(facts: Facts) -> str:
    error = f"{facts.error:.2g}" if facts.error < 10 or facts.error >= 1e4 else f"{facts.error:.0f}"
    if not isfinite(facts.error):
        error = "beyond measure"
    return facts.rule.describe(facts.error, error, facts.tolerance)


def _value_hint(facts: Facts) -> str:
    """What the numbers alone give away."""
    if facts.got.dtype.kind in "iu" and (np.mod(facts.wanted.real, 1) != 0).any():
        return f"its dtype is {facts.got.dtype}, which cannot hold fractions: start from floats"
    if facts.computed.size and not facts.computed.any() and facts.wanted.any():
        return "it is zero everywhere" if facts.got.shape else ""
    if facts.single:
        return f"it was computed in {facts.got.dtype}"
    close = facts.rule.relative_to_largest and facts.error <= facts.limits[1] and not facts.strange.any()
    if close and facts.got.dtype == np.float64:
        single = facts.computed.astype(np.float32).astype(np.float64)
        if (single == facts.computed).all():
            return "its values are float32 numbers: compute in float64"
    return ""


def blurred(error: float, *, up: bool) -> float:
    """`error` to one significant digit, so that it tells its size and no expected value; away from the tolerance."""
    if not isfinite(error) or error == 0:
        return error
    power = floor(log10(error))
    digit = round(error / 10.0**power, 9) if power > -300 else 1.0  # what has one digit stays as it is
    return float(f"{ceil(digit) if up else floor(digit)}e{power}")


def shape_text(of: Shape) -> str:
    return short_line(str(of))


def index_text(index: Iterable[SupportsIndex]) -> str:
    """`[2, 1]`, or `[]` for the only entry of a 0-d array."""
    return short_line(f"[{', '.join(str(int(i)) for i in index)}]")


def short_line(text: str) -> str:
    """One line of printable characters, cut at 80."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * _MOST]).split())
    return line if len(line) <= _MOST else line[: _MOST - 1] + "…"


def _differ(count: int, size: int) -> str:
    return (
        "its one entry differs" if size == 1 else f"{count} of {size} entries {'differs' if count == 1 else 'differ'}"
    )


def _at(facts: Facts, flat: int) -> str:
    if not facts.got.shape:
        return ""
    return f" at {index_text(np.unravel_index(flat, facts.got.shape))}"


def _pair(facts: Facts, flat: int) -> str:
    """Both numbers, with as many digits as it takes to tell them apart."""
    got, wanted = facts.computed[flat] + 0, facts.wanted[flat] + 0  # -0.0 reads as 0
    for digits in (4, 6, 9, 13, 17):
        left, right = f"{got:.{digits}g}", f"{wanted:.{digits}g}"
        if left != right:
            return f"got {left}, expected {right}"
    return f"got {left}, expected an integer close to it"  # beyond 2**53, where float64 cannot tell them apart
