"""A hand-in of any form becomes one working folder: what wins, what is mentioned, what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec import structs

from grader.assignment.release.fingerprints import FILE, fingerprints_of
from grader.errors import AuthoringError, SubmissionError, WorkerError
from grader.model import Assignment, Submission
from grader.submission import quota
from grader.submission.files.open import open_submission
from tests.submission.building import make_assignment, notebook_json, text, write

HANDOUT: Mapping[str, str | bytes] = {
    "hw.ipynb": notebook_json("from layers.linear import Linear", metadata={"grader": {"assignment": "toy"}}),
    "layers/__init__.py": "",
    "layers/linear.py": "class Linear:\n    raise NotImplementedError\n",
    "layers/relu.py": "class ReLU:\n    raise NotImplementedError\n",
    "utils/optimizer.py": "RATE = 1\n",
    "assignment.toml": "",
    "checks.py": "secret",
    "checks_points.py": "secret",
    "golden/public.json": "{}",
    "README.md": "read me",
    "data/big.bin": "0" * 100,
    "standins/tensorflow.py": "",
    ".github/workflows/grade.yml": "",
}
NOTEBOOK = notebook_json("from layers.linear import Linear\nLinear()")
MARKED = notebook_json("from layers.linear import Linear\nLinear()", metadata={"grader": {"assignment": "toy"}})
MODULES = {"layers/linear.py": "class Linear: pass\n", "layers/relu.py": "class ReLU: pass\n"}
NAMES = {"Linear": ["layers.linear", "ece285.layers.linear", "linear"], "ReLU": ["layers.relu", "ece285.layers.relu"]}
PROVIDED = ("layers/__init__.py", "utils/optimizer.py")


@pytest.fixture
def modular(tmp_path: Path) -> Assignment:
    """An assignment of two modules and a notebook."""
    handout = write(tmp_path / "handout", HANDOUT)
    return make_assignment(
        handout,
        student_files=["layers/linear.py", "layers/relu.py"],
        provided_files=PROVIDED,
        names=NAMES,
        data=handout / "data",
        stand_ins=[handout / "standins"],
    )


@pytest.fixture
def single(tmp_path: Path) -> Assignment:
    """An assignment of one notebook with a provided module."""
    handout = write(
        tmp_path / "handout",
        {"hw.ipynb": notebook_json(text("# Layers"), "class Affine: ...", "class ReLU: ..."), "nn_utils.py": "A = 1\n"},
    )
    return make_assignment(handout, provided_files=["nn_utils.py"], names={"Affine": "", "ReLU": ""})


def opened(tmp_path: Path, assignment: Assignment, files: Mapping[str, str | bytes], at: str = "") -> Submission:
    """Hand in a folder of `files`, or the path `at` in it."""
    return open_submission(write(tmp_path / "in", files) / at, assignment, tmp_path / "work")


def tree(submission: Submission) -> set[str]:
    return {p.relative_to(submission.folder).as_posix() for p in submission.folder.rglob("*") if p.is_file()}


def read(submission: Submission, name: str) -> str:
    return (submission.folder / name).read_text()


def refusal(tmp_path: Path, assignment: Assignment, files: Mapping[str, str | bytes], at: str = "") -> str:
    with pytest.raises(SubmissionError) as caught:
        opened(tmp_path, assignment, files, at)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def zipped(path: Path, files: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


# ---------------------------------------------------------------- forms of a hand-in


def test_a_notebook_is_laid_over_the_provided_files(tmp_path: Path, single: Assignment) -> None:
    submission = opened(
        tmp_path, single, {"my solution.ipynb": notebook_json("class Affine: pass")}, "my solution.ipynb"
    )
    assert tree(submission) == {"my solution.ipynb", "nn_utils.py"}
    assert submission.notebook is not None
    assert submission.notebook.name == "my solution.ipynb"
    assert submission.notes == ()
    assert submission.path.endswith("my solution.ipynb")


def test_a_folder_is_laid_out_without_what_is_only_the_courses(tmp_path: Path, modular: Assignment) -> None:
    submission = opened(tmp_path, modular, {"hw.ipynb": NOTEBOOK, **MODULES, "notes.txt": "mine"})
    assert tree(submission) == {"hw.ipynb", *MODULES, *PROVIDED, "notes.txt"}
    assert dict(submission.modules) == MODULES
    assert submission.notes == ()


def test_the_hand_out_itself_can_be_handed_in(modular: Assignment, tmp_path: Path) -> None:
    submission = open_submission(modular.handout, modular, tmp_path / "work")
    assert tree(submission) == {"hw.ipynb", *MODULES, *PROVIDED}
    assert submission.notes == ()


def test_a_zip_gives_the_same_as_its_folder(tmp_path: Path, modular: Assignment) -> None:
    files = {"hw.ipynb": NOTEBOOK, **MODULES}
    folder = opened(tmp_path / "a", modular, files)
    packed = zipped(tmp_path / "hand in.zip", {f"hw3_alice/{name}": content for name, content in files.items()})
    submission = open_submission(packed, modular, tmp_path / "b")
    assert tree(submission) == tree(folder)
    assert submission.digest == folder.digest
    assert submission.modules == folder.modules


def test_an_archive_alone_in_a_folder_is_unpacked(tmp_path: Path, single: Assignment) -> None:
    write(tmp_path / "in" / "Alice_123_file", {"remark.txt": ""})
    zipped(tmp_path / "in" / "Alice_123_file" / "hw.zip", {"hw.ipynb": notebook_json("class Affine: pass")})
    assert tree(open_submission(tmp_path / "in", single, tmp_path / "work")) == {"hw.ipynb", "nn_utils.py"}


def test_two_archives_in_a_folder_are_not_guessed(tmp_path: Path, single: Assignment) -> None:
    for name in ("a.zip", "b.zip"):
        zipped(write(tmp_path / "in", {}) / name, {"hw.ipynb": OWN})
    with pytest.raises(SubmissionError, match="in holds no notebook"):
        open_submission(tmp_path / "in", single, tmp_path / "work")


def test_a_notebook_brings_the_modules_of_its_folder(tmp_path: Path, modular: Assignment) -> None:
    files = {"hw.ipynb": NOTEBOOK, "other.ipynb": NOTEBOOK, **MODULES}
    submission = opened(tmp_path, modular, files, "other.ipynb")
    assert dict(submission.modules) == MODULES
    assert submission.notebook is not None
    assert submission.notebook.name == "other.ipynb"


def test_a_module_alone_is_put_in_its_place_beside_the_stubs(tmp_path: Path, modular: Assignment) -> None:
    submission = opened(tmp_path, modular, {"linear.py": MODULES["layers/linear.py"]}, "linear.py")
    assert submission.modules["layers/linear.py"] == MODULES["layers/linear.py"]
    assert submission.modules["layers/relu.py"] == HANDOUT["layers/relu.py"]
    assert "layers/relu.py was not handed in; the hand-out's stub was used" in submission.notes
    assert "hw.ipynb was not handed in; the hand-out's own was run" in submission.notes
    assert submission.notebook is not None


def test_a_notebook_under_another_ending_is_read(tmp_path: Path, single: Assignment) -> None:
    submission = opened(tmp_path, single, {"hw.ipynb.json": notebook_json("class Affine: pass")}, "hw.ipynb.json")
    assert submission.notebook is not None


# ---------------------------------------------------------------- what lies where


def test_modules_side_by_side_are_put_in_their_places(tmp_path: Path, modular: Assignment) -> None:
    flat = {"w/hw.ipynb": NOTEBOOK, "w/linear.py": "L = 1\n", "w/relu.py": "R = 1\n"}
    submission = opened(tmp_path, modular, flat)
    assert submission.modules["layers/linear.py"] == "L = 1\n"
    assert submission.modules["layers/relu.py"] == "R = 1\n"
    assert submission.modules["linear.py"] == "L = 1\n"
    assert submission.notes == ()


def test_a_base_name_that_is_not_unique_is_not_guessed(tmp_path: Path, modular: Assignment) -> None:
    files = {"hw.ipynb": NOTEBOOK, "a/linear.py": "1", "b/linear.py": "2", "relu.py": ""}
    submission = opened(tmp_path, modular, files)
    assert submission.modules["layers/linear.py"] == HANDOUT["layers/linear.py"]
    assert any("layers/linear.py is there 2 times (a/linear.py, b/linear.py)" in note for note in submission.notes)


def test_a_second_download_is_known_by_its_name(tmp_path: Path, modular: Assignment) -> None:
    submission = opened(tmp_path, modular, {"hw.ipynb": NOTEBOOK, "linear (1).py": "1", "ReLU.py": "2"})
    assert submission.modules["layers/linear.py"] == "1"
    assert submission.modules["layers/relu.py"] == "2"
    assert "linear (1).py was taken for layers/linear.py" in submission.notes


def test_another_editions_package_stays_where_it_is(tmp_path: Path, modular: Assignment) -> None:
    files = {"hw.ipynb": NOTEBOOK, "ece285/layers/linear.py": "1", "ece285/layers/relu.py": "2"}
    submission = opened(tmp_path, modular, {f"x/{name}": content for name, content in files.items()})
    assert {n for n in submission.modules if n.endswith(("linear.py", "relu.py"))} == set(files) - {"hw.ipynb"}
    assert submission.notes == ()


def test_the_folder_that_holds_the_modules_is_found_below_others(tmp_path: Path, modular: Assignment) -> None:
    files = {
        "report.txt": "x",
        "hand in/code/layers/linear.py": "1",
        "hand in/code/layers/relu.py": "2",
        "nb/x.ipynb": NOTEBOOK,
    }
    submission = opened(tmp_path, modular, files)
    assert submission.modules["layers/linear.py"] == "1"
    assert submission.notebook is not None
    assert submission.notebook.name == "x.ipynb"
    assert (submission.folder / "report.txt").exists()


def test_a_second_copy_of_the_files_is_mentioned(tmp_path: Path, modular: Assignment) -> None:
    files = {f"{folder}/{name}": f"# {folder}" for folder in ("final", "old") for name in MODULES}
    submission = opened(tmp_path, modular, {"hw.ipynb": NOTEBOOK, **files})
    assert submission.modules["layers/linear.py"] == "# final"
    assert "old holds the assignment's files too; those in final count" in submission.notes


def test_of_the_hand_out_and_a_solved_copy_beside_it_the_copy_is_graded(tmp_path: Path, modular: Assignment) -> None:
    handout = {name: modular.handout / name for name in ("hw.ipynb", *MODULES, *PROVIDED)}
    solved = {name: text.encode() for name, text in MODULES.items()}
    (modular.handout / FILE).write_bytes(fingerprints_of(modular, handout, {**handout, "hw.ipynb": NOTEBOOK, **solved}))
    files: dict[str, str | bytes] = {f"a hand-out/{name}": content for name, content in HANDOUT.items()}
    files |= {f"my solution/{name}": text for name, text in MODULES.items()} | {"my solution/hw.ipynb": NOTEBOOK}
    submission = opened(tmp_path, modular, files)
    assert {name: submission.modules[name] for name in MODULES} == MODULES
    assert submission.notes == (
        "my solution/hw.ipynb was graded, not a hand-out/hw.ipynb",
        "a hand-out holds the assignment's files too; those in my solution count",
    )


def test_a_relative_import_in_a_folder_that_is_no_package_changes_no_module(
    tmp_path: Path, modular: Assignment
) -> None:
    mine = MODULES["layers/relu.py"] + "from . import linear\nfrom .helpers import one\n"
    files = {"layers/linear.py": MODULES["layers/linear.py"], "layers/relu.py": mine, "layers/helpers.py": "one = 1\n"}
    beside = {f"my code (1)/{name.split('/')[1]}": text for name, text in files.items()}
    submission = opened(tmp_path, modular, {"hw.ipynb": NOTEBOOK, **beside})
    assert {name: read(submission, name) for name in files} == files


def test_the_notebook_runs_where_the_assignments_notebook_runs(tmp_path: Path) -> None:
    handout = write(tmp_path / "handout", {"nb/hw.ipynb": NOTEBOOK, "nb/util.py": "U = 1"})
    assignment = make_assignment(handout, notebook="nb/hw.ipynb", provided_files=["nb/util.py"], names={"x": ""})
    submission = opened(tmp_path, assignment, {"mine.ipynb": notebook_json("x = 1")}, "mine.ipynb")
    assert tree(submission) == {"nb/mine.ipynb", "nb/util.py"}
    again = opened(tmp_path / "b", assignment, {"w/nb/hw.ipynb": notebook_json("x = 1"), "w/nb/own.csv": "1"})
    assert tree(again) == {"nb/hw.ipynb", "nb/util.py", "nb/own.csv"}


def test_a_file_where_the_assignment_has_a_folder_is_left_out(tmp_path: Path, modular: Assignment) -> None:
    submission = opened(
        tmp_path,
        modular,
        {"hw.ipynb": NOTEBOOK, "linear.py": "1", "relu.py": "2", "layers": "x", "utils/optimizer.py/x": ""},
    )
    assert submission.modules["layers/linear.py"] == "1"


def test_links_and_caches_in_a_folder_are_not_followed(tmp_path: Path, single: Assignment) -> None:
    write(tmp_path / "secret", {"golden.json": "expected"})
    files = {"hw.ipynb": notebook_json("x = 1"), ".git/config": "", "env/pyvenv.cfg": "", "env/lib/x.py": ""}
    folder = write(tmp_path / "in", files)
    os.symlink(tmp_path / "secret" / "golden.json", folder / "link.json")
    os.symlink(tmp_path / "secret", folder / "linked")
    os.symlink(folder, folder / "loop")
    submission = open_submission(folder, single, tmp_path / "work")
    assert tree(submission) == {"hw.ipynb", "nn_utils.py"}
    assert "link.json is a link and was left out; put the file itself in its place" in submission.notes
    assert len(submission.notes) == 3


def test_a_name_with_control_characters_is_left_out_and_cleaned_in_the_note(tmp_path: Path, single: Assignment) -> None:
    submission = opened(tmp_path, single, {"hw.ipynb": notebook_json("x = 1"), "a\x1b[2J\n.py": "x"})
    assert tree(submission) == {"hw.ipynb", "nn_utils.py"}
    assert submission.notes == ("a[2J.py has a name with control characters and was left out; rename it",)


def test_latin_1_sources_are_read(tmp_path: Path, modular: Assignment) -> None:
    submission = opened(tmp_path, modular, {"hw.ipynb": NOTEBOOK, **MODULES, "own.py": "# für\r\n".encode("latin-1")})
    assert submission.modules["own.py"] == "# für\n"


# ---------------------------------------------------------------- provided files


def test_an_edited_provided_file_is_ignored_and_mentioned(tmp_path: Path, modular: Assignment) -> None:
    submission = opened(tmp_path, modular, {"hw.ipynb": MARKED, **MODULES, "utils/optimizer.py": "RATE = 2\n"})
    assert read(submission, "utils/optimizer.py") == "RATE = 1\n"
    assert submission.notes == ("provided file utils/optimizer.py was edited; the course's own was used",)
    assert "utils/optimizer.py" not in submission.modules


def test_provided_files_of_another_edition_are_not_called_edited(tmp_path: Path, modular: Assignment) -> None:
    files = {"layers/__init__.py": "import math\n", "utils/optimizer.py": "RATE = 2\n"}
    submission = opened(tmp_path, modular, {"hw.ipynb": NOTEBOOK, **MODULES, **files})
    assert read(submission, "utils/optimizer.py") == "RATE = 1\n"
    assert submission.notes == (
        "the provided files are another edition's or were edited; the course's own were used: "
        "layers/__init__.py, utils/optimizer.py",
    )


def test_an_emptied_package_file_is_no_edit(tmp_path: Path, modular: Assignment) -> None:
    assert opened(tmp_path, modular, {"hw.ipynb": MARKED, **MODULES, "layers/__init__.py": ""}).notes == ()


def test_line_ends_and_trailing_blanks_are_no_edit(tmp_path: Path, modular: Assignment) -> None:
    submission = opened(
        tmp_path, modular, {"hw.ipynb": NOTEBOOK, **MODULES, "utils/optimizer.py": "RATE = 1  \r\n\r\n"}
    )
    assert submission.notes == ()


def test_a_provided_file_among_modules_side_by_side_is_the_courses_too(tmp_path: Path, modular: Assignment) -> None:
    files = {"hw.ipynb": MARKED, "linear.py": "1", "relu.py": "2", "optimizer.py": "RATE = 2\n"}
    submission = opened(tmp_path, modular, files)
    assert "import utils.optimizer as _module" in read(submission, "optimizer.py")
    assert read(submission, "utils/optimizer.py") == "RATE = 1\n"
    assert submission.notes == ("provided file utils/optimizer.py was edited; the course's own was used",)


def test_a_provided_file_in_another_package_is_the_courses_too(tmp_path: Path, modular: Assignment) -> None:
    write(modular.handout, {"utils/optimizer.py": "def step(): return 'ours'\n"})
    files = {
        "lib/optimizer.py": "def step(): return 'theirs'\ndef more(): pass\n",
        "own/optimizer.py": "def other(): pass\n",
    }
    submission = opened(tmp_path, modular, {"hw.ipynb": NOTEBOOK, **MODULES, **files})
    assert "import utils.optimizer as _module" in read(submission, "lib/optimizer.py")
    assert "ours" in read(submission, "utils/optimizer.py")
    assert "def more" in read(submission, "utils/optimizer.py")
    assert read(submission, "own/optimizer.py") == files["own/optimizer.py"]


def test_the_source_of_a_stale_hand_out_is_what_is_provided(tmp_path: Path) -> None:
    handout = write(tmp_path / "handout", {"hw.ipynb": NOTEBOOK, "util.py": "old"})
    solution = write(tmp_path / "solution", {"util.py": "new"})
    assignment = make_assignment(handout, provided_files=["util.py"], names={"x": ""}, solution=solution)
    submission = opened(tmp_path, assignment, {"hw.ipynb": notebook_json("x = 1"), "util.py": "old"})
    assert read(submission, "util.py") == "new"
    assert submission.notes == ()


def test_a_provided_file_that_is_nowhere_is_the_assignments_fault(tmp_path: Path) -> None:
    assignment = make_assignment(tmp_path / "nowhere", provided_files=["util.py"])
    with pytest.raises(AuthoringError, match=r"util\.py: no such file"):
        opened(tmp_path, structs.replace(assignment, solution=tmp_path), {"hw.ipynb": notebook_json("x = 1")})


def test_a_provided_file_that_a_students_own_folder_has_lost_is_a_note(tmp_path: Path) -> None:
    assignment = make_assignment(tmp_path / "own", provided_files=["util.py"])
    submission = opened(tmp_path, assignment, {"hw.ipynb": notebook_json("x = 1")})
    assert "not in this folder, though the hand-out brings it: util.py; what needs it fails here" in submission.notes


# ---------------------------------------------------------------- modules in the notebook


def test_a_notebook_without_the_modules_that_are_the_work_is_refused(tmp_path: Path, modular: Assignment) -> None:
    assert refusal(tmp_path, modular, {"hw.ipynb": NOTEBOOK}, "hw.ipynb") == (
        "hw.ipynb holds the notebook alone, and the work is in the modules beside it; "
        "toy expects hw.ipynb, layers/linear.py, layers/relu.py"
    )


def test_a_module_that_a_cell_writes_is_handed_in(tmp_path: Path, modular: Assignment) -> None:
    cells = (
        "%%writefile layers/linear.py\nclass Linear: pass",
        "%%writefile -a layers/linear.py\nMORE = 1",
        "%%file /content/layers/relu.py\nclass ReLU: pass",
        "%%writefile notes.txt\nnone of ours",
        "%%writefile ../../escape.py\nX = 1",
    )
    submission = opened(tmp_path, modular, {"hw.ipynb": notebook_json(*cells)})
    assert submission.modules["layers/linear.py"] == "class Linear: pass\nMORE = 1\n"
    assert submission.modules["layers/relu.py"] == "class ReLU: pass\n"
    assert "taken from the cells that write them: layers/linear.py" in submission.notes[0]
    assert not (tmp_path / "escape.py").exists()


@pytest.mark.parametrize("name", ["a" * 300, "/".join(["ab"] * 2000), "é" * 140])
def test_names_that_no_file_system_holds_are_nobodys_files(tmp_path: Path, modular: Assignment, name: str) -> None:
    module = name.replace("/", ".")
    cells = (f"import {module}, os", f"from {module} import f", f"%%writefile {name}.py\nX = 1", "import helper")
    files = {"hw.ipynb": notebook_json(*cells), "helper.py": f"import {module}", **MODULES}
    submission = opened(tmp_path, modular, files, "hw.ipynb")
    assert submission.modules.keys() == {"helper.py", *MODULES}


def test_one_notebook_of_several_has_the_modules_that_another_writes(tmp_path: Path, modular: Assignment) -> None:
    several = structs.replace(modular, notebooks=("hw.ipynb", "test.ipynb"), notebook="test.ipynb")
    write(modular.handout, {"test.ipynb": notebook_json("from layers.relu import ReLU\nprint(ReLU)")})
    writes = [f"%%writefile {name}\n{text}" for name, text in MODULES.items()]
    files = {"hw.ipynb": notebook_json("from layers.linear import Linear\nLinear()", *writes), "notes.ipynb": "{"}
    tested = {"test.ipynb": notebook_json("from layers.relu import ReLU\nprint(ReLU)")}
    for handed_in in ({**files, **tested}, files):  # the second notebook may be missing
        submission = opened(tmp_path / str(len(handed_in)), several, handed_in)
        assert {name: submission.modules[name].strip() for name in MODULES} == {
            name: text.strip() for name, text in MODULES.items()
        }


def test_one_module_may_stand_for_the_whole_package(tmp_path: Path, modular: Assignment) -> None:
    course = structs.replace(modular, provided_files=(*PROVIDED, "layers/given.py"))
    write(modular.handout, {"layers/given.py": "class Given:\n    whose = 'the course'\n"})
    whole = "class Linear: pass\nclass ReLU: pass\nclass Given:\n    whose = 'mine'\n"
    files = {"hw.ipynb": notebook_json("from layers import *\nLinear()\nReLU()"), "layers.py": whole}
    submission = opened(tmp_path, course, files)
    assert submission.modules["layers/__init__.py"] == whole
    assert "layers.py was taken for the package of that name" in submission.notes
    code = "import layers.given; print(layers.Linear.__module__, layers.Given is layers.given.Given)"
    done = subprocess.run([sys.executable, "-c", code], cwd=submission.folder, capture_output=True, text=True)
    assert done.stdout == "layers True\n", done.stderr


def test_a_package_in_a_folder_that_was_on_the_path_is_found(tmp_path: Path, single: Assignment) -> None:
    files = {
        "Sheet 9/hw.ipynb": notebook_json("import sys; sys.path.append('../lib-src')\nfrom own import Affine, ReLU"),
        "lib-src/own/__init__.py": "from .core.layers import *\n",
        "lib-src/own/core/__init__.py": "",
        "lib-src/own/core/layers.py": "from ..tools import one\nclass Affine: ...\nclass ReLU: ...\n",
        "lib-src/own/tools.py": "one = 1\n",
    }
    submission = opened(tmp_path, single, files)
    code = "from own import Affine; print(Affine.__module__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=submission.folder, capture_output=True, text=True)
    assert done.stdout == "own.core.layers\n", done.stderr


def test_a_module_that_is_handed_in_outranks_the_cell_that_writes_it(tmp_path: Path, modular: Assignment) -> None:
    cell = "%%writefile layers/linear.py\nclass Linear: old = True"
    submission = opened(tmp_path, modular, {"hw.ipynb": notebook_json(cell), **MODULES})
    assert submission.modules["layers/linear.py"] == MODULES["layers/linear.py"]


def test_a_class_in_the_notebook_takes_the_place_of_its_module(tmp_path: Path, modular: Assignment) -> None:
    names = {name: [*modules, ""] for name, modules in NAMES.items()}
    either = make_assignment(modular.handout, student_files=modular.student_files, provided_files=PROVIDED, names=names)
    submission = opened(tmp_path, either, {"hw.ipynb": notebook_json("class Linear: pass")})
    assert "layers/linear.py" not in submission.modules
    assert submission.modules["layers/relu.py"] == HANDOUT["layers/relu.py"]


# ---------------------------------------------------------------- which notebook

OTHER = notebook_json("import torch", "model = torch.nn.Linear(3, 4)")
OWN = notebook_json("class Affine: pass", "class ReLU: pass")


def chosen(tmp_path: Path, assignment: Assignment, files: Mapping[str, str | bytes]) -> str:
    notebook = opened(tmp_path, assignment, files).notebook
    assert notebook is not None
    return notebook.name


def test_the_assignments_own_file_name_wins(tmp_path: Path, single: Assignment) -> None:
    assert chosen(tmp_path, single, {"a.ipynb": OWN, "hw.ipynb": OTHER, "old/hw.ipynb": OWN}) == "hw.ipynb"


def test_else_the_one_that_was_released_for_the_assignment(tmp_path: Path, single: Assignment) -> None:
    marked = notebook_json("x = 1", metadata={"grader": {"assignment": "toy"}})
    assert chosen(tmp_path, single, {"a.ipynb": OTHER, "b.ipynb": marked}) == "b.ipynb"


def test_else_the_one_that_looks_most_like_it(tmp_path: Path, single: Assignment) -> None:
    assert chosen(tmp_path, single, {"a.ipynb": OTHER, "b.ipynb": OWN, "c.ipynb": "damaged"}) == "b.ipynb"


def test_a_note_says_which_of_several_was_graded(tmp_path: Path, single: Assignment) -> None:
    folder = write(tmp_path / "in", {"a.ipynb": OTHER, "hw.ipynb": OWN})
    assert "hw.ipynb was graded, not a.ipynb" in open_submission(folder, single, tmp_path / "work").notes


def test_another_editions_notebook_is_known_by_the_names_that_it_uses(tmp_path: Path, modular: Assignment) -> None:
    files = dict.fromkeys(modular.student_files, "def affine_forward(x): return x\n")
    names = list(modular.names)
    using = notebook_json("\n".join(f"print({name})" for name in names))
    files |= {"a.ipynb": notebook_json("x = 1"), "b.ipynb": using, "c.ipynb": notebook_json("y = 1")}
    folder = write(tmp_path / "in", files)
    read = open_submission(folder, modular, tmp_path / "work").notebook
    assert read is not None
    assert read.name.endswith("b.ipynb")


def test_modules_are_graded_where_no_notebook_stands_out(tmp_path: Path, modular: Assignment) -> None:
    files = dict.fromkeys(modular.student_files, "x = 1\n")
    files |= {"a.ipynb": notebook_json("x = 1"), "b.ipynb": notebook_json("y = 1")}
    notes = open_submission(write(tmp_path / "in", files), modular, tmp_path / "work").notes
    assert any("none of the notebooks is clearly the assignment's (a.ipynb, b.ipynb)" in note for note in notes)


def test_else_the_hand_in_is_refused_with_a_list(tmp_path: Path, single: Assignment) -> None:
    other = notebook_json("class Affine: done = 1", "class ReLU: pass")
    message = refusal(tmp_path, single, {"a.ipynb": OWN, "b\x1b.ipynb": OWN, "b.ipynb": other})
    assert (
        message
        == "in holds 2 notebooks and none is clearly that of toy (a.ipynb, b.ipynb); hand in one, or name it hw.ipynb"
    )


RUN = notebook_json("class Affine: pass", {"cell_type": "code", "execution_count": 3, "source": "class ReLU: pass"})


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"hw.ipynb": OWN, "hw_solution.ipynb": RUN}, "hw_solution.ipynb"),
        ({"hw.ipynb": RUN, "hw_solution.ipynb": OWN}, "hw.ipynb"),
        ({"hw.ipynb": OWN, "other.ipynb": OTHER}, "hw.ipynb"),
        ({"ex_old.ipynb": OWN, "ex_final.ipynb": OWN}, "ex_final.ipynb"),
        ({"ex.ipynb": OWN, "ex-Copy1.ipynb": OWN}, "ex.ipynb"),
        (
            {"a.ipynb": OWN, "b.ipynb": notebook_json("class Affine: pass", "class ReLU:\n    done = 1 + 2 + 3 + 4")},
            "b.ipynb",
        ),
    ],
)
def test_of_several_versions_the_one_that_was_worked_on_is_taken(
    tmp_path: Path, single: Assignment, files: Mapping[str, bytes], wanted: str
) -> None:
    assert chosen(tmp_path, single, files) == wanted


STUBS = notebook_json(text("# Layers"), "class Affine: ...", "class ReLU: ...")
WRITTEN = notebook_json(text("# Layers"), "class Affine: done = 1", "class ReLU: ...")
RUN_CELL = {"cell_type": "code", "execution_count": 3, "source": "class ReLU: ..."}
STUBS_RUN = notebook_json(text("# Layers"), "class Affine: ...", RUN_CELL)
BROKEN = notebook_json(text("# Layers"), "class Affine: done = (1", "class ReLU: ...")
SCRIPT = "class Affine: done = 1\n\n\nclass ReLU: done = 2\n"


@pytest.mark.parametrize(
    ("files", "wanted", "instead"),
    [
        ({"hw.ipynb": STUBS, "hw Smith (2).ipynb": WRITTEN}, "hw Smith (2).ipynb", "hw.ipynb"),
        ({"hw.ipynb": STUBS_RUN, "mine.ipynb": WRITTEN}, "mine.ipynb", "hw.ipynb"),
        ({"a_final.ipynb": STUBS_RUN, "b.ipynb": WRITTEN}, "b.ipynb", "a_final.ipynb"),
        ({"hw.ipynb": STUBS, "mine.py": SCRIPT}, "mine.py", "hw.ipynb"),
        ({"hw.ipynb": WRITTEN, "mine.ipynb": WRITTEN}, "hw.ipynb", ""),
        ({"hw.ipynb": BROKEN, "mine.ipynb": WRITTEN}, "hw.ipynb", ""),
        ({"hw.ipynb": STUBS, "mine.ipynb": STUBS}, "hw.ipynb", ""),
        ({"hw.ipynb": STUBS, "other.ipynb": notebook_json("x = 1")}, "hw.ipynb", ""),
    ],
)
def test_of_an_untouched_notebook_and_one_that_is_written_the_second_is_taken(
    tmp_path: Path, single: Assignment, files: Mapping[str, bytes], wanted: str, instead: str
) -> None:
    handout = {"hw.ipynb": single.handout / "hw.ipynb", "nn_utils.py": single.handout / "nn_utils.py"}
    solved = notebook_json(text("# Layers"), "class Affine: done = 1", "class ReLU: done = 2")
    (single.handout / FILE).write_bytes(fingerprints_of(single, handout, {**handout, "hw.ipynb": solved}))
    submission = opened(tmp_path, single, files)
    assert submission.notebook is not None
    assert submission.notebook.name == wanted
    told = [note for note in submission.notes if "no code is filled in" in note]
    assert told == ([f"{wanted} was graded: in {instead} no code is filled in"] if instead else [])


BOTH = notebook_json(text("# Layers"), "class Affine: done = 1", "class ReLU: done = 2")
CHANGED = notebook_json(text("# Layers"), "class Affine: done = 3", "class ReLU: done = 2")


@pytest.mark.parametrize(
    ("copy", "wanted"), [(BOTH, "hw-Copy1.ipynb"), (CHANGED, "hw.ipynb"), (WRITTEN, "hw.ipynb"), (STUBS, "hw.ipynb")]
)
def test_of_a_half_done_notebook_the_copy_that_goes_on_from_it_is_taken(
    tmp_path: Path, single: Assignment, copy: bytes, wanted: str
) -> None:
    handout = {"hw.ipynb": single.handout / "hw.ipynb", "nn_utils.py": single.handout / "nn_utils.py"}
    (single.handout / FILE).write_bytes(fingerprints_of(single, handout, {**handout, "hw.ipynb": CHANGED}))
    submission = opened(tmp_path, single, {"hw.ipynb": WRITTEN, "hw-Copy1.ipynb": copy})
    assert submission.notebook is not None
    assert submission.notebook.name == wanted
    told = "hw-Copy1.ipynb was graded: it has all the code of hw.ipynb, and more"
    assert (told in submission.notes) is (wanted == "hw-Copy1.ipynb")


LAYER = "class Linear:\n    def forward(self):\n        {}\n\n    def backward(self):\n        {}\n"
STUB_OF_BOTH = LAYER.format(*["raise NotImplementedError"] * 2)
HALF_DONE = LAYER.format("return 1", "raise NotImplementedError")
DONE = LAYER.format("return 1", "return 2")


@pytest.mark.parametrize(
    ("own", "others", "counts", "note"),
    [
        (STUB_OF_BOTH, {"layers/linear (1).py": DONE}, DONE, "layers/linear (1).py was graded as"),
        (STUB_OF_BOTH, {"layers/linear_final.py": HALF_DONE}, HALF_DONE, "layers/linear_final.py was graded as"),
        (STUB_OF_BOTH, {"mine/linear.py": DONE, "layers/linear copy.py": DONE}, DONE, "layers/linear copy.py was"),
        (HALF_DONE, {"layers/linear (1).py": DONE}, HALF_DONE, "layers/linear (1).py has more of it, and another name"),
        (
            STUB_OF_BOTH,
            {"layers/linear2.py": DONE, "layers/linear3.py": HALF_DONE},
            STUB_OF_BOTH,
            "layers/linear2.py, layers/linear3.py have more of it, and another name",
        ),
        (STUB_OF_BOTH + "\n\ndef f(): ...\n", {"layers/linear (1).py": DONE}, None, "has more of it"),
        (DONE, {"layers/linear (1).py": DONE.replace("2", "3")}, DONE, ""),
        (STUB_OF_BOTH, {"layers/linear (1).py": STUB_OF_BOTH}, STUB_OF_BOTH, ""),
        (STUB_OF_BOTH, {"layers/nonlinear.py": "class Linear:\n    pass\n"}, STUB_OF_BOTH, ""),
    ],
)
def test_a_finished_copy_is_taken_where_the_module_is_still_the_stub(
    tmp_path: Path, own: str, others: Mapping[str, str], counts: str | None, note: str
) -> None:
    assignment = make_assignment(
        write(tmp_path / "handout", {"layers/linear.py": STUB_OF_BOTH}),
        notebook=None,
        student_files=["layers/linear.py"],
        names={"Linear": "layers.linear"},
    )
    stub = {"layers/linear.py": STUB_OF_BOTH.encode()}
    prints = fingerprints_of(assignment, stub, {"layers/linear.py": DONE.encode()})
    (assignment.handout / FILE).write_bytes(prints)
    submission = opened(tmp_path, assignment, {"layers/linear.py": own, **others})
    assert read(submission, "layers/linear.py") == (own if counts is None else counts)
    assert len(submission.notes) == bool(note)
    assert note in "".join(submission.notes)


def test_a_cell_that_writes_a_module_outranks_its_untouched_stub(tmp_path: Path) -> None:
    assignment = make_assignment(
        write(tmp_path / "handout", {"layers/linear.py": STUB_OF_BOTH}),
        student_files=["layers/linear.py"],
        names={"Linear": "layers.linear"},
    )
    files = {"hw.ipynb": notebook_json("import layers.linear"), "layers/linear.py": STUB_OF_BOTH.encode()}
    prints = fingerprints_of(assignment, files, {**files, "layers/linear.py": DONE.encode()})
    (assignment.handout / FILE).write_bytes(prints)
    notebook = notebook_json(f"%%writefile layers/linear.py\n{DONE}")
    for number, (own, counts) in enumerate([(STUB_OF_BOTH, DONE), (HALF_DONE, HALF_DONE)]):
        handed_in = {"my/hw.ipynb": notebook, "my/layers/linear.py": own}
        folder = write(tmp_path / f"in{number}", handed_in)
        submission = open_submission(folder, assignment, tmp_path / f"work{number}")
        assert submission.modules["layers/linear.py"].strip() == counts.strip()
        assert any("as the files hold stubs: my/layers/linear.py" in note for note in submission.notes) is (
            counts is DONE
        )


# ---------------------------------------------------------------- what is refused


def test_python_2_is_named(tmp_path: Path, single: Assignment) -> None:
    old = notebook_json("print 'a'", metadata={"kernelspec": {"name": "python2"}})
    assert "written for Python 2" in refusal(tmp_path, single, {"hw.ipynb": old})


def test_a_pdf_is_named(tmp_path: Path, single: Assignment) -> None:
    assert "not its PDF" in refusal(tmp_path, single, {"hw.pdf": "%PDF-1.4"}, "hw.pdf")
    assert "holds a PDF and no notebook" in refusal(tmp_path / "b", single, {"hw.pdf": "%PDF-1.4"})


def test_a_missing_path_names_its_neighbour(tmp_path: Path, single: Assignment) -> None:
    assert "did you mean hw.ipynb?" in refusal(tmp_path, single, {"hw.ipynb": NOTEBOOK}, "hv.ipynb")


def test_a_folder_without_any_of_the_files_is_refused(tmp_path: Path, modular: Assignment) -> None:
    message = refusal(tmp_path, modular, {"essay.txt": "x"})
    assert message == "in holds none of its files; toy expects hw.ipynb, layers/linear.py, layers/relu.py"


def test_a_module_for_an_assignment_of_one_notebook_is_refused(tmp_path: Path, single: Assignment) -> None:
    assert "hw.py holds no notebook; toy expects hw.ipynb" in refusal(tmp_path, single, {"hw.py": "x = 1"}, "hw.py")


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path, single: Assignment) -> None:
    files = {f"{n}.txt": "" for n in range(quota.MAX_FILES + 1)}
    assert "leave out folders such as" in refusal(tmp_path, single, {"hw.ipynb": NOTEBOOK, **files})


def test_a_folder_that_is_too_large_is_refused_before_it_is_copied(tmp_path: Path, single: Assignment) -> None:
    folder = write(tmp_path / "in", {"hw.ipynb": NOTEBOOK})
    with (folder / "big.bin").open("wb") as file:
        file.truncate(quota.MAX_BYTES + 1)  # a hole: takes no room on disk
    with pytest.raises(SubmissionError, match="more than 500 MB"):
        open_submission(folder, single, tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_a_work_folder_that_is_in_use_is_the_callers_fault(tmp_path: Path, single: Assignment) -> None:
    opened(tmp_path, single, {"hw.ipynb": OWN})
    with pytest.raises(WorkerError):
        opened(tmp_path, single, {"hw.ipynb": OWN})


# ---------------------------------------------------------------- digest


def test_the_digest_is_that_of_the_students_own_files(tmp_path: Path, modular: Assignment) -> None:
    files = {"hw.ipynb": NOTEBOOK, **MODULES}

    def digest(name: str, extra: Mapping[str, str | bytes]) -> str:
        return opened(tmp_path / name, modular, {**files, **extra}).digest

    same = digest("a", {})
    assert same.startswith("sha256:")
    assert len(same) == 7 + 64
    assert digest("b", {"utils/optimizer.py": "RATE = 3"}) == same
    assert digest("c", {".DS_Store": "x", "layers/__pycache__/x.pyc": "x"}) == same
    assert digest("d", {"layers/relu.py": "class ReLU: x = 1"}) != same
    assert digest("e", {"own.txt": ""}) != same


def test_a_package_of_another_edition_gets_the_provided_files_that_it_lacks(
    modular: Assignment, tmp_path: Path
) -> None:
    files = {
        "hw.ipynb": NOTEBOOK,
        "ece285/__init__.py": "",
        "ece285/layers/__init__.py": "# mine",
        "ece285/layers/linear.py": "1",
        "ece285/layers/relu.py": "2",
    }
    folder = open_submission(write(tmp_path / "in", files), modular, tmp_path / "work").folder
    assert (folder / "ece285/utils/optimizer.py").read_text() == "RATE = 1\n"
    assert (folder / "ece285/layers/__init__.py").read_text() == "# mine"


def test_what_an_editor_puts_behind_the_ending_is_left_off(tmp_path: Path, single: Assignment) -> None:
    folder = write(tmp_path / "in", {"hw.ipynb.txt": notebook_json("x = 1"), "mine.py.txt": "y = 2\n"})
    submission = open_submission(folder, single, tmp_path / "work")
    assert submission.notebook is not None
    assert submission.modules["mine.py"] == "y = 2\n"
    assert "hw.ipynb.txt was taken for hw.ipynb" in submission.notes


def test_a_file_of_the_right_name_is_not_replaced_by_one_with_another_ending(
    tmp_path: Path, single: Assignment
) -> None:
    folder = write(tmp_path / "in", {"hw.ipynb": notebook_json("x = 1"), "hw.ipynb.txt": notebook_json("x = 2")})
    submission = open_submission(folder, single, tmp_path / "work")
    assert submission.notebook is not None
    assert [cell.source for cell in submission.notebook.cells] == ["x = 1"]
