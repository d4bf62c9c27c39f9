"""Plain values cross the line as text of few forms, and nothing else can be read from it."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import WorkerError
from grader.worker.encode import ResultEncoder
from grader.worker.messages import FLATTENED, ArraySpec, Other
from grader.worker.plain import MAX_TEXT, Unpackable, pack, unpack

atoms = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.fractions() | st.binary()
)
values = st.recursive(
    atoms,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.frozensets(atoms, max_size=4)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(values)
def test_what_is_packed_is_read_back(value: Any) -> None:
    assert unpack(pack(value)) == value


def test_numbers_of_other_types() -> None:
    for value in (Decimal("1.50"), Decimal("Infinity"), 1 + 2j, 2**4000):
        assert unpack(pack(value)) == value
    assert math.isnan(unpack(pack(math.nan)))
    assert unpack(pack([np.float32(0.5), np.int8(3), np.bool_(True), np.str_("a")])) == [0.5, 3, True, "a"]


@pytest.mark.parametrize(
    "text",
    [
        '{"Fraction": "1e99999999/2"}',
        '{"Fraction": "1/0"}',
        '{"Decimal": "1E999999999"}',
        '{"Decimal": "sNaN"}',
        '{"set": [[1]]}',
        '{"dict": [[[1], 2]]}',
        '{"dict": {"a": 1}}',
        '{"float": "x"}',
        '{"__class__": "os"}',
        '{"tuple": [], "set": []}',
        "{}",
        "[" * 60 + "]" * 60,
        "[" * 100_000,
        "1" * 5000,
        '"' + "a" * MAX_TEXT + '"',
        "nothing",
        "",
    ],
)
def test_nothing_else_can_be_read(text: str) -> None:
    with pytest.raises(WorkerError):
        unpack(text)


def test_what_is_not_plain_or_too_large_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    for value in (object(), deep, "a" * (MAX_TEXT + 1), 10**5000, [object()]):
        with pytest.raises(Unpackable):
            pack(value)


def entry(value: Any) -> dict[str, ArraySpec | Other]:
    encoder = ResultEncoder(1 << 20)
    encoder.add("v", value)
    return encoder.values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        ("a", '"a"'),
        (["a", 1], '["a", 1]'),
        ([[1], [2, 3]], "[[1], [2, 3]]"),
        ([], "[]"),
        ((), '{"tuple": []}'),
        ({1, 2}, '{"set": [1, 2]}'),
        (np.array(["a", "b"]), '["a", "b"]'),
        (np.array([1, None], dtype=object), "[1, null]"),
    ],
)
def test_a_probe_may_return_it(value: Any, text: str) -> None:
    (found,) = entry(value).values()
    assert isinstance(found, Other)
    assert found.text == text


def test_all_plain_values_together_are_bounded() -> None:
    encoder = ResultEncoder(1 << 20)
    for number in range(20):
        encoder.add(f"v{number}", "a" * 100_000)
    assert sum(len(v.text) for v in encoder.values.values() if isinstance(v, Other)) <= 1 << 19
    assert Other("too large", "") in encoder.values.values()


def test_a_pair_of_arrays_is_taken_apart_and_says_what_it_was() -> None:
    found = entry((np.ones(2), "a"))
    assert found["v"] == Other(FLATTENED, "tuple of 2")
    assert isinstance(found["v[0]"], ArraySpec)
    assert found["v[1]"] == Other("text", "'a'", '"a"')


def test_tables_by_column_and_sparse_matrices_by_entries() -> None:
    pandas = pytest.importorskip("pandas")
    sparse = pytest.importorskip("scipy.sparse")
    found = entry(pandas.DataFrame({"n": [1, 2], "s": ["x", None]}, index=["p", "q"]))
    assert found["v"] == Other(FLATTENED, "DataFrame of 3")
    assert isinstance(found["v['n']"], ArraySpec)
    assert [getattr(found[f"v['{key}']"], "text", "") for key in ("s", "index")] == ['["x", null]', '["p", "q"]']
    assert isinstance(entry(pandas.Series([1.0, 2.0]))["v"], ArraySpec)
    assert entry(sparse.eye(3, format="csr"))["v"] == ArraySpec(0, "<f8", (3, 3))
    huge = sparse.coo_matrix(([1.0], ([0], [0])), shape=(10**6, 10**6))
    assert isinstance(entry(huge)["v"], Other)
