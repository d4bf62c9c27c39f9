"""Exercise 9 graded for real: what the notebook prints, its examples, its wrong and right rewrites."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from grader.engine import grade
from grader.model import Report
from grader.report.terminal.terminal import render
from tests.courses.reports import ROOT, Reports, outcomes

ID = "tum_ex09"
EXAMPLES = ROOT / "examples" / ID

LOGISTIC_REGRESSION = "2.3026 0.2275 0.1599 0.1306 0.1130 0.1009 0.0918 0.0846 0.0788 0.0738 0.0696", "0.953"
NETWORK = "8.5876 0.6002 0.3517 0.2510 0.1975 0.1631 0.1401 0.1231 0.1098 0.0989 0.0897", "0.938"
"""Losses at every fiftieth epoch and the accuracy on the test set, as the course's own notebook prints them."""


def printed(report: Report) -> str:
    return "".join(cell.text for cell in report.cells)


def epochs(losses: str) -> str:
    return "".join(f"Epoch {50 * at:4d}, loss = {loss}\n" for at, loss in enumerate(losses.split()))


@pytest.mark.parametrize("name", ["correct", pytest.param("old_edition", marks=pytest.mark.slow)])
@pytest.mark.slow
def test_the_notebook_prints_what_the_course_printed(reports: Reports, name: str) -> None:
    text = printed(reports[name])

    for losses, accuracy in (LOGISTIC_REGRESSION, NETWORK):
        assert epochs(losses) in text
        assert f"test set accuracy = {accuracy}" in text
    assert text.count("All checks passed.") == 3
    assert {cell.status for cell in reports[name].cells} == {"ok"}


def test_the_readme_shows_the_report_that_its_command_prints() -> None:
    page = render(grade(EXAMPLES / "two_mistakes.ipynb", course=ROOT), colour=False, width=80)

    assert page.strip() in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_reference_has_full_marks(reports: Reports) -> None:
    assert reports["correct"].score == 20


@pytest.mark.slow
def test_the_stub_has_none_and_every_check_says_not_implemented(reports: Reports) -> None:
    assert reports["stub"].score == 0
    assert {outcome.status for outcome in outcomes(reports["stub"]).values()} == {"missing"}


@pytest.mark.slow
def test_the_two_mistakes_cost_exactly_two_points(reports: Reports) -> None:
    failed = {id for id, outcome in outcomes(reports["two_mistakes"]).items() if outcome.status != "passed"}

    assert failed == {"cross_entropy_upstream", "cross_entropy_large_logits"}
    assert reports["two_mistakes"].score == 18


@pytest.mark.slow
def test_a_wrong_affine_layer_is_paid_for_once(reports: Reports) -> None:
    parts = {part.part.id: part for part in reports["wrong_affine"].parts}

    assert parts["1"].score < parts["1"].max_score
    assert parts["4"].score == parts["4"].max_score
    assert parts["4"].credited_with == ("Affine",)
    assert {outcome.status for outcome in parts["4"].outcomes} != {"passed"}


@pytest.mark.slow
def test_a_failing_cell_costs_nothing_but_what_is_wrong(reports: Reports) -> None:
    report = reports["failing_cell"]
    failed = [cell for cell in report.cells if cell.status == "error"]

    assert [cell.error.type for cell in failed if cell.error] == ["AssertionError", "NameError"]
    assert {part.part.id: part.max_score - part.score for part in report.parts} == {"1": 0, "2": 2, "3": 0, "4": 0}


@pytest.mark.slow
def test_an_old_notebook_loses_nothing_by_its_given_cell(reports: Reports) -> None:
    assert reports["old_edition"].score == 20
    assert "label_binarize takes its classes by keyword today" in printed(reports["old_edition"])


@pytest.mark.parametrize(
    ("again", "noted"), [("x + 1", True), pytest.param("np.maximum(x, 0)", False, marks=pytest.mark.slow)]
)
def test_a_name_that_is_defined_again_is_noted_where_it_costs_points(tmp_path: Path, again: str, noted: bool) -> None:
    book = nbformat.read(EXAMPLES / "correct.ipynb", as_version=4)
    cell = next(cell for cell in book.cells if "class ReLU" in cell.source)
    before = book.cells.index(cell)
    body = f"class ReLU(ReLU):\n    def forward(self, x):\n        self.inputs = x\n        return {again}"
    book.cells.append(nbformat.v4.new_code_cell(body if noted else cell.source))
    nbformat.write(book, tmp_path / "hand_in.ipynb")
    report = grade(tmp_path / "hand_in.ipynb", ID, course=ROOT)
    note = f"`ReLU`: defined in cells {before} and {len(book.cells) - 1}; the last one was graded"

    assert (note in report.notes) == noted
    assert (report.score == report.max_score) != noted


@pytest.mark.slow
def test_the_hand_out_alone_grades_every_task(tmp_path: Path) -> None:
    report = grade(EXAMPLES / "two_mistakes.ipynb", seed="recorded", course=ROOT, hidden=False)
    scores = {part.part.id: (part.score, part.max_score) for part in report.parts}

    assert scores == {"1": (3, 3), "2": (2, 2), "3": (2, 3), "4": (4, 4)}
