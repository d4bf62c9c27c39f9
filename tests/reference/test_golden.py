"""What counts as a change of a golden value: for a judged check whatever its judge still accepts does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from grader.assignment.golden.golden import Golden, write_golden
from grader.model import Given, Limits, Verdict
from grader.reference import golden as record
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
