"""Radboud's first assignment graded for real: printed numbers, examples, answers, its wrong and right rewrites."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from grader.model import Answer, Assignment, Report
from tests.courses.reports import Reports, lost, outcomes, parts

ID = "radboud_a1"
ASKED = "1.1c 1.1e 1.1f 1.2a 1.2d 1.2e 1.2h 1.2i 1.2j 1.2l 1.2m 1.6c 1.6e 1.6g 1.6i 1.7a 1.7b 1.7c"
QUESTIONS = ASKED.split()


def answer(report: Report, part: str) -> Answer:
    found = parts(report)[part].answer
    assert found is not None
    return found


# ---------------------------------------------------------------- examples


@pytest.mark.slow
def test_the_reference_has_full_marks_and_its_cells_print_what_the_course_printed(reports: Reports) -> None:
    text = "".join(cell.text for cell in reports["correct"].cells)
    figures = [figure for cell in reports["correct"].cells for figure in cell.figures]

    assert reports["correct"].score == 22
    assert {cell.status for cell in reports["correct"].cells} == {"ok"}
    assert "bce_loss(y, y_hat): [0.391186 0.496117 1.100172 0.912072 0.206697]" in text
    assert "Loss: 2.309880244091049\n" in text
    assert any("Minimum value: -2.28071" in figure for figure in figures)


def test_the_tuned_descent_ends_at_the_global_minimum(assignment: Assignment) -> None:
    golden = json.loads((assignment.root / "golden" / "public.json").read_text())["observations"]["tuned_descent"]

    assert golden["end"]["rows"] == [pytest.approx([-1.0882, 0.5441], abs=5e-5)]


@pytest.mark.slow
def test_the_stub_has_no_points_and_no_answers(reports: Reports) -> None:
    statuses = {id: outcome.status for id, outcome in outcomes(reports["stub"]).items()}

    assert reports["stub"].score == 0
    assert {status for id, status in statuses.items() if not id.startswith("network_")} == {"missing"}
    assert {status for id, status in statuses.items() if id.startswith("network_")} <= {"failed", "missing"}
    assert {id: answer(reports["stub"], id).state for id in QUESTIONS} == dict.fromkeys(QUESTIONS, "untouched")


@pytest.mark.slow
def test_half_finished_work_gets_the_points_of_the_parts_that_stand(reports: Reports) -> None:
    report = reports["half_finished"]
    earned = {id: part.score for id, part in parts(report).items() if part.score}

    assert earned == {"1.1a": 1, "1.1g": 1, "1.1h": 1, "1.2b": 2, "1.2c": 1, "1.2f": Fraction(3, 2)}
    assert "NameError" in [cell.error.type for cell in report.cells if cell.error]
    assert answer(report, "1.1c").state == "answered"
    assert answer(report, "1.1e").state == answer(report, "1.1f").state == "empty"
    assert answer(report, "1.2h").state == "untouched"


@pytest.mark.slow
def test_what_the_course_s_asserts_let_through_costs_its_own_points(reports: Reports) -> None:
    taken = lost(reports["three_mistakes"])

    assert taken.keys() == {"1.1a", "1.2c", "1.4c"}
    assert (taken["1.1a"], taken["1.2c"]) == (Fraction(3, 4), 1)


@pytest.mark.slow
def test_wrong_functions_are_paid_for_once_even_by_the_trainings(reports: Reports) -> None:
    report = reports["wrong_functions"]

    assert lost(report).keys() == {"1.2b", "1.4a"}
    for id in ("1.6b", "1.6d", "1.6f", "1.6h"):
        assert parts(report)[id].outcomes[0].status != "passed"
        assert set(parts(report)[id].credited_with) >= {"sigmoid_grad", "Linear"}
    [deeper] = [a.message for a in outcomes(report)["network_deeper"].arrays if a.name == "accuracy"]
    assert "the weights are not finite after it" in deeper  # and nothing of the best state, from before the training
    assert "near 0.5" not in deeper


@pytest.mark.slow
def test_an_old_edition_is_graded_whatever_its_networks_are_called(reports: Reports) -> None:
    assert reports["old_edition"].score == 22
    assert answer(reports["old_edition"], "1.1c").text == "It finds a minimum, and not the lowest one."


# ---------------------------------------------------------------- answers


def test_every_question_comes_out_with_its_answer(reports: Reports, assignment: Assignment) -> None:
    states = {id: answer(reports["correct"], id).state for id in QUESTIONS}

    assert states == dict.fromkeys(QUESTIONS, "answered")
    assert all(len(entry.question) > 20 for entry in assignment.manual)


def test_two_parts_share_one_box(reports: Reports) -> None:
    first, second = (answer(reports["correct"], id) for id in ("1.1e", "1.1f"))

    assert first == second
    assert "0.15 happens to jump" in first.text


def test_derivations_come_out_as_latex(reports: Reports) -> None:
    derivations = {id: answer(reports["correct"], id).text for id in ("1.2a", "1.2e", "1.2j", "1.2l", "1.2m")}

    assert all("$$" in text for text in derivations.values())
    assert r"\sigma(x)\,(1 - \sigma(x))" in derivations["1.2a"]
    assert r"\begin{cases}" in derivations["1.2e"]
    assert r"\delta_{jk}" in derivations["1.2l"]


def test_names_plots_and_tuned_values_come_out_without_points(reports: Reports) -> None:
    report = reports["correct"]

    assert answer(report, "names").text == "Names: Jip Jansen and Janneke de Vries\n\nGroup: 17"
    assert "step_size=0.15, steps=30" in answer(report, "1.1d").text
    assert any("11 points" in figure for figure in answer(report, "1.1b").figures)
    assert len(answer(report, "1.2g").figures) == 1
    assert sum(parts(report)[id].max_score for id in ("names", "1.1b", "1.1d", "1.2g")) == 0


# ---------------------------------------------------------------- the sources
