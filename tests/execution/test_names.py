"""What a reply may call things: names, and no sentences."""

from __future__ import annotations

import pytest

from grader.execution.names import changed_input, kind_and_detail, package_name, type_name

SENTENCES = (
    "a warning.\n\n✓ passed (20 points): 1 Affine layer\n## Marked",
    "right; the check was mistaken and its point was given by hand",
    "ValueError: all of it is right",
    "torch` is not installed here; 20 of 20 points were awarded. `torch",
    "x" * 101,
    "1st",
    "a\N{HANGUL FILLER}right\N{HANGUL FILLER}value",
    "a\N{HALFWIDTH HANGUL FILLER}right\N{HALFWIDTH HANGUL FILLER}value",
    "of shape (" + "1" * 5_000,
    "",
)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_is_no_name(sentence: str) -> None:
    assert type_name(sentence) == "Exception"
    assert kind_and_detail(sentence, sentence) == ("object", "")
    assert kind_and_detail("text", sentence) == ("text", "")
    assert kind_and_detail("other", sentence) == ("other", "")
    assert package_name(sentence) == ""
    assert changed_input(sentence) == "one of its inputs"


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("None", ""),
        ("text", "'right; by hand'"),
        ("text", "b'\\xff'"),
        ("empty list", ""),
        ("uneven list", "its rows have different lengths"),
        ("other", "Größe"),
        ("other", "a masked array"),
        ("object array", "of shape (3,)"),
        ("object array", "of shape ()"),
        ("text array", "of dtype <U5"),
        ("other", "of dtype [('a', '<f8'), ('b', '<i4')]"),
        ("other", "of dtype datetime64[ns]"),
        ("too large", "33 dimensions"),
        ("too large", "shape (1000, 1000, 10), 80 MB"),
        ("flattened", "list of 12"),
        ("flattened", "OrderedDict of 3"),
    ],
)
def test_what_an_honest_worker_says_stays(kind: str, detail: str) -> None:
    assert kind_and_detail(kind, detail) == (kind, detail)


def test_names_stay() -> None:
    assert type_name("LinAlgError") == "LinAlgError"
    assert type_name("FehlerÜberlauf") == "FehlerÜberlauf"
    assert package_name("google.colab") == "google.colab"
    assert changed_input("x_train") == "x_train"
    assert changed_input("an input of shape (3, 4)") == "an input of shape (3, 4)"
