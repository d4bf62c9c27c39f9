"""What is shown of a hidden check's arrays: nothing that the student's process could have chosen as a message.

A hidden check's arrays come from a process that knows what it asks. Shown is the comparison's own verdict: whether the
shape is the expected one, the dtype or its kind, and the size of an error to one digit, within bounds. Sentences name
arrays as the public checks do: a student cannot look up what only the hidden check's source calls them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import structs

from grader.compare.arrays import LARGEST_HIDDEN_ERROR
from grader.compare.messages import blurred, enumerated
from grader.model import CellRun, Check, Comparison, Diagnosis, Outcome

TRY_OTHERS = "A hidden check has sizes and numbers of its own: where yours work, try others, and two calls in a row."
"""Of an exception in a hidden check, whose text may have been made to carry what the check asks."""
TRY_SIZES = {
    "MemoryError": "Is there an array that grows with the square of what comes in? A hidden check's inputs are larger.",
    "RecursionError": "Does a function that calls itself come to an end for every size and number?",
}
"""The same, of an exception whose type says more."""
KINDS = {"b": "bool", "i": "int", "u": "int", "f": "float", "c": "complex"}
OTHER = "another array"
_NUMBER = re.compile(r"(?<![\w.\[])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w\]])")
_SHAPE = re.compile(r"(?:\bthe )?\bshape (\((?:\d+,? ?)*\))")
_NAMED = re.compile(r"(?P<of> of )?`[^`]+`(?:(?:, | and )`[^`]+`)*(?: (?P<verb>are|stay|come)\b)?")
ONE = "one of the results"
MOST_NUMBERS, MOST_ROUNDED = 6, 4
"""Of a judge's sentence, and of these that are not its author's own: a list of any length would be a message."""


def shown_array(
    array: Comparison, check: Check, golden: Mapping[str, npt.NDArray[Any]], observed: Mapping[str, object]
) -> Comparison:
    """The comparison, or a judge's verdict, as it may be shown."""
    got, expected = observed.get(array.name), golden.get(array.name)
    shape = dtype = None
    if isinstance(got, np.ndarray) and isinstance(expected, np.ndarray):
        shape = expected.shape if got.shape == expected.shape else None
        dtype = str(got.dtype) if got.dtype == expected.dtype else KINDS.get(got.dtype.kind)
    source = "".join(check.files.values())
    strangers = sorted((n for n in observed if n not in golden and n not in source), key=len, reverse=True)
    message, name = array.message, array.name
    if check.judge is not None:
        for stranger in strangers:
            message, name = message.replace(stranger, OTHER), name.replace(stranger, OTHER)
        message = _rounded(message, source)
    return structs.replace(
        array, name=name, message=message, shape=shape, dtype=dtype, error=_bounded(array.error, array.earned == 1)
    )


def shown_diagnosis(diagnosis: Diagnosis, golden: Mapping[str, npt.NDArray[Any]], known: Set[str]) -> Diagnosis:
    """The named mistake without its evidence, without a shape that is none of the expected ones, in known names."""
    shapes = {str(array.shape) for array in golden.values() if isinstance(array, np.ndarray)}
    text = _SHAPE.sub(lambda match: match[0] if match[1] in shapes else "another shape", diagnosis.text)
    text = renamed(text, set(golden), known)
    return structs.replace(diagnosis, text=text[:1].upper() + text[1:], evidence={})


def beside_public(result: Outcome, others: Iterable[Outcome], cells: Sequence[CellRun] = ()) -> Outcome:
    """The outcome of a hidden check in which code raised, with the names that public checks have found wrong.

    Of the exception itself nothing but its type is known; what the student can see of the same names is a beginning,
    and so is a cell that raised one of this type.
    """
    if result.status != "error" or TRY_OTHERS not in result.message:
        return result
    own = {use.name for use in result.check.uses}
    lost = [o for o in others if o.check.visibility == "public" and o.status in ("failed", "partial", "error")]
    asked = [names for o in lost if (names := {use.name for use in o.check.uses}) and names <= own]
    if not asked:
        raised = [c.index for c in cells if c.error and result.message.startswith(f"Your code raised {c.error.type}. ")]
        cell = f"Cell {raised[0]} of the notebook stops with one, too: see there first." if raised else TRY_OTHERS
        return structs.replace(result, message=result.message.replace(TRY_OTHERS, cell))
    alone = dict.fromkeys(name for names in asked if len(names) == 1 for name in names)
    who = f"{'A public check' if len(alone) == 1 else 'Public checks'} of {enumerated([f'`{n}`' for n in alone])}"
    who = who if alone else "A public check of the same code"
    first = f"{who} found something wrong, too: see there first."
    return structs.replace(result, message=result.message.replace(TRY_OTHERS, first))


def in_students_words(outcome: Outcome, known: Set[str]) -> Outcome:
    """The outcome with sentences that name its arrays as public checks do; `known` are the names in those."""
    own = {array.name for array in outcome.arrays}
    arrays = (structs.replace(a, message=renamed(a.message, own, known)) for a in outcome.arrays)
    return structs.replace(outcome, message=renamed(outcome.message, own, known), arrays=tuple(arrays))


def renamed(text: str, own: Set[str], known: Set[str]) -> str:
    """`text` with a check's `own` names replaced by the known name that is a part of it, or by words.

    >>> renamed("`dx_narrow` and `dx_wide` are not right.", {"dx_narrow", "dx_wide"}, {"dx"})
    '`dx` is not right.'
    >>> renamed("`gram`: not all entries are right", {"gram", "below"}, {"q"})
    'one of the results: not all entries are right'
    """

    def words(match: re.Match[str]) -> str:
        names = re.findall(r"`([^`]+)`", match[0])
        if not set(names) <= own or set(names) <= known:
            return match[0]
        parts = [_part(name, known) for name in names]
        shown = [f"`{part}`" for part in dict.fromkeys(filter(None, parts))]
        if strange := parts.count(""):
            more = f"{strange} more result{'s' if strange > 1 else ''}"
            several = f"{strange} of the results" if strange > 1 else "the result" if len(own) == 1 else ONE
            shown.append(more if shown else several)
        listed = enumerated(shown)
        before, verb = match["of"] or "", match["verb"] or ""
        if verb and not before and len(shown) == 1 and strange < 2:
            verb = {"are": "is"}.get(verb, f"{verb}s")
        return f"{before}{listed}{verb and ' '}{verb}"

    first, one, rest = _NAMED.sub(words, text).partition(ONE)
    return first + one + rest.replace(ONE, "another of them")


def _part(name: str, known: Iterable[str]) -> str:
    """The known name that `name` begins or ends with, or is an entry of; empty if there is none."""
    parts = (k for k in known if name.startswith(k) and name[len(k) : len(k) + 1] in ("", "_", "["))
    ends = (k for k in known if name.endswith((f"_{k}", f"['{k}']")))
    return max((*parts, *ends), key=lambda part: (len(part), part), default="")


def _rounded(message: str, source: str) -> str:
    """The message with its numbers rounded; two that differ and are rounded to the same are not said to be the same."""
    met: dict[str, str] = {}
    left = iter(range(MOST_NUMBERS))

    def rounded(match: re.Match[str]) -> str:
        if next(left, None) is None:
            return "…"
        text = _own_or_rounded(match[0], source)
        if text == match[0]:
            return text
        if text not in met and len(met) == MOST_ROUNDED:
            return "…"
        return text if met.setdefault(text, match[0]) == match[0] else "another number"

    text = re.sub(r"\b(an?|the) another number", "another number", _NUMBER.sub(rounded, message))
    return re.sub(r"…(?:,? ?(?:(?:and|or) )?…)+", "…", text)


def _own_or_rounded(number: str, source: str) -> str:
    """A number of the author's own as it is, any other to one digit: it may come from what was observed."""
    if re.search(rf"(?<![\w.]){re.escape(number)}(?![\w.])", source):
        return number
    value = float(number)
    if not isfinite(value) or not 1e-6 <= abs(value) < 1e6:
        return "…"
    return f"about {'-' * (value < 0)}{blurred(abs(value), up=False):g}"


def _bounded(error: float | None, passed: bool) -> float | None:
    if error is None or not isfinite(error):
        return None
    return min(blurred(abs(error), up=not passed), LARGEST_HIDDEN_ERROR)
