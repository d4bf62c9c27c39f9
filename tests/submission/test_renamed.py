"""Functions and classes under a name that differs from the asked one by little, and names that differ by more."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from grader.model import Place, Submission
from grader.submission.review.renamed import with_renamed_places
from tests.submission.building import make_assignment, make_check, make_notebook, make_submission, notebook_json, write
from tests.submission.test_stubs import released

STUB = "def rk4(f):\n    raise NotImplementedError\n\n\ndef layer_norms(x):\n    raise NotImplementedError\n"
SOLVED = "def rk4(f):\n    return f\n\n\ndef layer_norms(x):\n    return x\n"


def seen(folder: Path, *cells: str, modules: dict[str, str] | None = None) -> Submission:
    handout = write(folder / "handout", {"hw.ipynb": notebook_json(STUB)})
    names = {"rk4": "", "layer_norms": "layers" if modules else ""}
    checks = [make_check("step", "rk4"), make_check("norm", "layer_norms")]
    assignment = released(make_assignment(handout, names=names), {"hw.ipynb": notebook_json(SOLVED)})
    assignment = structs.replace(assignment, checks=tuple(checks))
    return with_renamed_places(assignment, make_submission(folder, make_notebook(*cells), modules))


@pytest.mark.parametrize("other", ["RK4", "rk_4", "Rk4", "my_rk4", "myRK4"])
def test_another_case_an_underscore_or_my_is_the_same_function(tmp_path: Path, other: str) -> None:
    submission = seen(tmp_path, "def layer_norms(x): return x", f"def {other}(f): return f")
    assert submission.places == {"rk4": (Place("", "rk4"), Place("", other))}
    assert submission.notes == (f"`rk4` is not defined; `{other}` in cell 1 was graded for it",)


def test_a_plural_in_a_module_is_found_there(tmp_path: Path) -> None:
    submission = seen(tmp_path, "def rk4(f): return f", modules={"layers.py": "def LayerNorm(x): return x\n"})
    assert submission.places["layer_norms"][-1] == Place("layers", "LayerNorm")


@pytest.mark.parametrize(
    "cell",
    [
        "def rk4_step(f): return f",
        "def rk45(f): return f",
        "RK4 = 3",
        "def RK4(f): return f\ndef my_rk4(f): return f",
        "def rk4(f): return f\ndef RK4(f): return -f",
    ],
)
def test_another_name_two_of_them_or_the_asked_one_itself_changes_nothing(tmp_path: Path, cell: str) -> None:
    submission = seen(tmp_path, "def layer_norms(x): return x", cell)
    assert not submission.places
    lost = "not found in the code: `rk4`; what is written under another name was not looked at"
    assert submission.notes == (() if "def rk4(" in cell or "def" not in cell else (lost,))


def test_what_is_not_begun_is_not_said_to_have_another_name(tmp_path: Path) -> None:
    submission = seen(tmp_path, "x = 1")
    assert not submission.places
    assert not submission.notes


@pytest.mark.parametrize("file", ["def rk4(f): return f\n", "from steps import four as rk4\n", "rk4 = make()\n"])
def test_what_some_file_defines_is_not_said_to_be_absent(tmp_path: Path, file: str) -> None:
    cells = "def own(): pass", "exec(open('my code.py').read())\nlayer_norms = 1"
    assert seen(tmp_path / "a", *cells).notes[0].startswith("not found in the code: ")
    assert not any("`rk4`" in note for note in seen(tmp_path / "b", *cells, modules={"my code.py": file}).notes)
