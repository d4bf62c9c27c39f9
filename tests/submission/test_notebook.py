"""`parse_notebook` reads every format, and says in one line what is wrong with what is no notebook."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.errors import SubmissionError
from grader.submission.source import notebook as module
from grader.submission.source.notebook import parse_notebook, read_notebook
from tests.submission.building import PYTHON, code, notebook_json, text


def refusal(data: bytes, name: str = "hw.ipynb") -> str:
    with pytest.raises(SubmissionError) as caught:
        parse_notebook(data, name)
    message = str(caught.value)
    assert "\n" not in message
    return message


def old_notebook(*cells: dict[str, Any]) -> bytes:
    whole = {"metadata": {"name": "old"}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": list(cells)}]}
    return json.dumps(whole).encode()


def old_code(source: str | list[str]) -> dict[str, Any]:
    return {"cell_type": "code", "collapsed": False, "input": source, "language": "python", "outputs": []}


# ---------------------------------------------------------------- what is read


def test_cells_keep_their_position_kind_and_source() -> None:
    read = parse_notebook(notebook_json(text("# A"), "x = 1", {**code(""), "cell_type": "raw"}), "hw.ipynb")
    assert [(c.index, c.kind, c.source) for c in read.cells] == [
        (0, "markdown", "# A"),
        (1, "code", "x = 1"),
        (2, "raw", ""),
    ]
    assert read.name == "hw.ipynb"


def test_source_as_a_list_of_lines_is_joined() -> None:
    assert parse_notebook(notebook_json(code(["x = 1\n", "y = 2"])), "n").cells[0].source == "x = 1\ny = 2"  # type: ignore[arg-type]


def test_windows_line_ends_become_newlines() -> None:
    assert parse_notebook(notebook_json("x = 1\r\ny = 2\r"), "n").cells[0].source == "x = 1\ny = 2\n"


def test_half_a_surrogate_pair_is_replaced_by_a_character_that_can_be_written() -> None:
    data = notebook_json("x = 1").replace(b"x = 1", rb"x = '\ud800'")
    assert parse_notebook(data, "n").cells[0].source == "x = '�'"


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert parse_notebook(b"\xef\xbb\xbf" + notebook_json("x = 1"), "n").code


def test_headings_are_those_that_a_cell_stands_under() -> None:
    read = parse_notebook(
        notebook_json(text("# A\n\ntext\n\n## B"), "b = 1", text("## C"), "c = 1", text("# D"), "d = 1"), "n"
    )
    assert [c.headings for c in read.code] == [("A", "B"), ("A", "C"), ("D",)]
    assert read.cells[0].headings == ("A", "B")


def test_a_cell_with_outputs_was_run() -> None:
    outputs = [{"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]}, "damaged"]
    read = parse_notebook(notebook_json(code("x", outputs), code("y")), "n")  # type: ignore[arg-type]
    assert [cell.has_outputs for cell in read.cells] == [True, False]


def test_the_assignment_that_release_wrote_is_kept() -> None:
    assert parse_notebook(notebook_json("x", metadata={"grader": {"assignment": "toy"}}), "n").assignment == "toy"
    assert parse_notebook(notebook_json("x", metadata={"grader": {"assignment": 3}}), "n").assignment is None


def test_a_format_3_notebook_is_upgraded_with_its_heading_cells() -> None:
    heading = {"cell_type": "heading", "level": 2, "source": ["ReLU ", "layer"], "metadata": {}}
    read = parse_notebook(old_notebook(heading, old_code(["x = 1\n", "y = 2"])), "n")
    assert [(c.source, c.headings) for c in read.code] == [("x = 1\ny = 2", ("ReLU layer",))]


def test_a_format_3_heading_of_an_absurd_level_is_a_heading() -> None:
    heading = {"cell_type": "heading", "level": 10**9, "source": "A", "metadata": {}}
    assert parse_notebook(old_notebook(heading, old_code("x = 1")), "n").code[0].headings == ("A",)


def test_a_format_1_notebook_is_upgraded() -> None:
    cells = [{"cell_type": "code", "code": "x = 1", "prompt_number": 1}, {"cell_type": "text", "text": "# A"}]
    read = parse_notebook(json.dumps({"nbformat": 1, "cells": cells}).encode(), "n")
    assert [c.source for c in read.cells] == ["x = 1", "# A"]


def test_a_current_notebook_is_read_without_loading_nbformat() -> None:
    program = (
        "import sys; from grader.submission.source.notebook import parse_notebook\n"
        f"parse_notebook({notebook_json('x = 1')!r}, 'n')\n"
        "sys.exit('nbformat' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# ---------------------------------------------------------------- Python 2


@pytest.mark.parametrize(
    "metadata",
    [
        {"kernelspec": {"name": "python2", "language": "python"}},
        {"language_info": {"name": "python", "version": "2.7.13"}},
    ],
)
def test_a_python_2_kernel_decides_only_between_as_many_prints(metadata: dict[str, Any]) -> None:
    assert parse_notebook(notebook_json("print 'a'", "print(1)", metadata=metadata), "n").python2
    assert parse_notebook(notebook_json("print 'a'", metadata=metadata), "n").python2
    assert not parse_notebook(notebook_json("x = f'{1}'", metadata=metadata), "n").python2
    assert not parse_notebook(notebook_json("print 'a'", "print(1)", "print(2)", metadata=metadata), "n").python2


def test_code_that_reads_as_python_is_python_whatever_its_kernel_was_called() -> None:
    julia = {"kernelspec": {"name": "julia-1.6", "language": "julia"}}
    cells = ("from numpy import exp", "def f(x):\n    return exp(x)", "%time f(1)", "f(2) +")
    assert parse_notebook(notebook_json(*cells, metadata=julia), "n").code
    with pytest.raises(SubmissionError, match="for julia, not Python"):
        parse_notebook(notebook_json("import LinearAlgebra", "f(x) = 2x", "y = 1:3", metadata=julia), "n")


def test_the_version_that_ran_outranks_the_kernel_that_was_once_chosen() -> None:
    metadata = {"kernelspec": {"name": "python2"}, "language_info": {"name": "python", "version": "3.10.1"}}
    assert not parse_notebook(notebook_json("print(1)", metadata=metadata), "n").python2


def test_print_statements_that_dominate_mark_python_2() -> None:
    assert parse_notebook(notebook_json("print 'a'", "x = 1\nprint x, 2", "print(1)", metadata={}), "n").python2


def test_one_print_without_brackets_is_a_mistake_and_no_python_2() -> None:
    assert not parse_notebook(notebook_json("print 'a'", "print(1)", metadata={}), "n").python2


def test_prose_about_printing_is_no_python_2() -> None:
    assert not parse_notebook(notebook_json('def f():\n    """\n    print the loss\n    """', metadata={}), "n").python2


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"%PDF-1.5\n...", "hand in the .ipynb, not its PDF"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"PK\x03\x04...", "archive"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"import numpy as np\n", "line 1 is not JSON"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"\xff\xfe\xfa\x00\x01", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no notebook"),
        (b"{}", "no cells"),
        (b'{"nbformat": 4, "cells": {}}', "no cells"),
        (b'{"nbformat": 3, "worksheets": 3}', "damaged notebook of an old format"),
        (b'{"nbformat": 3, "worksheets": [{"cells": [4]}]}', "damaged notebook of an old format"),
        (
            b'{"nbformat": 3, "metadata": {"name": ""}, "worksheets": ['
            + b",".join([b'{"cells": [{"cell_type": "code", "input": "a = 1", "outputs": []}]}'] * 3_000)
            + b"]}",
            "damaged notebook of an old format",
        ),
        (b'{"nbformat": 0}', "damaged notebook of an old format"),
        (notebook_json(), "has no cells"),
        (notebook_json(text("# A")), "has no code cells"),
        (notebook_json("", " \n"), "only empty code cells"),
        (notebook_json("x", 7), "cell 1 is damaged"),
        (notebook_json("x", {"cell_type": "code", "source": 7}), "cell 1 is damaged"),
        (notebook_json("x", {"cell_type": "code", "source": ["a", 7]}), "cell 1 is damaged"),
        (notebook_json("x", {"cell_type": "code"}), "cell 1 is damaged"),
        (
            notebook_json("x <- 1", metadata={"kernelspec": {"language": "R", "name": "ir"}}),
            "a notebook for R, not Python",
        ),
        (
            notebook_json("x", metadata={"language_info": {"name": "julia"}, "kernelspec": PYTHON["kernelspec"]}),
            "julia",
        ),
    ],
)
def test_a_file_that_is_no_usable_notebook_is_named(data: bytes, wanted: str) -> None:
    message = refusal(data)
    assert message.startswith("hw.ipynb")
    assert wanted in message


def test_a_merge_conflict_is_named_with_its_line() -> None:
    assert "merge conflict at line 3" in refusal(b'{\n "cells": [\n<<<<<<< HEAD\n  1\n=======\n]}')


def test_a_notebook_over_the_limit_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1 << 20)
    assert "larger than 1 MB; clear its outputs" in refusal(b"{" + b" " * (1 << 20))


def test_data_pasted_into_a_cell_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CODE", 1 << 20)
    assert "more than 1 MB of code; load data from a file" in refusal(notebook_json("x = 1", "#" * (1 << 20)))


def test_escape_sequences_in_a_name_do_not_reach_the_message() -> None:
    assert refusal(b"[]", "hw\x1b[2J\n.ipynb").startswith("hw[2J.ipynb is JSON")


def test_a_missing_file_names_its_nearest_neighbour(tmp_path: Path) -> None:
    (tmp_path / "Homework_3.ipynb").write_text("")
    with pytest.raises(SubmissionError, match=r"no such file; did you mean Homework_3\.ipynb\?"):
        read_notebook(tmp_path / "homework3.ipynb")


@pytest.mark.parametrize("name", ["a\0b.ipynb", "x" * 300 + ".ipynb", "missing/hw.ipynb"])
def test_a_path_that_cannot_exist_is_a_submission_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(SubmissionError):
        read_notebook(tmp_path / name)


def test_a_folder_is_named_as_one(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="is a folder"):
        read_notebook(tmp_path)


def test_a_file_is_read_under_its_name(tmp_path: Path) -> None:
    (tmp_path / "hw.ipynb").write_bytes(notebook_json("x = 1"))
    assert read_notebook(tmp_path / "hw.ipynb").name == "hw.ipynb"


def test_the_syntax_of_a_newer_python_is_named() -> None:
    newer = {"language_info": {"name": "python", "version": "3.99.1"}}
    assert "is written with Python 3.99" in refusal(notebook_json("def f[T(x): pass", metadata=newer))
    assert "is written with" in refusal(notebook_json("f'{x['a']}' + g[(", metadata=newer))
    for source in ("f'{1}' + [(", "def f(:", "x = 1"):  # what any Python reads, and a plain mistake
        assert parse_notebook(notebook_json(source, metadata=newer), "n").code
