"""What a stored notebook cannot prove is noted, and only that."""

from __future__ import annotations

import pytest

from grader.model import Cell, Notebook
from grader.submission.review.edited_cells import given_cell_notes, is_unsolved, order_notes


def book(*cells: Cell) -> Notebook:
    return Notebook(name="a.ipynb", cells=cells)


def cell(index: int, source: str = "x", *, count: int | None = None) -> Cell:
    return Cell(index=index, kind="code", source=source, execution_count=count)


def test_cells_run_out_of_order_are_noted_once() -> None:
    (note,) = order_notes(book(cell(0, count=1), cell(2, count=7), cell(5, count=3), cell(6, count=2)))
    assert "cell 2 as In [7] and cell 5" in note


def test_cells_in_order_with_gaps_are_fine() -> None:
    assert order_notes(book(cell(0, count=4), cell(1), cell(2, count=9))) == []


GIVEN = "epochs = 1000\noptim = SGD(net, lr=0.1, weight_decay=0.00001)\nfor epoch in range(epochs):\n    step()"


def edited(source: str, given: str = GIVEN) -> list[str]:
    stub = book(cell(0, given))
    return given_cell_notes(book(cell(4, source)), stub, {0: is_unsolved(given)})


def test_an_edited_given_cell_is_named_with_its_first_change() -> None:
    (note,) = edited(GIVEN.replace("lr=0.1", "lr=0.5"))
    assert "cell 4" in note
    assert "lr=0.5" in note
    assert "lr=0.1" in note


@pytest.mark.parametrize("source", [GIVEN, "# mine\n" + GIVEN + "\n", GIVEN.replace("lr=0.1", "lr = 0.1"), "y = 5"])
def test_comments_spacing_and_other_cells_are_no_edit(source: str) -> None:
    assert edited(source) == []


def test_a_docstring_is_no_code() -> None:
    text = '    """Powers.\n\n    Of two, added up to one.\n    """\n'
    given = f"def f(x):\n{text}    powers = 2**x\n    return powers / powers.sum()"
    assert edited(given.replace(text, ""), given) == []
    (note,) = edited(given.replace("Of two", "Of 3").replace("2**x", "3**x"), given)
    assert note.endswith("`powers = 3**x` where the hand-out has `powers = 2**x`")


@pytest.mark.parametrize("mark", ["raise NotImplementedError", "# TODO: other values", "pass  # Your code here"])
def test_a_cell_to_fill_in_may_be_changed(mark: str) -> None:
    assert edited(GIVEN.replace("lr=0.1", "lr=0.5"), f"{GIVEN}\n{mark}") == []


def test_the_answer_to_a_cell_to_fill_in_is_no_edit_of_a_given_cell_like_it() -> None:
    stub = book(cell(0, GIVEN), cell(1, f"{GIVEN}\n# TODO: other values"))
    handed_in = book(cell(0, GIVEN.replace("1000", "500")), cell(1, GIVEN.replace("0.1", "0.5")))
    (note,) = given_cell_notes(handed_in, stub, {0: False, 1: True})
    assert "cell 0" in note


def test_one_cell_is_named_once() -> None:
    stub = book(cell(0, GIVEN), cell(1, GIVEN.replace("0.1", "0.2")))
    assert len(given_cell_notes(book(cell(5, GIVEN.replace("0.1", "0.5"))), stub, {})) == 1


@pytest.mark.parametrize("source", ["x = '\0'", "x = " + "+".join(["1"] * 3000), "%%bash\n!ls", "x = '\\d'"])
def test_a_cell_that_python_cannot_take_is_compared_as_text(source: str) -> None:
    assert edited(source) == []
    assert edited(source, source) == []
