"""Whatever the bytes: a notebook, or a `SubmissionError` of one line."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.model import Notebook
from grader.submission.source.notebook import parse_notebook

anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
KINDS = st.sampled_from(["code", "markdown", "raw", "heading", "text", "html"]) | anything
cell = st.fixed_dictionaries(
    {"cell_type": KINDS},
    optional={
        "source": st.text() | st.lists(st.text()) | anything,
        "input": st.text() | anything,
        "code": st.text() | anything,
        "metadata": anything,
        "level": anything,
        "execution_count": anything,
        "outputs": anything
        | st.lists(st.fixed_dictionaries({"output_type": anything, "data": anything, "text": anything})),
    },
)
cells = st.lists(cell | anything, max_size=5) | anything
notebook = st.fixed_dictionaries(
    {},
    optional={
        "nbformat": st.sampled_from([1, 2, 3, 4, 5, 4.0, True]) | anything,
        "nbformat_minor": anything,
        "metadata": anything
        | st.fixed_dictionaries({"kernelspec": anything, "language_info": anything, "grader": anything}),
        "cells": cells,
        "worksheets": st.lists(st.fixed_dictionaries({"cells": cells}) | anything, max_size=2) | anything,
    },
)


def read_or_refused(data: bytes) -> None:
    message, read = "", None
    try:
        read = parse_notebook(data, "hw.ipynb")
    except SubmissionError as refusal:
        message = str(refusal)
    if read is None:
        assert message.startswith("hw.ipynb")
        assert "\n" not in message
    else:
        assert isinstance(read, Notebook)
        assert all(c.source.encode() is not None for c in read.cells)


@settings(deadline=None, max_examples=80)
@given(notebook | anything)
def test_any_json_is_read_or_refused(value: Any) -> None:
    read_or_refused(json.dumps(value).encode())


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read_or_refused(data)
