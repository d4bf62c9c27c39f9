"""Loading an assignment from its files, and refusing files that do not fit together."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from grader.assignment.loading.check_source import probe_definitions
from grader.assignment.loading.load import load_assignment
from grader.errors import AuthoringError
from grader.model import Place
from grader.worker.check_files import run_files

from .conftest import FILES, Write

TOML = FILES["assignment.toml"]
CHECKS = FILES["checks.py"]
HIDDEN = FILES["hidden.py"]


def load(folder: Path):
    return load_assignment(folder, folder.parent.parent / "assignments" / folder.name)


def refused(folder: Path) -> str:
    with pytest.raises(AuthoringError) as caught:
        load(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(f"{folder}/", "")


def test_every_field_comes_from_its_file(toy: Write):
    folder = toy()
    got = load(folder)
    assert (got.id, got.title, got.points, got.seed) == ("toy", "Toy", Fraction(7), 3)
    assert got.root == folder
    assert got.handout == folder.parent.parent / "assignments" / "toy"
    assert got.solution == folder / "solution"
    assert got.names["square"] == (Place("", "square"),)
    assert got.names["Linear"] == (Place("layers.linear", "Linear"), Place("linear", "Linear"))
    assert (got.limits.cell, got.limits.check, got.limits.memory) == (30, 20, 512 << 20)
    assert got.follow_through == Fraction(1, 2)
    assert [part.id for part in got.parts] == ["1", "2", "3"]
    assert (got.manual[0].part.title, got.manual[0].points) == ("Explain", Fraction(2))


def test_checks_keep_their_order_and_say_who_may_see_them(toy: Write):
    checks = load(toy()).checks
    assert [(c.id, c.visibility, c.file) for c in checks] == [
        ("square_values", "public", "checks.py"),
        ("linear_forward_hidden", "hidden", "hidden.py"),
    ]
    assert checks[1].builds_on == ("square",)
    assert checks[0].title == "Values of the square"


@pytest.mark.parametrize("first", ["", "from __future__ import annotations\n"])
def test_the_source_of_every_check_runs_alone(toy: Write, first: str):
    text = CHECKS.replace("import numpy", f"{first}import numpy")
    for check in load(toy({"checks.py": text})).checks:
        namespace = run_files({file: compile(text, file, "exec") for file, text in check.files.items()})
        student = SimpleNamespace(square=np.square, Linear=lambda: SimpleNamespace(forward=np.square))
        assert namespace[check.id](student, np.random.default_rng(0))["out"].shape == (5, 3)


def test_the_lines_of_a_probe_are_those_of_its_file(toy: Write):
    folder = toy()
    check = load(folder).checks[1]
    hidden = (folder / "hidden.py").read_text().split("\n")
    line = probe_definitions([check])[check.id].lineno
    assert (check.file, hidden[line - 1][:26]) == ("hidden.py", "def linear_forward_hidden(")


def test_a_check_imported_by_hidden_counts_once(toy: Write):
    hidden = HIDDEN.replace("    LINEAR,", "    LINEAR, square_values as _public,")
    assert [c.id for c in load(toy({"hidden.py": hidden})).checks] == ["square_values", "linear_forward_hidden"]


def test_a_judge_comes_from_the_executed_file(toy: Write):
    judged = CHECKS.replace('uses=["square"]', 'uses=["square"], judge=lambda seen, given: [seen["out"].sum()]')
    check = load(toy({"checks.py": judged})).checks[0]
    assert check.judge({"out": np.ones(3)}, None) == [3.0]


def test_the_handout_alone_has_no_solution_and_no_hidden_checks(toy: Write):
    folder = toy({name: None for name in FILES if name.startswith(("solution", "hidden", "wrong", "right"))})
    got = load_assignment(folder, folder)
    assert got.solution is None
    assert got.handout == got.root == folder
    assert [c.id for c in got.checks] == ["square_values"]


def test_compat_stand_ins_and_data_are_read(toy: Write):
    extra = 'compat = "compat.py"\nstand_ins = ["standins"]\ndata = "data"\n[names]'
    files = {"compat.py": "x = 1\n", "standins/tf.py": "", "data/a.txt": "1"}
    folder = toy({**files, "assignment.toml": TOML.replace("[names]", extra)})
    got = load(folder)
    assert got.compat == "x = 1\n"
    assert got.stand_ins == (folder / "standins",)
    assert got.data == folder / "data"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seed = 3", "sed = 3", "assignment.toml:4: unknown key 'sed' at the top; did you mean 'seed'?"),
        ("cell = 30", "cel = 30", "assignment.toml:14: unknown key 'cel' in [limits]; did you mean 'cell'?"),
        ("under =", "below =", "assignment.toml:23: unknown key 'below' in [[manual]]"),
        ("seed = 3", "seed = 'x'", "assignment.toml:4: seed: Expected `int`, got `str`"),
        ("cell = 30", "cell = 'x'", "assignment.toml:14: limits.cell: Expected `float | null`, got `str`"),
        ("cell = 30", "cell = 0", "assignment.toml:14: limits.cell is 0.0; a limit is above 0"),
        ("points = 2", "points = -2", "assignment.toml:21: points -2 is negative"),
        ("points = 7", "points = '1/0'", "assignment.toml:3: points '1/0' is no number"),
        ("points = 7", "", "assignment.toml:1: Object missing required field `points`"),
        ('kind = "written"', 'kind = "poem"', "assignment.toml:22: manual.kind: Invalid enum value 'poem'"),
        ('worth = "1/2"', "worth = 2", "assignment.toml:17: follow_through worth 2 is more than"),
        ('"helpers.py"', '"../x.py"', "assignment.toml:7: provided_files: '../x.py' is not a plain relative path"),
        ('"toy.ipynb"', '"toy.py"', "assignment.toml:5: notebook 'toy.py' does not end in .ipynb"),
        ('square = "notebook"', "square = []", "assignment.toml:11: square: names no place where it lives"),
        ('square = "notebook"', "square = 3", "assignment.toml:10: names: Expected `str | array`, got `int`"),
        ('id = "3"', "id = 3", "assignment.toml:19: manual.id: Expected `str`, got `int`"),
        ('square = "notebook"', 'square = "a/b.py"', "assignment.toml:11: square: 'a/b.py' is neither"),
        ('["1", "2", "3"]', '["1", "1"]', "assignment.toml:8: order names '1' twice"),
        ('id = "toy"', 'id = "a b"', "assignment.toml:1: id 'a b' has other characters"),
        ('id = "toy"', "id = toy", "assignment.toml:1: not valid TOML"),
        ("[names]", 'data = "nowhere"\n[names]', "assignment.toml:10: data 'nowhere' is no folder"),
        ("[names]", 'compat = "no.py"\n[names]', "no.py: no such file"),
    ],
)
def test_a_damaged_toml_is_refused_with_its_line(toy: Write, old: str, new: str, said: str):
    assert old in TOML
    message = refused(toy({"assignment.toml": TOML.replace(old, new, 1)}))
    assert said.replace("[[manual]]", "[manual]") in message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("import numpy as np", "import nunpy as np", "checks.py:2: ModuleNotFoundError: No module named 'nunpy'"),
        ("def draw(rng):", "def draw(rng)", "checks.py:8: expected ':'"),
        ("points=2", "points='many'", "checks.py:11: ValueError: Invalid literal for Fraction: 'many'"),
        ("points=2", "pionts=2", "checks.py:11: TypeError: check() got an unexpected keyword argument 'pionts'"),
        ('"""Values of the square"""', "", "checks.py:11: check square_values has no docstring"),
        (
            "def draw",
            "alias = check(SQUARE, points=1)(lambda s, r: {})\ndef draw",
            "checks.py:8: check <lambda> has no",
        ),
        ("import numpy as np", "raise SystemExit(1)", "checks.py:2: SystemExit: 1"),
    ],
)
def test_an_error_in_checks_is_refused_with_its_line(toy: Write, old: str, new: str, said: str):
    assert old in CHECKS
    assert said in refused(toy({"checks.py": CHECKS.replace(old, new), "hidden.py": None}))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("linear_forward_hidden", "square_values", "check id square_values is defined in checks.py too"),
        ("from grader import check", "from grader import check\nimport checks", "write `from checks import NAME`"),
        ("LINEAR,", "LINEAR, NOTHING,", "ImportError: cannot import name 'NOTHING' from 'checks'"),
        ("draw as sample", "draw", "NameError: name 'sample' is not defined"),
    ],
)
def test_hidden_checks_that_do_not_fit_the_public_ones_are_refused(toy: Write, old: str, new: str, said: str):
    assert old in HIDDEN
    hidden = HIDDEN.replace(old, new)
    if old.startswith("draw"):
        hidden += "sample\n"
    assert said in refused(toy({"hidden.py": hidden}))
    assert refused(toy({"hidden.py": hidden})).startswith("hidden.py:")


def test_a_check_id_used_twice_in_one_file_is_refused(toy: Write):
    again = CHECKS + CHECKS[CHECKS.index("@check") :]
    assert "checks.py:16: check id square_values is used twice (line 12)" in refused(toy({"checks.py": again}))


def test_a_part_with_two_titles_is_refused(toy: Write):
    hidden = HIDDEN.replace("@check(LINEAR", '@check(__import__("grader").Part("1", "Squares")')
    assert "part 1 is called 'Square' elsewhere and 'Squares' here" in refused(toy({"hidden.py": hidden}))


def test_a_probe_bound_to_another_name_is_refused(toy: Write):
    made = (
        "\ndef make():\n    @check(SQUARE, points=1)\n    def inner(student, rng):\n        'Made'\n    return inner\n"
    )
    text = refused(toy({"checks.py": f"{CHECKS}{made}\nother = make()\n"}))
    assert "the function is called inner but bound to other; give both one name" in text
    text = refused(toy({"checks.py": f"{CHECKS}{made}\ninner = make()\nother = make()\n"}))
    assert "check id inner is used twice" in text


@pytest.mark.parametrize("name", ["assignment.toml", "checks.py"])
def test_a_file_that_is_missing_or_no_text_is_refused(toy: Write, name: str):
    folder = toy()
    (folder / name).write_bytes(b"x = '\xff'")
    assert refused(folder).startswith(f"{name}:1: not UTF-8 text")
    (folder / name).unlink()
    assert refused(folder).startswith(f"{name}: no such file")
