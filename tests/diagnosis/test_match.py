"""What the student's fingerprints are multiples of is seen only where one number explains both points."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from grader.diagnosis.bank import GRADED, REPEATED, VIEWS, Bank, Hypothesis, Results, write_bank
from grader.diagnosis.matching.match import Matcher
from grader.model import Uses
from grader.worker.experiments.fingerprints import FIELDS, fingerprints
from tests.diagnosis.test_bank import assignment
from tests.support import make_check

FORWARD = msgspec.structs.replace(make_check("return {}"), id="forward")
Outputs = Callable[[np.random.Generator], dict[str, Any]]
TERM = Hypothesis(code="missing-term", text="the term with `b` is missing", function="f", named=False)
SIGN = Hypothesis(code="wrong-sign", text="a sign is wrong", function="f", named=False)


def affine(bias: float, scale: float = 1.0) -> Outputs:
    def outputs(rng: np.random.Generator) -> dict[str, Any]:
        x, w, b = rng.normal(size=(6, 4)), rng.normal(size=(4, 3)), rng.normal(size=3)
        return {"out": scale * (x @ w + bias * b)}

    return outputs


def penalty(share: float) -> Outputs:
    def outputs(rng: np.random.Generator) -> dict[str, Any]:
        x, w = rng.normal(size=(6, 4)), rng.normal(size=(4, 3))
        return {"out": np.array(np.mean((x @ w) ** 2) + share * np.sum(w**2))}

    return outputs


def seen(outputs: Outputs) -> dict[int, dict[str, Any]]:
    return {view: outputs(np.random.default_rng(view)) for view in (GRADED, REPEATED)}


def matcher(tmp_path: Path, right: Outputs, wrong: Outputs, hypothesis: Hypothesis) -> Matcher:
    def rows(outputs: Outputs) -> np.ndarray:
        found = np.full((VIEWS, 1, FIELDS), np.nan)
        for view, values in seen(outputs).items():
            found[view] = fingerprints(values, ["out"])
        return found

    results = Results(("out",), rows(right), np.array([0], dtype=np.int32), rows(wrong)[None])
    return Matcher(Bank(write_bank(assignment(tmp_path), (1, 2), (hypothesis,), {"forward": results})))


def multiples(tmp_path: Path, student: Outputs, right: Outputs, wrong: Outputs, hypothesis: Hypothesis) -> list[int]:
    values = seen(student)
    return list(matcher(tmp_path, right, wrong, hypothesis).multiples("forward", values[GRADED], values.get))


@pytest.mark.parametrize("bias", [2.0, -1.0, 0.3])
def test_a_term_multiplied_by_any_number_is_recognised(tmp_path: Path, bias: float) -> None:
    assert multiples(tmp_path, affine(bias), affine(1), affine(0), TERM) == [0]


@pytest.mark.parametrize("student", [affine(1), affine(1, scale=3), affine(2, scale=3)])
def test_nothing_is_said_of_what_is_right_or_a_multiple_of_it(tmp_path: Path, student: Outputs) -> None:
    assert multiples(tmp_path, student, affine(1), affine(0), TERM) == []


def test_the_number_must_be_the_same_at_both_points(tmp_path: Path) -> None:
    def student(rng: np.random.Generator) -> dict[str, Any]:
        x, w, b = rng.normal(size=(6, 4)), rng.normal(size=(4, 3)), rng.normal(size=3)
        return {"out": x @ w + rng.normal() * b}

    assert multiples(tmp_path, student, affine(1), affine(0), TERM) == []


def test_a_single_number_proves_nothing(tmp_path: Path) -> None:
    assert multiples(tmp_path, penalty(1), penalty(0.5), penalty(0), TERM) == []


def possible(tmp_path: Path, student: Outputs, right: Outputs, wrong: Outputs) -> list[int]:
    return list(matcher(tmp_path, right, wrong, SIGN).possible(FORWARD, seen(student)[GRADED]))


def test_a_hypothesis_that_changes_little_is_agreed_with_more_closely(tmp_path: Path) -> None:
    assert possible(tmp_path, penalty(1e-7), penalty(0), penalty(1e-7)) == [0]
    assert possible(tmp_path, penalty(1.03e-7), penalty(0), penalty(1e-7)) == []
    assert possible(tmp_path, affine(1, scale=1 + 1e-8), affine(0), affine(1)) == [0]


def test_only_terms_are_multiplied(tmp_path: Path) -> None:
    assert multiples(tmp_path, affine(2), affine(1), affine(0), SIGN) == []


def test_the_factor_of_the_right_arrays_is_found_without_a_hypothesis(tmp_path: Path) -> None:
    values = seen(affine(1, scale=-1))
    found = matcher(tmp_path, affine(1), affine(0), TERM).factor("forward", values[GRADED], values.get)
    assert found == pytest.approx(-1)


def test_a_term_too_many_is_added_and_not_subtracted(tmp_path: Path) -> None:
    extra = Hypothesis(code="extra-term", text="`b` is added once too often", function="f", named=False)
    assert multiples(tmp_path, affine(1.5), affine(0), affine(1), extra) == [0]
    assert multiples(tmp_path, affine(-1.5), affine(0), affine(1), extra) == []


@pytest.mark.parametrize(("array", "left"), [("out", []), ("other", [0])])
def test_what_an_earlier_check_has_seen_otherwise_is_not_named_by_a_later_one(
    tmp_path: Path, array: str, left: list[int]
) -> None:
    def rows(name: str, outputs: Outputs) -> np.ndarray:
        found = np.full((VIEWS, 1, FIELDS), np.nan)
        for view, values in seen(outputs).items():
            found[view] = fingerprints({name: values["out"]}, [name])
        return found

    named = Hypothesis(code="named-by-the-course", text="the bias is left out", function="", named=True)
    table = {
        check: Results((name,), rows(name, affine(1)), np.array([0], dtype=np.int32), rows(name, affine(0))[None])
        for check, name in (("earlier", array), ("later", "out"))
    }
    one = Matcher(Bank(write_bank(assignment(tmp_path), (1, 2), (named,), table)))
    earlier, later = (msgspec.structs.replace(FORWARD, id=id, uses=(Uses(name="f"),)) for id in ("earlier", "later"))
    one.failed(earlier, {array: seen(affine(2))[GRADED]["out"]})
    assert list(one.possible(later, seen(affine(0))[GRADED])) == left
