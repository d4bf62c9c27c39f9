"""An author's judge on what student code sent: only arrays of a kind and size that it can be meant for, and its faults.

Owns which observed values a judge gets, and how it is called. What its verdicts come to is `scoring`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from fractions import Fraction
from math import isnan
from typing import Any

import numpy as np

from grader.errors import AuthoringError
from grader.model import Check, Given, Plain, Verdict

MOST_ENTRIES, TIMES_EXPECTED = 1_000_000, 64
"""Of an array that a judge gets: a million, or so many times as many as the reference's has. It may recompute a network
from it, in this process."""
LONGEST = 1000
"""Characters of a verdict's sentence, which may list what was observed."""


class JudgeError(AuthoringError):
    """A judge failed on what one submission returned, or gave no verdict; others may be judged all the same."""


def is_judged(value: object, expected: object) -> bool:
    """Whether a judge gets this value: an array of the expected kind and no giant, or a plain value for a plain one.

    `expected` is None for an array that the reference does not return.
    """
    if isinstance(expected, Plain):
        return isinstance(value, Plain)
    if not isinstance(value, np.ndarray):
        return False
    room = MOST_ENTRIES
    if isinstance(expected, np.ndarray):
        room = max(room, TIMES_EXPECTED * expected.size)
        if _kind(value) != _kind(expected) and not (_kind(value) == "real" and _kind(expected) == "complex"):
            return False
    return value.size <= room


def _kind(array: np.ndarray[Any, Any]) -> str:
    return "real" if array.dtype.kind in "biuf" else "complex" if array.dtype.kind == "c" else "other"


def verdicts(check: Check, seen: Mapping[str, Any], given: Given, absent: Set[str]) -> list[Verdict]:
    """The judge's verdicts; none where it asks for one of the arrays that are `absent` from what was observed.

    Raises JudgeError if the judge fails on these arrays, gives no verdict on them or a share of nan; AuthoringError if
    it gives something else than verdicts.
    """
    assert check.judge is not None
    try:
        with np.errstate(all="ignore"):
            judged = list(check.judge(seen, given))
    except KeyError as error:
        if error.args and error.args[0] in absent:
            return []
        raise _broken(check, error) from error
    except Exception as error:  # the author's function, on data of any shape: the message says whose it is
        raise _broken(check, error) from error
    if not judged and not absent:
        raise JudgeError(f"{check.file}: the judge of {check.id} gave no verdict")
    return [_sound(check, verdict) for verdict in judged]


def _sound(check: Check, verdict: Any) -> Verdict:
    """A verdict in Python's own types: NumPy's come out of any comparison."""
    if not isinstance(verdict, Verdict):
        what = f"yielded a {type(verdict).__name__}; yield Verdict(name, earned, sentence)"
        raise AuthoringError(f"{check.file}: the judge of {check.id} {what}")
    given = (verdict.earned, verdict.error, verdict.tolerance)
    plain: list[Any] = [value.item() if isinstance(value, np.generic) else value for value in given]
    earned, error, tolerance = plain
    if isinstance(earned, float) and isnan(earned):  # which comes of what was observed
        raise JudgeError(f"{check.file}: the judge of {check.id} gave {verdict.name!r} a share of nan")
    if not isinstance(earned, int | float | Fraction) or not 0 <= earned <= 1:
        what = f"gave {verdict.name!r} a share of {earned!r}; `earned` is True, False or a number from 0 to 1"
        raise AuthoringError(f"{check.file}: the judge of {check.id} {what}")
    return Verdict(str(verdict.name), Fraction(earned), str(verdict.message or "")[:LONGEST], error, tolerance)


def _broken(check: Check, error: Exception) -> JudgeError:
    why = "" if check.visibility == "hidden" else f": {error}"  # which may hold what was observed
    text = f"{check.file}: the judge of {check.id} failed: {type(error).__name__}{why}"
    return JudgeError(f"{text}; it must give a verdict for whatever arrays the probe returns")
