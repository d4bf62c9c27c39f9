"""Headings of markdown text, as hand-outs and students write them."""

from __future__ import annotations

import pytest

from grader.submission.source.sections import QUESTION, Heading, begins, descend, headings, matches, plain


@pytest.mark.parametrize(
    ("line", "level", "title"),
    [
        ("# A title", 1, "A title"),
        ("### 1.0.3 Backward pass (40%) ###", 3, "1.0.3 Backward pass (40%)"),
        ("   ## Indented", 2, "Indented"),
        ("##No blank", 2, "No blank"),
        ("# **Bold** and `code` and *it*", 1, "Bold and code and it"),
        ("## <a name='x'></a>Task 1: [ReLU](http://x) layer", 2, "Task 1: ReLU layer"),
        (r"## affine\_forward and a_b", 2, "affine_forward and a_b"),
        ("## About C#", 2, "About C#"),
        ("## _under_ the__name", 2, "under the__name"),
        ("<h2 id='x'>Task</h2>", 2, "Task"),
        ("## Q &amp; A", 2, "Q & A"),
    ],
)
def test_a_heading_is_its_level_and_plain_title(line: str, level: int, title: str) -> None:
    assert headings(line) == [Heading(level, title, 0)]


@pytest.mark.parametrize(
    "line", ["#1 is my answer", "    # code", "####### seven", "text # no", "#", "##   ", "**bold**", ""]
)
def test_other_lines_are_no_headings(line: str) -> None:
    assert headings(line) == []


def test_fenced_code_holds_no_headings() -> None:
    assert headings("```python\n# a comment\n~~~\n```\n# A\n~~~\n# b\n~~~") == [Heading(1, "A", 4)]


def test_bold_lead_ins_are_headings_only_when_asked_for() -> None:
    text = "## A\n**(c)** Does it find the minimum? (1 point)\n"
    assert headings(text) == [Heading(2, "A", 0)]
    assert headings(text, questions=True)[1] == Heading(QUESTION, "(c) Does it find the minimum? (1 point)", 1)


def test_a_heading_closes_its_own_and_deeper_levels() -> None:
    a, b, c, d = (Heading(level, str(level), 0) for level in (1, 2, 4, 2))
    assert descend(descend(descend((), a), b), c) == (a, b, c)
    assert descend((a, b, c), d) == (a, d)


def test_matching_ignores_case_markup_and_blanks() -> None:
    assert matches("1.1 Train the complete network on the toy data", "Train the  **Complete** network")
    assert not matches("1.1 Train", "Train the network")
    assert plain("  a   b ") == "a b"


@pytest.mark.parametrize(
    ("title", "wanted", "expected"),
    [
        ("Train the network and change it", "(b) Train the network", True),
        ("(c) Train the network", "(b) Train the network", True),
        ("(b) Train the network", "Train the network", True),
        ("Never train the network", "(b) Train the network", False),
    ],
)
def test_a_question_is_found_by_its_words_without_its_letter(title: str, wanted: str, expected: bool) -> None:
    assert begins(title, wanted) is expected
