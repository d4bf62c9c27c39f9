"""Notebooks as text and back."""

from __future__ import annotations

import json

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.assignment.release.percent import dumps, notebook_of, python_lines, text_of
from grader.errors import AuthoringError

# Lines that could be mistaken for something else, next to any others; a line never holds a newline.
LINES = st.one_of(
    st.sampled_from(
        [
            "",
            "x = 1",
            "    y",
            "#",
            "# ",
            "# %%",
            "%%",
            "%% a",
            "# %% [markdown]",
            "# # %%",
            "#%%",
            "%matplotlib inline",
            *["%%time", "# %%time", "# %time", "# # %x", "!ls", "# !ls", " %x", "%%\t", "# %%\u2028", "%", "# comment"],
        ]
    ),
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=12),
)
SOURCES = st.lists(LINES, max_size=6).map("\n".join)


def trimmed(source: str) -> str:
    lines = source.split("\n")
    filled = [i for i, line in enumerate(lines) if line.strip()]
    return "\n".join(lines[filled[0] : filled[-1] + 1]) if filled else ""


CELLS = st.lists(
    st.one_of(
        st.tuples(st.just("code"), SOURCES.map(trimmed)), st.tuples(st.sampled_from(["markdown", "raw"]), SOURCES)
    ),
    max_size=5,
)


def notebook(cells):
    return {"cells": [{"cell_type": kind, "source": source} for kind, source in cells]}


def cells_of(notebook):
    return [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]


@settings(deadline=None)
@given(CELLS)
def test_any_notebook_survives_the_round_trip(cells):
    text = text_of(notebook(cells))
    back = notebook_of(text)
    assert cells_of(back) == cells
    assert text_of(back) == text


@settings(deadline=None)
@given(CELLS)
def test_the_result_is_a_valid_notebook_of_the_current_format(cells):
    result = notebook_of(text_of(notebook(cells)))
    nbformat.validate(nbformat.from_dict(result))
    assert json.loads(dumps(result)) == result


def test_the_text_reads_as_in_the_handbook():
    text = "# %% [markdown]\n# # Title\n#\n# Words\n\n# %%\n# %matplotlib inline\nx = 1\n\n# %%\n# %%time\n# !ls\nf()\n"
    assert cells_of(notebook_of(text)) == [
        ("markdown", "# Title\n\nWords"),
        ("code", "%matplotlib inline\nx = 1"),
        ("code", "%%time\n!ls\nf()"),
    ]
    assert text_of(notebook_of(text)) == text


def test_blank_lines_that_a_formatter_adds_do_not_reach_the_notebook():
    assert notebook_of("\n# %%\n\ndef f():\n    pass\n\n\n# %%\nf()\n") == notebook_of(
        "# %%\ndef f():\n    pass\n\n# %%\nf()"
    )


def test_cell_ids_depend_only_on_the_position():
    ids = [cell["id"] for cell in notebook_of("# %%\na\n# %%\nb")["cells"]]
    assert ids == [cell["id"] for cell in notebook_of("# %% [raw]\n# c\n# %%\nd")["cells"]]
    assert len(set(ids)) == 2


def test_outputs_and_counts_are_cleared():
    cell = {"cell_type": "code", "source": ["a\n", "b"], "outputs": [{"output_type": "stream"}], "execution_count": 4}
    (back,) = notebook_of(text_of({"cells": [cell]}))["cells"]
    assert (back["outputs"], back["execution_count"], back["source"]) == ([], None, ["a\n", "b"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import x\n# %%\n", "nb.py:1: text above the first cell"),
        ("# %%\n# %% Title\n", "nb.py:2: unknown cell '# %% Title'"),
        ("# %% [markdown]\n# a\nb\n", "nb.py:3: a line of a markdown cell begins with '# '"),
    ],
)
def test_a_text_that_is_no_notebook_is_refused(text: str, said: str):
    with pytest.raises(AuthoringError) as caught:
        notebook_of(text, "nb.py")
    assert str(caught.value).startswith(said)


def test_cells_of_another_language_are_left_out_of_the_python():
    assert python_lines("# %%\n# %%bash\nls -l\n# %%\nx = 1") == ["# %%", "", "", "# %%", "x = 1"]
    assert python_lines("# %%\n# %%sql\nSELECT 1") == ["# %%", "", ""]
