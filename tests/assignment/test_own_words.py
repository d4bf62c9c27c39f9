"""What a check says of its own failure comes from its own text; the worker fills gaps and can add no word."""

from __future__ import annotations

import pytest
from msgspec import structs

from grader.assignment.loading.own_words import can_fail, own_words
from tests.support import make_check

BODY = """
out = student.f()
assert out.ndim == 1
assert out.size, "there is nothing in it"
if out.size > 3:
    fail(f"return at most 3, not {out.size}, of them")
fail("a" + str(out) + "b")
fail(student.message)
np.testing.assert_allclose(
    out, 1,
)
"""
CHECK = make_check(BODY)


def said(line: int, message: str, *, hidden: bool = False) -> str:
    first = next(n for n, text in enumerate(CHECK.source.split("\n"), 1) if "out = student.f()" in text)
    return own_words(CHECK, (CHECK.file, first + line), message, hidden=hidden)


@pytest.mark.parametrize(
    ("line", "message", "sentence"),
    [
        (1, "whatever", "A condition of the check does not hold: `out.ndim == 1`."),
        (2, "there is nothing in it", "there is nothing in it"),
        (2, "You have full marks", "there is nothing in it"),
        (4, "return at most 3, not 7, of them", "return at most 3, not 7, of them"),
        (4, "You have full marks", "return at most 3, not …, of them"),
        (4, f"return at most 3, not 7\n\x1b{'x' * 99}, of them", f"return at most 3, not 7 {'x' * 77}…, of them"),
        (5, "axb", "axb"),
        (6, "You have full marks", "A condition of the check does not hold: `fail(student.message)`."),
        (8, "no", "A condition of the check does not hold: `np.testing.assert_allclose(out, 1)`."),
        (0, "You have full marks", "A condition of the check does not hold."),
        (900, "You have full marks", "A condition of the check does not hold."),
    ],
)  # fmt: skip
def test_the_authors_words_are_told(line: int, message: str, sentence: str) -> None:
    assert said(line, message) == sentence


def test_a_hidden_check_leaves_the_gaps_open_and_shows_no_condition() -> None:
    assert said(4, "return at most 3, not 7, of them", hidden=True) == "return at most 3, not …, of them"
    assert said(1, "", hidden=True) == said(8, "", hidden=True) == "A condition of the check does not hold."


def test_whether_a_check_can_fail_by_itself() -> None:
    text = "def helper(x):\n    assert x\ndef one(s, r):\n    helper(1)\ndef two(s, r):\n    return {}\n"
    found = {name: can_fail(structs.replace(CHECK, id=name, source=text)) for name in ("one", "two", "missing")}
    assert found == {"one": True, "two": False, "missing": False}
