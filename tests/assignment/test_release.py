"""What a student gets, what the reference hands in, and what is never given away."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from pathlib import Path

import nbformat
import pytest

from grader.assignment.loading.load import load_assignment
from grader.assignment.release.edits import edited, right_edits, wrong_edits
from grader.assignment.release.percent import text_of
from grader.assignment.release.release import build_handout, build_solution, check_handout
from grader.assignment.release.wheel import wheel
from grader.errors import AuthoringError, UsageError
from grader.model import Assignment, Change, Edit

from .conftest import FILES, Write, write

TREE = {
    ".gitignore",
    "GRADING.md",
    ".gitlab-ci.yml",
    ".github/workflows/grade.yml",
    "README.md",
    "assignment.toml",
    "checks.py",
    "fingerprints.json",
    "helpers.py",
    "layers/__init__.py",
    "layers/linear.py",
    "requirements.txt",
    "toy.ipynb",
}
SOLVED = TREE - {"fingerprints.json"}


def load(folder: Path) -> Assignment:
    return load_assignment(folder, folder.parent.parent / "assignments" / folder.name)


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def notebook_text(folder: Path) -> str:
    return text_of(json.loads((folder / "toy.ipynb").read_text()))


def test_the_handout_holds_the_stubs_and_the_public_files_only(toy: Write, tmp_path: Path):
    target = tmp_path / "out"
    build_handout(load(toy()), target)
    assert tree(target) == TREE
    everything = "".join((target / name).read_text() for name in TREE)
    for secret in ("x * x", "2 * x", "linear_forward_hidden", "SOLUTION", "STUB"):
        assert secret not in everything
    assert 'NotImplementedError("square: not implemented yet")' in notebook_text(target)
    assert "out = None" in (target / "layers/linear.py").read_text()
    for name in ("assignment.toml", "checks.py", "README.md"):
        assert (target / name).read_bytes() == (tmp_path / "reference" / "toy" / name).read_bytes()


def test_the_released_notebook_is_valid_and_knows_its_assignment(toy: Write, tmp_path: Path):
    build_handout(load(toy()), tmp_path / "out")
    notebook = json.loads((tmp_path / "out" / "toy.ipynb").read_text())
    nbformat.validate(nbformat.from_dict(notebook))
    assert notebook["metadata"]["grader"] == {"assignment": "toy"}


def test_optional_folders_and_the_public_golden_go_along_and_the_hidden_one_never(toy: Write, tmp_path: Path):
    extra = 'compat = "compat.py"\nstand_ins = ["standins"]\ndata = "data"\n[names]'
    files = {"compat.py": "x = 1\n", "standins/tf.py": "", "data/a/b.bin": "\x00", "golden/public.json": "{}"}
    toml = FILES["assignment.toml"].replace("[names]", extra)
    folder = toy({**files, "golden/hidden.json": "{}", "assignment.toml": toml, "data/__pycache__/x.pyc": ""})
    build_handout(load(folder), tmp_path / "out")
    assert tree(tmp_path / "out") == TREE | set(files)


def test_releasing_twice_changes_nothing(toy: Write, tmp_path: Path):
    assignment = load(toy())
    build_handout(assignment, tmp_path / "out")
    before = {name: (tmp_path / "out" / name).read_bytes() for name in TREE}
    build_handout(assignment, tmp_path / "out")
    assert {name: (tmp_path / "out" / name).read_bytes() for name in TREE} == before


def test_a_new_release_removes_what_is_no_longer_part_of_it(toy: Write, tmp_path: Path):
    assignment = load(toy())
    build_handout(assignment, tmp_path / "out")
    write(tmp_path / "out", {"old/very/old.py": "", "hidden.py": "secret"})
    build_handout(assignment, tmp_path / "out")
    assert tree(tmp_path / "out") == TREE
    assert not (tmp_path / "out" / "old").exists()


def test_a_folder_that_is_no_handout_is_not_overwritten(toy: Write, tmp_path: Path):
    assignment = load(toy())
    write(tmp_path / "home", {"thesis.tex": "years of work"})
    for build in (build_handout, build_solution):
        with pytest.raises(UsageError, match="home: holds files"):
            build(assignment, tmp_path / "home")
    assert tree(tmp_path / "home") == {"thesis.tex"}


def test_check_tells_missing_extra_and_changed_files(toy: Write, tmp_path: Path):
    assignment = load(toy())
    assert check_handout(assignment) == [f"{assignment.handout} does not exist yet"]
    build_handout(assignment, assignment.handout)
    assert check_handout(assignment) == []
    (assignment.handout / "README.md").unlink()
    write(assignment.handout, {"helpers.py": "SCALE = 3\n", "new.py": "", "layers/__pycache__/a.pyc": ""})
    write(assignment.handout, {".ipynb_checkpoints/toy.ipynb": ""})
    assert check_handout(assignment) == [
        "README.md is missing",
        "helpers.py differs from its source",
        "new.py is not part of the hand-out",
    ]


def test_the_solution_has_the_same_tree_with_everything_solved(toy: Write, tmp_path: Path):
    build_solution(load(toy()), tmp_path / "out")
    assert tree(tmp_path / "out") == SOLVED
    assert "    return x * x" in notebook_text(tmp_path / "out")
    assert "        out = 2 * x\n" in (tmp_path / "out/layers/linear.py").read_text()
    assert "NotImplementedError" not in notebook_text(tmp_path / "out")


def test_an_edit_reaches_the_solution_and_leaves_the_source(toy: Write, tmp_path: Path):
    assignment = load(toy())
    cube, sign = wrong_edits(assignment)
    build_solution(assignment, tmp_path / "cube", cube)
    build_solution(assignment, tmp_path / "sign", sign)
    assert "return x * x * x" in notebook_text(tmp_path / "cube")
    assert "out = -2 * x" in (tmp_path / "sign/layers/linear.py").read_text()
    assert notebook_text(tmp_path / "sign") != notebook_text(tmp_path / "cube")
    assert "x * x * x" not in (assignment.root / "solution" / "toy.py").read_text()


def test_several_changes_of_one_edit_build_on_each_other(toy: Write):
    changes = (Change("toy.py", "x * x", "x + x"), Change("toy.py", "x + x", "x - x"))
    assert "return x - x" in edited(load(toy()), Edit(name="e", changes=changes))["toy.py"]


def test_a_change_without_old_text_replaces_the_file(toy: Write, tmp_path: Path):
    whole = Edit(name="whole", changes=(Change("layers/linear.py", "", "class Linear: broken\n"),))
    build_solution(load(toy()), tmp_path / "out", whole)
    assert (tmp_path / "out/layers/linear.py").read_text() == "class Linear: broken\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change("toy.py", "x / x", ""), "'x / x'"),
        (Change("toy.py", "x", ""), "occurs "),
        (Change("no.py", "x", ""), "no file"),
    ],
)
def test_an_edit_that_does_not_apply_exactly_once_is_refused(toy: Write, tmp_path: Path, change: Change, said: str):
    with pytest.raises(AuthoringError, match=f"edit 'bad': .*{re.escape(said)}"):
        build_solution(load(toy()), tmp_path / "out", Edit(name="bad", changes=(change,)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("WRONG = 3", "does not define WRONG, a list"),
        ("RIGHT = []", "does not define WRONG, a list"),
        ("from grader.model import Edit\nWRONG = [Edit(name='a', changes=())] * 2", "two edits are called 'a'"),
        ("WRONG = [", "wrong.py:1: '[' was never closed"),
    ],
)
def test_a_damaged_list_of_edits_is_refused(toy: Write, text: str, said: str):
    with pytest.raises(AuthoringError, match=re.escape(said)):
        wrong_edits(load(toy({"wrong.py": text})))


def test_an_assignment_without_edits_has_none(toy: Write):
    assignment = load(toy({"wrong.py": None}))
    assert wrong_edits(assignment) == ()
    assert [edit.name for edit in right_edits(assignment)] == ["power"]


REGION = "### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n"
COPY = "x = 1\n    a = f(x)\n    b = g(a)\n"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"solution/helpers.py": REGION}, "helpers.py: has a solution region and is not in student_files"),
        ({"solution/notes.txt": REGION}, "notes.txt: a solution region would be released"),
        ({"README.md": "See `linear_forward_hidden`.\n"}, "README.md:1: names the hidden check linear_forward_hidden"),
        ({"solution/hidden.py": ""}, "no hand-out holds a file hidden.py"),
        ({"solution/golden/hidden.json": ""}, "no hand-out holds a file golden/hidden.json"),
        ({"solution/README.md": ""}, "the hand-out has another file README.md"),
        ({"README.md": None}, "README.md: no such file"),
        ({"solution/helpers.py": None}, "helpers.py: no such file, though assignment.toml names it"),
        ({"solution/toy.py": None}, "toy.py: no such file, though assignment.toml names it"),
    ],
)
def test_a_release_that_would_leak_or_lack_something_is_refused(
    toy: Write, tmp_path: Path, files: dict[str, str | None], said: str
):
    with pytest.raises(AuthoringError, match=re.escape(said)):
        build_handout(load(toy(files)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("place", ["README.md", "solution/helpers.py", "solution/toy.py"])
def test_a_copied_passage_of_the_solution_is_found(toy: Write, tmp_path: Path, place: str):
    long = FILES["solution/layers/linear.py"].replace(
        "out = 2 * x", "a = x + 1\n        b = x - 1\n        out = a + b"
    )
    copied = "# %% [markdown]\n# a = x + 1\n# b = x - 1\n# out = a + b\n"
    files = {"solution/layers/linear.py": long, place: FILES[place] + copied}
    with pytest.raises(AuthoringError, match=r"holds what stands in .*linear.py:7"):
        build_handout(load(toy(files)), tmp_path / "out")


def test_a_copied_helper_of_the_hidden_checks_is_found(toy: Write, tmp_path: Path):
    helper = "\n\ndef _sizes(rng):\n    a = rng.normal(3)\n    return a + 1\n"
    files = {"hidden.py": FILES["hidden.py"] + helper, "solution/helpers.py": FILES["solution/helpers.py"] + helper}
    with pytest.raises(AuthoringError, match=r"helpers.py: holds what stands in .*hidden.py"):
        build_handout(load(toy(files)), tmp_path / "out")


def test_data_that_is_no_text_is_released_unread(toy: Write, tmp_path: Path):
    folder = toy(
        {"assignment.toml": FILES["assignment.toml"].replace("[names]", 'data = "data"\n[names]')} | {"data/x": ""}
    )
    (folder / "data" / "x").write_bytes(b"\xff linear_forward_hidden")
    (folder / "data" / "large.txt").write_text("linear_forward_hidden " * 50_000)
    build_handout(load(folder), tmp_path / "out")
    assert (tmp_path / "out/data/x").read_bytes() == b"\xff linear_forward_hidden"


def test_a_link_is_not_released(toy: Write, tmp_path: Path):
    folder = toy()
    os.symlink("/etc/hostname", folder / "solution" / "link.txt")
    with pytest.raises(AuthoringError, match=r"link.txt: a link cannot be released"):
        build_handout(load(folder), tmp_path / "out")


def test_a_handout_alone_cannot_be_released(toy: Write, tmp_path: Path):
    build_handout(load(toy()), tmp_path / "out")
    alone = load_assignment(tmp_path / "out", tmp_path / "out")
    with pytest.raises(AuthoringError, match="has no solution/"):
        build_handout(alone, tmp_path / "again")


def test_the_workflow_runs_the_checks_and_keeps_the_report(toy: Write, tmp_path: Path):
    build_handout(load(toy()), tmp_path / "out")
    assert (tmp_path / "out/requirements.txt").read_text() == "numgrade @ git+https://example.org/grader@v1\n"
    text = (tmp_path / "out/.github/workflows/grade.yml").read_text()
    steps = re.findall(r"^ {6}- (?:name: .*\n(?: {8}if: .*\n)? {8}run: (.*)|uses: (.*))$", text, re.MULTILINE)
    assert [run or uses.partition("@")[0] for run, uses in steps] == [
        "actions/checkout",
        "actions/setup-python",
        "pip install -r requirements.txt",
        "pytest",
        "grade . -o github -o html=feedback.html -o json=report.json --exit-zero",
        "actions/upload-artifact",
    ]


def test_fingerprints_tell_stubs_from_what_is_given(toy: Write, tmp_path: Path):
    build_handout(load(toy()), tmp_path / "out")
    given = json.loads((tmp_path / "out" / "fingerprints.json").read_text())
    assert set(given["stubs"]) == {"square", "Linear", "Linear.forward"}
    assert set(given["provided"]) == {"layers/__init__.py", "helpers.py"}
    assert "x * x" not in json.dumps(given)


def test_named_mistakes_go_along_unless_the_author_keeps_them(toy: Write, tmp_path: Path):
    folder = toy({"golden/public-mistakes.npz": "fingerprints", "golden/mistakes.npz": "all of them"})
    build_handout(load(folder), tmp_path / "out")
    assert tree(tmp_path / "out") == TREE | {"golden/public-mistakes.npz"}
    toml = folder / "assignment.toml"
    toml.write_text(toml.read_text().replace("[names]", "mistakes = false\n[names]"))
    build_handout(load(folder), tmp_path / "kept")
    assert tree(tmp_path / "kept") == TREE


def test_a_wheel_holds_nothing_that_tools_left_in_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, {"cli.py": "", ".mypy_cache/a.json": "", "worker/__pycache__/a.pyc": "", "worker/.DS_Store": ""})
    monkeypatch.setattr("grader.assignment.release.wheel.files", lambda package: tmp_path)
    with zipfile.ZipFile(io.BytesIO(wheel())) as made:
        assert [held for held in made.namelist() if held.startswith("grader/")] == ["grader/cli.py"]


def test_a_wheel_goes_along_where_no_place_is_named(toy: Write, tmp_path: Path):
    toml = "".join(line for line in FILES["assignment.toml"].splitlines(True) if not line.startswith("install"))
    assignment = load(toy({"assignment.toml": toml}))
    build_handout(assignment, assignment.handout)
    (name,) = (path.name for path in assignment.handout.glob("*.whl"))
    assert (assignment.handout / "requirements.txt").read_text() == f"./{name}\n"
    with zipfile.ZipFile(assignment.handout / name) as made:
        assert {"grader/cli.py", "grader/worker/server.py"} <= set(made.namelist())
        assert {held.partition("/")[0] for held in made.namelist()} == {
            "grader",
            "numgrade-" + name.split("-")[1] + ".dist-info",
        }
        assert not any("__pycache__" in held for held in made.namelist())
    before = (assignment.handout / name).read_bytes()
    build_handout(assignment, assignment.handout)
    assert (assignment.handout / name).read_bytes() == before
    assert check_handout(assignment) == []
    (assignment.handout / name).unlink()
    assert check_handout(assignment) == []
