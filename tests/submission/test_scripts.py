"""A notebook saved as a Python file becomes cells again."""

from __future__ import annotations

import pytest

from grader.submission.source.scripts import script_notebook


def cells(text: str) -> list[tuple[str, str]]:
    return [(cell.kind, cell.source) for cell in script_notebook(text, "hw.py").cells]


@pytest.mark.parametrize(
    "text",
    [
        "# %% [markdown]\n# # Layers\n\n# %%\nx = 1\n\ny = 2\n\n# %%\n# %matplotlib inline\n",
        "#!/usr/bin/env python\n# coding: utf-8\n\n# # Layers\n\n# In[1]:\n\n\nx = 1\n\ny = 2\n\n\n"
        "# In[ ]:\n\n\n%matplotlib inline\n",
        "# Databricks notebook source\n# MAGIC %md\n# MAGIC # Layers\n\n# COMMAND ----------\n\nx = 1\n\ny = 2\n\n"
        "# COMMAND ----------\n\n# MAGIC %matplotlib inline\n",
    ],
    ids=["percent", "nbconvert", "databricks"],
)
def test_marked_cells_come_back(text: str) -> None:
    assert cells(text) == [("markdown", "# Layers"), ("code", "x = 1\n\ny = 2"), ("code", "%matplotlib inline")]


def test_a_text_of_colab_is_a_text_cell_and_gives_the_headings() -> None:
    notebook = script_notebook('"""hw.ipynb"""\n\nimport os\n\n"""# Layers\n\nText."""\n\nx = 1\n', "hw.py")
    assert [cell.kind for cell in notebook.cells] == ["markdown", "code", "markdown", "code"]
    assert notebook.cells[-1].headings == ("Layers",)


def test_without_marks_a_definition_is_a_cell_and_so_is_what_blank_lines_part() -> None:
    text = "import os\nimport sys\n\nx = 1\n\n\n@property\ndef f():\n    return 1\n\nprint(f)\nprint(x)\n"
    assert [source for _, source in cells(text)] == [
        "import os\nimport sys",
        "x = 1",
        "@property\ndef f():\n    return 1",
        "print(f)\nprint(x)",
    ]


def test_a_script_that_cannot_be_parsed_is_one_cell() -> None:
    assert cells("x = (\n") == [("code", "x = (\n")]
