"""Mistakes of an author: one line with the file, the line and what to write; nothing is graded by stale values."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from grader import cli
from grader.assignment.release.markers import solved
from grader.assignment.release.new import make_new
from grader.assignment.release.percent import dumps, notebook_of
from tests.assignment.conftest import write

LONG = "n" * 300
Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with the assignment of `grade new`, recorded and released."""
    root = tmp_path_factory.mktemp("recorded")
    make_new(root, "toy")
    for action in (["golden", "record"], ["release"]):
        assert cli.main([*action, "toy", "--course", str(root)]) == 0
    return root


@pytest.fixture
def course(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = shutil.copytree(recorded, tmp_path / "course")
    monkeypatch.delenv("GRADE_COURSE", raising=False)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str]:
        code = cli.main(list(words))
        shown = capsys.readouterr()
        return code, shown.out + shown.err

    return call


def change(root: Path, file: str, old: str, new: str) -> None:
    path = root / "reference" / "toy" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_stale_golden_values_grade_nothing_and_leave_by_no_door(course: Path, run: Run) -> None:
    hand_in = course / "hand_ins" / "toy.ipynb"
    hand_in.parent.mkdir()
    shutil.copy(course / "assignments" / "toy" / "toy.ipynb", hand_in)
    assert run("hand_ins/toy.ipynb")[0] == 1
    change(course, "checks.py", "inputs(rng, 7, 5, 3)", "inputs(rng, 8, 5, 3)")
    change(course, "checks.py", "size=(7, 3)", "size=(8, 3)")
    for words in (
        ["hand_ins/toy.ipynb"],
        ["hand_ins/toy.ipynb", "--seed", "recorded"],
        ["batch", "hand_ins", "--store", "store"],
        ["release", "toy"],
        ["export", "gradescope-autograder", "toy"],
    ):
        code, said = run(*words)
        assert (code, said.count("\n")) == (4, 1), words
        assert "checks.py has changed since it was recorded; run `grade golden record toy`" in said
    assert run("hand_ins/toy.ipynb", "--seed", "3")[0] == 1  # nothing recorded is used
    assert run("golden", "record", "--accept", "toy")[0] == 0
    assert run("release", "toy")[0] == 0
    assert run("hand_ins/toy.ipynb")[0] == 1


def test_stale_golden_values_in_a_hand_out_fail_pytest_and_grade(course: Path) -> None:
    shutil.rmtree(course / "reference")
    folder = course / "assignments" / "toy"
    (folder / "checks.py").write_text((folder / "checks.py").read_text().replace("7, 5, 3", "8, 5, 3"))
    for tool, code in (["grader", "."], 4), (["pytest", "-q", "-p", "no:cacheprovider"], 1):
        done = subprocess.run([sys.executable, "-m", *tool], cwd=folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == code
        assert "golden values of other sources: checks.py has changed" in " ".join((done.stdout + done.stderr).split())


def test_windows_line_endings_and_added_data_are_not_stale(course: Path, run: Run) -> None:
    shutil.rmtree(course / "reference")
    folder = course / "assignments" / "toy"
    (folder / "checks.py").write_bytes((folder / "checks.py").read_bytes().replace(b"\n", b"\r\n"))
    assert run("assignments/toy/toy.ipynb")[0] == 1


def test_a_judge_may_yield_what_numpy_compares(course: Path, run: Run) -> None:
    judge = """
def small(seen, given):
    yield Verdict(np.str_("out"), abs(seen["out"]).max() < 1e9, error=abs(seen["out"]).max(), tolerance=np.float32(1))

"""
    change(course, "checks.py", "from grader import Part, check", "import numpy as np\nfrom grader import *\n" + judge)
    change(course, "checks.py", 'uses=["linear_forward"])', 'uses=["linear_forward"], judge=small)')
    assert run("golden", "record", "toy")[0] == 0
    assert run("golden", "verify", "toy")[0] == 0


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ('("out", True)', "the judge of forward_values yielded a tuple; yield Verdict(name, earned, sentence)"),
        pytest.param(
            'Verdict("out", 7)',
            "the judge of forward_values gave 'out' a share of 7; `earned` is True, False or a",
            marks=pytest.mark.slow,
        ),
        pytest.param('Verdict("out", None)', "gave 'out' a share of None", marks=pytest.mark.slow),
    ],
)
def test_what_is_no_verdict_is_told_in_one_line(course: Path, run: Run, verdict: str, said: str) -> None:
    imports = f"import numpy as np\nfrom grader import *\n\n\ndef judge(seen, given):\n    yield {verdict}\n"
    change(course, "checks.py", "from grader import Part, check", imports)
    change(course, "checks.py", 'uses=["linear_forward"])', 'uses=["linear_forward"], judge=judge)')
    assert run("golden", "record", "--accept", "toy")[0] == 0
    text = (course / "reference" / "toy" / "solution" / "toy.py").read_text()
    (course / "toy.ipynb").write_text(dumps(notebook_of(solved(text), "toy.py")))
    code, told = run("toy.ipynb", "--assignment", "toy")
    assert (code, told.count("\n")) == (4, 1)
    assert said in told


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("solution/toy.py", "return x @ w + b", "return x @ @ w", "solution/toy.py:20: not valid Python"),
        ("solution/toy.py", "### END SOLUTION", "### END SOLUTIONS", "toy.py:21: looks like a marker and is none"),
        (
            "checks.py",
            'return {"out": student.linear_forward(x, w, b)}',
            "return student.linear_forward(x, w, b)",
            'checks.py:15: forward_values fails on the reference itself: the check returns ndarray; write '
            '`return {"out": out}`',
        ),
        ("hidden.py", 'return {"d_x": d_x', 'return {"d_x": e_x', "hidden.py:13: gradients_of_one_row fails on"),
        ("checks.py", "forward_values", LONG, "use a name of at most 100 letters"),
        ("checks.py", "import Part", f"import checks_{LONG}, Part", "cannot import name"),
        ("checks.py", "from grader", f"from checks_{LONG} import a\nfrom grader", "there is no checks_nnn"),
        ("assignment.toml", 'linear_forward = "', f'{LONG} = "', "a name has at most 100"),
        ("assignment.toml", 'notebook = "toy', f'notebook = "{LONG}', "no such file"),
    ],
)  # fmt: skip
def test_recording_names_file_line_and_remedy(course: Path, run: Run, file: str, old: str, new: str, said: str) -> None:
    change(course, file, old, new)
    code, told = run("golden", "record", "toy")
    assert (code, told.count("\n")) == (4, 1), told
    assert said in told


def test_hidden_checks_that_are_gone_are_refused_and_then_dropped(course: Path, run: Run) -> None:
    (course / "reference" / "toy" / "hidden.py").unlink()
    code, said = run("assignments/toy/toy.ipynb")
    assert (code, "hidden.py was there when it was recorded" in said) == (4, True)
    assert run("lint", "toy")[0] == 1
    assert run("golden", "record", "toy")[0] == 1
    assert run("golden", "record", "toy", "--accept")[0] == 0
    assert not (course / "reference" / "toy" / "golden" / "hidden.json").exists()
    write(course / "reference" / "toy", {"hidden_more.py": "A = 1\n"})
    assert "hidden_more.py: warning: is imported by no check file" in run("lint", "toy")[1]


def test_an_id_of_300_letters_is_refused(course: Path, run: Run) -> None:
    code, said = run("new", LONG)
    assert (code, "at most 100 letters" in said) == (2, True)


def test_required_packages_are_pinned_handed_out_and_never_missing_in_silence(course: Path, run: Run) -> None:
    change(course, "assignment.toml", "seed = 1 ", 'requirements = ["nowhere"]\nseed = 1 ')
    code, said = run("golden", "record", "toy")
    assert (code, said.count("\n")) == (4, 1)
    assert "requirements: 'nowhere' is not pinned" in said
    change(course, "assignment.toml", '"nowhere"', f'"nowhere==1.0", "numpy=={np.__version__}"')
    for words in (
        ["golden", "record", "toy"],
        ["assignments/toy/toy.ipynb"],
        ["assignments/toy/toy.ipynb", "--seed", "1"],
    ):
        code, said = run(*words)
        assert (code, said.count("\n")) == (4, 1)
        assert "toy needs nowhere==1.0, not installed here; run `pip install nowhere==1.0`" in said
    change(course, "assignment.toml", '"nowhere==1.0", ', "")
    assert run("golden", "record", "toy")[0] == run("release", "toy")[0] == 0
    needed = (course / "assignments" / "toy" / "requirements.txt").read_text()
    assert needed.splitlines()[1:] == [f"numpy=={np.__version__}"]
    change(course, "assignment.toml", np.__version__, "1.26.0")
    assert f"numpy==1.26.0 is declared, {np.__version__} is installed here" in run("lint", "toy")[1]


def test_values_of_another_numpy_are_named_and_kept_within_their_tolerance(course: Path, run: Run) -> None:
    golden = course / "reference" / "toy" / "golden" / "public.json"
    text = golden.read_text().replace(f'"numpy": "{np.__version__}"', '"numpy": "1.26.0"')
    number = text.split('"rows": [\n    [')[1].split(",")[0]
    golden.write_text(moved := text.replace(number, number[:10], 1))
    code, said = run("golden", "diff", "toy")
    assert (code, f"recorded under NumPy 1.26.0, this is NumPy {np.__version__}" in said) == (0, True)
    assert run("golden", "record", "toy", "--keep-within-tolerance")[0] == 0
    assert golden.read_text() == moved  # nothing but rounding: nothing is written
    change(course, "checks.py", "def inputs", "\ndef inputs")
    assert run("golden", "record", "toy", "--keep-within-tolerance")[0] == 0
    assert golden.read_text().partition("observations")[2] == moved.partition("observations")[2]
    assert run("golden", "record", "toy")[0] == 0
    assert number in golden.read_text()
    assert run("golden", "verify", "toy", "--keep-within-tolerance")[0] == 2


def test_random_numbers_without_a_seed_are_a_warning(course: Path, run: Run) -> None:
    change(course, "checks.py", "x, w, _ = inputs", "import numpy as np; np.random.default_rng(); x, w, _ = inputs")
    assert "warning: `np.random.default_rng()` gives something else at every run" in run("lint", "toy")[1]


@pytest.mark.slow
def test_a_gradient_check_judges_the_students_own_forward_pass(course: Path, run: Run) -> None:
    probe = """

@gradient_check(GRADIENTS, points=3, uses=["linear_forward", "linear_gradients"], own_forward="1/3")
def fits(student, rng):
    \"\"\"The gradients are those of your own forward pass\"\"\"
    x, w, b = inputs(rng, 7, 5, 3)
    return student.linear_forward, lambda d_out: student.linear_gradients(d_out, x, w), {"x": x, "w": w, "b": b}
"""
    path = course / "reference" / "toy" / "checks.py"
    path.write_text(path.read_text().replace("Part, check", "Part, check, gradient_check") + probe)
    change(course, "assignment.toml", "points = 5", "points = 8")
    assert run("golden", "record", "toy")[0] == run("release", "toy")[0] == 0
    assert "table" not in (course / "reference" / "toy" / "golden" / "public.json").read_text()
    text = solved((course / "reference" / "toy" / "solution" / "toy.py").read_text())
    for old, new, score in (
        ("", "", 8),
        ("d_out.sum(axis=0)", "d_out.mean(axis=0)", 6),
        ("x @ w + b", "2 * (x @ w + b)", 4),
    ):
        (course / "toy.ipynb").write_text(dumps(notebook_of(text.replace(old, new), "toy.py")))
        code, said = run("toy.ipynb", "--assignment", "toy", "--json")
        assert json.loads(said)["score"] == score, said
        assert code == (0 if score == 8 else 1)


@pytest.mark.slow
def test_named_mistakes_are_kept_by_recording_and_lost_by_their_own_check_alone(course: Path, run: Run) -> None:
    assert (course / "reference" / "toy" / "golden" / "mistakes.npz").is_file()
    text = solved((course / "reference" / "toy" / "solution" / "toy.py").read_text())
    wrong = text.replace("d_out.sum(axis=0)", "d_out.mean(axis=0)").replace("return x @ w + b", "return x @ w")
    (course / "toy.ipynb").write_text(dumps(notebook_of(wrong, "toy.py")))

    def named() -> dict[str, str]:
        report = json.loads(run("toy.ipynb", "--assignment", "toy", "--json")[1])
        checks = [check for part in report["parts"] for check in part["checks"]]
        return {check["id"]: (check["diagnosis"] or {}).get("mistake", "") for check in checks}

    before = named()
    assert before["gradient_values"] == "bias gradient is the mean over the batch, not the sum"
    assert before["forward_values"] == "bias left out"
    assert "no names" not in run("toy.ipynb", "--assignment", "toy", "-v")[1]
    change(course, "checks.py", 'return {"out": student', 'y = 1\n    return {"out": student')
    missing = "no names of mistakes are kept for forward_values, changed since"
    assert f"golden/mistakes.npz: warning: {missing}; run `grade lint" in run("lint", "toy")[1]
    code, said = run("golden", "record", "toy", "--accept")
    assert (code, "toy: wrote reference/toy/golden/mistakes.npz, with what the mistakes" in said) == (0, True), said
    assert run("release", "toy")[0] == 0
    assert named() == before
    (course / "reference" / "toy" / "golden" / "mistakes.npz").unlink()
    said = run("toy.ipynb", "--assignment", "toy", "-v")[1]
    assert "grade: toy: no names of mistakes are kept: golden/mistakes.npz is not there" in said
    assert "no names" not in run("toy.ipynb", "--assignment", "toy")[1]
    assert "toy: wrote reference/toy/golden/mistakes.npz" in run("lint", "--trials", "toy")[1]


def test_a_mistake_that_fits_no_more_does_not_keep_values_from_being_recorded(course: Path, run: Run) -> None:
    change(course, "wrong.py", "d_out.sum(axis=0)", "d_out.sum(axis=7)")
    code, said = run("golden", "record", "toy")
    assert code == 0
    assert "toy: warning: edit 'bias gradient" in said


WRONG_USAGE = """\
new
new 9bad
new toy
new x --from nowhere.ipynb
new x --from broken.ipynb
new x --from words.txt
golden
golden recrd toy
golden record nope
golden record --accept toy nope
golden diff nope
golden verify nope
golden diff --accept toy
golden verify --keep-within-tolerance toy
golden record toy --course words.txt
release nope
release toy --chek
lint nope
lint toy --seeds 0
lint toy --seeds many
lint --course nowhere
import
import word x
import nbgrader nowhere
import nbgrader broken.ipynb
import nbgrader words.txt
import otter nowhere
import otter broken.ipynb
import otter words.txt
export
export nowhere
export notebook nope
export notebook toy -o no/such/folder.ipynb
export nbgrader nope
export nbgrader toy -o words.txt
export gradescope-autograder nope
"""


def test_wrong_usage_of_every_command_is_one_line_and_exit_2(course: Path, run: Run) -> None:
    (course / "words.txt").write_text("no notebook\n")
    (course / "broken.ipynb").write_text('{"cells": 3')
    before = sorted(course.rglob("*"))
    for words in WRONG_USAGE.splitlines():
        code, said = run(*words.split())
        lines = [line for line in said.splitlines() if not line.startswith(("usage:", " "))]
        assert (code, len(lines)) == (2, 1), f"{words}: {said}"
        assert lines[0].startswith("grade"), words
    assert sorted(course.rglob("*")) == before, "something was written"


def test_nothing_is_recorded_where_one_of_two_assignments_is_not_there(course: Path, run: Run) -> None:
    change(course, "checks.py", "inputs(rng, 7, 5, 3)\n    return", "inputs(rng, 6, 5, 3)\n    return")
    golden = course / "reference" / "toy" / "golden" / "public.json"
    before = golden.read_bytes()

    assert run("golden", "record", "--accept", "toy", "nope")[0] == 2
    assert golden.read_bytes() == before
