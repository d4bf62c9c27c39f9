"""A known mistake by another amount is seen in fingerprints alone, and only where one number explains both points."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.diagnosis.bank import GRADED, REPEATED, VIEWS, Hypothesis, Results
from grader.diagnosis.matching.scaled import Degree, amounts, factor_of_right
from grader.worker.experiments.fingerprints import FIELDS, fingerprints

Outputs = Callable[[np.random.Generator], dict[str, Any]]


def draw(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    return rng.normal(size=(6, 4)), rng.normal(size=(4, 3)), rng.normal(size=3)


def affine(bias: float, scale: float = 1.0) -> Outputs:
    def outputs(rng: np.random.Generator) -> dict[str, Any]:
        x, w, b = draw(rng)
        return {"out": scale * (x @ w + bias * b)}

    return outputs


def penalty(share: float) -> Outputs:
    def outputs(rng: np.random.Generator) -> dict[str, Any]:
        x, w, _ = draw(rng)
        return {"loss": np.array(np.mean((x @ w) ** 2) + share * np.sum(w**2))}

    return outputs


TERM = Hypothesis(code="missing-term", text="the term with `b` is missing", function="f", named=False)
NAMED = Hypothesis(code="named-by-the-course", text="bias left out", function="", named=True)
RELU = Hypothesis(
    code="missing-mask", text="a mask is missing: what it should stop is let through", function="f", named=False
)


class Prepared:
    """As much of a `Bank` as is asked for."""

    def __init__(self, *hypotheses: Hypothesis) -> None:
        self.hypotheses = hypotheses


def seen(outputs: Outputs) -> dict[int, dict[str, Any]]:
    return {view: outputs(np.random.default_rng(view)) for view in (GRADED, REPEATED)}


def results(right: Outputs, *wrong: Outputs) -> Results:
    names = tuple(right(np.random.default_rng(0)))

    def rows(outputs: Outputs) -> np.ndarray:
        views = [fingerprints(values, names) for values in seen(outputs).values()]
        return np.stack([*views, np.full((len(names), FIELDS), np.nan)])

    found = np.array([rows(w) for w in wrong]).reshape(-1, VIEWS, len(names), FIELDS)
    return Results(names, rows(right), np.arange(len(wrong), dtype=np.int32), found)


def said(prepared: Results, student: Outputs, *hypotheses: Hypothesis) -> list[Degree]:
    return list(amounts(prepared, Prepared(*hypotheses), seen(student), range(len(hypotheses))))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bias", "clause"),
    [
        (2.0, "the term with `b` comes in twice"),
        (-1.0, "the term with `b` has the wrong sign"),
        (0.5, "the term with `b` comes in by half only"),
        (0.3, "the term with `b` is multiplied by 0.3"),
        (6.0, "the term with `b` is 6 times too large, as if a division by a count were missing"),
    ],
)
def test_a_term_that_comes_in_by_another_amount_is_told_from_one_that_is_missing(bias: float, clause: str) -> None:
    found = said(results(affine(1), affine(0)), affine(bias), TERM)
    assert [degree.clause for degree in found] == [clause]
    assert [degree.mistakes for degree in found] == [1]


def test_a_term_that_is_too_many_is_measured() -> None:
    decay = Hypothesis(
        code="extra-term", text="`W` is added to the result, which is once too often", function="f", named=False
    )
    found = said(results(affine(1), affine(2)), affine(1.001), decay)
    assert [d.clause for d in found] == ["`W` is added to the result, multiplied by 0.001, which has no place there"]


@pytest.mark.parametrize("bias", [0.0, 1.0])
def test_nothing_is_said_of_the_whole_mistake_nor_of_none(bias: float) -> None:
    assert said(results(affine(1), affine(0)), affine(bias), TERM) == []


def test_a_slope_of_what_should_be_cut_off_is_measured() -> None:
    def relu(slope: float) -> Outputs:
        return lambda rng: {"out": (x := draw(rng)[0]) * np.where(x > 0, 1, slope)}

    (found,) = said(results(relu(0), relu(1)), relu(0.05), RELU)
    assert found.clause == "a mask is missing: what it should stop is let through, multiplied by 0.05"


def test_the_amount_must_be_the_same_at_both_points() -> None:
    def outputs(rng: np.random.Generator) -> dict[str, Any]:
        x, w, b = draw(rng)
        return {"out": x @ w + rng.normal() * b}

    assert said(results(affine(1), affine(0)), outputs, TERM) == []


def test_of_a_single_number_only_a_round_amount_proves_anything() -> None:
    prepared = results(penalty(0.5), penalty(0))
    assert [d.clause for d in said(prepared, penalty(1), TERM)] == ["the term with `b` comes in twice"]
    assert said(prepared, penalty(0.618), TERM) == []


def test_a_factor_on_top_of_a_mistake_makes_two() -> None:
    (found,) = said(results(affine(1), affine(0)), affine(0, scale=-1), NAMED)
    assert found.clause == "bias left out, and the sign is wrong"
    assert found.mistakes == 2


def test_a_mistake_that_is_a_factor_itself_gets_none_on_top() -> None:
    assert said(results(affine(1), affine(1, scale=3)), affine(1, scale=-3), NAMED) == []


def test_nan_in_the_same_places_is_no_obstacle_and_in_others_is_one() -> None:
    def with_nan(outputs: Outputs, at: int) -> Outputs:
        def spoilt(rng: np.random.Generator) -> dict[str, Any]:
            out = outputs(rng)["out"]
            out[at] = np.nan
            return {"out": out}

        return spoilt

    prepared = results(with_nan(affine(1), 0), with_nan(affine(0), 0))
    assert len(said(prepared, with_nan(affine(2), 0), TERM)) == 1
    assert said(prepared, with_nan(affine(2), 1), TERM) == []


def test_the_factor_of_the_right_arrays_is_found_without_a_hypothesis() -> None:
    prepared = results(affine(1))
    wrong = np.array([True])
    assert factor_of_right(prepared, seen(affine(1, scale=-1)), wrong) == pytest.approx(-1)
    assert factor_of_right(prepared, seen(affine(0)), wrong) is None


def test_the_page_of_the_documentation_speaks_of_amounts() -> None:
    text = (Path(__file__).parent.parent.parent / "docs" / "diagnoses.md").read_text()
    assert "by another amount" in text
