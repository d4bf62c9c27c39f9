"""Judges that pay for lazy work, or break on it, are named with check and attack; sound ones are not."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import numpy as np
import pytest

from grader.checks import GradientJudge
from grader.model import Check, Given, Observation, Tolerance, Verdict
from grader.reference import judge_attacks
from tests.support import make_check


def judged(judge: object) -> Check:
    return msgspec.structs.replace(make_check("return {}", name="judged", uses=["f"]), judge=judge)


def line(check: Check, value: np.ndarray) -> list[str]:
    from pathlib import Path

    seen = Observation(check="judged", ended="returned", values={"y": value}, seconds=0.0)
    given = Given(golden={"y": np.arange(3.0)}, rng=np.random.default_rng(0), data=Path())
    return [found.text for found in judge_attacks._line(check, "an attack", seen, given)]


def test_a_judge_that_pays_is_named() -> None:
    check = judged(lambda seen, given: [Verdict("y", True)])
    assert "judge of judged pays in full where an attack" in line(check, np.zeros(3))[0]


def test_a_judge_that_breaks_is_named() -> None:
    check = judged(lambda seen, given: [Verdict("y", int(seen["y"][0]) == 0)])
    assert "judge of judged failed" in line(check, np.full(3, np.inf))[0]


@pytest.mark.parametrize("what", judge_attacks.ARRAYS)
def test_a_sound_judge_is_not(what: str) -> None:
    check = judged(lambda seen, given: [Verdict("y", np.array_equal(seen["y"], given.golden["y"]))])
    assert line(check, judge_attacks.ARRAYS[what](np.arange(3.0) + 1)) == []


@pytest.mark.parametrize(("own_forward", "name", "may_pay"), [(1, "f", True), (1, "f_grad", False), (0.5, "f", False)])
def test_a_forward_pass_that_is_other_checks_matter_may_be_anything(
    own_forward: float, name: str, may_pay: bool
) -> None:
    judge = GradientJudge(Fraction(own_forward), Tolerance())
    check = msgspec.structs.replace(make_check("return {}", name="judged", uses=["f", "f_grad"]), judge=judge)
    assert judge_attacks._takes_any(check, name) == may_pay
    assert not judge_attacks._takes_any(msgspec.structs.replace(check, uses=check.uses[:1]), "f")
