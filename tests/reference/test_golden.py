"""What counts as a change of a golden value: for a judged check whatever its judge still accepts does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from grader.assignment.golden.golden import Golden, write_golden
from grader.model import Given, Limits, Plain, Verdict
from grader.reference import golden as record
from grader.reference.golden import difference
from tests.support import make_assignment, make_check

SHIFT = 0.5
"""Far beyond the tolerance of a comparison."""


def at_least_one(seen: Mapping[str, Any], given: Given) -> Iterator[Verdict]:
    yield Verdict("best", bool(seen["best"].max() >= 1))


def never_reads(seen: Mapping[str, Any], given: Given) -> Iterator[Verdict]:
    yield Verdict("best", bool(given.golden["gone"]))


@pytest.mark.parametrize(
    ("judge", "old", "new", "within"),
    [
        (None, 1.5, 1.5 + SHIFT, False),
        (at_least_one, 1.5, 1.5 + SHIFT, True),
        (at_least_one, 1.5, 1.5 - 2 * SHIFT, False),
        (never_reads, 1.5, 1.5 + SHIFT, False),
    ],
)
def test_a_judge_says_whether_a_new_value_would_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judge: Any, old: float, new: float, within: bool
) -> None:
    check = msgspec.structs.replace(make_check("return {}"), judge=judge)
    assignment = make_assignment(tmp_path, [check], {}, Limits())
    (tmp_path / "golden").mkdir()
    write_golden(
        tmp_path / "golden/public.json", Golden(provenance={}, observations={"probe": {"best": np.array(old)}})
    )
    fresh = Golden(provenance={}, observations={"probe": {"best": np.array(new)}})
    nothing = Golden(provenance={}, observations={})
    monkeypatch.setattr(record, "_fresh", lambda _: ({"public": fresh, "hidden": nothing}, ()))

    (row,) = record.diff(assignment)

    assert (row.name, row.change, row.within) == ("best", abs(new - old), within)


def recording(**arrays: Any) -> Golden:
    return Golden({}, {"f": arrays})


def refused(check: str, name: str, old: Any, new: Any) -> bool:
    return False


def test_equal_recordings_have_no_difference() -> None:
    array = np.array([1.0, np.nan, np.inf])
    old, new = recording(a=array, b=np.array(3)), recording(a=array.copy(), b=np.array(3))
    assert [(row.name, row.changed, row.within) for row in difference(old, new, refused)] == [
        ("a", False, True),
        ("b", False, True),
    ]


def test_added_and_removed_arrays_are_told() -> None:
    new, gone = difference(recording(a=np.zeros(2)), recording(b=np.zeros((1, 3))), refused)
    assert (new.name, new.text, new.within, new.changed) == ("b", "new", None, True)
    assert (gone.name, gone.text, gone.within, gone.changed) == ("a", "gone", False, True)


def test_a_change_has_its_size_and_the_callers_word() -> None:
    old, new = np.array([[1.0, -4.0], [2.0, 3.0]]), np.array([[1.0, -4.0], [2.5, 1.0]])
    asked = []

    def within(check: str, name: str, one: Any, two: Any) -> bool:
        asked.append((check, name))
        return bool(np.allclose(one, two))

    (row,) = difference(recording(a=old), recording(a=new), within)
    assert (row.text, row.change, row.relative, row.within) == ("", 2.0, 0.5, False)
    assert asked == [("f", "a")]


@pytest.mark.parametrize(
    ("old", "new", "text", "change", "relative"),
    [
        (np.zeros(2), np.zeros(3), "shape (2,) -> (3,)", None, None),
        (np.array([1, 2]), np.array([1.0, 2.0]), "dtype int64 -> float64", 0.0, 0.0),
        (np.array([1.0, np.nan]), np.array([1.0, 2.0]), "", np.inf, np.inf),
        (np.array([1.0, np.inf]), np.array([1.0, -np.inf]), "", np.inf, np.inf),
        (np.array(0.0), np.array(2.0), "", 2.0, np.inf),
        (np.array([True, False]), np.array([True, True]), "", 1.0, 1.0),
        (np.array([1 + 1j]), np.array([1 - 1j]), "", 2.0, 2**0.5),
        (Plain("", "", "one"), Plain("", "", "two"), "another str", None, None),
        (Plain("", "", "one"), np.zeros(2), "dtype str -> float64", None, None),
    ],
)
def test_each_kind_of_change_is_told(
    old: Any, new: Any, text: str, change: float | None, relative: float | None
) -> None:
    (row,) = difference(recording(a=old), recording(a=new), refused)
    assert (row.text, row.change, row.changed) == (text, change, True)
    assert row.relative == (None if relative is None else pytest.approx(relative))
