from fractions import Fraction
from typing import Literal

import pytest

from grader.model import CellRun, StudentError
from grader.report.sanitize import REPLACEMENT, clean, cut, in_points, number, one_line, points
from grader.report.sentences import cell_problem
from tests.report.sample_reports import ESCAPES


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b[2J",
        "\x1b[?1049h",
        "\x1b]0;title\x07",
        "\x1b]52;c;cm0gLXJm\x1b\\",
        "\x1bPq#0\x1b\\",
        "\x1bc",
        "\x9b2K",
        "\x9d0;title\x9c",
        "\x07",
        "\x08",
        "\x00",
        "\x7f",
        "\x85",
        "\x0c",
        "\u2028",
        "\u202e",
        "\u2066",
        "\ufeff",
        "\ud800",
        "\U000e0041",
    ],
)
def test_escape_sequence_becomes_one_replacement_character(sequence: str) -> None:
    assert clean(f"a{sequence}b") == f"a{REPLACEMENT}b"


def test_unfinished_escape_leaves_no_escape() -> None:
    for start in ("\x1b", "\x1b[", "\x1b[31", "\x1b]0;", "\x1bP", "\x9b", "\x9d1"):
        assert "\x1b" not in clean(f"{start}\n{start}")
        assert not any(0x7F <= ord(c) <= 0x9F for c in clean(start))


def test_colours_vanish_without_a_trace() -> None:
    assert clean("\x1b[0;31mValueError\x1b[0m: no") == "ValueError: no"


def test_what_is_left_over_from_nested_escapes_is_clean_too() -> None:
    assert "\x1b" not in clean("\x1b\x1b[31m[2J")
    assert "\x1b" not in clean("\x1b[\x1b[0m2J")


def test_letters_newlines_tabs_and_emoji_stay() -> None:
    text = "Größe ≤ 3\n\tдва 三 👩\u200d🔬 e\u0301"
    assert clean(text) == text


def test_carriage_returns_cannot_overwrite_a_line() -> None:
    assert clean("failed\rpassed\r\nend") == "failed\npassed\nend"


def test_addresses_lose_what_differs_between_runs() -> None:
    assert clean("<A object at 0x7f3a5c0d1e20>") == "<A object at 0x…>"
    assert clean("mask 0xdeadbeef") == "mask 0xdeadbeef"


def test_cleaning_twice_changes_nothing() -> None:
    assert clean(clean(ESCAPES)) == clean(ESCAPES)


def test_unfinished_escapes_do_not_cost_quadratic_time() -> None:
    # A million characters: linear this is a blink, quadratic it would not end.
    assert clean("\x1b]" * 500_000).count("\x1b") == 0
    assert clean("\x90" * 500_000).count("\x90") == 0
    assert clean("\x90\x1b]" * 250_000 + "\x9c").count("\x90") == 0


def test_cut_keeps_the_limit_and_shows_that_something_is_missing() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde…"


def test_one_line_has_no_line_breaks() -> None:
    assert one_line(" a\n\tb\r\nc ") == "a b c"
    assert one_line("x" * 1000, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("value", "text", "json"),
    [
        (Fraction(3), "3", 3),
        (Fraction(0), "0", 0),
        (Fraction(5, 2), "2.5", 2.5),
        (Fraction(1, 3), "0.33", 0.333333),
        (Fraction(100), "100", 100),
    ],
)
def test_points_for_people_and_programs(value: Fraction, text: str, json: float) -> None:
    assert points(value) == text
    assert number(value) == json
    assert type(number(value)) is type(json)


def test_a_failing_cells_message_is_its_first_paragraph_cut_short() -> None:
    told = "`load_boston` has been removed.\n\n" + "The reasons are many. " * 50
    run = CellRun(index=1, status="error", error=StudentError(type="ImportError", message=told))
    assert cell_problem(run) == "ImportError: `load_boston` has been removed."
    run = CellRun(index=1, status="error", error=StudentError(type="ValueError", message="x" * 5000))
    assert len(cell_problem(run)) < 400


@pytest.mark.parametrize(
    ("status", "type", "message"),
    [("skipped", "NotRun", "no time was left"), ("timeout", "Timeout", "it was stopped"), ("crashed", "Crashed", "9")],
)
def test_the_graders_own_types_of_error_are_not_shown(
    status: Literal["skipped", "timeout", "crashed"], type: str, message: str
) -> None:
    problem = cell_problem(CellRun(index=1, status=status, error=StudentError(type=type, message=message)))
    assert problem.endswith(f": {message}")
    assert type not in problem


def test_one_point_is_a_point() -> None:
    assert in_points(Fraction(1)) == "1 point"
    assert in_points(Fraction(1, 2)) == "0.5 points"
