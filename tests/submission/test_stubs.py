"""Which definitions are untouched stubs, with the solution at hand and in a student's repository without it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from msgspec import structs

from grader.assignment.release.fingerprints import FILE, fingerprints_of
from grader.errors import AuthoringError
from grader.model import Assignment, Submission, Uses
from grader.submission.review.stubs import is_left_open, not_run_notes, unfilled_by_check, with_written_places
from tests.submission.building import make_assignment, make_check, make_notebook, make_submission, notebook_json, write

STUB = '''class Affine:
    """A layer."""

    def __init__(self):
        self.cache = None

    def forward(self, x):
        """Out."""
        # your code
        raise NotImplementedError("Affine.forward: not implemented yet")

    def backward(self, d):
        raise NotImplementedError("Affine.backward: not implemented yet")
'''
SOLVED = STUB.replace('raise NotImplementedError("Affine.forward: not implemented yet")', "return x").replace(
    'raise NotImplementedError("Affine.backward: not implemented yet")', "return d"
)
GIVEN = "def helper(x):\n    return x + 1\n"


def released(assignment: Assignment, solved: Mapping[str, bytes]) -> Assignment:
    """The assignment with the fingerprints that a release writes."""
    handout = {name: assignment.handout / name for name in (*solved, *assignment.provided_files)}
    (assignment.handout / FILE).write_bytes(fingerprints_of(assignment, handout, solved))
    return assignment


def unfilled(assignment: Assignment, submission: Submission) -> frozenset[str]:
    """What a check of each declared name finds unfilled."""
    checks = tuple(make_check(name, name) for name in assignment.names)
    return frozenset().union(*unfilled_by_check(structs.replace(assignment, checks=checks), submission).values())


def found(
    tmp_path: Path,
    student: str,
    *,
    stub: str = STUB,
    solved: str = SOLVED,
    names: Mapping[str, str] | None = None,
) -> frozenset[str]:
    """`unfilled` for a notebook of one cell."""
    handout = write(tmp_path / "handout", {"hw.ipynb": notebook_json(stub)})
    assignment = released(make_assignment(handout, names=names or {"Affine": ""}), {"hw.ipynb": notebook_json(solved)})
    (handout / "hw.ipynb").write_bytes(notebook_json(student))  # the hand-out is the student's own folder by now
    return unfilled(assignment, make_submission(tmp_path / "work", make_notebook(student)))


def test_an_untouched_class_is_unfilled_with_its_open_methods(tmp_path: Path) -> None:
    assert found(tmp_path, STUB) == {"Affine", "Affine.forward", "Affine.backward"}


def test_layout_comments_docstrings_and_annotations_change_nothing(tmp_path: Path) -> None:
    student = (
        STUB.replace('"""A layer."""', "").replace("# your code", "").replace("(self, x)", "(self, x: float) -> float")
    )
    student = student.replace("\n\n", "\n").replace('("Affine.backward: not implemented yet")', "")
    assert "Affine" in found(tmp_path, "# mine\n" + student)


def test_a_class_that_is_partly_done_names_the_methods_that_are_not(tmp_path: Path) -> None:
    student = STUB.replace('raise NotImplementedError("Affine.forward: not implemented yet")', "return 2 * x")
    assert found(tmp_path, student) == {"Affine.backward"}


def test_a_solved_class_is_not_unfilled(tmp_path: Path) -> None:
    assert found(tmp_path, SOLVED) == frozenset()


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        ((("raw", SOLVED),), "cell 0 is a raw cell, which does not run: it holds code for `Affine`"),
        ((STUB, ("markdown", SOLVED)), "cell 1 is a markdown cell, which does not run: it holds code for `Affine`"),
        ((("markdown", f"Mine:\n```python\n{SOLVED}```\nand so on"),), "cell 0 is a markdown cell, which"),
        ((SOLVED, ("raw", SOLVED)), ""),
        ((("raw", STUB),), ""),
        ((("markdown", "the class Affine is:\n\nclass Affine"),), ""),
        ((("raw", GIVEN),), ""),
    ],
)
def test_code_in_a_text_cell_is_told_where_no_other_code_has_the_name(
    tmp_path: Path, cells: tuple[str | tuple[str, str], ...], note: str
) -> None:
    handout = write(tmp_path / "handout", {"hw.ipynb": notebook_json(GIVEN, STUB)})
    checks = [make_check("one", "Affine"), make_check("two", "helper")]
    assignment = make_assignment(handout, names={"Affine": "", "helper": ""}, checks=checks)
    released(assignment, {"hw.ipynb": notebook_json(GIVEN, SOLVED)})
    notes = not_run_notes(assignment, make_submission(tmp_path / "work", make_notebook(*cells)))
    assert len(notes) == bool(note)
    assert note in "".join(notes)


def test_a_stub_whose_methods_are_put_on_it_below_is_filled_in(tmp_path: Path) -> None:
    one = STUB + "\n\ndef forward(self, x): return x\n\n\nAffine.forward = forward\n"
    assert found(tmp_path / "a", one) == {"Affine.backward"}
    other = STUB + "\n\n@add_to_class(Affine)\ndef show(self): ...\n"
    assert "Affine" in found(tmp_path / "b", other)
    unknown = STUB + "\n\nfor f in functions:\n    setattr(Affine, f.__name__, f)\n"
    assert "Affine" not in found(tmp_path / "c", unknown)


def test_given_code_is_never_unfilled(tmp_path: Path) -> None:
    names = {"Affine": "", "helper": "", "net": ""}
    whole = {"stub": GIVEN + "net = 1\n" + STUB, "solved": GIVEN + "net = 1\n" + SOLVED}
    assert "Affine" in found(tmp_path, GIVEN + "net = 1\n" + STUB, names=names, **whole)
    assert not {"helper", "net"} & found(tmp_path, GIVEN + "net = 1\n" + STUB, names=names, **whole)


def test_an_authors_own_stub_text_is_known_whatever_its_comments(tmp_path: Path) -> None:
    stub, solved = "def f(x):\n    x = x\n    return x\n", "def f(x):\n    x = x + 1\n    return x\n"
    marked = stub.replace("x = x\n", "x = x  # TODO: compute it\n")
    assert found(tmp_path / "a", stub, stub=stub, solved=solved, names={"f": ""}) == {"f"}
    assert found(tmp_path / "b", marked, stub=marked, solved=solved, names={"f": ""}) == {"f"}
    done = solved.replace("x + 1", "x + 1  # TODO: compute it")
    assert found(tmp_path / "c", done, stub=marked, solved=solved, names={"f": ""}) == frozenset()


def test_only_the_methods_that_the_solution_fills_in_are_open(tmp_path: Path) -> None:
    stub = "class A:\n    def given(self):\n        return 1\n\n    def open(self):\n        return 0  # TODO\n"
    solved = stub.replace("return 0", "return 2")
    assert found(tmp_path, stub + "\n# TODO: more\n", stub=stub, solved=solved, names={"A": ""}) == {"A", "A.open"}


def test_a_tuned_assignment_is_unfilled_until_it_changes(tmp_path: Path) -> None:
    stub, solved = "rate = 0\n", "rate = 0.1\n"
    assert found(tmp_path / "a", "rate = 0", stub=stub, solved=solved, names={"rate": ""}) == {"rate"}
    assert found(tmp_path / "b", "rate = 3", stub=stub, solved=solved, names={"rate": ""}) == frozenset()


def test_modules_are_compared_wherever_the_student_keeps_them(tmp_path: Path) -> None:
    handout = write(
        tmp_path / "handout", {"layers/affine.py": STUB, "base.py": "def f():\n    raise NotImplementedError"}
    )
    assignment = make_assignment(
        handout,
        notebook=None,
        student_files=["layers/affine.py"],
        provided_files=["base.py"],
        names={"Affine": ["layers.affine", "other.layers.affine"], "f": "base"},
    )
    released(assignment, {"layers/affine.py": SOLVED.encode(), "base.py": b"def f():\n    raise NotImplementedError"})
    submission = make_submission(
        tmp_path / "work", None, {"other/layers/affine.py": STUB, "base.py": "def f():\n    raise NotImplementedError"}
    )
    assert unfilled(assignment, submission) == {"Affine", "Affine.forward", "Affine.backward"}


HALF = STUB.replace('raise NotImplementedError("Affine.forward: not implemented yet")', "return x")


def chosen(
    tmp_path: Path,
    cells: tuple[str, ...],
    module: str | None,
    *,
    order: tuple[str, ...] = ("affine", ""),
    given: str = GIVEN,
    others: Mapping[str, str] = MappingProxyType({}),
) -> Submission:
    """A hand-in of cells and a module `affine`, where the class may stand in either."""
    handout = write(tmp_path / "handout", {"hw.ipynb": notebook_json(given), "affine.py": STUB})
    assignment = make_assignment(handout, student_files=["affine.py"], names={"Affine": order})
    released(assignment, {"hw.ipynb": notebook_json(given), "affine.py": SOLVED.encode()})
    own = {} if module is None else {"affine.py": module}
    handed_in = make_submission(tmp_path / "work", make_notebook(*cells), {**own, **others})
    return with_written_places(assignment, handed_in)


@pytest.mark.parametrize(
    ("module", "cell", "counts"),
    [
        (STUB, SOLVED, True),
        (STUB, HALF, True),
        (HALF, SOLVED, True),
        (SOLVED, SOLVED.replace("return x", "return 3 * x"), False),
        (HALF, HALF.replace("return x", "return 3 * x"), False),
        (HALF, SOLVED.replace("forward", "other"), False),
        (STUB, STUB, False),
        (STUB, "Affine = make()", False),
        (STUB, f"{SOLVED.replace('class Affine', 'class Mine')}\n\nAffine = Mine", True),
        (STUB, f"{STUB.replace('class Affine', 'class Mine')}\n\nAffine = Mine", False),
    ],
)
def test_what_is_written_in_the_notebook_counts_where_the_module_holds_less(
    tmp_path: Path, module: str, cell: str, counts: bool
) -> None:
    submission = chosen(tmp_path, ("import numpy", cell), module)
    assert [place.module for place in submission.places.get("Affine", ())] == (["", "affine"] if counts else [])
    note = "`Affine`: the definition in cell 1 was graded; affine.py still holds a stub of the hand-out"
    assert submission.notes == ((note,) if counts else ())


@pytest.mark.parametrize(("cell", "counts"), [(SOLVED, True), ("Affine = make()", True), (STUB, False)])
def test_what_only_the_notebook_defines_counts_where_there_is_no_module(
    tmp_path: Path, cell: str, counts: bool
) -> None:
    submission = chosen(tmp_path, ("import numpy", cell), None, order=("affine",))
    assert [place.module for place in submission.places.get("Affine", ())] == (["affine", ""] if counts else [])
    note = "graded from cell 1, as no other file defines them: `Affine`"
    assert submission.notes == ((note,) if counts else ())


@pytest.mark.parametrize(
    ("cell", "version", "counts"),
    [
        ("from affine_v2 import Affine", SOLVED, True),
        ("import affine\nfrom affine_v2 import Affine", SOLVED, True),
        ("from affine import Affine\nfrom affine_v2 import Affine", SOLVED, True),
        ("from affine_v2 import Affine as Other", SOLVED, False),
        ("from affine_v2 import Affine", STUB, False),
    ],
)
def test_the_version_that_the_notebook_imports_counts(tmp_path: Path, cell: str, version: str, counts: bool) -> None:
    old = SOLVED.replace("return x", "return 3 * x")
    submission = chosen(tmp_path, (cell,), old, others={"affine_v2.py": version})
    assert [place.module for place in submission.places.get("Affine", ())] == (["", "affine"] if counts else [])
    note = "`Affine`: affine_v2.py was graded, from which the notebook imports it, not affine.py"
    assert submission.notes == ((note,) if counts else ())


def test_what_is_written_in_a_module_counts_where_the_notebook_comes_first_and_holds_the_stub(tmp_path: Path) -> None:
    submission = chosen(tmp_path, (STUB,), SOLVED, order=("", "affine"))
    assert [place.module for place in submission.places["Affine"]] == ["affine", ""]
    assert submission.notes == (
        "`Affine`: the definition in affine.py was graded; cell 0 still holds a stub of the hand-out",
    )


def test_neither_an_import_of_the_stub_nor_a_given_cell_is_the_students_definition(tmp_path: Path) -> None:
    assert chosen(tmp_path / "a", ("from affine import Affine",), STUB).places == {}
    assert chosen(tmp_path / "b", (SOLVED,), STUB, given=SOLVED).places == {}


def test_without_a_hand_out_nothing_is_unfilled(tmp_path: Path) -> None:
    assignment = make_assignment(tmp_path / "nowhere", names={"Affine": ""})
    assert unfilled(assignment, make_submission(tmp_path / "work", make_notebook(STUB))) == frozenset()


def test_damaged_fingerprints_are_named(tmp_path: Path) -> None:
    assignment = make_assignment(write(tmp_path / "h", {FILE: "{"}), names={"Affine": ""})
    with pytest.raises(AuthoringError, match=r"fingerprints\.json: cannot be read"):
        unfilled(assignment, make_submission(tmp_path / "work", make_notebook(STUB)))


def test_a_name_that_is_defined_twice_is_judged_for_each_check(tmp_path: Path) -> None:
    one, two = "def f(x):\n    raise NotImplementedError", "def f(x, decay):\n    raise NotImplementedError"
    handout = write(tmp_path / "handout", {"hw.ipynb": notebook_json(one, two)})
    checks = [
        make_check("first", Uses(name="f", signature=("x",))),
        make_check("second", Uses(name="f", signature=("x", "decay"))),
    ]
    assignment = make_assignment(handout, names={"f": ""}, checks=checks)
    solved = notebook_json("def f(x):\n    return x", "def f(x, decay):\n    return x")
    released(assignment, {"hw.ipynb": solved})
    half = make_submission(tmp_path / "half", make_notebook("def f(x):\n    return x", two))
    assert unfilled_by_check(assignment, half) == {"first": frozenset(), "second": {"f"}}
    untouched = make_submission(tmp_path / "none", make_notebook(one, two))
    assert unfilled_by_check(assignment, untouched) == {"first": {"f"}, "second": {"f"}}


def test_code_nested_deeper_than_python_recurses_is_not_a_stub(tmp_path: Path) -> None:
    deep = "x = " + "+".join(["1"] * 3000)
    assert found(tmp_path, deep, stub=deep, solved="x = 1\n", names={"x": ""}) == frozenset()


RULER = "    # TODO\n\n    ########\n    # probs is a matrix\n    self.cache = probs"


@pytest.mark.parametrize(
    ("source", "left_open"),
    [
        (f"def f(self):\n    '''Text.'''\n{RULER}", True),
        ("def f(self):\n    # YOUR CODE HERE\n    pass\n    # END YOUR CODE HERE\n    return out", True),
        ("def f(self):\n    # TODO\n    prob = 1\n    ########\n    return probs", False),
        ("def f(self):\n    # YOUR CODE HERE\n    prob = 1\n    # END YOUR CODE HERE\n    return probs", False),
        ("def f(self):\n    # probs\n    return probs", False),
    ],
)
def test_a_name_is_left_open_where_no_code_stands_between_a_todo_and_its_use(source: str, left_open: bool) -> None:
    assert is_left_open(source, source.count("\n") + 1) is left_open
