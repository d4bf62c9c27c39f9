"""`%grade` in a real Jupyter kernel: states of work, the namespace before and after, recursion."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parents[2]
HANDOUT = ROOT / "assignments" / "tum_ex09"
RELU = """
import numpy as np
class ReLU:
    def forward(self, inputs):
        self.inputs = inputs
        return np.maximum(inputs, 0)
    def backward(self, d_out):
        return d_out * (self.inputs > 0)
"""
Cell = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cell]:
    """Run one cell; gives the contents of its messages (`text`, `data`, `ename`)."""
    folder = tmp_path_factory.mktemp("own") / "ex09"
    shutil.copytree(HANDOUT, folder)
    manager = KernelManager()
    manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("GRADE_", "COVERAGE"))}
    manager.start_kernel(cwd=str(folder), env=environment)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)

    def run(code: str) -> list[dict[str, Any]]:
        contents: list[dict[str, Any]] = []
        client.execute_interactive(code, timeout=60, output_hook=lambda m: contents.append(m["content"]))
        return contents

    run("%load_ext grader")
    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def shown(contents: list[dict[str, Any]]) -> str:
    """All that a person sees in the output area."""
    pieces = [c.get("text", "") + c.get("data", {}).get("text/html", "") + c.get("ename", "") for c in contents]
    return "".join(pieces)


def test_not_started_is_said_and_is_no_error(kernel: Cell) -> None:
    kernel("globals().pop('ReLU', None)")
    text = shown(kernel("%grade 2"))
    assert "<strong>not started</strong>: 2 ReLU layer" in text
    assert "incorrect" not in text


def test_right_work_is_right_with_a_last_line_that_cannot_mislead(kernel: Cell) -> None:
    kernel(RELU)
    text = shown(kernel("%grade 2"))
    assert "<strong>right</strong>: 2 ReLU layer" in text
    assert "Note: further checks run after you hand in." in text
    assert "points that can be checked here; 8 more are checked after you hand in" in shown(kernel("%grade"))


def test_wrong_work_shows_the_reports_sentence(kernel: Cell) -> None:
    kernel(RELU.replace("d_out * (self.inputs > 0)", "d_out"))
    text = shown(kernel("%grade 2"))
    assert "correct" in text
    assert "entries differ" in text
    assert "Traceback" not in text


def test_code_that_raises_or_hangs_costs_only_its_check(kernel: Cell) -> None:
    kernel(RELU.replace("return np.maximum(inputs, 0)", "return inputs[5, 5, 5]"))
    assert "IndexError" in shown(kernel("%grade 2"))
    kernel(RELU.replace("return np.maximum(inputs, 0)", "import os; os._exit(3)"))
    assert "<strong" in shown(kernel("%grade 2"))
    assert "4" in shown(kernel("print(2 + 2)"))


def test_nothing_of_the_namespace_changes(kernel: Cell) -> None:
    kernel(RELU + "state = np.arange(3.0)\ncount = []\n")
    kernel(
        RELU.replace("self.inputs = inputs", "self.inputs = inputs; count.append(1); state[:] = 9")
        + "np.random.seed(5); before = (dict(vars()), np.random.get_state()[1].sum(), list(state))"
    )
    kernel("%grade 2")
    text = shown(
        kernel(
            "print(count == [] and list(state) == before[2] and np.random.get_state()[1].sum() == before[1]"
            " and {k for k in vars() if not k.startswith('_')} - set(before[0]) == {'before'})"
        )
    )
    assert text.strip() == "True"


def test_a_check_inside_a_check_does_nothing(kernel: Cell) -> None:
    kernel(RELU.replace("self.inputs = inputs", "self.inputs = inputs; get_ipython().run_line_magic('grade', '2')"))
    assert "<strong>right</strong>: 2 ReLU layer" in shown(kernel("%grade 2"))


def test_libraries_that_lie_in_the_folder_are_not_loaded_again(kernel: Cell) -> None:
    """As where the student has made `.venv` in the hand-out's folder."""
    kernel("import sys, types; from pathlib import Path; home = Path.cwd()")
    kernel("place = home / 'env' / 'lib' / 'site-packages'; place.mkdir(parents=True)")
    kernel(
        "(place / 'once.py').write_text('import builtins; assert not hasattr(builtins, \"once\"); builtins.once = 1')"
    )
    kernel("sys.path.append(str(place)); import once")
    kernel(RELU.replace("self.inputs = inputs", "import once; self.inputs = inputs"))
    assert "<strong>right</strong>: 2 ReLU layer" in shown(kernel("%grade 2"))


def test_unknown_part_and_no_handout_are_one_line(kernel: Cell, tmp_path: Path) -> None:
    assert "there is no part '9'" in shown(kernel("%grade 9"))
    kernel(f"import os; home = os.getcwd(); os.chdir({str(tmp_path)!r})")
    text = shown(kernel("%grade 2"))
    kernel("os.chdir(home)")
    assert text.startswith("%grade: ")
    assert text.count("\n") == 1


def test_a_mistake_is_named_in_hints_that_are_opened_one_after_the_other(kernel: Cell) -> None:
    kernel(RELU.replace("(self.inputs > 0)", "(self.inputs < 0)"))
    text = shown(kernel("%grade 2"))
    kind, mistake = text.index("A mask lets through"), text.index("a comparison is the wrong way round")
    assert text.index("<summary>Hint 1") < kind < text.index("<summary>Hint 2") < mistake
    assert text.count("</details></details>") == text.count("<summary>Hint 1")


@pytest.fixture
def twice(kernel: Cell, tmp_path: Path) -> Iterator[list[str]]:
    """The two cells of a hand-out that defines `optimize_f` twice; the kernel works in its folder."""
    folder = shutil.copytree(ROOT / "assignments" / "radboud_a1", tmp_path / "a1")
    notebook = nbformat.read(next(folder.glob("*.ipynb")), as_version=4)
    kernel(f"home = os.getcwd(); os.chdir({str(folder)!r})")
    kernel("f = lambda x, y: x**2 + y**2\ngrad_x_f = lambda x, y: 2 * x\ngrad_y_f = lambda x, y: 2 * y")
    yield [c.source for c in notebook.cells if c.cell_type == "code" and "def optimize_f(" in c.source]
    kernel("os.chdir(home)")


def test_a_stub_that_runs_is_not_started_until_it_is_changed(kernel: Cell, twice: list[str]) -> None:
    kernel(twice[0])
    assert "<strong>not started</strong>: 1.1a" in shown(kernel("%grade 1.1a"))
    kernel(twice[0].replace("y = y  # TODO", "y = y + 1  # TODO"))
    assert "incorrect" in shown(kernel("%grade 1.1a"))


def test_of_two_definitions_each_part_asks_its_own(kernel: Cell, twice: list[str]) -> None:
    first, second = twice
    kernel(first.replace("y = y  # TODO", "y = y - undefined  # TODO"))
    number = shown(kernel("print(len(In) - 2)")).strip()
    kernel(second)
    text = shown(kernel("%grade 1.1a"))
    assert f"NameError: name &#39;undefined&#39; is not defined (In[{number}], line 1" in text
    assert "further down" not in text
    assert "<strong>not started</strong>: 1.1g" in shown(kernel("%grade 1.1g"))


def test_a_raised_error_is_told_with_the_cell_and_its_line(kernel: Cell) -> None:
    kernel(RELU.replace("return np.maximum(inputs, 0)", "return inputs[5, 5, 5]"))
    number = shown(kernel("print(len(In) - 2)")).strip()
    text = shown(kernel("%grade 2"))
    assert "Your code raised IndexError" in text
    assert f"(In[{number}], line 5)" in text  # IPython drops empty lines at the top
    assert "could not be used" not in text


def test_a_call_that_changes_the_next_one_is_said_although_no_check_asks(kernel: Cell) -> None:
    kernel(
        RELU.replace(
            "return d_out * (self.inputs > 0)",
            "d = d_out * (self.inputs > 0)\n        self.inputs = -self.inputs\n        return d",
        )
    )
    text = shown(kernel("%grade 2"))
    assert "<strong>right</strong>: 2 ReLU layer" in text
    assert "Asked a second time with the same numbers, <code>ReLU.backward</code> answers something else" in text


def test_what_runs_but_is_not_saved_is_named(kernel: Cell) -> None:
    kernel(f"__session__ = os.path.abspath('exercise_09_notebook.ipynb')\n{RELU}")
    assert "`ReLU`: what runs here is not in the saved notebook" in shown(kernel("%grade 2"))
    kernel("del __session__")


def test_what_a_restart_would_lose_or_replace_is_named(kernel: Cell, tmp_path: Path) -> None:
    other = RELU.replace("maximum(inputs, 0)", "maximum(inputs, slope * inputs)")
    kernel("slope = 0.0\n")
    kernel(other)
    text = shown(kernel(f"__session__ = {saved(tmp_path / 'a.ipynb', other, 'x = 1')!r}\n%grade 2"))
    assert "Note: `slope`: in no cell of the saved notebook, and needed here." in text
    assert "`ReLU`: what runs" not in text
    text = shown(kernel(f"__session__ = {saved(tmp_path / 'b.ipynb', 'slope = 0.0', other, RELU)!r}\n%grade 2"))
    assert "Note: `ReLU`: the notebook defines it again further down." in text
    assert "`slope`" not in text
    text = shown(kernel(f"__session__ = {saved(tmp_path / 'c.ipynb', 'slope = 0.0', other)!r}\n%grade 2"))
    assert "further down" not in text
    assert "what runs here" not in text
    kernel("del __session__, slope")


def saved(path: Path, *cells: str) -> str:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, path)
    return str(path)


def test_a_report_shows_itself(kernel: Cell) -> None:
    text = shown(kernel("import grader\ngrader.grade('.', hidden=False)"))
    assert "<strong>not started</strong>" in text
    assert "Struct" not in text
