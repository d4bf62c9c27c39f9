from hypothesis import given, settings
from hypothesis import strategies as st

from grader.report.terminal.layout import columns, fit, pad, table, wrap


def test_wide_and_combining_characters_are_counted_as_shown() -> None:
    assert columns("abc") == 3
    assert columns("三四") == 4
    assert columns("e\u0301") == 1


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab 三é\u0301\n", max_size=120), st.integers(8, 30))
def test_wrapped_lines_fit_and_lose_no_letter(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(columns(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(text.split())


def test_words_are_broken_only_when_longer_than_the_line() -> None:
    assert wrap("one two-three " + "x" * 12, 10) == ["one", "two-three", "x" * 10, "xx"]


def test_newlines_stay() -> None:
    assert wrap("a b\nc", 10) == ["a b", "c"]


def test_fit_and_pad_measure_columns() -> None:
    assert fit("三四五", 5) == "三四…"
    assert fit("abc", 3) == "abc"
    assert pad("三", 4) == "三  "
    assert pad("三", 4, right=True) == "  三"


def test_table_aligns_columns() -> None:
    assert table([("check", "error"), ("a", "1e-3"), ("bcdefg", "2")], right=frozenset({1})) == [
        "check   error",
        "a        1e-3",
        "bcdefg      2",
    ]
