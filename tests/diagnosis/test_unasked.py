"""Notes on what passed checks did not ask: once for each function, and of the student's own work alone."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np

from grader.diagnosis.unasked import unasked
from grader.model import Check, Comparison, Observation, Outcome, Part, Uses


def passed(id: str, *arrays: str, points: int = 1) -> Outcome:
    check = Check(
        id=id, part=Part(id, id), title=id, points=Fraction(points), visibility="public", source=f"def {id}(s, r): ...",
        uses=(Uses(name="Layer"),),
    )  # fmt: skip
    same = tuple(Comparison(name=name, status="passed", earned=Fraction(1)) for name in arrays)
    return Outcome(check=check, status="passed", score=check.points, message="", arrays=same)


def notes(*outcomes: Outcome, **facts: Any) -> list[str]:
    def probe(check: Check, seed: int) -> Observation:
        entry = {"function": "Layer.forward", "argument": "", "double": False, **facts}
        packed = np.frombuffer(json.dumps([entry]).encode(), dtype=np.uint8)
        return Observation(check=check.id, ended="returned", values={"facts": packed})

    return unasked(outcomes, 1, probe)


def test_a_function_is_told_once_whatever_arrays_show_it() -> None:
    found = notes(passed("one", "dx"), passed("two", "dx", "dw"), kind="shared", arrays=["dx", "dw"])
    assert len(found) == 1
    assert found[0].startswith(
        "part one: After `Layer.forward` of another object, `dx` of this one comes out differently"
    )


def test_what_is_only_tried_out_is_not_told() -> None:
    assert notes(passed("provided", "dx", points=0), kind="shared", arrays=["dx"]) == []


def test_overflow_is_told_beside_shared_state() -> None:
    assert "returns nan or inf" in notes(passed("one", "dx"), kind="large", arrays=["dx"])[0]
