"""The assignment on scientific Python: its examples, its judges, its rewrites."""

from __future__ import annotations

from tests.courses.reports import Reports, lost, outcomes

ID = "scientific_python"


def test_the_reference_has_full_marks_and_the_stub_none(reports: Reports) -> None:
    assert (reports["correct"].score, reports["correct"].max_score) == (42, 42)
    assert reports["stub"].score == 0


def test_each_mistake_costs_its_own_part(reports: Reports) -> None:
    taken = lost(reports["three_mistakes"])

    assert taken.keys() == {"1", "3", "5"}
    assert taken["5"] == 4


def test_the_judge_says_which_statistic_is_off(reports: Reports) -> None:
    outcome = outcomes(reports["three_mistakes"])["disc_points"]

    assert "the radius is spread evenly, not the area" in outcome.message
    assert "the mean of the squared radius is 0.33" in outcome.message
    assert "0.5 is asked for, to within 0.01" in outcome.message
