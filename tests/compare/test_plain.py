"""Values that are no arrays: compared in their kind, the numbers inside under the tolerance, told in one sentence."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from grader.compare.plain import compare_value, fitted, surplus
from grader.model import NotArray, Plain, Tolerance
from grader.worker.messages import FLATTENED


def told(got: Any, expected: Any, *, hidden: bool = False) -> str:
    given = got if got is None or isinstance(got, np.ndarray | NotArray) else Plain("", "", got)
    found = compare_value("v", given, Plain("", "", expected), Tolerance(), hidden=hidden)
    assert (found.earned == 1) == (found.status == "passed") == (not found.message)
    return found.message


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        ("a", "a"),
        (Plain("None", "", None), None),
        ([1, "a", None], (1, "a", None)),
        ([[1.0], [1.0, 2.0 + 1e-9]], [[1.0], [1.0, 2.0]]),
        (np.array([[1.0, 2.0]]), [[1, 2]]),
        (frozenset({1.0, 2.0}), frozenset({1.0 + 1e-12, 2.0})),
        (frozenset({("a", 1)}), frozenset({("a", 1)})),
        (Fraction(2, 4), Fraction(1, 2)),
        (Decimal("1.50"), Decimal("1.5")),
        ({"a": [1]}, {"a": [1.0]}),
        (b"ab", b"ab"),
        (2**80, 2**80),
    ],
)
def test_what_is_the_same_passes(got: Any, expected: Any) -> None:
    assert told(got, expected) == ""


@pytest.mark.parametrize(
    ("got", "expected", "sentence"),
    [
        ("ab", "ac", "`v` is 'ab', expected 'ac'"),
        ("x" * 50 + "b" * 50, "x" * 50 + "c" * 50, "`v` differs from character 50 on"),
        (None, "a", "`v` is missing from what your code returned"),
        (0, Plain, ""),
        ([1, 2], [1, 2, 3], "`v` has 2 items, expected 3"),
        ([1, [2, "a"]], [1, [2, "b"]], "`v[1][1]` is 'a', expected 'b'"),
        ([1.0], [1.1], "`v[0]` is 1, expected 1.1"),
        ([True], [1], "`v[0]` is True, expected 1"),
        ("3", [3], "`v` is '3', expected a list of 1"),
        (frozenset({"a", "c"}), frozenset({"a", "b"}), "`v` lacks 'b' and has 'c' too many"),
        ({"a": 1, "z": 2}, {"a": 1}, "`v` has the key 'z' too many"),
        (0.5, Fraction(1, 2), "`v` is 0.5, expected Fraction(1, 2)"),
        (NotArray("generator"), [1], "`v` is a generator, expected a list of 1"),
        (NotArray(FLATTENED, "tuple of 2"), "a", "`v` is a tuple of 2, expected 'a'"),
        (float("nan"), 1.0, "`v` is nan, expected 1"),
        ([float("nan")], [None], "`v[0]` is nan, expected None; None is nan in an array of floats"),
    ],
)
def test_the_first_difference_is_told(got: Any, expected: Any, sentence: str) -> None:
    if sentence:
        assert told(got, expected).startswith(sentence)


def test_a_hidden_check_tells_nothing_of_either_value() -> None:
    secret, sent = "the expected text", "what the student sent"
    for got, expected in (
        (sent, secret),
        ([sent], [secret]),
        (frozenset({sent}), frozenset({secret})),
        ({sent: 1}, {secret: 1}),
        (NotArray("other", sent), secret),
        ([1, sent], [1, [secret]]),
    ):
        message = told(got, expected, hidden=True)
        assert message
        assert secret not in message
        assert sent not in message


def test_exact_numbers_pass_where_an_array_is_expected() -> None:
    for got, expected in ((Plain("", "", Fraction(1, 4)), 0.25), (Plain("", "", [Decimal("0.5"), 1]), [0.5, 1.0])):
        assert compare_value("v", got, np.array(expected), Tolerance()).status == "passed"
    assert "is text" in compare_value("v", Plain("text", "", "a"), np.array(1.0), Tolerance()).message


def test_rows_are_stacked_or_taken_apart_as_is_expected() -> None:
    rows = {"v": NotArray(FLATTENED, "list of 2"), "v[0]": np.ones(3), "v[1]": np.zeros(3)}
    assert fitted(rows, {"v": np.ones((2, 3))})["v"].shape == (2, 3)
    assert fitted({"v": np.ones((2, 3))}, {"v[0]": np.ones(3), "v[1]": np.ones(3)})["v[1]"].shape == (3,)
    assert fitted(rows, {"v": Plain("", "", [])})["v"].value == [[1, 1, 1], [0, 0, 0]]
    ragged = {**rows, "v[1]": np.zeros(2)}
    assert isinstance(fitted(ragged, {"v": np.ones((2, 3))})["v"], NotArray)


def test_more_than_is_asked_for_is_one_failed_value() -> None:
    one = np.ones(())
    observed = {
        "d": NotArray(FLATTENED, "dict of 3"),
        "d['a']": one,
        "d['z']": NotArray(FLATTENED, "dict of 1"),
        "d['z']['y']": one,
        "other": NotArray(FLATTENED, "list of 1"),
        "other[0]": one,
    }
    (found,) = surplus(observed, {"d['a']": one}, hidden=False)
    assert found.message == "`d` has more in it than is asked for: `d['z']`"
    (found,) = surplus(observed, {"d['a']": one}, hidden=True)
    assert found.message == "`d` has more in it than is asked for"
    assert surplus(observed, {"d['a']": one, "d['z']['y']": one}, hidden=False) == []
