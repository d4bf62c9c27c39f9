"""SECURITY.md names a test for each promise, and each test that it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[^`]*)`", TEXT)))
PROMISED = TEXT[TEXT.index("## What is promised") : TEXT.index("## Tiers")]
ROWS = [line for line in PROMISED.splitlines() if line.startswith("| ") and not line.endswith("| test |")]


@pytest.mark.parametrize("named", NAMED)
def test_a_test_that_is_named_exists(named: str) -> None:
    path, _, name = named.partition("::")
    assert (ROOT / path).exists()
    assert not name or re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("row", ROWS)
def test_a_promise_names_a_test(row: str) -> None:
    assert re.search(r"\| `tests/", row)


def test_there_are_promises_of_every_kind() -> None:
    assert len(ROWS) > 20
    assert {"gain", "read", "harm", "waste"} <= set(re.findall(r"^\| (\w+) \| test \|$", PROMISED, re.MULTILINE))
