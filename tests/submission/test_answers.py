"""What counts as a student's answer, in the forms in which students write one."""

from __future__ import annotations

from typing import Literal

import pytest

from grader.model import Answer, Manual, Notebook, Part
from grader.submission.review.answers import extract_answer
from grader.submission.source.notebook import parse_notebook
from tests.submission.building import notebook_json, text

Kind = Literal["written", "derivation", "plot", "tuning", "survey"]


def book(*cells: object) -> Notebook:
    return parse_notebook(notebook_json(*cells), "hw.ipynb")


def answer(
    notebook: Notebook,
    stub: Notebook | None,
    *,
    under: str = "Learning rate",
    kind: Kind = "written",
    question: str = "",
    figures: dict[int, tuple[str, ...]] | None = None,
) -> Answer:
    manual = Manual(part=Part("1", "P"), points=1, kind=kind, question=question, under=under)  # type: ignore[arg-type]
    return extract_answer(manual, notebook, stub, figures or {})


QUESTION = "## 1.7 The learning rate (2 points)\n\nWhat happens if it is too low?"
STUB = book(
    text(QUESTION),
    text("TODO: Your answer here."),
    text("## 1.8 Batches\n\nWhy?"),
    text("TODO: Your answer here."),
    "x = 1",
)


def with_cells(*cells: object) -> Notebook:
    return book(*cells, text("## 1.8 Batches\n\nWhy?"), text("Noise."), "x = 1")


def test_the_cell_below_the_question_is_the_answer() -> None:
    assert answer(with_cells(text(QUESTION), text("It is slow.\n\nIt may stop.")), STUB) == Answer(
        text="It is slow.\n\nIt may stop.", cell=1, state="answered"
    )


@pytest.mark.parametrize(
    ("headings", "state"),
    [
        (("## 1.7 Die Lernrate", "## 1.8 Stapel"), "answered"),
        (("# Aufgabe 1.7: Die Lernrate", "# Aufgabe 1.8: Stapel"), "answered"),
        (("## 1.7) Die Lernrate", "## 1.8) Stapel"), "answered"),
        (("## 1.7 Die Lernrate", "## 1.7 Stapel"), "not found"),
        (("## 1.6 Die Lernrate", "## 1.8 Stapel"), "not found"),
        (("## 1.6 Die Lernrate", "## 1.7 Batches"), "not found"),
        (("## Die Lernrate 1.7", "## 1.8 Stapel"), "not found"),
    ],
)
def test_a_section_whose_heading_is_translated_is_found_by_its_number(headings: tuple[str, str], state: str) -> None:
    found = answer(book(text(headings[0]), text("Langsam."), text(headings[1]), text("Nichts."), "x = 1"), STUB)
    assert found.state == state
    assert found.text == ("Langsam." if state == "answered" else "")


LETTERS = book(
    text("## 1.1 Descent\n\n**(a) Where does it go?** Say it. (1 point)"),
    text("TODO: Your answer here."),
    text("**(b) Is that the minimum?** Say why. (1 point)"),
    text("TODO: Your answer here."),
    text("## 1.2 Layers\n\n**(b) What is a layer?** (1 point)"),
    text("TODO: Your answer here."),
    "x = 1",
)


@pytest.mark.parametrize(
    ("question", "state"),
    [
        ("**(b) Ist das das Minimum?** Say why. (1 point)", "answered"),
        ("**b) Ist das das Minimum?**", "answered"),
        ("**(a) Ist das das Minimum?**", "not found"),
        ("**Ist das das Minimum?**", "not found"),
    ],
)
def test_a_translated_question_is_found_by_its_letter_below_the_number(question: str, state: str) -> None:
    cells = [
        text("## 1.1 Abstieg\n\n**(a) Where does it go?** Say it. (1 point)"),
        text("Down."),
        text(question),
        text("No."),
        text("## 1.2 Schichten\n\n**(b) Was ist eine Schicht?**"),
        text("A map."),
        "x = 1",
    ]
    found = answer(book(*cells), LETTERS, under="(b) Is that the minimum")
    assert (found.state, found.text) == (state, "No." if state == "answered" else "")


def test_an_answer_typed_below_the_question_in_its_cell_is_found_without_the_question() -> None:
    assert answer(with_cells(text(QUESTION + "\nIt is slow."), text("TODO: Your answer here.")), STUB) == Answer(
        text="It is slow.", cell=0, state="answered"
    )


def test_an_answer_over_several_cells_is_found_whole() -> None:
    found = answer(with_cells(text(QUESTION), text("It is slow."), "y = 1", text("See above.")), STUB)
    assert (found.text, found.cell) == ("It is slow.\n\nSee above.", 3)


def test_a_placeholder_that_stays_is_untouched() -> None:
    assert answer(with_cells(text(QUESTION), text("TODO: Your answer here.")), STUB) == Answer(state="untouched")


def test_a_placeholder_that_was_only_deleted_is_empty() -> None:
    assert answer(with_cells(text(QUESTION), text("")), STUB) == Answer(state="empty")


@pytest.mark.parametrize(
    "given", ["*Your answer here*", "TODO", "**Answer:**", "...", "_Type your answer here._", "TODO: Your answer here."]
)
def test_placeholders_of_other_hand_outs_are_no_answers(given: str) -> None:
    assert answer(with_cells(text(QUESTION), text(given)), STUB).state in {"untouched", "empty"}
    assert answer(with_cells(text(QUESTION), text(given)), None).state == "untouched"


def test_a_section_that_is_gone_is_not_found() -> None:
    assert answer(book("x = 1", text("It is slow.")), STUB) == Answer(state="not found")


def test_a_students_own_heading_does_not_end_the_answer() -> None:
    found = answer(with_cells(text(QUESTION), text("# It is slow"), text("because")), STUB)
    assert found.text == "# It is slow\n\nbecause"


def test_an_answer_left_in_a_code_cell_as_a_comment_is_found() -> None:
    found = answer(with_cells(text(QUESTION), "# It is slow.", text("TODO: Your answer here.")), STUB)
    assert found == Answer(text="# It is slow.", cell=1, state="answered")
    assert (
        answer(with_cells(text(QUESTION), "# TODO\nx = 1", text("TODO: Your answer here.")), STUB).state == "untouched"
    )


def test_a_changed_formula_is_shown_whole() -> None:
    stub = book(text("## Derivative\n\n$$\n\\frac{df}{dx} =\n\\text{TODO}\n$$"), "x")
    found = answer(
        book(text("## Derivative\n\n$$\n\\frac{df}{dx} =\n2x\n$$"), "x"), stub, under="Derivative", kind="derivation"
    )
    assert found.text == "$$\n\\frac{df}{dx} =\n2x\n$$"


def test_a_pasted_image_is_an_answer() -> None:
    found = answer(with_cells(text(QUESTION), text("![page](attachment:page.png)")), STUB, kind="derivation")
    assert found.text == "![page](attachment:page.png)"


def test_an_equal_title_comes_before_one_that_contains_it() -> None:
    stub = book(text("# Survey questions"), text("# Survey\nHours?"), "x")
    found = answer(
        book(text("# Survey questions"), text("# Survey\nHours?\n4"), "x"), stub, under="survey", kind="survey"
    )
    assert found == Answer(text="4", cell=1, state="answered")


def test_subsections_belong_to_the_section() -> None:
    stub = book(text("## 1.2 Survey\n### 1.2.1 Question:\nHow many hours?\n### 1.2.2 Your Answer:"), "x")
    student = book(text("## 1.2 Survey\n### 1.2.1 Question:\nHow many hours?\n### 1.2.2 Your Answer:\n4 hours."), "x")
    assert answer(student, stub, under="Survey", kind="survey").text == "4 hours."
    assert answer(stub, stub, under="Survey", kind="survey").state == "untouched"


# ---------------------------------------------------------------- questions without headings

BOLD = (
    text("### Tune\n\n**(c)** Does it find the minimum? (1 point)"),
    text("TODO: Your answer here."),
    text("**(d)** Try other values."),
    "step = 0",
    text("**(e)** What if it is small?\n\n**(f)** And large?"),
    text("TODO: Your answer here."),
)


def test_a_bold_question_opens_a_section_and_the_next_ends_it() -> None:
    student = book(BOLD[0], text("**No:** it stops at a local one."), *BOLD[2:])
    for stub in (book(*BOLD), None):
        found = answer(student, stub, under="(c) Does it find")
        assert (found.text, found.cell) == ("**No:** it stops at a local one.", 1)
    assert answer(student, book(*BOLD), under="(f) And large").state == "untouched"


def test_a_question_in_plain_text_is_found_by_its_words() -> None:
    stub = book(text("# A\n\nSome text. Does it find the minimum?\n\nYour answer:"), "x")
    student = book(text("# A\n\nSome text. Does it find the minimum?\n\nYour answer: no"), "x")
    found = answer(student, stub, under="(c)", question="Does it find the minimum?")
    assert found.text == "Your answer: no"


def test_a_short_question_is_not_looked_for_everywhere() -> None:
    assert answer(book(text("Why? No idea"), "x"), None, under="(c)", question="Why?").state == "not found"


# ---------------------------------------------------------------- another edition's wording


def test_in_another_edition_the_last_markdown_cells_are_the_answer() -> None:
    student = book(
        text("## Learning rate\nExplain the rate in your own words."), text("It is the step."), text("## 1.8"), "x"
    )
    assert answer(student, STUB) == Answer(text="It is the step.", cell=1, state="answered")
    assert answer(student, None) == Answer(text="It is the step.", cell=1, state="answered")


def test_without_a_stub_the_cell_of_the_heading_is_all_there_is() -> None:
    assert answer(book(text("## Learning rate\n4 hours"), "x"), None).text == "4 hours"
    assert answer(book(text("## Learning rate"), "x"), None) == Answer(state="empty")


# ---------------------------------------------------------------- figures and tuned cells

CURVE = (text("## Learning rate"), "train()", "plt.plot(loss)", text("## 1.8"), "plt.plot(other)")


def test_a_plot_is_what_the_cells_of_the_section_drew() -> None:
    figures = {2: ("1 axes, 1 line, title 'Loss'", "2 axes"), 4: ("another",)}
    found = answer(book(*CURVE), book(*CURVE), kind="plot", figures=figures)
    assert found == Answer(figures=("1 axes, 1 line, title 'Loss'", "2 axes"), cell=2, state="answered")


def test_where_the_code_alone_is_left_every_figure_may_be_the_answer() -> None:
    figures = {1: ("1 axes, 1 line",), 2: ("another",)}
    found = answer(book("train()", "plt.plot(loss)", "plt.plot(other)"), book(*CURVE), kind="plot", figures=figures)
    assert found == Answer(figures=("1 axes, 1 line", "another"), cell=2, state="answered")
    assert answer(book("train()"), book(*CURVE), kind="plot", figures={}) == Answer(state="not found")


def test_a_section_without_a_figure_is_empty() -> None:
    assert answer(book(*CURVE), book(*CURVE), kind="plot", figures={4: ("another",)}) == Answer(state="empty")


def test_code_that_was_to_draw_and_failed_is_an_answer() -> None:
    stub = book(text("## Learning rate"), "train()", "# plot the loss", text("## 1.8"), "x")
    failed = Answer(text="plt.plot(loss)", cell=2, state="answered")
    assert answer(book(*CURVE), stub, kind="plot") == failed
    assert answer(stub, stub, kind="plot") == Answer(state="empty")
    assert answer(book(text("## Learning rate"), "train(1)", text("## 1.8")), stub, kind="plot") == Answer(
        state="empty"
    )


def test_a_tuned_cell_is_the_last_that_differs_from_the_stub() -> None:
    stub = book(text("## Learning rate"), "run(rate=0)", "plot()", text("## 1.8"), "x")
    student = book(text("## Learning rate"), "run(rate=0.1)", "run(rate=0.2)", "plot( )", text("## 1.8"), "y")
    assert answer(student, stub, kind="tuning") == Answer(text="run(rate=0.2)", cell=2, state="answered")
    assert answer(stub, stub, kind="tuning").state == "untouched"
    assert answer(book(text("## Learning rate"), text("## 1.8"), "x"), stub, kind="tuning").state == "empty"


# ---------------------------------------------------------------- an answer where it is easily overlooked


@pytest.mark.parametrize("picture", ['<img src="attachment:page.jpg" width="400">', "![](attachment:image.png)"])
def test_a_picture_without_a_title_is_an_answer(picture: str) -> None:
    for stub in (STUB, None):
        assert answer(with_cells(text(QUESTION), text(picture)), stub).text == picture


def test_what_stands_beside_a_label_is_an_answer() -> None:
    stub = book(text("### Names and group\nNames:\n\nGroup:"), "x")
    bold = book(text("# Deep Learning"), text("**Names:** Ada, Grace\n\n**Group:** 12"), text("**Instructions:**"), "x")
    assert answer(bold, stub, under="Names").text == "Ada, Grace\n\n**Group:** 12"
    assert answer(book(text("Names: Ada"), "x"), None, under="Names").text == "Ada"
    empty = book(text("**Names:**\n\n**Group:**"), text("**Instructions:**"), "x")
    assert answer(empty, stub, under="Names").state != "answered"


def test_an_answer_on_the_questions_own_line_is_found_and_points_are_none() -> None:
    asked = "**(h) Which learning rate? Why?** <span style='float:right'>(1 point)</span>"
    assert answer(book(text(asked), "x"), None).state == "empty"
    assert answer(book(text(asked + " A small one."), "x"), None) == Answer(
        text="A small one.", cell=0, state="answered"
    )


def test_in_another_edition_code_between_two_answers_ends_none_of_them() -> None:
    asked = text("## Learning rate\nIn your own words.")
    found = answer(book(asked, text("| rate | loss |"), "fit(0.1)", text("It is the step."), text("## 1.8"), "x"), STUB)
    assert found.text == "| rate | loss |\nIt is the step."


def test_in_another_edition_a_placeholder_that_stays_is_untouched() -> None:
    asked = text("## The learning rate\n\nWhat if it is low? And high?")
    assert answer(book(asked, text("TODO: Your answer here."), text("## 1.8"), "x"), STUB).state == "untouched"


def test_lines_that_another_edition_gives_are_no_answer() -> None:
    after = text("If there is a big difference, look again.")
    given = Manual(
        part=Part("1", "P"),  # type: ignore[arg-type]
        points=1,  # type: ignore[arg-type]
        kind="written",
        question="",
        under="Learning rate",
        given=("If there is a",),
    )
    for cell, state in (("TODO", "untouched"), ("It is the step.", "answered")):
        found = extract_answer(given, book(text("## Learning rate"), text(cell), after, "x"), STUB, {})
        assert (found.state, found.text) == (state, "It is the step." if state == "answered" else "")


FORMS = [
    (r"$$\frac{\partial f}{\partial x} = \text{TODO Your answer here.}$$", "untouched"),
    ("TODO: Your answer here.\n\n$$\\nabla_x L = $$\n\n$$\\nabla_W L = $$", "untouched"),
    (r"$$\nabla_x L = $$", "empty"),
    ("$$\n\\frac{dy}{dx} = \\text{TODO} \\quad\n\\frac{dy}{dW} = \\text{TODO}\n$$\n\nor\n\n$$a = TODO$$", "untouched"),
    (r"$$\nabla_x L = \text{TODO} \qquad \nabla_W L = x^T d$$", "answered"),
    (r"$$\begin{align} a &= b \\ &= \text{TODO} \end{align}$$", "answered"),
    ("$$a =$$\n\nThe gradient is the product of all the others, as said above.", "answered"),
    (r"The derivative is $f'(x) = 2x$.", "answered"),
]


@pytest.mark.parametrize(("form", "state"), FORMS)
def test_a_form_that_nobody_filled_in_is_no_answer(form: str, state: str) -> None:
    assert answer(book(text("## Learning rate"), text(form), "x"), None, kind="derivation").state == state


def test_a_tuned_cell_with_another_comment_is_untouched() -> None:
    stub = book(text("## Learning rate"), "# TODO: tune\nrun(rate=0)", text("## 1.8"), "x")
    student = book(text("## Learning rate"), "# TODO: better values\nrun(rate = 0)", text("## 1.8"), "y")
    assert answer(student, stub, kind="tuning").state == "untouched"
